/** What the schema cannot say of `data`: keys of a table, and weights, that contradict each other. Files are not looked at. */
import type { Experiment } from './schema.js';
import type { CsvData } from './table-schema.js';

interface Finding {
  path: PropertyKey[];
  message: string;
}

/** Are numbers to be predicted, not classes? */
export function isRegression(data: Experiment['data']): boolean {
  if (data.source === 'csv') return data.regression || data.targets !== undefined;
  return (data.source === 'npy' || data.source === 'npz') && data.regression;
}

export function dataFindings({ data, train }: Experiment): Finding[] {
  const findings = data.source === 'csv' ? [...targetFindings(data), ...missingFindings(data)] : [];
  if (train.classWeights === undefined || !isRegression(data)) return findings;
  return [
    ...findings,
    { path: ['train', 'classWeights'], message: 'is for classes, the data have numbers to predict' },
  ];
}

function targetFindings({ targets = [], label }: CsvData): Finding[] {
  const twice = targets.findIndex((name, index) => targets.indexOf(name) < index);
  const findings: Finding[] = [];
  if (twice >= 0) findings.push({ path: ['data', 'targets', twice], message: `'${targets[twice]}' is there twice` });
  if (targets.length > 0 && label !== 'last')
    findings.push({ path: ['data', 'label'], message: `'${label}' and data.targets exclude each other` });
  return findings;
}

/** A rule must suit what its column is. */
function missingFindings({ missing = {}, columns = {} }: CsvData): Finding[] {
  return Object.entries(missing).flatMap(([name, rule]) => {
    const kind = columns[name] ?? 'number';
    const path = ['data', 'missing', name];
    if (kind === 'ignore') return [{ path, message: `data.columns.${name} is ignore, nothing is missing there` }];
    if (kind === 'number') {
      const isText = typeof rule === 'object' && typeof rule.constant === 'string';
      return isText ? [{ path, message: `'${rule.constant}' is no number, and data.columns.${name} is number` }] : [];
    }
    if (rule === 'mean' || rule === 'median')
      return [{ path, message: `'${rule}' is for numbers, data.columns.${name} is category; mostFrequent fits` }];
    const given = typeof kind === 'object' ? kind.category : undefined;
    const constant = typeof rule === 'object' ? String(rule.constant) : undefined;
    if (!given || constant === undefined || given.includes(constant)) return [];
    return [{ path, message: `'${constant}' is none of data.columns.${name}.category: ${given.join(', ')}` }];
  });
}
