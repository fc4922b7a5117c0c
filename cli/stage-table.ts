/** What each classifier of several `transfer.features` has come to, as a table: a row for each stage. */
import { partsOfStage } from '../common/experiment/stages.js';
import { wordsOf } from './scores.js';
import { score, tableOf } from './table.js';

export type Scored = object | null | undefined;

/** `splits` by name, such as `validation`; undefined where nothing is of a stage. */
export function stageTable(splits: Readonly<Record<string, Scored>>): string | undefined {
  const columns = new Map<string, Map<string, unknown>>();
  const stages = new Set<string>();
  for (const [split, scores] of Object.entries(splits)) {
    for (const [name, value] of Object.entries(scores ?? {})) {
      const parts = partsOfStage(name);
      if (!parts) continue;
      stages.add(parts.stage);
      const title = `${split} ${wordsOf(parts.metric)}`.trim();
      columns.set(title, (columns.get(title) ?? new Map<string, unknown>()).set(parts.stage, value));
    }
  }
  if (stages.size === 0) return undefined;
  const rows = [...stages].map((stage) => [
    stage,
    ...[...columns.values()].map((values) => score(values.get(stage) as number | null | undefined)),
  ]);
  return tableOf([{ title: 'stage' }, ...[...columns.keys()].map((title) => ({ title, right: true }))], rows);
}
