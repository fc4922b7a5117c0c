/** The command `polyak`: its commands, their flags and their help. What they do stands in a file per command. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { PolyakError } from '../common/errors.js';
import { createLog } from '../common/log.js';
import { packageRoot } from '../common/package-root.js';
import type { ResumeOptions } from './resume.js';
import { assertAddress, runRole, type RoleOptions } from './role-process.js';
import type { TrainCommandOptions } from './train.js';

const usageExitCode = 2;

function buildProgram(): Command {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  const program = new Command('polyak')
    .description('Trains neural networks on a cluster: the same numbers however the work is cut.')
    .version(version)
    .showHelpAfterError('(--help says more)')
    .addHelpText(
      'after',
      examples(
        'polyak train examples/digits.yaml --workers 2',
        'polyak resume digits-1',
        'polyak coordinator --listen 0.0.0.0:7350      # the same roles by hand, on many machines',
      ) + exitCodes,
    );
  addTrain(program);
  addResume(program);
  addCoordinator(program);
  addServer(program);
  addWorker(program);
  addSetup(program);
  for (const command of [program, ...program.commands]) command.exitOverride();
  return program;
}

const exitCodes = `
Exit codes: 0 finished or drained, 1 internal, 2 usage or setup, 3 data, 4 training diverged or failed, 5 a process
cannot be reached, 130 and 143 interrupted (the run is kept and can be resumed).
`;

function addTrain(program: Command): void {
  const command = program
    .command('train')
    .summary('train an experiment')
    .description(
      'Trains the experiment in FILE with a coordinator, servers and workers on this machine, or on a cluster elsewhere.',
    )
    .argument('<file>', 'experiment file (YAML)');
  addRunFlags(command)
    .option('--epochs <n>', 'train for n epochs: train.epochs=n', positiveInteger)
    .option('--set <path=value>', 'replace a value of the file; may be given again', collect, [] as string[])
    .addHelpText(
      'after',
      examples(
        'polyak train examples/fashion-mnist.yaml --workers 2 --shards 2',
        'polyak train examples/digits.yaml --steps 100 --set optimizer.adam.learningRate=3e-4',
        'polyak train examples/digits.yaml --json | tail -1',
        'polyak train examples/digits.yaml --coordinator 10.0.0.1:7350   # the servers must see --state',
      ),
    )
    .action(async (file: string, flags: TrainCommandOptions) => {
      const { trainCommand } = await import('./train.js');
      process.exitCode = await trainCommand(file, checked(flags));
    });
}

function addResume(program: Command): void {
  const command = program
    .command('resume')
    .summary('go on with a run')
    .description('Goes on with a run from its newest checkpoint. Other numbers of workers and shards change no result.')
    .argument('<run>', 'folder of a run, or its name and number such as digits-1');
  addRunFlags(command)
    .addHelpText('after', examples('polyak resume .polyak/digits-1', 'polyak resume digits-1 --workers 4 --shards 2'))
    .action(async (run: string, flags: ResumeOptions) => {
      const { resumeCommand } = await import('./resume.js');
      process.exitCode = await resumeCommand(run, checked(flags));
    });
}

function addRunFlags(command: Command): Command {
  return command
    .option('--workers <n>', 'worker processes (default: as many as the cores allow, at most 4)', positiveInteger)
    .option('--shards <s>', 'server processes that share the weights (default: 1)', positiveInteger)
    .option('--steps <n>', 'stop after n steps in all', positiveInteger)
    .option('--state <dir>', 'folder in which runs are kept (default: .polyak)')
    .option('--coordinator <host:port>', 'run on the cluster of this coordinator; starts no process here')
    .addOption(backendOption())
    .option('--json', 'one JSON object a line on stdout, and nothing else there', false);
}

function addCoordinator(program: Command): void {
  const command = program
    .command('coordinator')
    .summary('run a coordinator')
    .description('Runs the coordinator: it knows runs, servers and workers, and keeps results in a small database.')
    .option('--store <file>', 'the database', '.polyak/coordinator.db');
  addListenFlags(command)
    .addHelpText(
      'after',
      examples('polyak coordinator --listen 0.0.0.0:7350 --advertise 10.0.0.1:7350 --metrics-port 9350'),
    )
    .action(async (flags: { listen: string; advertise?: string; metricsPort: number; store: string } & CommonFlags) => {
      await role('coordinator', flags, async (log) => {
        const { startCoordinator } = await import('../coordinator/coordinator.js');
        const { store, metricsPort } = flags;
        return await startCoordinator({ ...addresses(flags), metricsPort, store, log });
      });
    });
}

function addServer(program: Command): void {
  const command = program
    .command('server')
    .summary('run one shard of the parameter server')
    .description(
      "Runs one shard of the parameter server. It needs no TensorFlow and no data, but sees the runs' folders.",
    )
    .requiredOption('--coordinator <host:port>', 'the coordinator that it attends')
    .option(
      '--shard <n>',
      'its number, from 0; a new process with the same number replaces the old one',
      wholeNumber,
      0,
    )
    .option('--threads <n>', 'arithmetic threads', positiveInteger, 1)
    .option(
      '--memory-mb <n>',
      'weights, slots and gradients it may hold (default: half of the memory)',
      positiveInteger,
    );
  addListenFlags(command)
    .addHelpText(
      'after',
      examples('polyak server --coordinator 10.0.0.1:7350 --shard 0 --listen 0.0.0.0:7351 --advertise 10.0.0.2:7351'),
    )
    .action(
      async (
        flags: {
          listen: string;
          advertise?: string;
          metricsPort: number;
          coordinator: string;
          shard: number;
          threads: number;
          memoryMb?: number;
        } & CommonFlags,
      ) => {
        await role('server', flags, async (log) => {
          const { startServer } = await import('../server/server.js');
          const { metricsPort, shard, threads, memoryMb } = flags;
          const coordinator = assertAddress('--coordinator', flags.coordinator);
          const memory = memoryMb === undefined ? {} : { memoryBytesMax: memoryMb * 1e6 };
          return await startServer({ ...addresses(flags), metricsPort, coordinator, shard, threads, ...memory, log });
        });
      },
    );
}

function addWorker(program: Command): void {
  const command = program
    .command('worker')
    .summary('run a worker')
    .description('Runs a worker: it reads data and computes gradients. Start as many as there are cores or GPUs.')
    .requiredOption('--coordinator <host:port>', 'the coordinator that it attends')
    .addOption(backendOption().default('tensorflow'))
    .option('--metrics-host <host>', 'address that /metrics and /healthz listen on', '127.0.0.1')
    .option('--metrics-port <port>', 'for /metrics and /healthz; 0 takes any', wholeNumber, 0);
  interface Flags extends CommonFlags {
    coordinator: string;
    backend: 'tensorflow' | 'cpu';
    metricsHost: string;
    metricsPort: number;
  }
  addRoleFlags(command)
    .addHelpText(
      'after',
      examples('polyak worker --coordinator 10.0.0.1:7350 --metrics-host 0.0.0.0 --metrics-port 9352'),
    )
    .action(async (flags: Flags) => {
      await role('worker', flags, async (log) => {
        const { startWorker } = await import('../worker/worker.js');
        const { backend, metricsHost, metricsPort } = flags;
        const coordinator = assertAddress('--coordinator', flags.coordinator);
        return await startWorker({ coordinator, backend, metricsHost, metricsPort, log });
      });
    });
}

function addSetup(program: Command): void {
  program
    .command('setup')
    .summary("set TensorFlow's library up")
    .description("Brings TensorFlow's library into the cache (POLYAK_CACHE, default ~/.cache/polyak). Needed once.")
    .option('--gpu', 'the CUDA build', false)
    .option('--check', 'only say what is there, and all that is missing', false)
    .option('--quiet', 'say nothing when there is nothing to do', false)
    .option('--json', 'one JSON object a line on stdout', false)
    .addHelpText('after', examples('polyak setup', 'polyak setup --check'))
    .action(async (flags: { gpu: boolean; check: boolean; quiet: boolean; json: boolean }) => {
      const { setup } = await import('./setup.js');
      await setup(flags);
    });
}

interface CommonFlags {
  json: boolean;
  parentPipe: boolean;
}

function addListenFlags(command: Command): Command {
  command
    .option('--listen <host:port>', 'where it serves; port 0 takes any', '127.0.0.1:0')
    .option('--advertise <host:port>', 'what other machines reach it by (default: where it listens)')
    .option('--metrics-port <port>', 'for /metrics and /healthz; 0 takes any', wholeNumber, 0);
  return addRoleFlags(command);
}

function addRoleFlags(command: Command): Command {
  return command
    .option('--json', 'say on stdout, as one line of JSON, where it listens', false)
    .addOption(new Option('--parent-pipe', 'drain when stdin ends').default(false).hideHelp());
}

async function role(
  name: RoleOptions['role'],
  flags: CommonFlags,
  start: (log: RoleOptions['log']) => ReturnType<Parameters<typeof runRole>[1]>,
): Promise<void> {
  const log = createLog(name);
  await runRole({ role: name, json: flags.json, parentPipe: flags.parentPipe, log }, async () => await start(log));
  process.exit(0);
}

function addresses({ listen, advertise }: { listen: string; advertise?: string }) {
  const own = { listen: assertAddress('--listen', listen) };
  return advertise === undefined ? own : { ...own, advertise: assertAddress('--advertise', advertise) };
}

function backendOption(): Option {
  return new Option('--backend <name>', "what computes: native TensorFlow, or plain JavaScript ('cpu', slow)").choices([
    'tensorflow',
    'cpu',
  ]);
}

function checked<Flags extends { coordinator?: string }>(flags: Flags): Flags {
  if (flags.coordinator !== undefined) assertAddress('--coordinator', flags.coordinator);
  return flags;
}

function examples(...commands: string[]): string {
  return `\nExamples:\n${commands.map((command) => `  npx ${command}`).join('\n')}\n`;
}

function collect(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}

function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 0.');
  return Number(text);
}

/** Says what went wrong where the caller looks for it; answers with the exit code. */
function fail(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageExitCode;
  const known = error instanceof PolyakError ? error : undefined;
  const message = known?.message ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.stderr.write(`polyak: ${message}\n`);
  if (process.argv.includes('--json')) {
    const body = {
      event: 'failed',
      code: known?.code ?? 'internal',
      message: known?.message ?? 'internal error; see stderr',
    };
    process.stdout.write(`${JSON.stringify(body)}\n`);
  }
  return known?.exitCode ?? 1;
}

try {
  await buildProgram().parseAsync();
} catch (error) {
  // A role may still have sockets open.
  const exitCode = fail(error);
  process.stdout.write('', () => process.exit(exitCode));
}
