// Generates proto/gen from proto/polyak with proto-loader's own generator. With --check it writes nothing and fails
// where what is committed differs.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const committed = join(root, 'proto/gen');

function generate(output) {
  execFileSync(
    process.execPath,
    [
      join(root, 'node_modules/@grpc/proto-loader/build/bin/proto-loader-gen-types.js'),
      ...['--longs=Number', '--enums=String', '--defaults', '--oneofs', '--bytes=Buffer'],
      ...['--grpcLib=@grpc/grpc-js', '--importFileExtension=.js', `--outDir=${output}`],
      ...['polyak/v1/parameter_server.proto', 'polyak/v1/coordinator.proto'],
      '--includeDirs=.',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'], cwd: join(root, 'proto') },
  );
}

function isCurrent() {
  const fresh = mkdtempSync(join(tmpdir(), 'polyak-protos-'));
  try {
    generate(fresh);
    return spawnSync('diff', ['-r', committed, fresh], { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
  } finally {
    rmSync(fresh, { recursive: true });
  }
}

if (!process.argv.includes('--check')) {
  rmSync(committed, { recursive: true, force: true });
  generate(committed);
} else if (!isCurrent()) {
  process.stderr.write('proto/gen is not what proto/polyak says; run: npm run protos\n');
  process.exitCode = 1;
}
