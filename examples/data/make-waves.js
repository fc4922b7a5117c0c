// Makes waves.csv.gz: noisy sine, square and sawtooth waves, 48 steps each in hundredths, and the name in the last
// column. Period, phase and amplitude are drawn for each. Usage: node make-waves.js
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const rows = 1200;
const steps = 48;
const noise = 0.3;

/** Of a phase in turns, from -1 to 1. */
const waves = {
  sine: (turns) => Math.sin(2 * Math.PI * turns),
  square: (turns) => (turns % 1 < 0.5 ? 1 : -1),
  sawtooth: (turns) => 2 * (turns % 1) - 1,
};

let state = 231;
/** From 0 to 1: Weyl's sequence, mixed as in SplitMix32. */
function uniform() {
  state = (state + 0x9e3779b9) >>> 0;
  let word = state;
  word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
  word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
  return ((word ^ (word >>> 15)) >>> 0) / 2 ** 32;
}

/** Box and Muller's. */
function normal() {
  return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

function row(name) {
  const period = 12 + 20 * uniform();
  const phase = uniform();
  const amplitude = 0.5 + 0.5 * uniform();
  const values = Array.from({ length: steps }, (_, step) => {
    const value = amplitude * waves[name](step / period + phase) + noise * normal();
    return Math.round(100 * value);
  });
  return [...values, name].join(',');
}

const names = Object.keys(waves);
const lines = Array.from({ length: rows }, (_, index) => row(names[index % names.length]));
writeFileSync(join(import.meta.dirname, 'waves.csv.gz'), gzipSync(`${lines.join('\n')}\n`, { level: 9 }));
