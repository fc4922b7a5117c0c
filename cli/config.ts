/** `polyak config`: every setting, its value, and where the value comes from. */
import type { Command } from 'commander';
import { printJson, printText } from './output.js';
import { resolveSettings, settings } from './settings.js';
import { tableOf } from './table.js';
import { duration } from './live-view.js';

export function configCommand(command: Command, { json }: { json: boolean }): void {
  const resolved = resolveSettings(command);
  if (json) {
    printJson(Object.fromEntries(resolved.map(({ name, value, origin }) => [name, { value, origin }])));
    return;
  }
  const columns = ['setting', 'value', 'from', 'set by'].map((title) => ({ title }));
  const rows = resolved.map(({ name, value, origin }) => {
    const { flags, variable, fallbackInWords } = settings[name];
    const isTime = name === 'budget' || name === 'patience';
    const shown = isTime && value !== null ? duration(Number(value)) : String(value ?? fallbackInWords);
    return [name, shown, origin, [...(flags === undefined ? [] : [flags.split(' ')[0]]), variable].join(', ')];
  });
  printText(tableOf(columns, rows));
}
