/**
 * Which RPC wants which role of the caller's certificate: the one place that says so. What is not in the table is refused.
 * It holds where clients have certificates, that is where --tls-authority is given.
 */
import { PolyakError } from '../errors.js';
import type { CertificateRole } from './certificate-role.js';

/** `any`: whoever has a certificate of the authority, whatever its role. */
type Callers = readonly CertificateRole[] | 'any';

const readers = ['admin', 'reader', 'external'] as const;
const admins = ['admin'] as const;
const workers = ['worker'] as const;
const servers = ['server'] as const;

export const methodRoles: Readonly<Record<string, Callers>> = {
  // Which of the two it registers as is checked with the registration.
  '/polyak.v1.Coordinator/Attend': ['server', 'worker'],
  '/polyak.v1.Coordinator/Report': servers,
  '/polyak.v1.Coordinator/Submit': admins,
  '/polyak.v1.Coordinator/Watch': readers,
  '/polyak.v1.Coordinator/Stop': admins,
  '/polyak.v1.Coordinator/SubmitSweep': admins,
  '/polyak.v1.Coordinator/WatchSweep': readers,
  '/polyak.v1.Coordinator/ChangeSweep': admins,
  '/polyak.v1.Coordinator/ListTrials': readers,
  '/polyak.v1.Coordinator/ReadTrial': readers,
  '/polyak.v1.Coordinator/ReadLogs': ['admin', 'reader'],
  '/polyak.v1.Coordinator/Work': ['external', 'admin'],
  '/polyak.v1.Coordinator/Status': readers,

  '/polyak.v1.ParameterServer/Control': workers,
  '/polyak.v1.ParameterServer/Push': workers,
  '/polyak.v1.ParameterServer/Weights': workers,
  '/polyak.v1.ParameterServer/FetchModule': workers,
  '/polyak.v1.ParameterServer/Follow': servers,

  '/grpc.health.v1.Health/Check': 'any',
  '/grpc.health.v1.Health/List': 'any',
  '/grpc.health.v1.Health/Watch': 'any',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': 'any',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': 'any',
};

/** The error of who may not call it, naming the role that would do; undefined where it may. */
export function refusalOf(method: string, roles: ReadonlySet<CertificateRole>): PolyakError | undefined {
  const callers = Object.hasOwn(methodRoles, method) ? methodRoles[method] : [];
  if (callers === 'any' || callers?.some((role) => roles.has(role))) return undefined;
  const wanted = callers?.map((role) => `polyak:${role}`).join(' or ');
  const way = wanted
    ? `it takes one with the URI ${wanted} among its subject's alternative names`
    : 'nobody may call it';
  return new PolyakError('refused', `${shortOf(method)}: the client's certificate has ${textOf(roles)}; ${way}`);
}

export function textOf(roles: ReadonlySet<CertificateRole>): string {
  if (roles.size === 0) return 'no role';
  return `the role${roles.size === 1 ? '' : 's'} ${[...roles].join(', ')}`;
}

/** `Coordinator.Submit`. */
function shortOf(method: string): string {
  return method.replace(/^\/(?:[\w]+\.)*/, '').replace('/', '.');
}
