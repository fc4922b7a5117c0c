// Generates proto/gen from proto/polyak with proto-loader's own generator. With --check, fails where they differ.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const check = process.argv.includes('--check');
const output = check ? mkdtempSync(join(tmpdir(), 'polyak-protos-')) : join(root, 'proto/gen');

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
if (check) {
  execFileSync('diff', ['-r', output, join(root, 'proto/gen')], { stdio: 'inherit' });
  rmSync(output, { recursive: true });
}
