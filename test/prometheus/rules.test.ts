/** The rules and alerts of deploy/prometheus, as promtool judges them, and their runbooks. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { packageRoot } from '../../common/package-root.js';
import { isInstalled, promtool } from './programs.js';

const file = (name: string) => join(packageRoot(), 'deploy/prometheus', name);
const read = (name: string) => readFileSync(file(name), 'utf8');

interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  annotations?: Record<string, string>;
}

function rulesOf(name: string): Rule[] {
  return (parse(read(name)) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules);
}

const alerts = rulesOf('polyak-alerts.yml');
const all = [...rulesOf('polyak-rules.yml'), ...alerts];

describe.skipIf(!isInstalled)('the rules for Prometheus', () => {
  it('are right in the eyes of promtool', () => {
    const { status, printed } = promtool(['check', 'rules', file('polyak-rules.yml'), file('polyak-alerts.yml')]);
    expect(status, `promtool says: ${printed}`).toBe(0);
  });

  it('are heard when they should be, and only then', () => {
    const { status, printed } = promtool(['test', 'rules', file('polyak-alerts.test.yml')]);
    expect(status, `promtool says: ${printed}`).toBe(0);
  });
});

describe('the alerts', () => {
  it('each have a story in which they are heard', () => {
    const { tests } = parse(read('polyak-alerts.test.yml')) as {
      tests: { alert_rule_test?: { alertname: string; exp_alerts?: unknown[] }[] }[];
    };
    const heard = tests.flatMap(({ alert_rule_test = [] }) =>
      alert_rule_test.flatMap(({ alertname, exp_alerts = [] }) => (exp_alerts.length > 0 ? [alertname] : [])),
    );
    expect([...new Set(heard)].toSorted()).toEqual(alerts.map(({ alert = '' }) => alert).toSorted());
  });

  it('each have a paragraph that says what to do, at the place that they name', () => {
    const headings = [...readFileSync(join(packageRoot(), 'docs/operations.md'), 'utf8').matchAll(/^### (\w+)$/gm)];
    expect(headings.map(([, name]) => name)).toEqual(alerts.map(({ alert }) => alert));
    for (const { alert, annotations } of alerts)
      expect(annotations?.['runbook']).toBe(`docs/operations.md#${alert?.toLowerCase()}`);
  });
});

describe('the rules', () => {
  it('name no job, and no metric that there is not', () => {
    const page = readFileSync(join(packageRoot(), 'docs/metrics.md'), 'utf8');
    const known = new Set([
      ...[...page.matchAll(/^\| `(polyak_\w+)`/gm)].map(([, name]) => name!),
      ...all.flatMap(({ record = [] }) => record),
    ]);
    for (const { expr } of all) {
      expect(expr).not.toMatch(/\bjob\s*[=!]/);
      const names = [...expr.matchAll(/(?:cluster:)?polyak_\w+(?::\w+)?/g)].map(([name]) => name);
      expect(
        names.filter((name) => !known.has(name) && !known.has(name.replace(/_(?:sum|count|bucket)$/, ''))),
      ).toEqual([]);
    }
  });
});
