// Generates docs/commands.md from the commands as they are defined; needs a built dist/. With --check it writes nothing
// and fails where what is committed differs.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { exitCodeMeanings } from '../dist/cli/exit-codes.js';
import { buildProgram } from '../dist/cli/program.js';
import { settingNames, settings } from '../dist/cli/settings.js';

const file = join(dirname(fileURLToPath(import.meta.url)), '../docs/commands.md');

function helpOf(command) {
  let text = '';
  command.configureOutput({
    writeOut: (part) => (text += part),
    getOutHelpWidth: () => 110,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trim();
}

function settingsTable() {
  const rows = settingNames.map((name) => {
    const { flags, variable, description, fallback, fallbackInWords } = settings[name];
    const flag = flags === undefined ? '' : `\`${flags}\``;
    return `| \`${name}\` | ${flag} | \`${variable}\` | ${description} | ${fallback ?? fallbackInWords} |`;
  });
  return ['| key | flag | variable | what it is | default |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

function exitCodeTable() {
  const rows = exitCodeMeanings.map(([code, meaning]) => `| ${code} | ${meaning} |`);
  return ['| code | meaning |', '| --- | --- |', ...rows].join('\n');
}

async function commandDocs() {
  const commands = buildProgram().commands.map(
    (command) => `## polyak ${command.name()}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\``,
  );
  const text = `# Commands

Generated from the commands themselves by \`npm run docs\`; \`polyak COMMAND --help\` says the same.

## How to name a run

Every command that takes a run takes it in the same forms: its folder (\`.polyak/digits-1\`), its id within the state
folder (\`digits-1\`), or \`@last\` for the newest. A name that is nearly right is answered with the right one.

## Settings

What need not be typed again. A flag comes first, then the variable, then the key in \`polyak.config.yaml\` (or \`.yml\`, or
\`.json\`) of the working folder, then the default. \`polyak config\` shows each with its value and where that comes from.

${settingsTable()}

## Exit codes

${exitCodeTable()}

With \`--json\`, standard output has one JSON object a line and nothing else; an error is the last of them,
\`{"event":"failed","code":…,"message":…}\`.

${commands.join('\n\n')}
`;
  return await format(text, { ...(await resolveConfig(file)), parser: 'markdown' });
}

const text = await commandDocs();
if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  process.stderr.write('docs/commands.md is not what the commands say; run: npm run docs\n');
  process.exitCode = 1;
}
