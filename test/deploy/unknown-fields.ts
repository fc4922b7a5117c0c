/**
 * What an API server would refuse of objects: unknown fields, missing ones and wrong types. The compiler judges them as
 * literals of the published types of Kubernetes and of the operators, because it refuses what such a type does not name.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../common/package-root.js';
import type { Manifest } from './manifest.js';

/** Where the type of a kind is. */
const modules: Record<string, string> = {
  'v1 Service': 'kubernetes-models/v1/Service',
  'v1 ConfigMap': 'kubernetes-models/v1/ConfigMap',
  'v1 Secret': 'kubernetes-models/v1/Secret',
  'v1 Pod': 'kubernetes-models/v1/Pod',
  'v1 PersistentVolumeClaim': 'kubernetes-models/v1/PersistentVolumeClaim',
  'apps/v1 StatefulSet': 'kubernetes-models/apps/v1/StatefulSet',
  'apps/v1 Deployment': 'kubernetes-models/apps/v1/Deployment',
  'batch/v1 Job': 'kubernetes-models/batch/v1/Job',
  'policy/v1 PodDisruptionBudget': 'kubernetes-models/policy/v1/PodDisruptionBudget',
  'autoscaling/v2 HorizontalPodAutoscaler': 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler',
  'networking.k8s.io/v1 NetworkPolicy': 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy',
  'monitoring.coreos.com/v1 PodMonitor': '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor',
  'monitoring.coreos.com/v1 PrometheusRule':
    '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule',
  'keda.sh/v1alpha1 ScaledObject': '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject',
  'cert-manager.io/v1 Certificate': '@kubernetes-models/cert-manager/cert-manager.io/v1/Certificate',
};

const compilerOptions = {
  ...{ target: 'es2023', module: 'esnext', moduleResolution: 'bundler', types: [], noEmit: true },
  ...{ strict: true, skipLibCheck: true, noErrorTruncation: true },
};

/** The compiler's words, or nothing. */
export function unknownFields(manifests: readonly Manifest[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'polyak-manifests-'));
  try {
    symlinkSync(join(packageRoot(), 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['manifests.ts'] }));
    writeFileSync(join(folder, 'manifests.ts'), manifests.map(literal).join('\n'));
    const tsc = join(packageRoot(), 'node_modules/typescript/bin/tsc');
    const { stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
      encoding: 'utf8',
    });
    return stdout + stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function literal(manifest: Manifest, index: number): string {
  const { apiVersion, kind, metadata } = manifest;
  const module = modules[`${apiVersion} ${kind}`];
  if (module === undefined) throw new Error(`no type is known for ${apiVersion} ${kind} (${metadata.name})`);
  return `export const object${index}: import('${module}').I${kind} = ${JSON.stringify(manifest, null, 1)};`;
}
