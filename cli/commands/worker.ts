/** `polyak worker`: its flags and help. */
import { Option, type Command } from 'commander';
import { examples } from '../flags.js';
import { wholeNumber } from '../numbers.js';
import { addRoleFlags, attendedCoordinator, runRoleCommand, tlsOf, type CommonFlags } from '../role-flags.js';
import { assertAddress } from '../role-process.js';
import { settingOption, settings } from '../settings.js';
import { dataPlace, parseBytes, parseDataMap, type DataMapping } from '../../worker/data/location/data-place.js';

interface WorkerFlags extends CommonFlags {
  coordinator: string;
  backend: 'tensorflow' | 'cpu';
  transport: 'socket' | 'grpc';
  dataMap?: DataMapping[];
  dataCacheBytes?: number;
  modules: boolean;
  gpus?: string;
  metricsHost: string;
  metricsPort: number;
}

export function addWorker(program: Command): void {
  const command = program
    .command('worker')
    .summary('run a worker')
    .description('Runs a worker: it reads data and computes gradients. Start as many as there are cores or GPUs.')
    .addOption(attendedCoordinator())
    .addOption(settingOption('backend', settings.backend.description).default('tensorflow'))
    .addOption(
      new Option(
        '--transport <name>',
        "how gradients and weights travel: plain sockets, or 'grpc' where only HTTP/2 gets through",
      )
        .choices(['socket', 'grpc'])
        .default('socket'),
    )
    .addOption(
      new Option(
        '--data-map <from=to>',
        'data whose path or URL begins with FROM lie at TO on this machine; may be given again',
      )
        .env(settings.dataMap.variable)
        .argParser((text: string, earlier: DataMapping[] | undefined) => [...(earlier ?? []), ...parseDataMap(text)]),
    )
    .addOption(
      new Option(
        '--data-cache-bytes <size>',
        `${settings.dataCacheBytes.description} (default: ${settings.dataCacheBytes.fallbackInWords})`,
      )
        .env(settings.dataCacheBytes.variable)
        .argParser(parseBytes),
    )
    .option(
      '--gpus <which>',
      'one worker process for each of these GPUs: all, or numbers such as 0,2 (never run on a GPU)',
    )
    .option('--no-modules', 'refuse trials that have a module, that is code of their own')
    .option('--metrics-host <host>', 'address that /metrics, /healthz and /readyz listen on', '127.0.0.1')
    .option('--metrics-port <port>', 'for /metrics, /healthz and /readyz; 0 takes any', wholeNumber, 0);
  addRoleFlags(command)
    .addHelpText(
      'after',
      examples(
        'polyak worker --coordinator 10.0.0.1:7350 --metrics-host 0.0.0.0 --metrics-port 9352',
        'polyak worker --coordinator polyak.example.org:443 --transport grpc   # through a proxy for HTTP/2',
        'polyak worker --coordinator 10.0.0.1:7350 --gpus all',
        'polyak worker --coordinator 10.0.0.1:7350 --data-map /home/me/data=/mnt/data   # where the data are mounted',
      ),
    )
    .action(async (flags: WorkerFlags) => {
      if (flags.gpus !== undefined) {
        const { gpuWorkersCommand } = await import('../gpu-workers-command.js');
        return await gpuWorkersCommand(flags.gpus, flags);
      }
      await runRoleCommand('worker', flags, async (log, lines) => {
        const { TlsFiles } = await import('../../common/tls/tls-files.js');
        const { startWorker } = await import('../../worker/worker.js');
        const { findLibrary } = await import('../../worker/tensorflow/load.js');
        const { backend, transport, modules, metricsHost, metricsPort, dataMap, dataCacheBytes } = flags;
        const coordinator = assertAddress('--coordinator', flags.coordinator);
        const place = dataPlace({ map: dataMap, cacheBytesMax: dataCacheBytes });
        // Else only the first run would find out.
        if (backend === 'tensorflow') findLibrary();
        const tls = TlsFiles.open(tlsOf(flags), log);
        const shown = { metricsHost, metricsPort };
        return await startWorker({ coordinator, backend, transport, modules, place, ...shown, tls, log, lines });
      });
    });
}
