/**
 * The control stream to a trial's lead, on a connection of its own: small messages, a heartbeat a second, opened again
 * for as long as the trial lasts. Whoever is silent on it is taken for dead.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { Logger } from '../common/log.js';
import { parameterServerClient } from '../common/rpc.js';
import { ownVersion } from '../common/version.js';
import type { TlsFiles } from '../common/tls/tls-files.js';
import type { LeadMessage__Output } from '../proto/gen/polyak/v1/LeadMessage.js';
import type { WorkerMessage } from '../proto/gen/polyak/v1/WorkerMessage.js';
import { keepConnected, streamEnd } from './reconnect.js';

const heartbeatMs = 1000;
const silenceMs = 5000;
/** A lead that is there ends the stream of whoever leaves at once. */
const leaveMs = 300;

export interface ControlLinkOptions {
  trialKey: Buffer;
  /** Stable for the life of the process. */
  worker: string;
  tls: TlsFiles | undefined;
  /** `reply` goes to the stream that the message came on, or nowhere if that is gone. */
  onMessage: (message: LeadMessage__Output, reply: (message: WorkerMessage) => void) => void;
  /** The stream is gone, and with it all leases granted on it. */
  onBreak: () => void;
  signal: AbortSignal;
  log: Logger;
}

type ControlStream = ClientDuplexStream<WorkerMessage, LeadMessage__Output>;

export class ControlLink {
  private stream: ControlStream | undefined;

  constructor(
    private lead: string,
    private readonly options: ControlLinkOptions,
  ) {}

  /** Until the signal aborts. */
  async run(): Promise<void> {
    const { signal, log } = this.options;
    await keepConnected(
      signal,
      async () => await this.session(),
      (error) => log.info({ lead: this.lead, reason: reasonOf(error) }, 'the control stream broke; trying again'),
    );
  }

  /** To the present stream; dropped when there is none, since a lead that lost us has ended our leases. */
  send(message: WorkerMessage): void {
    if (this.stream) write(this.stream, message);
  }

  /**
   * Says that the worker leaves, and waits until the lead has ended the stream for it, though not for long: one that is
   * cancelled without it is that of a worker that has died.
   */
  async leave(): Promise<void> {
    const { stream } = this;
    if (!stream) return;
    const ended = new Promise<void>((resolve) => stream.once('close', resolve).once('end', resolve));
    write(stream, { leaving: {} });
    await Promise.race([ended, delay(leaveMs, undefined, { ref: false })]);
  }

  /** Of the lead, host:port. */
  get address(): string {
    return this.lead;
  }

  /** The trial is led elsewhere from now on. */
  moveTo(lead: string): void {
    if (lead === this.lead) return;
    this.lead = lead;
    this.stream?.cancel();
    // What the old lead has said and is not read yet, such as that the trial has ended, counts no more.
    this.stream = undefined;
  }

  private async session(): Promise<void> {
    const { trialKey, worker, tls, signal, onMessage, onBreak } = this.options;
    const client = parameterServerClient(this.lead, tls);
    const stream = client.control();
    this.stream = stream;
    let heardAt = performance.now();
    const heartbeat = setInterval(() => {
      write(stream, { heartbeat: {} });
      if (performance.now() - heardAt > silenceMs) stream.cancel();
    }, heartbeatMs);
    stream.on('data', (message: LeadMessage__Output) => {
      heardAt = performance.now();
      if (this.stream === stream) onMessage(message, (answer) => write(stream, answer));
    });
    write(stream, { hello: { trialKey, worker, version: ownVersion() } });
    try {
      await streamEnd(stream, signal);
    } finally {
      clearInterval(heartbeat);
      this.stream = undefined;
      client.close();
      onBreak();
    }
  }
}

function write(stream: ControlStream, message: WorkerMessage): void {
  if (!stream.writableEnded && !stream.destroyed) stream.write(message);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
