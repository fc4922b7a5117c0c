/** Who may call what: the table against the services as they are, and roles against the text of certificates. */
import { service as health } from 'grpc-health-check';
import { describe, expect, it } from 'vitest';
import { services } from '../../common/rpc.js';
import { rolesOf, type CertificateRole } from '../../common/tls/certificate-role.js';
import { methodRoles, refusalOf } from '../../common/tls/method-roles.js';

const ours = [services.coordinator, services.parameterServer].flatMap(({ service }) => Object.values(service));
const paths = [...ours, ...Object.values(health)].map(({ path }) => path);

const mayCall = (method: string, ...roles: CertificateRole[]) => refusalOf(method, new Set(roles)) === undefined;

describe('the table of methods', () => {
  it('has every method that is served, and none that is not', () => {
    expect(ours.length).toBeGreaterThan(15);
    const reflection = Object.keys(methodRoles).filter((path) => path.startsWith('/grpc.reflection.'));
    expect(Object.keys(methodRoles).toSorted()).toEqual([...paths, ...reflection].toSorted());
  });

  it('refuses a method that it does not have, whatever the role', () => {
    expect(mayCall('/polyak.v1.Coordinator/Erase', 'admin', 'server', 'worker')).toBe(false);
    expect(mayCall('constructor', 'admin')).toBe(false);
  });

  it('lets a worker, a reader and an external process create, change or stop nothing', () => {
    for (const method of ['Submit', 'Stop', 'SubmitSweep', 'ChangeSweep', 'Report']) {
      const path = `/polyak.v1.Coordinator/${method}`;
      expect([path, mayCall(path, 'worker', 'reader', 'external', 'coordinator')]).toEqual([path, false]);
    }
  });

  it('lets a reader read, and nothing else', () => {
    const allowed = ours.map(({ path }) => path).filter((path) => mayCall(path, 'reader'));
    const names = ['ListTrials', 'ReadLogs', 'ReadTrial', 'Status', 'Watch', 'WatchSweep'];
    expect(allowed.toSorted()).toEqual(names.map((name) => `/polyak.v1.Coordinator/${name}`));
  });

  it('names the role that would do', () => {
    const error = refusalOf('/polyak.v1.Coordinator/Submit', new Set(['worker']));
    expect(error).toMatchObject({ code: 'refused' });
    expect(error?.message).toBe(
      "Coordinator.Submit: the client's certificate has the role worker; it takes one with the URI polyak:admin among its subject's alternative names",
    );
  });
});

describe('roles of a certificate', () => {
  it('are its URIs of our scheme, several of them too', () => {
    expect([...rolesOf('DNS:a.example, URI:polyak:worker, IP Address:127.0.0.1, URI:polyak:server')]).toEqual([
      'server',
      'worker',
    ]);
  });

  it('are those that its names below role.polyak.invalid say, for authorities that sign no URIs', () => {
    expect([...rolesOf('DNS:localhost, DNS:worker.role.polyak.invalid')]).toEqual(['worker']);
    const others = ['*.role.polyak.invalid', 'a.worker.role.polyak.invalid', 'worker.role.polyak.invalid.example.org'];
    for (const name of others) expect([name, rolesOf(`DNS:${name}`).size]).toEqual([name, 0]);
  });

  it('are none without such a name', () => {
    expect(rolesOf(undefined).size).toBe(0);
    expect(rolesOf('URI:polyak:root, URI:https://polyak:admin@a, DNS:URI:polyak:admin').size).toBe(0);
  });

  it('are not found within a name that pretends to be several', () => {
    // As Node writes a name that has a comma in it.
    expect(rolesOf('DNS:"a, URI:polyak:admin, b"').size).toBe(0);
    expect(rolesOf('URI:"a\\", URI:polyak:admin, b"').size).toBe(0);
  });
});
