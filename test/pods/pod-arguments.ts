/**
 * A pod that the chart renders, as podman runs it: one container with the user, the read-only root, the capabilities, variables,
 * limits and volumes that its spec names. Probes, init containers and Services it does not know.
 */
import type { Container, PodSpec } from '../deploy/manifest.js';
import type { SecretItem } from '../deploy/rendered-secrets.js';

export interface PodPlace {
  name: string;
  labels: Record<string, string>;
  network: string;
  /** Names by which others call it. */
  aliases?: string[];
  /** What its claims are called where its volumes are: a volume for each name of the spec's that is a claim. */
  claims: (claim: string) => string;
  /** The folder with the files of a Secret; `items` are those that the volume has, where it has not all. */
  secrets: (name: string, items?: readonly SecretItem[]) => string;
  /** Claims of a StatefulSet's own, by the name of the volume. */
  ownClaims?: readonly string[];
}

type Volume = Record<string, unknown> & { name: string };

/** What follows `podman`. Errors: what in the spec is not translated. */
export function podArguments(spec: PodSpec, place: PodPlace): string[] {
  const [container, ...others] = spec.containers;
  if (!container || others.length > 0 || spec.initContainers)
    throw new Error(`${place.name}: one container is translated`);
  const { restartPolicy = 'Always', terminationGracePeriodSeconds: grace = 30 } = spec;
  const variables = environment(container, place);
  const words = (container.args ?? []).map((word) =>
    word.replace(/\$\((\w+)\)/g, (all, name: string) => variables[name] ?? all),
  );
  const [entry, ...rest] = container.command ?? [];
  return [
    ...['run', '--detach', `--name=${place.name}`, `--hostname=${place.name}`, `--network=${place.network}`],
    ...(place.aliases ?? []).map((alias) => `--network-alias=${alias}`),
    ...(restartPolicy === 'Always' ? ['--restart=always'] : []),
    `--stop-timeout=${grace}`,
    ...security(spec, container),
    ...limits(container),
    ...Object.entries(variables).map(([name, value]) => `--env=${name}=${value}`),
    ...mounts(spec, container, place),
    ...(entry === undefined ? [] : [`--entrypoint=${JSON.stringify([entry, ...rest])}`]),
    container.image,
    ...words,
  ];
}

function environment({ env = [] }: Container, { name, labels }: PodPlace): Record<string, string> {
  const entries = env.map(({ name: variable, value, valueFrom }): [string, string] => {
    if (value !== undefined) return [variable, value];
    const path = (valueFrom as { fieldRef?: { fieldPath: string } }).fieldRef?.fieldPath;
    if (path === 'metadata.name') return [variable, name];
    const label = /^metadata\.labels\['(.+)'\]$/.exec(path ?? '')?.[1];
    const found = label === undefined ? undefined : labels[label];
    if (found === undefined) throw new Error(`${name}: ${variable} comes from ${JSON.stringify(valueFrom)}`);
    return [variable, found];
  });
  return Object.fromEntries(entries);
}

function security(spec: PodSpec, { securityContext = {} }: Container): string[] {
  const { runAsUser, runAsGroup, fsGroup } = spec.securityContext as Record<string, number>;
  const { readOnlyRootFilesystem, allowPrivilegeEscalation, capabilities } = securityContext as {
    readOnlyRootFilesystem?: boolean;
    allowPrivilegeEscalation?: boolean;
    capabilities?: { drop?: string[] };
  };
  return [
    `--user=${runAsUser}:${runAsGroup}`,
    `--group-add=${fsGroup}`,
    // By itself podman mounts memory over some folders of a read-only root.
    ...(readOnlyRootFilesystem === true ? ['--read-only', '--read-only-tmpfs=false'] : []),
    ...(allowPrivilegeEscalation === false ? ['--security-opt=no-new-privileges'] : []),
    ...(capabilities?.drop ?? []).map((name) => `--cap-drop=${name}`),
  ];
}

function limits({ resources }: Container): string[] {
  const { cpu, memory } = resources?.limits ?? {};
  return [
    ...(memory === undefined ? [] : [`--memory=${bytes(String(memory))}b`]),
    ...(cpu === undefined ? [] : [`--cpus=${processors(String(cpu))}`]),
  ];
}

/** Of a quantity such as 512Mi. */
export function bytes(quantity: string): number {
  const [, number = '', unit = ''] = /^(\d+)(Ki|Mi|Gi)$/.exec(quantity) ?? [];
  const factor = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 }[unit];
  if (factor === undefined) throw new Error(`'${quantity}' is none of the quantities of memory that are translated`);
  return Number(number) * factor;
}

function processors(quantity: string): number {
  return quantity.endsWith('m') ? Number(quantity.slice(0, -1)) / 1000 : Number(quantity);
}

/** What a pod has for itself is an unnamed volume, which goes with the container. It begins with the owner that the image names. */
function mounts(spec: PodSpec, container: Container, { name, claims, secrets, ownClaims = [] }: PodPlace): string[] {
  const volumes = (spec.volumes ?? []) as Volume[];
  return (container.volumeMounts ?? []).map((mount) => {
    const readOnly = mount.readOnly === true ? ':ro' : '';
    if (ownClaims.includes(mount.name))
      return `--volume=${claims(`${mount.name}-${name}`)}:${mount.mountPath}${readOnly}`;
    const volume = volumes.find((each) => each.name === mount.name);
    if (volume && 'emptyDir' in volume) return `--volume=${mount.mountPath}`;
    const secret = volume?.['secret'] as { secretName: string; items?: SecretItem[] } | undefined;
    if (secret) return `--volume=${secrets(secret.secretName, secret.items)}:${mount.mountPath}${readOnly}`;
    const claim = volume?.['persistentVolumeClaim'] as { claimName: string } | undefined;
    if (!claim) throw new Error(`${name}: the volume ${mount.name} is ${JSON.stringify(volume)}`);
    return `--volume=${claims(claim.claimName)}:${mount.mountPath}${readOnly}`;
  });
}
