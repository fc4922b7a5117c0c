/** What the Pod Security level `restricted` demands of a pod, and what we demand beside it. */
import type { Container, PodTemplate } from './manifest.js';

/** Volumes that the level allows, of those that there are. */
const volumesAllowed = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

/** What is wrong with the pod, one sentence each. */
export function podFaults({ owner, spec }: PodTemplate): string[] {
  const pod = spec.securityContext ?? {};
  const volumes = (spec.volumes ?? []).flatMap((volume) => Object.keys(volume).filter((key) => key !== 'name'));
  const faults: [boolean, string][] = [
    [pod['runAsNonRoot'] === true, 'may run as root'],
    [typeof pod['runAsUser'] === 'number' && pod['runAsUser'] > 0, 'names no user by its number'],
    [isRuntimeDefault(pod['seccompProfile']), 'has no seccomp profile'],
    [volumes.every((kind) => volumesAllowed.has(kind)), `has volumes of the kinds ${volumes.join(', ')}`],
    [!('hostNetwork' in spec) && !('hostPID' in spec) && !('hostIPC' in spec), "shares the host's namespaces"],
    [spec.automountServiceAccountToken === false, 'is given a token of the API server'],
    [spec.enableServiceLinks === false, 'is told of every Service in its variables'],
  ];
  const ofPod = faults.filter(([isRight]) => !isRight).map(([, fault]) => `${owner} ${fault}`);
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  return [...ofPod, ...containers.flatMap((container) => containerFaults(owner, container))];
}

function containerFaults(owner: string, { name, securityContext = {}, resources, ports }: Container): string[] {
  const capabilities = securityContext['capabilities'] as { drop?: string[]; add?: string[] } | undefined;
  const faults: [boolean, string][] = [
    [securityContext['allowPrivilegeEscalation'] === false, 'may become more than it is'],
    [securityContext['privileged'] !== true, 'is privileged'],
    [securityContext['readOnlyRootFilesystem'] === true, 'may write to its image'],
    [capabilities?.drop?.includes('ALL') === true && capabilities.add === undefined, 'keeps capabilities'],
    [ports?.every((port) => !('hostPort' in port)) ?? true, "takes ports of the host's"],
    [resources?.limits?.['memory'] !== undefined, 'has no limit of memory, by which roles choose what they hold'],
  ];
  return faults.filter(([isRight]) => !isRight).map(([, fault]) => `${owner}: the container ${name} ${fault}`);
}

function isRuntimeDefault(profile: unknown): boolean {
  return typeof profile === 'object' && profile !== null && 'type' in profile && profile.type === 'RuntimeDefault';
}
