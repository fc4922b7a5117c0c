/** Every line of an experiment file that docs/methods.md shows is accepted, and every command has the flags that it is shown with. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { buildProgram } from '../../cli/program.js';
import { canonicalExperiment, parseExperiment } from '../../common/experiment/load.js';
import { packageRoot } from '../../common/package-root.js';
import { TestTimeViews } from '../../inference/test-time-views.js';

const text = readFileSync(join(packageRoot(), 'docs/methods.md'), 'utf8');

interface Section {
  title: string;
  /** Indented by four spaces, as they stand. */
  lines: string[];
}

const sections: Section[] = text
  .split(/^#{2,3} /m)
  .slice(1)
  .map((section) => ({
    title: section.split('\n', 1)[0]!,
    lines: [...section.matchAll(/^ {4}(\S.*)$/gm)].map(([, line]) => line!),
  }));
const isCommand = (line: string) => /^(npx )?polyak /.test(line);
const settings = sections.flatMap(({ title, lines }) =>
  lines.filter((line) => !isCommand(line)).map((line): [string, string] => [line, title]),
);
const commands = sections.flatMap(({ lines }) => lines.filter(isCommand));

const base = {
  name: 'shown',
  data: { source: 'csv', path: 'x.csv', shape: [8, 8, 3], validation: 10 },
  model: [{ dense: { units: 10 } }],
  loss: 'softmaxCrossEntropy',
  metrics: ['accuracy'],
  optimizer: { sgd: { learningRate: 0.1 } },
  train: { epochs: 10, batchSize: 32, microBatchSize: 16 },
};

/** The base with the line in its place: a layer, a part of the optimizer, or a key of the file. */
function shown(line: string): Record<string, unknown> {
  const value = parse(line) as unknown;
  if (Array.isArray(value)) return { ...base, model: [...(value as unknown[]), ...base.model] };
  const [key] = Object.keys(value as object);
  if (key === 'schedule' || key === 'warmUp')
    return { ...base, optimizer: { sgd: { ...base.optimizer.sgd, ...(value as object) } } };
  return { ...base, ...(value as object) };
}

describe('docs/methods.md', () => {
  it.each(settings)('shows %s, which an experiment takes', (line) => {
    const params = line.includes('$stage') ? ['stage=top'] : [];
    const experiment = parseExperiment(JSON.stringify(shown(line)), 'shown.yaml', [], params);
    expect(canonicalExperiment(experiment)).not.toBe('');
  });

  it.each(commands)('shows %s, which there is', (line) => {
    const [name = '', ...words] = line.replace(/^(npx )?polyak /, '').split(' ');
    const command = buildProgram().commands.find((each) => each.name() === name)!;
    const flags = words.filter((word) => word.startsWith('--'));
    expect(flags.filter((flag) => !command.options.some(({ long }) => long === flag))).toEqual([]);
    const views = words[words.indexOf('--augment') + 1];
    if (words.includes('--augment'))
      expect(TestTimeViews.for(views!, { shape: [8, 8, 3], preprocess: [] }, 1).count).toBeGreaterThan(1);
  });

  it('has a line in every section of a method', () => {
    const methods = text
      .split(/^## /m)
      .slice(1)
      .flatMap((chapter) => chapter.split(/^### /m).slice(1));
    const without = methods.filter((section) => !/^ {4}\S/m.test(section)).map((section) => section.split('\n', 1)[0]);
    expect(without).toEqual([]);
  });
});
