/**
 * A network that was trained on ImageNet, frozen, with a new head, against the best of a random search from scratch on the
 * same few pictures of CIFAR-10. The search is judged by the very pictures that it is compared on, which favours it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sweep } from '../../cli/sweep/sweep-run.js';
import { train } from '../../cli/training-run.js';
import { loadExperiment, loadTemplate } from '../../common/experiment/load.js';
import { packageRoot } from '../../common/package-root.js';
import { drawPictures, type FewPictures } from './few-pictures.js';
import type { Finding } from './finding.js';
import { median } from './median.js';

const pointsMin = 0.15;
const perClass = 20;
const heldPerClass = 30;

const examples = join(packageRoot(), 'examples');

interface Compared {
  transferred: number;
  scratch: number;
}

/** `cifar` has train/ and test/, a folder for each class; `weights` is EfficientNet-Lite0's file. */
export async function transferFindings(cifar: string, weights: string, draws = drawsWanted()): Promise<Finding[]> {
  const target = mkdtempSync(join(tmpdir(), 'polyak-few-'));
  const compared: Compared[] = [];
  try {
    for (let draw = 1; draw <= draws; draw += 1) {
      const pictures = drawPictures({ cifar, target }, { perClass, heldPerClass, draw });
      compared.push(await compare(pictures, weights, { draw, state: join(target, 'state') }));
      const { transferred, scratch } = compared.at(-1)!;
      process.stdout.write(`draw ${draw}: transferred ${transferred.toFixed(3)}, from scratch ${scratch.toFixed(3)}\n`);
    }
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
  const gain = median(compared.map(({ transferred, scratch }) => transferred - scratch));
  const each = compared.map(({ transferred, scratch }, index) => ({
    name: `draw ${index + 1}`,
    passed: true,
    result: `transferred ${transferred.toFixed(3)}, best of 20 trials from scratch ${scratch.toFixed(3)}`,
  }));
  const name = `EfficientNet-Lite0, frozen, with a new head, against the best of 20 networks from scratch: ${perClass} pictures a class of CIFAR-10, median of ${draws} draws`;
  const result = `${(100 * gain).toFixed(1)} points better (gate ${100 * pointsMin}) on ${10 * heldPerClass} pictures`;
  return [{ name, passed: gain >= pointsMin, result }, ...each];
}

/** POLYAK_TEST_DRAWS makes a first look shorter. */
function drawsWanted(): number {
  return Number(process.env['POLYAK_TEST_DRAWS'] ?? 5);
}

async function compare({ path, held }: FewPictures, weights: string, { draw, state }: { draw: number; state: string }) {
  const data = [`seed=${draw}`, `data.path=${path}`, `data.validation=${held}`];
  const frozen = await loadExperiment(join(examples, 'efficientnet-lite0.yaml'), [
    ...[...data, 'data.size=[160, 160]', `transfer.from=${weights}`],
    'optimizer={adam: {learningRate: 5e-3, schedule: {cosine: {}}}}',
    'train={epochs: 10, batchSize: 20, microBatchSize: 10}',
  ]);
  const { validation } = await train(frozen, { state, workers: 2 }).result;
  const template = await loadTemplate(join(examples, 'few-pictures.yaml'), data);
  const { best } = await sweep(template, { state, workers: 2 }).result;
  return { transferred: validation?.accuracy ?? 0, scratch: best?.value ?? 0 };
}
