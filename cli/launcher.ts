/**
 * The cluster on one machine: a coordinator, servers and workers as processes on loopback, started again when they die,
 * and stopped by their pids. The same commands run by hand on many machines make the same cluster.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PolyakError } from '../common/errors.js';
import { certificateRoles } from '../common/tls/certificate-role.js';
import { TlsFiles } from '../common/tls/tls-files.js';
import { tlsFlags, type TlsOptions } from '../common/tls/tls-options.js';
import { withResolvers } from '../common/with-resolvers.js';
import { ChildRole, type Death, type Listening, type RoleName } from './child-role.js';
import { freePort } from './free-port.js';

const host = '127.0.0.1';

export interface LauncherOptions {
  workers: number;
  shards: number;
  backend: 'tensorflow' | 'cpu';
  /** The coordinator's store. */
  store: string;
  /** Folder for one log file per process. */
  logs: string;
  /** Of all its processes and of who follows them; plain without it. */
  tls?: TlsOptions | undefined;
  /** Something worth telling: a process has died and is started again. */
  onNotice: (kind: string, message: string) => void;
  /** After every start and at the end. */
  onRoles: (roles: RoleEntry[]) => void;
}

/** A running process, as in run.json. */
export interface RoleEntry {
  role: RoleName;
  index: number;
  pid: number;
  /** Empty for a worker. */
  address: string;
  metricsPort: number;
  /** Its port speaks TLS only. */
  tls?: true;
}

/** Of workers' and servers' pages nothing is secured. */
export function metricsUrl({ role, tls, metricsPort }: RoleEntry): string {
  return `${tls && role === 'coordinator' ? 'https' : 'http'}://${host}:${metricsPort}/metrics`;
}

interface Place {
  role: RoleName;
  index: number;
  /** Kept over restarts, so that others find it again. Undefined for a worker. */
  port: number | undefined;
  child: ChildRole | undefined;
  entry: RoleEntry | undefined;
  /** When it died, since the run last made progress. */
  deaths: number[];
  /** It left of its own accord and is not missed. */
  left: boolean;
}

const deathsMax = 5;
const deathsWindowMs = 30_000;
const backoffMsMin = 250;
const backoffMsMax = 4000;
const graceMs = 5000;
const logTailLines = 12;

export class Launcher {
  private readonly places: Place[] = [];
  private readonly over = new AbortController();
  private readonly failure = withResolvers<never>();
  private readonly coordinatorListens = withResolvers<void>();
  /** Rejects when a process cannot be kept running. */
  readonly failed = this.failure.promise;
  /** By which its coordinator is reached. */
  readonly tls: TlsFiles | undefined;

  private constructor(private readonly options: LauncherOptions) {
    this.tls = TlsFiles.openServer(options.tls);
    if (this.tls?.isMutual) assertHasAllRoles(this.tls, options.tls);
    this.failed.catch(() => undefined);
  }

  /** Resolves when the coordinator listens; servers and workers come meanwhile. */
  static async start(options: LauncherOptions): Promise<Launcher> {
    const launcher = new Launcher(options);
    await launcher.launch();
    return launcher;
  }

  private get stopping(): boolean {
    return this.over.signal.aborted;
  }

  get coordinator(): string {
    return `${host}:${this.places[0]?.port}`;
  }

  /** The run has come further: what died before is forgiven. */
  progressed(): void {
    for (const place of this.places) place.deaths = [];
  }

  /** Stops all, workers first. Never leaves one behind. */
  async stop(): Promise<void> {
    this.over.abort();
    for (const role of ['worker', 'server', 'coordinator']) {
      const children = this.places.flatMap((place) => (place.role === role && place.child ? [place.child] : []));
      await Promise.all(children.map(async (child) => await child.stop(graceMs)));
    }
    this.options.onRoles([]);
  }

  /** The second Ctrl-C. */
  kill(): void {
    this.over.abort();
    for (const { child } of this.places) child?.kill();
  }

  private async launch(): Promise<void> {
    const { shards, workers } = this.options;
    const place = (role: RoleName, index: number, port?: number) =>
      this.places.push({ role, index, port, child: undefined, entry: undefined, deaths: [], left: false });
    place('coordinator', 0, await freePort(host));
    for (let shard = 0; shard < shards; shard++) place('server', shard, await freePort(host));
    for (let worker = 0; worker < workers; worker++) place('worker', worker);
    const [coordinator, ...others] = this.places;
    if (!coordinator) return;
    this.keep(coordinator);
    // Of the first process or, where that dies first, of one that is started in its place.
    await Promise.race([this.coordinatorListens.promise, this.failed]).catch(async (error: unknown) => {
      await this.stop();
      throw error;
    });
    for (const other of others) this.keep(other);
  }

  /** Runs a place's process, again and again, until the launcher stops. */
  private keep(place: Place): void {
    const child = new ChildRole(place.role, this.args(place), join(this.options.logs, `${name(place)}.log`));
    place.child = child;
    child.listening.then(
      (listening) => this.listens(place, listening),
      () => undefined,
    );
    void child.ended.then(async (death) => {
      place.entry = undefined;
      if (this.stopping) return;
      this.publish();
      await this.died(place, death);
    });
  }

  private async died(place: Place, death: Death): Promise<void> {
    const { onNotice } = this.options;
    const how = death.signal ?? `exit code ${death.code}`;
    if (place.role === 'worker' && death.code === 0) {
      place.left = true;
      onNotice('left', `${name(place)} has left`);
      if (this.places.every(({ role, left }) => role !== 'worker' || left)) {
        this.failure.reject(new PolyakError('unreachable', 'all workers have left'));
      }
      return;
    }
    const mendable = death.error === undefined || death.error.code === 'fenced' || death.error.code === 'internal';
    if (death.error && !mendable && !(await this.takeOtherPort(place, death))) return this.failure.reject(death.error);
    const now = Date.now();
    place.deaths = [...place.deaths.filter((at) => now - at < deathsWindowMs), now];
    if (place.deaths.length >= deathsMax) return this.giveUp(place, how);
    const waitMs =
      place.deaths.length === 1 ? 0 : Math.min(backoffMsMax, backoffMsMin * 2 ** (place.deaths.length - 2));
    onNotice(
      'restart',
      `${name(place)} has died (${how}${death.error ? `: ${death.error.message}` : ''}) and is started again`,
    );
    await delay(waitMs, undefined, { signal: this.over.signal }).catch(() => undefined);
    if (!this.stopping) this.keepAgain(place);
  }

  /** The folder of its log may be gone. */
  private keepAgain(place: Place): void {
    try {
      this.keep(place);
    } catch (error) {
      this.failure.reject(
        new PolyakError('disk', `${name(place)} cannot be started again: ${(error as Error).message}`),
      );
    }
  }

  /** A port may have been taken between its choice and the start. The coordinator's is known to others and stays. */
  private async takeOtherPort(place: Place, death: Death): Promise<boolean> {
    if (!death.early || place.role !== 'server' || !death.error?.message.includes('cannot listen')) return false;
    place.port = await freePort(host);
    return true;
  }

  private giveUp(place: Place, how: string): void {
    const file = join(this.options.logs, `${name(place)}.log`);
    const tail = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-logTailLines).join('\n');
    const message = `${name(place)} has died ${deathsMax} times within ${deathsWindowMs / 1000} s (${how}). The end of ${file}:\n${tail}`;
    this.failure.reject(new PolyakError('internal', message));
  }

  private listens(place: Place, { pid, address, metricsPort }: Listening): void {
    const { role, index } = place;
    if (role === 'coordinator') this.coordinatorListens.resolve();
    place.entry = {
      role,
      index,
      pid,
      address,
      metricsPort,
      ...(this.tls && role !== 'worker' && { tls: true as const }),
    };
    this.publish();
  }

  private publish(): void {
    this.options.onRoles(this.places.flatMap(({ entry }) => entry ?? []));
  }

  private args({ role, index, port }: Place): string[] {
    const tls = tlsArguments(this.options.tls);
    if (role === 'coordinator') {
      // They are in the folder of the logs already.
      return [...tls, '--listen', `${host}:${port}`, '--store', this.options.store, '--logs', ''];
    }
    const coordinator = [...tls, '--coordinator', this.coordinator];
    if (role === 'worker') return [...coordinator, '--backend', this.options.backend];
    // The processors are the workers'.
    return [...coordinator, '--listen', `${host}:${port}`, '--shard', String(index), '--threads', '1'];
  }
}

/** All processes have the one certificate that was given. Errors: `usage`. */
function assertHasAllRoles({ roles }: TlsFiles, given: TlsOptions | undefined): void {
  const needed = certificateRoles.filter((role) => role !== 'reader' && role !== 'external');
  const missing = needed.filter((role) => !roles.has(role)).map((role) => `URI:polyak:${role}`);
  if (missing.length === 0) return;
  throw new PolyakError(
    'usage',
    `${tlsFlags.certificate} '${given?.certificate}' is for all processes of this machine, and lacks ${missing.join(', ')}: give --coordinator to use it elsewhere, or leave it out`,
  );
}

/** Named even where they are none, so that neither a variable nor a file of the folder gives a process what was not meant for it. */
function tlsArguments({ certificate = '', key = '', authority = '' }: TlsOptions = {}): string[] {
  return [tlsFlags.certificate, certificate, tlsFlags.key, key, tlsFlags.authority, authority];
}

function name({ role, index }: Place): string {
  return role === 'coordinator' ? role : `${role}-${index}`;
}
