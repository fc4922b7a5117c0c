/** A run for TensorBoard: its curves as scalars, its experiment as hyperparameters, its beginning and end. */
import { join } from 'node:path';
import type { Experiment } from '../../common/experiment/schema.js';
import { isRunEnd, type RunEvent } from '../follow-run.js';
import type { RunFolder } from '../run-folder.js';
import { EventFile, encodeMessage, type SummaryValue } from './event-file.js';

type Scalar = number | string | boolean;

export class TensorBoard {
  private readonly file: EventFile;

  /** In a folder of the run's name within `folder`, so that runs are shown side by side. */
  constructor(folder: string, { facts, experiment }: RunFolder) {
    this.file = new EventFile(join(folder, facts.name));
    const hparams = hyperparameters(JSON.parse(experiment) as Experiment);
    const info = { hparams, groupName: facts.name, startTimeSecs: Date.now() / 1000 };
    this.session('session_start_info', { sessionStartInfo: info });
  }

  add(event: RunEvent): void {
    const step = Number(event['step'] ?? event['steps'] ?? 0);
    const scalars = scalarsOf(event);
    if (scalars.length > 0) this.file.summary(step, scalars);
    if (!isRunEnd(event)) return;
    const isGood = event.event === 'finished' || event.event === 'stopped';
    const status = isGood ? 'STATUS_SUCCESS' : 'STATUS_FAILURE';
    this.session('session_end_info', { sessionEndInfo: { status, endTimeSecs: Date.now() / 1000 } });
  }

  private session(name: string, data: object): void {
    const content = encodeMessage('HParamsPluginData', { version: 0, ...data });
    this.file.summary(0, [{ tag: `_hparams_/${name}`, metadata: { pluginData: { pluginName: 'hparams', content } } }]);
  }
}

/** Of the last step while it trains, of an epoch, of the end. */
function scalarsOf(event: RunEvent): SummaryValue[] {
  const of = (value: unknown, member: string): unknown =>
    (value as Record<string, unknown> | null | undefined)?.[member];
  const tags: Record<string, unknown> = {};
  if (event.event === 'progress') {
    Object.assign(tags, { 'step/loss': event['loss'], 'step/accuracy': event['accuracy'] });
    Object.assign(tags, { learning_rate: event['learningRate'], images_per_second: event['imagesPerSecond'] });
  } else if (event.event === 'epoch') {
    Object.assign(tags, { 'train/loss': event['loss'], 'train/accuracy': event['accuracy'] });
    Object.assign(tags, { learning_rate: event['learningRate'] });
    for (const name of ['loss', 'accuracy']) tags[`validation/${name}`] = of(event['validation'], name);
  } else if (event.event === 'finished') {
    for (const name of ['accuracy', 'averageAccuracy']) tags[`test/${name}`] = of(event['test'], name);
  }
  return Object.entries(tags).flatMap(([tag, value]) =>
    typeof value === 'number' ? [{ tag, simpleValue: value }] : [],
  );
}

/** Every scalar by its dotted path, but for what a model or a search consists of, and where the data lie. */
function hyperparameters(experiment: Experiment): Record<string, object> {
  const isShown = ([path, value]: [string, Scalar]) =>
    !/^(model|search)\b/.test(path) && !(typeof value === 'string' && /^data\.(path|validation|test)$/.test(path));
  const shown = flattened(experiment).filter(isShown);
  return Object.fromEntries(shown.map(([path, value]) => [path, { [kindOf(value)]: value }]));
}

function flattened(value: unknown, path = ''): [string, Scalar][] {
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => flattened(member, path === '' ? key : `${path}.${key}`));
}

function kindOf(value: Scalar): string {
  return typeof value === 'number' ? 'numberValue' : typeof value === 'string' ? 'stringValue' : 'boolValue';
}
