/** The experiment's module where the servers find it: in the folder of the run or the sweep, or beside its checkpoints in a bucket. */
import { isBucket, placeAround, placeInside } from '../../common/checkpoint-location.js';
import { modulePath, readModule, verifyModule, type ModuleBundle } from '../../common/module-bundle.js';
import { checkpointPlace } from './checkpoint-place.js';

/** `directory` is that of a trial's checkpoints. Errors: `data` where it is not there, or another than its name says. */
export async function readStoredModule(directory: string, module: Omit<ModuleBundle, 'code'>): Promise<Buffer> {
  const folder = moduleFolder(directory);
  if (!isBucket(folder)) return Buffer.from((await readModule(modulePath(folder, module.sha256), module)).code);
  const code = await checkpointPlace(modulesIn(folder)).read(fileName(module.sha256));
  verifyModule(code, module, `${modulesIn(folder)}/${fileName(module.sha256)}`);
  return code;
}

/** Beside the checkpoints of a run or a sweep, in its bucket. */
export async function storeModule(place: string, { sha256, code }: ModuleBundle): Promise<void> {
  await checkpointPlace(modulesIn(place)).commit(fileName(sha256), code);
}

/** That of the run, or of the sweep whose `trials` folder the run's lies in. */
function moduleFolder(directory: string): string {
  const run = placeAround(directory);
  const sweep = /^(.*)[/\\]trials[/\\]\d+(?:[/\\]member-\d+)?$/.exec(run)?.[1];
  return sweep ?? run;
}

function modulesIn(place: string): string {
  return placeInside(place, 'modules');
}

function fileName(sha256: string): string {
  return `${sha256}.cjs`;
}
