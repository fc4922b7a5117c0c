// Generates proto/gen from proto/polyak: types, with proto-loader's own generator, and what its parser reads, as JSON. With --check it writes nothing and fails
// where what is committed differs.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const committed = join(root, 'proto/gen');
const files = ['polyak/v1/parameter_server.proto', 'polyak/v1/coordinator.proto'];
// Its own, so that it understands what was written.
const { Root } = createRequire(createRequire(import.meta.url).resolve('@grpc/proto-loader'))('protobufjs');

function generate(output) {
  execFileSync(
    process.execPath,
    [
      join(root, 'node_modules/@grpc/proto-loader/build/bin/proto-loader-gen-types.js'),
      ...['--longs=Number', '--enums=String', '--defaults', '--oneofs', '--bytes=Buffer'],
      ...['--grpcLib=@grpc/grpc-js', '--importFileExtension=.js', `--outDir=${output}`],
      ...files,
      '--includeDirs=.',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'], cwd: join(root, 'proto') },
  );
  const all = new Root();
  all.resolvePath = (_from, path) => join(root, 'proto', path);
  all.loadSync(files);
  writeFileSync(join(output, 'polyak.json'), `${JSON.stringify(all.toJSON())}\n`);
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
