/** What the API server says to what the chart renders, before anything runs: its fields, the operators' objects, its pods. */
import { readFileSync } from 'node:fs';
import { sweepJobFile } from '../deploy/sweep-job.js';
import { corners, exampleFile, examples, given } from '../deploy/value-sets.js';
import { demand, type Check } from './check.js';
import type { Cluster } from './cluster.js';
import type { Release } from './release.js';

/** Nothing is kept. The namespace warns of pods that a controller would make in vain. */
const strictly = ['apply', '--server-side', '--dry-run=server', '--validate=strict', '--filename=-'];

export function admissionChecks(cluster: Cluster, { namespace, name }: Release): Check[] {
  const render = (...values: string[]) =>
    cluster.helm('template', name, cluster.chart, '--namespace', namespace, ...values);
  const judge = (objects: string) => cluster.try([...strictly, '--namespace', namespace], objects);
  const sets: [string, string[]][] = [
    ...examples.map((example): [string, string[]] => [`those of ${example}.yaml`, ['--values', exampleFile(example)]]),
    ...Object.entries(corners).map(([what, values]): [string, string[]] => [what, given(values)]),
  ];
  const admitted = sets.map(([what, values]) => ({
    name: `with the values «${what}» the API server knows every field, and restricted admits every pod`,
    run: () => {
      const { status, stdout, stderr } = judge(render(...values));
      demand(status === 0 && !/warning/i.test(stderr), stderr.trim());
      return `${stdout.trim().split('\n').length} objects`;
    },
  }));
  const spoilt = (from: RegExp, to: string) => judge(render().replace(from, to)).stderr;
  return [
    ...admitted,
    {
      name: 'the Job that submits a sweep is one whose fields it knows, with pods that restricted admits',
      run: () => {
        const job = readFileSync(sweepJobFile, 'utf8');
        const { status, stderr } = judge(job);
        demand(status === 0 && !/warning/i.test(stderr), stderr.trim());
        return 'admitted';
      },
    },
    {
      name: 'a field that is misspelt is refused by the same call',
      run: () => {
        const said = spoilt(/readOnlyRootFilesystem/, 'readonlyRootFilesystem');
        demand(/unknown field.*readonlyRootFilesystem|readonlyRootFilesystem.*not declared/.test(said), said);
        return firstLine(said, 'readonlyRootFilesystem');
      },
    },
    {
      name: 'a pod that may run as root is told of by the same call',
      run: () => {
        const said = spoilt(/runAsNonRoot: true/, 'runAsNonRoot: false');
        demand(/would violate PodSecurity "restricted/.test(said), said);
        return firstLine(said, 'would violate');
      },
    },
  ];
}

function firstLine(text: string, having: string): string {
  const line = text.split('\n').find((each) => each.includes(having)) ?? '';
  return line.trim().slice(0, 160);
}
