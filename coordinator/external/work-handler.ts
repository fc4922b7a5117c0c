/** The coordinator's gRPC method Work: a client's messages in, its trials and acknowledgements out. It decides nothing. */
import { PolyakError } from '../../common/errors.js';
import type { WorkMessage__Output } from '../../proto/gen/polyak/v1/WorkMessage.js';
import type { Sweep } from '../sweep/sweep.js';
import { nameLengthMax } from '../dispatcher.js';
import type { Answer, ExternalWork } from './external-work.js';
import { WorkClient, type WorkCall } from './work-client.js';

/** `failed` makes of an error what the client is told. */
export function workHandler(work: ExternalWork, failed: (error: unknown) => unknown): (call: WorkCall) => void {
  return (call) => {
    let client: WorkClient | undefined;
    let sweep: Sweep | undefined;
    const fail = (error: unknown) => {
      leave();
      call.emit('error', failed(error));
    };
    const leave = (ms?: number) => {
      if (client && sweep && !client.hasLeft) work.leave(sweep, client, ms);
      if (client) client.hasLeft = true;
    };
    const open = async (opened: NonNullable<WorkMessage__Output['open']>) => {
      if (client) throw new PolyakError('protocol', 'work: it is open already');
      const { length } = opened.client;
      if (length === 0) throw new PolyakError('protocol', 'work: client is empty');
      if (length > nameLengthMax)
        throw new PolyakError('protocol', `work: client has ${length} characters, the most is ${nameLengthMax}`);
      const opening = new WorkClient(opened.client, call);
      client = opening;
      call.pause();
      sweep = await work.open(opening, opened);
      // It may have gone meanwhile.
      if (opening.hasLeft) work.leave(sweep, opening);
      else call.resume();
    };
    const answer = async (to: WorkClient, sequence: number, answering: Promise<Answer>) => {
      to.begin();
      try {
        to.send({ ack: { sequence, ...(await answering) } });
      } finally {
        to.end();
      }
    };
    const take = (message: WorkMessage__Output) => {
      if (message.open) return void open(message.open).catch(fail);
      if (!client || !sweep) throw new PolyakError('protocol', 'work: the first message must be open');
      client.lastHeardAt = Date.now();
      if (message.report) answer(client, message.sequence, work.report(sweep, message.report)).catch(fail);
      else if (message.end) answer(client, message.sequence, work.end(sweep, message.end)).catch(fail);
      else if (message.ask) work.ask(sweep, client, message.ask.trials);
      else if (message.goodbye) leave(0);
    };
    call.on('data', (message) => {
      try {
        take(message);
      } catch (error) {
        fail(error);
      }
    });
    call.on('end', () => {
      leave();
      call.end();
    });
    call.on('cancelled', () => leave());
    call.on('error', () => leave());
  };
}
