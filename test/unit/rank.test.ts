import { describe, expect, it } from 'vitest';
import { rank } from '../../inference/rank.js';

describe('classes by what a model thinks of them', () => {
  it('come with their probabilities, the likeliest first', () => {
    expect(rank(['ant', 'bee', 'cat'], Float32Array.of(0.25, 0.5, 0.25), 'probability')).toEqual([
      { class: 'bee', probability: 0.5 },
      { class: 'ant', probability: 0.25 },
      { class: 'cat', probability: 0.25 },
    ]);
    expect(rank(['no', 'yes'], Float32Array.of(0.75), 'probability')).toEqual([
      { class: 'yes', probability: 0.75 },
      { class: 'no', probability: 0.25 },
    ]);
  });

  it('come with scores where the loss knows no probability; of two classes the first has the opposite', () => {
    expect(rank(['ant', 'bee'], Float32Array.of(-3, 1.5), 'score')).toEqual([
      { class: 'bee', score: 1.5 },
      { class: 'ant', score: -3 },
    ]);
    expect(rank(['no', 'yes'], Float32Array.of(-2), 'score')).toEqual([
      { class: 'no', score: 2 },
      { class: 'yes', score: -2 },
    ]);
  });
});
