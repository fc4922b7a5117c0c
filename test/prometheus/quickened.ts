/** Rules for tests that cannot wait: every duration and every threshold of seconds is a sixtieth, and nothing else is other. */
import { parse, stringify } from 'yaml';

interface Rule {
  alert?: string;
  expr: string;
  for?: string;
}

interface RuleFile {
  groups: { rules: Rule[] }[];
}

const secondsOf = { s: 1, m: 60, h: 3600 };

/** Errors: what is no file of rules. */
export function quickened(rules: string): string {
  const file = parse(rules) as RuleFile;
  for (const { rules: each } of file.groups) {
    for (const rule of each) {
      rule.expr = rule.expr
        .replace(/(?<=\[|offset )\d+[smh](?!\w)/g, sixtieth)
        .replace(/(?<=_seconds > )\d+/g, (seconds) => String(Number(seconds) / 60));
      if (rule.for !== undefined) rule.for = sixtieth(rule.for);
    }
  }
  return stringify(file);
}

function sixtieth(duration: string): string {
  const unit = duration.at(-1) as keyof typeof secondsOf;
  return `${Math.ceil((Number(duration.slice(0, -1)) * secondsOf[unit]) / 60)}s`;
}
