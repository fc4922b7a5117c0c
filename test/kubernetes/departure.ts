/** What a release leaves behind, and whether it comes back to it. */
import { exampleFile } from '../deploy/value-sets.js';
import { demand, type Check } from './check.js';
import { until, type Release } from './release.js';

const claims = ['polyak-runs', 'store-polyak-coordinator-0'];

export function departureChecks(release: Release): Check[] {
  return [
    {
      name: 'uninstalled it leaves the claims of the runs and of the store, and nothing else',
      run: async () => {
        release.helm('uninstall', release.name, '--wait');
        await until('all pods are gone', () => release.pods().length === 0);
        const left = remains(release);
        demand(
          left.join() === claims.map((name) => `persistentvolumeclaim/${name}`).join(),
          `left: ${left.join(', ')}`,
        );
        return left.join(', ');
      },
    },
    {
      name: 'installed again it finds those claims',
      run: async () => {
        const volumes = () => release.kubectl('get', 'pvc', ...claims, '--output=jsonpath={.items[*].spec.volumeName}');
        const before = volumes();
        release.install('--values', exampleFile('baked-in'));
        await release.untilReady({ coordinator: 1, server: 1, 'worker-cpu': 2 });
        demand(volumes() === before, `the volumes were ${before} and are ${volumes()}`);
        release.helm('uninstall', release.name, '--wait');
        return before;
      },
    },
  ];
}

/** Every object of the namespace, of whatever kind, but for what every namespace has and what only tells of the past. */
function remains(release: Release): string[] {
  const kinds = release.cluster
    .kubectl('api-resources', '--verbs=list', '--namespaced', '--output=name')
    .trim()
    .split('\n');
  const listed = kinds.filter((kind) => !kind.startsWith('events'));
  return release
    .kubectl('get', listed.join(','), '--output=name', '--ignore-not-found')
    .trim()
    .split('\n')
    .filter((name) => !['configmap/kube-root-ca.crt', 'serviceaccount/default'].includes(name))
    .toSorted();
}
