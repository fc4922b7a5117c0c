/** What should have been written: the value with its key, or a whole map, as YAML in one line. */
import { stringify } from 'yaml';

/** `learningRate: 1e-3`; in a list only the value. `text` is YAML. */
export function entry(path: PropertyKey[], text: string): string {
  const key = path.at(-1);
  return typeof key === 'string' ? `${key}: ${text}` : text;
}

/** `{ adam: { learningRate: 0.001 } }` */
export function inOneLine(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();
}

/** The number that was meant by a text, as it would have to be written; nothing where none was. */
export function numberMeant(text: string): string | undefined {
  const plain = text.trim().replaceAll(/[–−]/g, '-');
  if (isNumber(plain)) return plain;
  const grouped = plain.replaceAll(/(?<=\d)[_' ](?=\d)/g, '').replaceAll(/(?<=\d),(?=\d{3}(?:\D|$))/g, '');
  if (isNumber(grouped)) return grouped;
  const spaced = plain.replaceAll(/\s/g, '');
  if (isNumber(spaced)) return spaced;
  const power = /^(\d+(?:\.\d+)?)?\s*[*x×]?\s*10\s*(?:\^|\*\*)\s*\(?\s*([-+]?\d+)\s*\)?$/i.exec(plain);
  if (power) return `${power[1] ?? '1'}e${power[2]}`;
  const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(plain)?.[1];
  if (percent !== undefined) return String(Number(`${percent}e-2`));
  const thousands = /^(\d+(?:\.\d+)?)\s*([kM])$/.exec(plain);
  if (thousands) return String(Number(thousands[1]) * (thousands[2] === 'k' ? 1e3 : 1e6));
  const suffixed = /^(.*\d)[fF]$/.exec(plain)?.[1];
  if (suffixed !== undefined && isNumber(suffixed)) return suffixed;
  return /^[\d.\s+*/()-]*\d[\d.\s+*/()-]*$/.test(plain) && /[*/+-]/.test(plain.slice(1)) ? `=${plain}` : undefined;
}

/** `yes` is text in YAML 1.2. */
export function booleanMeant(value: unknown): string | undefined {
  if (value === 1 || (typeof value === 'string' && /^(?:y|yes|on|true)$/i.test(value))) return 'true';
  return value === 0 || (typeof value === 'string' && /^(?:n|no|off|false)$/i.test(value)) ? 'false' : undefined;
}

/** As YAML 1.2 writes it. */
function isNumber(text: string): boolean {
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text) && Number.isFinite(Number(text));
}
