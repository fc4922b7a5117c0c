/** An error of a module's code as a user reads it: which module, which part, what, and where in the source. */
import { SourceMap } from 'node:module';
import { PolyakError } from '../../common/errors.js';
import type { ModuleBundle } from '../../common/module-bundle.js';

const framesShown = 4;

/** What stack traces call the bundle. */
export function bundleFile({ sha256 }: ModuleBundle): string {
  return `module-${sha256}.cjs`;
}

/** `what` is the part of the module, such as `loss`. An error that is one for users already stays as it is. */
export function moduleFailure(bundle: ModuleBundle, what: string, error: unknown): PolyakError {
  if (error instanceof PolyakError) return error;
  const said = error instanceof Error ? `${error.name}: ${error.message}` : `it threw ${String(error)}`;
  const places = error instanceof Error ? framesOf(bundle, error.stack ?? '') : [];
  const message = [`module ${bundle.name}, ${what}: ${said}`, ...places.map((place) => `    at ${place}`)].join('\n');
  return new PolyakError('training', message, { cause: error });
}

/** `perSample (my-module.ts:12:5)`; the bundle's own frames only. */
function framesOf(bundle: ModuleBundle, stack: string): string[] {
  const map = sourceMapOf(bundle.code);
  const frame = new RegExp(`at (?:(.*) \\()?${bundleFile(bundle)}:(\\d+):(\\d+)`);
  return stack
    .split('\n')
    .flatMap((line) => {
      const [found, name, row, column] = frame.exec(line) ?? [];
      if (found === undefined) return [];
      const place = placeOf(map, Number(row), Number(column)) ?? `${bundle.name}, bundled, line ${row}`;
      return [name === undefined ? place : `${name} (${place})`];
    })
    .slice(0, framesShown);
}

function placeOf(map: SourceMap | undefined, row: number, column: number): string | undefined {
  const entry = map?.findEntry(row - 1, column - 1);
  if (!entry || !('originalSource' in entry) || entry.originalSource === undefined) return undefined;
  return `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}

function sourceMapOf(code: string): SourceMap | undefined {
  const mark = '//# sourceMappingURL=data:application/json;base64,';
  const at = code.lastIndexOf(mark);
  if (at < 0) return undefined;
  try {
    const json = Buffer.from(code.slice(at + mark.length).trim(), 'base64').toString('utf8');
    return new SourceMap(JSON.parse(json) as ConstructorParameters<typeof SourceMap>[0]);
  } catch {
    // A bundle made by hand; its frames keep the lines of the bundle.
    return undefined;
  }
}
