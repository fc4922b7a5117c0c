/**
 * deploy/smoke.sh without a cluster: programs that stand for kubectl and helm write down how they are called, and one call fails.
 * They are no cluster; they show that the script goes through to its end, and no further than the first failure.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../common/package-root.js';
import { readManifests } from './manifest.js';

/** Fails where its arguments have the words of FAILS, and where an image is asked for that there is not. */
const stand = `#!/bin/sh
printf '%s %s\\n' "$(basename "$0")" "$*" >> "$CALLS"
case "$*" in *'apply --filename -') cat >> "$APPLIED"; echo '---' >> "$APPLIED";; *'--filename -') cat > /dev/null;; esac
case "$*" in *no-such-tag*) exit 1;; esac
if [ -n "$FAILS" ]; then case "$*" in *"$FAILS"*) exit 1;; esac; fi
`;

describe('deploy/smoke.sh', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'polyak-smoke-'));
    for (const name of ['kubectl', 'helm']) {
      writeFileSync(join(folder, name), stand);
      chmodSync(join(folder, name), 0o755);
    }
    for (const name of ['calls', 'applied']) writeFileSync(join(folder, name), '');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const run = (fails = '', args = ['registry.example.org/polyak:9']) => {
    const places = { CALLS: join(folder, 'calls'), APPLIED: join(folder, 'applied'), FAILS: fails };
    const env = { ...process.env, ...places, PATH: `${folder}:${process.env['PATH']}` };
    const { status, stderr } = spawnSync(join(packageRoot(), 'deploy/smoke.sh'), args, { env, encoding: 'utf8' });
    return { status, stderr, calls: readFileSync(places.CALLS, 'utf8').trim().split('\n') };
  };

  it('goes through installation, tests, deaths, upgrades and the end, and removes its namespace', () => {
    const { status, stderr, calls } = run();
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(calls.filter((call) => call.startsWith('helm ')).map((call) => call.split(' ')[1])).toEqual([
      'template',
      'install',
      'test',
      'upgrade',
      'upgrade',
      'rollback',
      'test',
      'uninstall',
    ]);
    expect(calls.at(-1)).toMatch(/^kubectl delete namespace polyak-smoke-\d+$/);
  });

  it('submits Jobs of names, folders, images and addresses of their own', () => {
    run();
    const jobs = readManifests(readFileSync(join(folder, 'applied'), 'utf8'));
    expect(jobs.map(({ metadata }) => metadata.name)).toEqual(['killed', 'evicted', 'upgraded']);
    for (const job of jobs) {
      const text = JSON.stringify(job);
      expect(text).toContain(`/runs/jobs/${job.metadata.name}"`);
      expect(text).toContain('"image":"registry.example.org/polyak:9"');
      expect(text).toMatch(/polyak-coordinator\.polyak-smoke-\d+\.svc:7350/);
      expect(text).toContain('/app/examples/digits-search.yaml');
    }
  });

  it.each(['--dry-run=server', 'helm-test-fails', 'job/evicted', 'rollback', 'get persistentvolumeclaim'])(
    'ends with another code than 0 where %s fails, and does nothing more',
    (words) => {
      const fails = words === 'helm-test-fails' ? 'test polyak' : words;
      const { status, stderr, calls } = run(fails);
      expect(status).not.toBe(0);
      expect(stderr).toContain('is left as it is');
      // Of two programs with a pipe between, either may begin first.
      expect(calls.slice(-2).join('\n')).toContain(fails);
      expect(calls.at(-1)).not.toMatch(/delete namespace/);
    },
  );

  it('says how it is used when no image is named', () => {
    expect(run('', [])).toMatchObject({ status: 2, stderr: expect.stringContaining('IMAGE') as string });
  });
});
