/** deploy/compose.yaml and what it mounts, read: commands that polyak takes, files that there are, addresses that fit each other. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { packageRoot } from '../../common/package-root.js';
import { isInstalled, promtool } from '../prometheus/programs.js';
import { parseCommand } from './parse-command.js';

const deploy = join(packageRoot(), 'deploy');

interface Service {
  image: string;
  command?: string[];
  volumes?: string[];
  ports?: string[];
  environment?: Record<string, string>;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  deploy?: { mode?: string; replicas?: number };
}

interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, null>;
}

function read(name: string): unknown {
  return parse(readFileSync(join(deploy, name), 'utf8'), { merge: true });
}

const { services, volumes } = read('compose.yaml') as Compose;
const all = Object.entries(services);
const roles = all.flatMap(([name, { image, command }]) =>
  image === 'polyak' && command ? [{ name, words: command, ...parseCommand(command) }] : [],
);
const role = (name: string) => roles.filter(({ words }) => words[0] === name);

describe('deploy/compose.yaml', () => {
  it('starts each role by a command that polyak takes', () => {
    expect(roles.map(({ name, words, operands }) => [name, words[0], operands])).toEqual([
      ['coordinator', 'coordinator', []],
      ['server-0', 'server', []],
      ['server-1', 'server', []],
      ['worker', 'worker', []],
    ]);
    expect(() => parseCommand(['server', '--shards=1'])).toThrow('does not know --shards');
    expect(() => parseCommand(['worker', '--backend=torch'])).toThrow('torch');
  });

  it('gives every process the address of the coordinator, and every server a number and an address of its own', () => {
    const coordinator = role('coordinator')[0]?.options;
    expect(coordinator?.['advertise']).toBe('coordinator:7350');
    for (const { name, options } of [...role('server'), ...role('worker')])
      expect([name, options['coordinator']]).toEqual([name, 'coordinator:7350']);
    expect(services['polyak']?.environment?.['POLYAK_COORDINATOR']).toBe('coordinator:7350');
    for (const { name, options } of role('server')) {
      expect(name).toBe(`server-${String(options['shard'])}`);
      expect(options['advertise']).toBe(`${name}:7351`);
    }
  });

  it('starts two workers, also with a podman-compose, which counts them only in this mode', () => {
    expect(services['worker']?.deploy).toEqual({ mode: 'replicated', replicas: 2 });
  });

  it('mounts files that there are, and volumes that it names', () => {
    const sources = all.flatMap(([, service]) => (service.volumes ?? []).map((volume) => volume.split(':')[0] ?? ''));
    const files = sources.filter((source) => source.startsWith('.'));
    expect(files.length).toBeGreaterThan(2);
    expect(files.filter((file) => !existsSync(join(deploy, file)))).toEqual([]);
    const named = sources.filter((source) => !source.startsWith('.'));
    expect(new Set(named)).toEqual(new Set(Object.keys(volumes)));
  });

  it('opens ports on the loopback interface alone', () => {
    const ports = all.flatMap(([, service]) => service.ports ?? []);
    expect(ports.length).toBeGreaterThan(3);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('confines every process of ours, and takes no image by the name of its newest', () => {
    for (const [name, { image, ...service }] of all) {
      if (image !== 'polyak') expect([name, image]).toEqual([name, expect.stringMatching(/:v?\d+\.\d+\.\d+|@sha256:/)]);
      else
        expect([name, service]).toMatchObject([
          name,
          { read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] },
        ]);
    }
  });

  it('is documented by commands that polyak takes, of files that the image has', () => {
    const text = readFileSync(join(deploy, 'compose.yaml'), 'utf8');
    const lines = [...text.matchAll(/run --rm polyak ([^`\n]+)/g)].map(([, words = '']) => words.split(' '));
    expect(lines).toHaveLength(2);
    for (const words of lines) {
      const files = parseCommand(words).operands.filter((word) => word.startsWith('/app/'));
      for (const file of files) expect(existsSync(join(packageRoot(), file.slice('/app/'.length)))).toBe(true);
    }
  });
});

describe('Prometheus and Grafana beside it', () => {
  it.skipIf(!isInstalled)('have a prometheus.yml that is right in the eyes of promtool, with all rules', () => {
    const { status, printed } = promtool(['check', 'config', join(deploy, 'prometheus/prometheus.yml')]);
    expect(status, `promtool says: ${printed}`).toBe(0);
    expect(printed).toContain('2 rule files found');
  });

  it('scrape every role where it has its metrics', () => {
    interface Scrape {
      static_configs?: { targets: string[] }[];
      dns_sd_configs?: { names: string[]; port: number }[];
    }
    const { scrape_configs: scrapes } = read('prometheus/prometheus.yml') as { scrape_configs: Scrape[] };
    const targets = scrapes.flatMap(({ static_configs: fixed = [], dns_sd_configs: found = [] }) => [
      ...fixed.flatMap((each) => each.targets),
      ...found.flatMap(({ names, port }) => names.map((name) => `${name}:${port}`)),
    ]);
    const ports = roles.map(({ name, options }) => `${name}:${String(options['metricsPort'])}`);
    expect(new Set(targets)).toEqual(new Set(ports));
  });

  it('have Grafana ask that Prometheus, and find the dashboards where they are mounted', () => {
    interface Provisioned {
      datasources: { type: string; url: string; isDefault: boolean }[];
      providers: { type: string; options: { path: string } }[];
    }
    const { datasources } = read('grafana/provisioning/datasources/prometheus.yaml') as Provisioned;
    expect(datasources).toMatchObject([{ type: 'prometheus', url: 'http://prometheus:9090', isDefault: true }]);
    expect(services['prometheus']?.ports).toContain('127.0.0.1:9090:9090');
    const { providers } = read('grafana/provisioning/dashboards/polyak.yaml') as Provisioned;
    const mounts = (services['grafana']?.volumes ?? []).map((volume) => volume.split(':'));
    const [source = ''] = mounts.find(([, target]) => target === providers[0]?.options.path) ?? [];
    const boards = readdirSync(join(deploy, source)).filter((name) => name.endsWith('.json'));
    expect(boards.toSorted()).toEqual(['cluster.json', 'sweep.json', 'training.json']);
    expect(mounts).toContainEqual(['./grafana/provisioning', '/etc/grafana/provisioning', 'ro']);
  });
});
