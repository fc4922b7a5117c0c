/**
 * The settings that need not be typed again: each is a flag, a variable POLYAK_… of the environment, or a key of a file
 * polyak.config.yaml in the working folder, in this order. Every command takes its options from here, so that
 * `polyak config` shows what the others use.
 */
import { InvalidArgumentError, Option, type Command, type OptionValueSource } from 'commander';
import { PolyakError } from '../common/errors.js';
import { closest } from '../common/experiment/suggest-value.js';
import { parseBytes, parseDataMap } from '../worker/data/location/data-place.js';
import { readConfigFile, type ConfigFile } from './config-file.js';
import { durationSeconds } from './duration.js';
import { positiveInteger } from './numbers.js';

interface Setting {
  /** As commander reads them; without flags it is read from the environment only. */
  flags?: string;
  description: string;
  variable: string;
  /** What holds when nothing is said; a function of the machine, or nothing at all, is described in words. */
  fallback?: string;
  fallbackInWords?: string;
  parse?: (text: string) => unknown;
  choices?: readonly string[];
}

/** Keeps the text, which the processes of the run read from their environment too. */
function checkedBy(parse: (text: string) => unknown): (text: string) => string {
  return (text) => {
    parse(text);
    return text;
  };
}

const table = {
  state: {
    flags: '--state <dir>',
    variable: 'POLYAK_STATE',
    fallback: '.polyak',
    description: 'folder in which runs are kept',
  },
  workers: {
    flags: '--workers <n>',
    variable: 'POLYAK_WORKERS',
    parse: positiveInteger,
    description: 'worker processes',
    fallbackInWords: 'as many as the cores allow, at most 4',
  },
  shards: {
    flags: '--shards <s>',
    variable: 'POLYAK_SHARDS',
    parse: positiveInteger,
    description: 'server processes that share the weights',
    fallbackInWords: '1',
  },
  backend: {
    flags: '--backend <name>',
    variable: 'POLYAK_BACKEND',
    choices: ['tensorflow', 'cpu'],
    description: "what computes: native TensorFlow, or plain JavaScript ('cpu', slow)",
    fallbackInWords: 'tensorflow',
  },
  coordinator: {
    flags: '--coordinator <host:port>',
    variable: 'POLYAK_COORDINATOR',
    description: 'run on the cluster of this coordinator; starts no process here',
    fallbackInWords: 'processes of its own',
  },
  tlsCertificate: {
    flags: '--tls-certificate <file>',
    variable: 'POLYAK_TLS_CERTIFICATE',
    description: 'own certificate for TLS, PEM, whose role says what it may do (SECURITY.md)',
    fallbackInWords: 'none',
  },
  tlsKey: {
    flags: '--tls-key <file>',
    variable: 'POLYAK_TLS_KEY',
    description: 'private key of that certificate, PEM',
    fallbackInWords: 'none',
  },
  tlsAuthority: {
    flags: '--tls-authority <file>',
    variable: 'POLYAK_TLS_AUTHORITY',
    description: 'certificates of the authorities that are trusted, PEM',
    fallbackInWords: 'connections are plain',
  },
  budget: {
    flags: '--budget <time>',
    variable: 'POLYAK_BUDGET',
    parse: durationSeconds,
    description: 'stop at a checkpoint after this time, such as 90s, 30m or 2h, with exit code 6',
    fallbackInWords: 'none',
  },
  patience: {
    flags: '--patience <time>',
    variable: 'POLYAK_PATIENCE',
    parse: durationSeconds,
    description: 'how long a coordinator may be out of reach before the command gives up with exit code 5',
    fallbackInWords: '1m',
  },
  checkpoints: {
    flags: '--checkpoints <s3://bucket/prefix>',
    variable: 'POLYAK_CHECKPOINTS',
    description: "keep checkpoints in a bucket, by the keys of the servers' AWS_ variables",
    fallbackInWords: "in the run's folder",
  },
  tensorboard: {
    flags: '--tensorboard <dir>',
    variable: 'POLYAK_TENSORBOARD',
    description: 'write event files for TensorBoard into DIR/RUN',
    fallbackInWords: 'none are written',
  },
  dataUrl: {
    variable: 'POLYAK_DATA_URL',
    fallbackInWords: "each data set's own",
    description: 'where `polyak data` downloads from: URL/mnist/FILE and so on',
  },
  cache: {
    variable: 'POLYAK_CACHE',
    fallbackInWords: '~/.cache/polyak',
    description: "TensorFlow's library, remote data and decoded pictures",
  },
  dataMap: {
    variable: 'POLYAK_DATA_MAP',
    parse: checkedBy(parseDataMap),
    fallbackInWords: 'where the experiment says',
    description:
      'FROM=TO: data whose path or URL begins with FROM lie at TO on this machine; several with commas between',
  },
  dataCacheBytes: {
    variable: 'POLYAK_DATA_CACHE_BYTES',
    parse: checkedBy(parseBytes),
    fallbackInWords: '20GiB',
    description: 'most bytes of remote data that are kept on this machine, such as 500MB',
  },
  log: {
    variable: 'POLYAK_LOG',
    fallbackInWords: 'info',
    description: 'level of the logs: trace, debug, info, warn, error or silent',
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof table;
export const settings: Record<SettingName, Setting> = table;
/** Flags of everything that connects. */
export const tlsSettings = ['tlsCertificate', 'tlsKey', 'tlsAuthority'] as const satisfies readonly SettingName[];
export const settingNames = Object.keys(table) as SettingName[];

/** The option of a setting. `description` says what it means for a command where that differs. */
export function settingOption(name: SettingName, description?: string): Option {
  const setting = settings[name];
  const { flags = '', variable, fallback, fallbackInWords, parse, choices } = setting;
  const words = fallbackInWords === undefined ? '' : ` (default: ${fallbackInWords})`;
  const option = new Option(flags, description ?? `${setting.description}${words}`).env(variable);
  if (choices) option.choices(choices);
  if (parse) option.argParser(parse);
  if (fallback !== undefined) option.default(fallback);
  return option;
}

/** Adds the options of settings to a command. */
export function addSettings(command: Command, ...names: SettingName[]): Command {
  for (const name of names) command.addOption(settingOption(name));
  return command;
}

/**
 * Before a command reads its flags: fills in from the file what neither flag nor variable says. Errors: `usage`, naming the file and
 * the key.
 */
export function applyConfigFile(command: Command): void {
  const file = checkedFile();
  if (!file) return;
  for (const [key, value] of Object.entries(file.values)) {
    const name = key as SettingName;
    const setting = settings[name];
    const option = command.options.find(({ envVar }) => envVar === setting.variable);
    if (option && isUnsaid(command.getOptionValueSource(option.attributeName()))) {
      command.setOptionValueWithSource(option.attributeName(), parsed(file, name, value), 'config');
    } else if (setting.flags === undefined) process.env[setting.variable] ??= String(value);
  }
}

export interface Resolved {
  name: SettingName;
  /** Null where nothing is said and the default is no plain value. */
  value: string | number | null;
  /** Such as `flag --workers`, `POLYAK_STATE`, `polyak.config.yaml` or `default`. */
  origin: string;
}

/** The settings that have no flag, as the environment gave them before the file was looked at. */
const environment: NodeJS.ProcessEnv = { ...process.env };

/** Every setting for a command that has options for all of them. */
export function resolveSettings(command: Command): Resolved[] {
  const file = checkedFile();
  return settingNames.map((name) => {
    const { flags, variable } = settings[name];
    const value: unknown = flags === undefined ? process.env[variable] : command.getOptionValue(name);
    const origin = originOf(command, name, file);
    return { name, value: (value ?? null) as Resolved['value'], origin };
  });
}

function originOf(command: Command, name: SettingName, file: ConfigFile | undefined): string {
  const { flags, variable } = settings[name];
  const source = command.getOptionValueSource(name);
  if (flags !== undefined && source === 'cli') return `flag ${flags.split(' ')[0]}`;
  const fromVariable = flags === undefined ? environment[variable] !== undefined : source === 'env';
  if (fromVariable) return variable;
  return file && name in file.values ? file.name : 'default';
}

function isUnsaid(source: OptionValueSource | undefined): boolean {
  return source === undefined || source === 'default';
}

/** The file with known keys only. */
function checkedFile(): ConfigFile | undefined {
  const file = readConfigFile(process.cwd());
  for (const [key, value] of Object.entries(file?.values ?? {})) {
    if (!(settingNames as string[]).includes(key)) {
      const near = closest(key, settingNames);
      const hint = near === undefined ? `; there are ${settingNames.join(', ')}` : `; did you mean '${near}'?`;
      throw new PolyakError('usage', `${file?.name}: unknown key '${key}'${hint}`);
    }
    if (file) parsed(file, key as SettingName, value);
  }
  return file;
}

function parsed(file: ConfigFile, name: SettingName, value: unknown): unknown {
  const { choices, parse } = settings[name];
  const wrong = (why: string) => new PolyakError('usage', `${file.name}: ${name}: ${JSON.stringify(value)}: ${why}`);
  if (typeof value !== 'string' && typeof value !== 'number') throw wrong('It must be a text or a number.');
  const text = String(value);
  if (choices && !choices.includes(text)) throw wrong(`It must be one of ${choices.join(', ')}.`);
  try {
    return parse ? parse(text) : text;
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw wrong(error.message);
    throw error;
  }
}
