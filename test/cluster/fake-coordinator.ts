/**
 * A coordinator whose decisions are the test's: it speaks the protocol with real processes, keeps every report, and gives
 * the orders it is told to. It has no store and decides nothing.
 */
import type { ServiceError } from '@grpc/grpc-js';
import { leadShardOf } from '../../common/chunk-layout.js';
import { PolyakError } from '../../common/errors.js';
import { createGrpcServer, listen, services, toServiceError } from '../../common/rpc.js';
import type { CoordinatorHandlers } from '../../proto/gen/polyak/v1/Coordinator.js';
import type { Order } from '../../proto/gen/polyak/v1/Order.js';
import type { Register__Output } from '../../proto/gen/polyak/v1/Register.js';

export interface KnownReport {
  kind: string;
  step: number;
  body: Record<string, unknown>;
  trial: string;
}

export interface FakeTrial {
  trialKey: Buffer;
  experiment: string;
  directory: string;
  shards: number;
  /** Of the checkpoint that it is said to have; 0 unless given. */
  checkpointStep?: number;
}

interface Present {
  register: Register__Output;
  epoch: number;
  send: (order: Order) => void;
}

export class FakeCoordinator {
  /** Those refused, too. */
  readonly reports: KnownReport[] = [];
  /** Which it takes; others are refused, as if it could not store them. */
  acknowledges: (report: KnownReport) => boolean = () => true;
  address = '';
  private readonly server = createGrpcServer();
  private readonly present = new Set<Present>();
  private readonly waiting = new Set<() => void>();
  private epochs = 0;

  static async start(): Promise<FakeCoordinator> {
    const fake = new FakeCoordinator();
    const unavailable = (_: unknown, answer: (error: Partial<ServiceError>) => void) =>
      answer(toServiceError(new PolyakError('unreachable', 'not here')));
    const handlers: CoordinatorHandlers = {
      Attend: (call) => fake.attend(call),
      ReadLogs: (call) => call.end(),
      Report: ({ request: { kind, step, body, trialKey } }, answer) => {
        const known = {
          kind,
          step,
          body: JSON.parse(body) as Record<string, unknown>,
          trial: trialKey.toString('hex'),
        };
        fake.reports.push(known);
        fake.wake();
        if (fake.acknowledges(known)) answer(null, {});
        else answer(toServiceError(new PolyakError('unreachable', 'the store is away')));
      },
      Submit: unavailable,
      Stop: unavailable,
      Work: (call) => call.end(),
      Status: unavailable,
      SubmitSweep: unavailable,
      ChangeSweep: unavailable,
      ListTrials: unavailable,
      WatchSweep: (call) => call.end(),
      ReadTrial: (call) => call.end(),
      Watch: (call) => call.end(),
    };
    fake.server.addService(services.coordinator.service, handlers);
    fake.address = `127.0.0.1:${await listen(fake.server, '127.0.0.1:0')}`;
    return fake;
  }

  close(): void {
    this.server.forceShutdown();
  }

  /** Resolves when so many attend. */
  async attended(servers: number, workers: number): Promise<void> {
    await this.until(() => this.of('SERVER').length >= servers && this.of('WORKER').length >= workers);
  }

  /** To the trial's lead, and to the workers the order to join it. */
  lead(trial: FakeTrial, untilEpoch: number): void {
    const { trialKey, experiment, directory, shards, checkpointStep = 0 } = trial;
    const servers = Array.from({ length: shards }, (_, shard) => this.shard(shard));
    const lead = servers[leadShardOf(trialKey, shards)]!;
    const addresses = servers.map(({ register }) => register.address);
    const fences = { coordinatorEpoch: 1, leadEpoch: lead.epoch };
    const until = { untilStep: 0, untilEpoch, checkpointStep };
    lead.send({ lead: { trialKey, experiment, directory, shards: addresses, ...until, ...fences } });
    for (const { send } of this.of('WORKER')) send({ join: { trialKey, lead: lead.register.address } });
  }

  /** To all, unless it is said to whom. */
  drop({ trialKey }: FakeTrial, role?: 'SERVER' | 'WORKER'): void {
    const told = role ? this.of(role) : this.present;
    for (const { send } of told) send({ drop: { trialKey } });
  }

  /** The first report that fits and came after the first `from`, past or future. */
  async report(fits: (report: KnownReport) => boolean, from = 0): Promise<KnownReport> {
    const find = () => this.reports.slice(from).find(fits);
    await this.until(() => find() !== undefined);
    return find()!;
  }

  private of(role: string): Present[] {
    return [...this.present].filter(({ register }) => register.role === role);
  }

  private shard(shard: number): Present {
    const found = this.of('SERVER').findLast(({ register }) => register.shard === shard);
    if (!found) throw new Error(`shard ${shard} does not attend`);
    return found;
  }

  private attend(call: Parameters<CoordinatorHandlers['Attend']>[0]): void {
    let attendee: Present | undefined;
    const leave = () => {
      if (attendee) this.present.delete(attendee);
      this.wake();
    };
    call.on('data', (message) => {
      if (message.beat) call.write({ beat: {} });
      if (!message.register) return;
      const epoch = (this.epochs += 1);
      attendee = { register: message.register, epoch, send: (order) => call.write(order) };
      this.present.add(attendee);
      call.write({ welcome: { coordinatorEpoch: 1, shardEpoch: epoch } });
      this.wake();
    });
    call.on('end', () => {
      leave();
      call.end();
    });
    call.on('cancelled', leave);
    call.on('error', leave);
  }

  private async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.waiting.delete(wake);
          resolve();
        };
        this.waiting.add(wake);
      });
    }
  }

  private wake(): void {
    for (const wake of this.waiting) wake();
  }
}
