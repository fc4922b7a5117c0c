/** `polyak show`: what a run is, where it comes from and what came out of it; or its experiment, as `train` takes it. */
import { stringify } from 'yaml';
import { metricNames } from '../common/experiment/metrics.js';
import { count } from './foreground.js';
import { printJson, printText } from './output.js';
import { resultLines } from './result-lines.js';
import { checkpointFacts, historyOf, type RunHistory } from './run-facts.js';
import { openRun, trainAgain } from './open-run.js';
import type { RunFolder, TrialFacts } from './run-folder.js';
import { sweepMeant } from './sweep/newest-sweep.js';
import { valueText } from './sweep/parameters-text.js';
import { wordsOf } from './scores.js';
import { stageTable } from './stage-table.js';
import { bold, grouped, listOf, score, sparkline, tableOf, when } from './table.js';

interface ShowOptions {
  state: string;
  experiment: boolean;
  json: boolean;
}

type Facts = Awaited<ReturnType<typeof checkpointFacts>>;

const epochsShown = 12;

export async function showCommand(run: string, { state, experiment, json }: ShowOptions): Promise<void> {
  const sweep = sweepMeant(state, run);
  if (sweep !== undefined) {
    const { showSweep } = await import('./sweep/show-sweep.js');
    return await showSweep(sweep, { experiment, json });
  }
  const folder = await openRun(state, run);
  const resolved: unknown = JSON.parse(folder.experiment);
  if (experiment) {
    if (json) printJson(resolved);
    else process.stdout.write(experimentYaml(folder, resolved));
    return;
  }
  const history = historyOf(folder);
  const facts = await checkpointFacts(folder);
  if (json) {
    const { data = null, fingerprint = null } = facts ?? {};
    const { results, epochs } = history;
    const isKept = folder.facts.trial && { isKept: facts !== undefined };
    printJson({
      ...folder.facts,
      ...isKept,
      folder: folder.path,
      results,
      epochs,
      data,
      fingerprint,
      experiment: resolved,
    });
  } else printText(describe(folder, history, facts));
}

/** A resolved experiment says everything: what it holds is what the run computed. */
function experimentYaml({ facts }: RunFolder, resolved: unknown): string {
  const steps = facts.untilStep > 0 ? `, with --steps ${facts.untilStep}` : '';
  return `# The experiment of ${facts.name} with all defaults; 'polyak train' takes it as it is${steps}.\n${stringify(resolved)}`;
}

function describe(folder: RunFolder, history: RunHistory, facts: Facts): string {
  const { name, trial } = folder.facts;
  const parts = [
    `${bold(name)}: ${trial?.status ?? history.results.state}`,
    ...(trial ? [listOf(parameterLines(trial)), listOf(trialLines(folder, trial, facts !== undefined))] : []),
    listOf(resultLines(trial ? { ...history.results, seconds: trial.computeSeconds } : history.results)),
    stageTable({
      training: history.results.metrics,
      validation: history.results.validation,
      test: history.results.test,
    }) ?? '',
    curve(history.epochs),
    listOf(provenanceLines(folder, facts)),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function parameterLines({ parameters }: TrialFacts): [string, string][] {
  return Object.entries(parameters).map(([name, value]) => [name, valueText(value)]);
}

function trialLines(folder: RunFolder, trial: TrialFacts, isKept: boolean): [string, string | undefined][] {
  const { sweep, metric, value, best, bestEpoch, deviation, members, reason, computeSeconds, keep } = trial;
  const around = deviation === null ? '' : ` ± ${score(deviation)} over ${members} runs`;
  const lost = `not kept (search.keep is ${keep}); ${trainAgain(folder)}`;
  const isOver = ['finished', 'stopped', 'failed'].includes(trial.status);
  return [
    ['of sweep', sweep],
    [metric, value === null ? undefined : `${score(value)}${around}, best ${score(best)} at epoch ${bestEpoch}`],
    ['because', reason ?? undefined],
    ['computed', `${computeSeconds.toFixed(1)} s`],
    ['checkpoint', isKept ? 'kept' : isOver ? lost : 'none yet'],
  ];
}

function provenanceLines({ path, facts: record }: RunFolder, facts: Facts): [string, string | undefined][] {
  const { createdAt, provenance, parent, workers, shards, backend, coordinator, trialKey } = record;
  // Runs of earlier versions have none.
  const { command, git, versions, module } = provenance ?? {};
  return [
    ['created', when(createdAt)],
    ['command', command ?? undefined],
    ['commit', git ? `${git.commit}${git.dirty ? ' (with changes that were not committed)' : ''}` : undefined],
    ['versions', versions && `polyak ${versions.polyak}, Node ${versions.node}, ${versions.library}`],
    ['module', module && `${module.file ?? 'of another run'}, sha256 ${module.sha256}`],
    ['from', parent ? `${parent.run} at step ${parent.step}, weights sha256 ${parent.weightsSha256}` : undefined],
    ['trial', trialKey],
    [
      'ran on',
      `${count(workers, 'worker')}, ${count(shards, 'shard')}, ${backend}${coordinator === null ? '' : `, cluster ${coordinator}`}`,
    ],
    ['data', facts && dataLine(facts)],
    ['arithmetic', facts && fingerprintLine(facts)],
    ['folder', path],
  ];
}

function dataLine({ data, fingerprint }: NonNullable<Facts>): string {
  const { trainCount, validationCount, testCount } = data;
  const counts = [
    `${grouped(trainCount)} training`,
    `${grouped(validationCount)} validation`,
    `${grouped(testCount)} test`,
  ];
  return `${counts.join(', ')} samples, sha256 ${fingerprint['data'] ?? '-'}`;
}

function fingerprintLine({ fingerprint }: NonNullable<Facts>): string {
  const { data: _, files: __, polyak, ...rest } = fingerprint;
  return Object.entries({ ...rest, ...(polyak !== undefined && { polyak }) })
    .map(([name, value]) => `${name}: ${value}`)
    .join('; ');
}

/** The epochs, and above them a line to see at a glance. */
function curve(epochs: RunHistory['epochs']): string {
  if (epochs.length === 0) return '';
  const column = (pick: (epoch: Record<string, unknown>) => unknown) =>
    epochs.map((epoch) => {
      const value = pick(epoch);
      return typeof value === 'number' ? value : null;
    });
  const validation = (epoch: Record<string, unknown>) => (epoch['validation'] ?? {}) as Record<string, unknown>;
  const series = [
    { title: 'loss', values: column((epoch) => epoch['loss']) },
    ...metricNames.map((name) => ({ title: wordsOf(name), values: column((epoch) => epoch[name]) })),
    { title: 'validation loss', values: column((epoch) => validation(epoch)['loss']) },
    ...metricNames.map((name) => ({
      title: `validation ${wordsOf(name)}`,
      values: column((epoch) => validation(epoch)[name]),
    })),
  ].filter(({ values }) => values.some((value) => value !== null));
  const lines = listOf(series.map(({ title, values }) => [title, sparkline(values)]));
  const columns = ['epoch', 'step', ...series.map(({ title }) => title)].map((title) => ({ title, right: true }));
  const rows = spread(epochs.length).map((index) => {
    const epoch = epochs[index];
    return [String(epoch?.['epoch']), String(epoch?.['step']), ...series.map(({ values }) => score(values[index]))];
  });
  return `${lines}\n\n${tableOf(columns, rows)}`;
}

/** At most so many of the indices, evenly, with the first and the last. */
function spread(length: number): number[] {
  const shown = Math.min(length, epochsShown);
  return Array.from({ length: shown }, (_, position) =>
    shown === 1 ? 0 : Math.round((position * (length - 1)) / (shown - 1)),
  );
}
