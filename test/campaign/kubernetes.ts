/**
 * The Helm chart on a real control plane of Kubernetes: admission, rollouts, evictions, claims, and deploy/smoke.sh from its first
 * line to its last. Nothing computes there: what containers do is the part `pods`.
 */
import { join } from 'node:path';
import { packageRoot } from '../../common/package-root.js';
import { admissionChecks } from '../kubernetes/admission.js';
import { demand, findingOf, type Check } from '../kubernetes/check.js';
import type { Cluster } from '../kubernetes/cluster.js';
import { ControlPlane } from '../kubernetes/control-plane.js';
import { departureChecks } from '../kubernetes/departure.js';
import { kubernetesPrograms } from '../kubernetes/kubernetes-programs.js';
import { Release } from '../kubernetes/release.js';
import { rolloutChecks } from '../kubernetes/rollouts.js';
import { furnish } from '../kubernetes/scenery.js';
import type { Finding } from './finding.js';

export async function kubernetesFindings(): Promise<Finding[]> {
  const programs = await kubernetesPrograms();
  const plane = await ControlPlane.start(programs);
  try {
    const cluster = await plane.cluster();
    await furnish(cluster, programs.schemas);
    const release = Release.create(cluster, 'polyak', 'training');
    const checks = [
      ...admissionChecks(cluster, release),
      ...rolloutChecks(release),
      ...departureChecks(release),
      smoke(cluster),
    ];
    const findings: Finding[] = [];
    for (const check of checks) {
      const finding = await findingOf(check);
      process.stderr.write(`${finding.passed ? 'passed' : 'FELL SHORT'}  ${finding.name}: ${finding.result}\n`);
      findings.push(finding);
    }
    return findings;
  } finally {
    await plane.stop();
  }
}

function smoke(cluster: Cluster): Check {
  return {
    name: 'deploy/smoke.sh goes through, on pods that compute nothing',
    run: () => {
      const { status, stdout, stderr } = cluster.run(join(packageRoot(), 'deploy/smoke.sh'), ['polyak:0.1.0']);
      demand(status === 0, `${stdout.slice(-300)} ${stderr.slice(-600)}`);
      return `${stdout.match(/^== /gm)?.length ?? 0} steps`;
    },
  };
}
