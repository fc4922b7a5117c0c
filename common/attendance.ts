/**
 * The stream by which a server or worker process is known to the coordinator. It is opened again for as long as the
 * process lives: a coordinator may be away for any time, and orders come again when it is back.
 */
import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { Attendance as AttendanceMessage } from '../proto/gen/polyak/v1/Attendance.js';
import type { CoordinatorClient } from '../proto/gen/polyak/v1/Coordinator.js';
import type { Order__Output } from '../proto/gen/polyak/v1/Order.js';
import type { Logger } from './log.js';
import { coordinatorClient, fromServiceError } from './rpc.js';
import type { TlsFiles } from './tls/tls-files.js';
import type { TrialLines } from './trial-lines.js';
import { ownVersion } from './version.js';

export interface AttendOptions {
  /** host:port */
  coordinator: string;
  register: {
    role: 'SERVER' | 'WORKER';
    /** Of a server. */
    shard?: number;
    /** Of a server: where others reach it. */
    address?: string;
    /** Stable for the life of the process. */
    id: string;
    /** Of a worker. */
    fingerprint?: string;
  };
  /** What is said once a second. */
  beat?: () => { waiting: number };
  /** What it logs of trials, which the coordinator keeps. */
  lines?: TrialLines | undefined;
  /** Keys of the trials that the process holds now. */
  trials?: () => Buffer[];
  /** Every order but heartbeats. The same order may come any number of times. */
  onOrder: (order: Order__Output) => void;
  signal: AbortSignal;
  log: Logger;
  /** Plain without it. */
  tls?: TlsFiles | undefined;
}

const beatMs = 1000;
const linesMs = 250;
/** A coordinator that is silent for so long is given up, and called anew. */
const silenceMsMax = 10_000;
const backoffMsMin = 100;
const backoffMsMax = 1000;

export class Attendance {
  private readonly client: CoordinatorClient;
  private stream: ClientDuplexStream<AttendanceMessage, Order__Output> | undefined;
  private shardEpoch = 0;
  private backoffMs = backoffMsMin;
  private lastHeardAt = 0;
  private lastBeatAt = 0;
  private retry: NodeJS.Timeout | undefined;
  private readonly beats: NodeJS.Timeout;
  private readonly sending: NodeJS.Timeout;
  private closed = false;
  /** On the present stream. */
  private isWelcome = false;
  /** That was told last. */
  private refusal: string | undefined;

  constructor(private readonly options: AttendOptions) {
    this.client = coordinatorClient(options.coordinator, options.tls);
    this.beats = setInterval(() => this.beat(), beatMs);
    this.sending = setInterval(() => this.sendLines(), linesMs);
    options.signal.addEventListener('abort', () => this.abandon(), { once: true });
    if (options.signal.aborted) this.abandon();
    else this.open();
  }

  /** Whether a coordinator has taken the process, on the stream that is open now. */
  get isAttending(): boolean {
    return this.stream !== undefined && this.isWelcome;
  }

  /** Nothing while the coordinator is away: what must not be lost is said again on the next stream. */
  tell(message: AttendanceMessage): void {
    if (this.isAttending && !this.closed) this.stream?.write(message);
  }

  /** Says goodbye; nothing is received afterwards. */
  close(): void {
    if (this.closed) return;
    const { stream } = this;
    this.stopTimers();
    if (!stream) return this.client.close();
    const end = setTimeout(() => stream.cancel(), beatMs);
    stream.once('close', () => {
      clearTimeout(end);
      this.client.close();
    });
    this.sendLines(stream);
    stream.write({ goodbye: {} });
    stream.end();
  }

  private abandon(): void {
    if (this.closed) return;
    this.stopTimers();
    this.stream?.cancel();
    this.client.close();
  }

  private stopTimers(): void {
    this.closed = true;
    clearInterval(this.beats);
    clearInterval(this.sending);
    clearTimeout(this.retry);
  }

  private open(): void {
    const stream = this.client.attend();
    this.stream = stream;
    this.isWelcome = false;
    this.lastHeardAt = Date.now();
    stream.on('data', (order: Order__Output) => this.receive(order));
    // The first of these ends the stream; the others find it replaced.
    stream.on('error', (error: Error) => this.broken(stream, error));
    stream.on('end', () => this.lost(stream, 'it ended the stream'));
    const { register, trials = () => [] } = this.options;
    stream.write({ register: { ...register, shardEpoch: this.shardEpoch, trials: trials(), version: ownVersion() } });
  }

  private receive(order: Order__Output): void {
    this.lastHeardAt = Date.now();
    if (this.closed || order.beat) return;
    if (order.welcome) {
      this.shardEpoch = order.welcome.shardEpoch;
      this.backoffMs = backoffMsMin;
      this.isWelcome = true;
      this.options.log.info({ coordinator: this.options.coordinator }, 'attending');
    }
    try {
      this.options.onOrder(order);
    } catch (error) {
      this.options.log.error({ error: error instanceof Error ? error.stack : String(error) }, 'an order failed');
    }
    // Its number is another's for good; to call again would only be refused again.
    if (order.replaced) this.abandon();
  }

  private broken(stream: ClientDuplexStream<AttendanceMessage, Order__Output>, error: Error): void {
    const { coordinator, log } = this.options;
    const { code, message } = fromServiceError(error, `coordinator ${coordinator}`);
    // It may mend without a restart, when a certificate is renewed or another coordinator comes; but somebody must see to that.
    const isRefused = code === 'refused' || code === 'usage';
    if (isRefused && message !== this.refusal && !this.closed) log.error({ coordinator, reason: message }, 'refused');
    this.refusal = isRefused ? message : undefined;
    this.lost(stream, message);
  }

  private lost(stream: ClientDuplexStream<AttendanceMessage, Order__Output>, reason: string): void {
    if (stream !== this.stream) return;
    this.stream = undefined;
    if (this.closed) return;
    this.options.log.debug({ coordinator: this.options.coordinator, reason }, 'the coordinator is away');
    this.retry = setTimeout(() => this.open(), this.backoffMs);
    this.backoffMs = Math.min(backoffMsMax, this.backoffMs * 2);
  }

  /** Nothing while the coordinator is away, or takes what was sent before slowly. */
  private sendLines(stream = this.stream): void {
    const { lines } = this.options;
    if (!lines || !stream || !this.isWelcome || stream.writableNeedDrain) return;
    const batch = lines.drain();
    if (batch.length === 0) return;
    stream.write({ log: { lines: batch.map(({ trial, text }) => ({ trialKey: Buffer.from(trial, 'hex'), text })) } });
  }

  private beat(): void {
    const now = Date.now();
    // A process that was itself suspended has heard nothing through no fault of the coordinator's.
    const suspended = now - this.lastBeatAt > 3 * beatMs;
    this.lastBeatAt = now;
    if (!this.stream) return;
    if (!suspended && now - this.lastHeardAt > silenceMsMax) this.stream.cancel();
    else this.stream.write({ beat: this.options.beat?.() ?? {} });
  }
}

/** Attends until `close`, or at once no longer when the signal aborts. */
export function attend(options: AttendOptions): Attendance {
  return new Attendance(options);
}
