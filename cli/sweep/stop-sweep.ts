/** `polyak stop SWEEP`: a sweep that another terminal or a cluster runs ends with its trials at checkpoints. */
import { setTimeout as delay } from 'node:timers/promises';
import { PolyakError } from '../../common/errors.js';
import { displayPath } from '../foreground.js';
import { printJson, printText } from '../output.js';
import { withFollower } from './change-sweep.js';
import { SweepFolder } from './sweep-folder.js';

const pollMs = 100;
const drainMsMax = 60_000;

/** Waits until its processes have gone, so that it can be resumed at once. Errors: `usage`, `unreachable`. */
export async function stopSweep(path: string, json: boolean): Promise<void> {
  const folder = SweepFolder.open('.', path);
  const { name, coordinator } = folder.facts;
  if (folder.coordinator === undefined) {
    throw new PolyakError(
      'usage',
      `${name} is not running here, only a sweep that is running or paused can be stopped`,
    );
  }
  const { signal } = new AbortController();
  const last = await withFollower(folder, async (follower) => {
    const { state } = await follower.snapshot(signal);
    if (state !== 'running' && state !== 'paused') {
      throw new PolyakError('usage', `${name} is ${state}, only a sweep that is running or paused can be stopped`);
    }
    await follower.change({ action: 'STOP' }, signal);
    return await follower.follow(() => undefined, signal, fromNowOn);
  });
  if (coordinator === null) await untilGone(path);
  if (json) printJson({ ...last, sweep: name });
  else printText(`${name}: ${last.event.replace('sweep-', '')}; go on with\n  npx polyak resume ${displayPath(path)}`);
}

/** Its log is not wanted, only its end: further than any log. */
const fromNowOn = 2 ** 32 - 1;

async function untilGone(path: string): Promise<void> {
  const until = Date.now() + drainMsMax;
  while (SweepFolder.open('.', path).isFollowed) {
    if (Date.now() > until)
      throw new PolyakError('unreachable', `${path}: it has stopped, but its processes have not ended`);
    await delay(pollMs);
  }
}
