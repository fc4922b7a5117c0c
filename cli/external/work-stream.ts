/**
 * A client's stream to the coordinator that gives it trials of an external search. It is opened again when it breaks, to the
 * same coordinator or the next, and then says what is held and sends again what was not acknowledged.
 */
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { PolyakError } from '../../common/errors.js';
import { coordinatorClient, fromServiceError } from '../../common/rpc.js';
import type { TlsFiles } from '../../common/tls/tls-files.js';
import { withResolvers } from '../../common/with-resolvers.js';
import type { CoordinatorClient } from '../../proto/gen/polyak/v1/Coordinator.js';
import type { HeldTrial } from '../../proto/gen/polyak/v1/HeldTrial.js';
import type { WorkAck__Output } from '../../proto/gen/polyak/v1/WorkAck.js';
import type { WorkMessage } from '../../proto/gen/polyak/v1/WorkMessage.js';
import type { WorkOver__Output } from '../../proto/gen/polyak/v1/WorkOver.js';
import type { WorkReply__Output } from '../../proto/gen/polyak/v1/WorkReply.js';
import type { WorkStop__Output } from '../../proto/gen/polyak/v1/WorkStop.js';
import type { WorkTrial__Output } from '../../proto/gen/polyak/v1/WorkTrial.js';

export interface WorkStreamOptions {
  address: string;
  sweepKey: Buffer;
  /** Of this process, stable. */
  client: string;
  /** How long the coordinator may be out of reach. */
  patienceMs: number;
  tls: TlsFiles | undefined;
  held: () => HeldTrial[];
  /** Trials that have been asked for and have not come. */
  wanted: () => number;
  onTrial: (trial: WorkTrial__Output) => void;
  onStop: (stop: WorkStop__Output) => void;
  onOver: (over: WorkOver__Output) => void;
  /** It will not be opened again. */
  onFailure: (error: PolyakError) => void;
}

type Call = ClientDuplexStream<WorkMessage, WorkReply__Output>;
type Said = Pick<WorkMessage, 'report' | 'end'>;

interface Unacknowledged {
  message: WorkMessage;
  resolve: (ack: WorkAck__Output) => void;
  reject: (error: Error) => void;
}

const beatMs = 1000;
const silenceMsMax = 10_000;
const backoffMs = { first: 50, longest: 1000 };

export class WorkStream {
  private readonly client: CoordinatorClient;
  private readonly unacknowledged = new Map<number, Unacknowledged>();
  private readonly beats: NodeJS.Timeout;
  private call: Call | undefined;
  private retry: NodeJS.Timeout | undefined;
  private sequence = 0;
  private waitMs = backoffMs.first;
  private heardAt = Date.now();
  private lastBeatAt = Date.now();
  private failure: PolyakError | undefined;
  private isClosed = false;

  constructor(private readonly options: WorkStreamOptions) {
    this.client = coordinatorClient(options.address, options.tls);
    this.beats = setInterval(() => this.beat(), beatMs);
    this.open();
  }

  /** Resolves when it is on disk, or has changed nothing. Errors: ClusterUnreachable. */
  async say(said: Said): Promise<WorkAck__Output> {
    if (this.failure) throw this.failure;
    if (this.isClosed)
      throw new PolyakError('usage', 'the search is closed: report before the loop over its trials is left');
    this.sequence += 1;
    const message = { ...said, sequence: this.sequence };
    const { promise, resolve, reject } = withResolvers<WorkAck__Output>();
    this.unacknowledged.set(this.sequence, { message, resolve, reject });
    this.call?.write(message);
    return await promise;
  }

  ask(trials: number): void {
    this.call?.write({ ask: { trials } });
  }

  /** What is not held any more is given to others. */
  reopen(): void {
    this.call?.cancel();
  }

  /** All that is held is given to others. */
  close(): void {
    if (this.isClosed) return;
    this.stop();
    const { call } = this;
    if (!call) return this.client.close();
    call.once('close', () => this.client.close());
    call.write({ goodbye: {} });
    call.end();
    setTimeout(() => call.cancel(), beatMs).unref();
  }

  private stop(): void {
    this.isClosed = true;
    clearInterval(this.beats);
    clearTimeout(this.retry);
  }

  private open(): void {
    const { sweepKey, client, held, wanted } = this.options;
    const call = this.client.work();
    this.call = call;
    this.lastBeatAt = Date.now();
    call.on('data', (reply: WorkReply__Output) => this.receive(reply));
    // The first of these ends the stream; the others find it replaced.
    call.on('error', (error) => this.lost(call, fromServiceError(error, `coordinator ${this.options.address}`)));
    call.on('end', () => this.lost(call, undefined));
    call.write({ open: { sweepKey, client, held: held(), trials: wanted() } });
    for (const { message } of this.unacknowledged.values()) call.write(message);
  }

  private receive({ opened, trial, ack, stop, over }: WorkReply__Output): void {
    this.heardAt = Date.now();
    if (opened) this.waitMs = backoffMs.first;
    else if (trial) this.options.onTrial(trial);
    else if (stop) this.options.onStop(stop);
    else if (over) this.options.onOver(over);
    else if (ack) {
      this.unacknowledged.get(ack.sequence)?.resolve(ack);
      this.unacknowledged.delete(ack.sequence);
    }
  }

  private lost(call: Call, error: PolyakError | undefined): void {
    if (call !== this.call) return;
    this.call = undefined;
    if (this.isClosed) return this.client.close();
    const mayPass = !error || ['unreachable', 'internal', 'interrupted'].includes(error.code);
    if (error && (!mayPass || Date.now() - this.heardAt > this.options.patienceMs)) return this.fail(error);
    this.retry = setTimeout(() => this.open(), this.waitMs);
    this.waitMs = Math.min(backoffMs.longest, 2 * this.waitMs);
  }

  private fail(error: PolyakError): void {
    this.failure = error;
    this.stop();
    this.client.close();
    for (const { reject } of this.unacknowledged.values()) reject(error);
    this.unacknowledged.clear();
    this.options.onFailure(error);
  }

  private beat(): void {
    const now = Date.now();
    // A process that was itself suspended has heard nothing through no fault of the coordinator's.
    const suspended = now - this.lastBeatAt > 3 * beatMs;
    this.lastBeatAt = now;
    if (!this.call) return;
    if (!suspended && now - this.heardAt > silenceMsMax) this.call.cancel();
    else this.call.write({ beat: {} });
  }
}
