/** The command line: what each command is called and takes. What they do is in the files beside this one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { PolyakError } from '../common/errors.js';
import { packageRoot } from '../common/package-root.js';
import { runCoordinator, runServer, runWorker, type RoleOptions } from './roles.js';
import type { TrainOptions } from './train.js';

const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
const collect = (value: string, before: string[] = []) => [...before, value];

const program = new Command('polyak')
  .description('Trains neural networks on a cluster; the same experiment gives the same numbers.')
  .version(version)
  .showHelpAfterError()
  .exitOverride();

const withCluster = (command: Command) =>
  command
    .option('--workers <n>', 'worker processes')
    .option('--shards <n>', 'server processes, each holding a part of the weights')
    .option('--state <folder>', 'where runs are kept (default: POLYAK_STATE, else ./.polyak)')
    .option('--backend <name>', 'tensorflow, or cpu: plain JavaScript, slow, needs no setup', 'tensorflow')
    .option('--coordinator <host:port>', 'use a cluster that runs already')
    .option('--json', 'one JSON object a line on stdout');

withCluster(program.command('train'))
  .description('train an experiment file, with all processes on this machine')
  .argument('<file>', 'experiment file (YAML)')
  .option('--steps <n>', 'stop after so many steps')
  .option('--epochs <n>', 'train so many epochs instead of what the file says')
  .option('--set <path=value>', 'change a value of the file, such as optimizer.adam.learningRate=3e-4', collect)
  .addHelpText('after', '\nExample:\n  polyak train examples/fashion-mnist.yaml --workers 2 --shards 2 --set seed=7\n\nExit codes: 0 finished, 2 usage or file, 3 data, 4 diverged, 5 unreachable, 130 and 143 interrupted and resumable.')
  .action(async (file: string, options: TrainOptions) => {
    const { train } = await import('./train.js');
    process.exitCode = await train(file, options);
  });

withCluster(program.command('resume'))
  .description('go on with an interrupted run, from its newest checkpoint')
  .argument('<run>', 'folder of the run, or its name within the state folder')
  .addHelpText('after', '\nExample:\n  polyak resume fashion-mnist-1 --shards 3')
  .action(async (run: string, options: TrainOptions) => {
    const { resume } = await import('./train.js');
    process.exitCode = await resume(run, options);
  });

const role = (name: string, description: string, listens: boolean) => {
  const command = program.command(name).description(description);
  if (listens) command.option('--listen <host:port>', 'address to listen on; port 0 takes any', '127.0.0.1:0');
  return command
    .option('--metrics-port <port>', 'port of /metrics and /healthz; 0 takes any', '0')
    .option('--json', 'print where it listens as JSON')
    .option('--parent-pipe', 'drain when standard input ends');
};

role('coordinator', 'run the coordinator: knows every process and run', true)
  .option('--store <file>', 'SQLite file that it keeps', 'polyak.db')
  .addHelpText('after', '\nExample:\n  polyak coordinator --listen 0.0.0.0:7070 --store /var/lib/polyak/polyak.db')
  .action(async (options: RoleOptions) => await runCoordinator(options));

role('server', 'run one shard of the parameter server', true)
  .requiredOption('--coordinator <host:port>', 'where the coordinator listens')
  .option('--advertise <host:port>', 'address that other machines reach it by')
  .option('--shard <n>', 'shard number from 0 (default: the number at the end of the host name)')
  .option('--memory <MiB>', 'most that weights and gradients may take (default: half of the machine)')
  .option('--threads <n>', 'arithmetic threads', '1')
  .addHelpText('after', '\nExample:\n  polyak server --coordinator coordinator:7070 --listen 0.0.0.0:7071 --advertise server-0:7071 --shard 0')
  .action(async (options: RoleOptions) => await runServer(options));

role('worker', 'run a worker: computes gradients', false)
  .requiredOption('--coordinator <host:port>', 'where the coordinator listens')
  .option('--backend <name>', 'tensorflow, or cpu', 'tensorflow')
  .addHelpText('after', '\nExample:\n  polyak worker --coordinator coordinator:7070')
  .action(async (options: RoleOptions) => await runWorker({ ...options, listen: '127.0.0.1:0' }));

program
  .command('setup')
  .description("get TensorFlow's library and build its binding; needed once per machine")
  .option('--gpu', 'the CUDA build')
  .option('--check', 'only say what is missing')
  .option('--quiet', 'print nothing when all is done')
  .option('--json', 'print the result as JSON')
  .action(async (options: { gpu?: boolean; check?: boolean; quiet?: boolean; json?: boolean }) => {
    const { setup } = await import('./setup.js');
    await setup(options);
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof PolyakError) {
    process.stderr.write(`polyak: ${error.message}\n`);
    process.exitCode = error.exitCode;
  } else {
    process.stderr.write(`polyak: internal error\n${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
    process.exitCode = 1;
  }
}
// A signal handler or a lingering connection must not keep a finished command alive.
process.exit(process.exitCode ?? 0);
