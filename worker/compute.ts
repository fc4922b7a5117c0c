/**
 * The compute thread as the main thread sees it: a promise per request, done in order. TensorFlow's operations block the
 * thread they run on, so they run there, and the main thread goes on moving bytes and sending heartbeats.
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { PolyakError, isErrorCode } from '../common/errors.js';
import { BusyShare } from './busy-share.js';
import { packageRoot } from '../common/package-root.js';
import { withResolvers } from '../common/with-resolvers.js';
import type {
  CallName,
  ComputeCalls,
  ComputeReply,
  ComputeResults,
  ComputeThreadData,
  TensorMemory,
} from './compute-message.js';

interface Pending {
  resolve: (value: ComputeResults[CallName]) => void;
  reject: (error: Error) => void;
}

export class Compute {
  /** As TensorFlow had them after the last computation; undefined before the first. */
  tensors: TensorMemory | undefined;
  private readonly thread: Worker;
  private readonly pending = new Map<number, Pending>();
  private readonly broken = withResolvers<never>();
  private readonly busy = new BusyShare();
  private lastId = 0;
  private failure: Error | undefined;

  /** The environment must have been settled by `configureTensorFlow`. */
  constructor(data: ComputeThreadData) {
    // The thread runs the built file, also when this one is run from its source by a test.
    this.thread = new Worker(join(packageRoot(), 'dist/worker/compute-thread.js'), {
      workerData: data,
      name: 'compute',
    });
    this.thread.on('message', (reply: ComputeReply) => this.settle(reply));
    this.thread.on('error', (error) => this.fail(error instanceof Error ? error : new Error(String(error))));
    this.thread.on('exit', (code) => this.fail(new Error(`the compute thread has ended with exit code ${code}`)));
    this.broken.promise.catch(() => undefined);
  }

  /** Rejects when the thread is gone; requests are rejected too. */
  get failed(): Promise<never> {
    return this.broken.promise;
  }

  /** Errors: PolyakError as thrown on the thread; any other error of the thread keeps its stack. */
  async run<Name extends CallName>(name: Name, call: ComputeCalls[Name]): Promise<ComputeResults[Name]> {
    const { promise, resolve, reject } = withResolvers<ComputeResults[CallName]>();
    if (this.failure) throw this.failure;
    const id = (this.lastId += 1);
    if (this.pending.size === 0) this.busy.begin();
    this.pending.set(id, { resolve, reject });
    this.thread.postMessage({ id, name, call });
    return (await promise) as ComputeResults[Name];
  }

  /** The share of the time since it was asked last in which the thread had nothing to do. */
  takeWaitingShare(): number {
    return 1 - this.busy.take();
  }

  async close(): Promise<void> {
    this.fail(new Error('the compute thread has been closed'));
    await this.thread.terminate();
  }

  private settle({ id, result, error, held }: ComputeReply): void {
    this.tensors = held ?? this.tensors;
    const waiting = this.pending.get(id);
    this.pending.delete(id);
    if (this.pending.size === 0) this.busy.end();
    if (error) waiting?.reject(toError(error));
    else waiting?.resolve(result ?? null);
  }

  private fail(error: Error): void {
    if (this.failure) return;
    this.failure = error;
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
    this.broken.reject(error);
  }
}

function toError({ code, message, stack }: NonNullable<ComputeReply['error']>): Error {
  if (isErrorCode(code)) return new PolyakError(code, message);
  const error = new Error(message);
  error.stack = stack;
  return error;
}
