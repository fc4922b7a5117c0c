/** Which weights come from where, and that all that does not fit is said by name and shape. */
import { describe, expect, it } from 'vitest';
import { transferSchema, type Transfer } from '../../common/experiment/transfer-schema.js';
import type { TensorSpec } from '../../common/manifest.js';
import { planTransfer } from '../../server/transfer/plan-transfer.js';

function tensor(name: string, shape: number[], rest: Partial<TensorSpec> = {}): TensorSpec {
  const length = shape.reduce((product, size) => product * size, 1);
  const initializer = { name: name.endsWith('kernel') ? 'heNormal' : 'zeros' };
  return { name, shape, offset: 0, length, initializer, rateMultiplier: 1, l2: 0, frozen: false, ...rest };
}

const model = {
  parameters: [
    tensor('block0_conv/kernel', [3, 3, 4, 8]),
    tensor('block0_bn/gamma', [8]),
    tensor('block0_bn/beta', [8]),
    tensor('head/kernel', [8, 10]),
    tensor('head/bias', [10]),
  ],
  statistics: [tensor('block0_bn/moving_mean', [8]), tensor('block0_bn/moving_variance', [8])],
};
const torch = {
  ...{ 'blocks.0.conv.weight': [8, 4, 3, 3], 'blocks.0.bn.weight': [8], 'blocks.0.bn.bias': [8] },
  ...{ 'blocks.0.bn.running_mean': [8], 'blocks.0.bn.running_var': [8], 'blocks.0.bn.num_batches_tracked': [] },
  ...{ 'fc.weight': [1000, 8], 'fc.bias': [1000] },
};
const map = { 'block*_*': 'blocks.*.*' };

function plan(shapes: Record<string, number[]>, options: Partial<Transfer>, manifest = model) {
  const transfer = transferSchema.parse({ from: 'w.safetensors', ...options });
  return planTransfer(manifest, { name: 'w.safetensors', shapes: new Map(Object.entries(shapes)) }, transfer);
}

describe('a plan of a transfer', () => {
  it("maps layers by pattern, turns names into PyTorch's, and draws what is not in the file", () => {
    const { taken, drawn, left, problems } = plan(torch, { layout: 'torch', map });
    expect(problems).toEqual([]);
    expect(Object.fromEntries(taken)).toEqual({
      'block0_conv/kernel': 'blocks.0.conv.weight',
      'block0_bn/gamma': 'blocks.0.bn.weight',
      'block0_bn/beta': 'blocks.0.bn.bias',
      'block0_bn/moving_mean': 'blocks.0.bn.running_mean',
      'block0_bn/moving_variance': 'blocks.0.bn.running_var',
    });
    expect(drawn).toEqual(['head/kernel', 'head/bias']);
    expect(left).toEqual(['blocks.0.bn.num_batches_tracked', 'fc.weight', 'fc.bias']);
  });

  it('says every weight of another shape, by name and with both shapes, and how to leave it', () => {
    const { problems } = plan({ ...torch, 'blocks.0.bn.bias': [9] }, { layout: 'torch', map: { ...map, head: 'fc' } });
    expect(problems).toEqual([
      "block0_bn/beta has shape [8], 'blocks.0.bn.bias' has [9]; draw the layer anew with head: [block0_bn], or map it",
      "head/kernel has shape [8, 10], there [10, 8], 'fc.weight' has [1000, 8]; draw the layer anew with head: [head], or map it",
      "head/bias has shape [10], 'fc.bias' has [1000]; draw the layer anew with head: [head], or map it",
    ]);
    const anew = plan(torch, { layout: 'torch', map: { ...map, head: 'fc' }, head: ['head'] });
    expect(anew.problems).toEqual([]);
    expect(anew.drawn).toEqual(['head/kernel', 'head/bias']);
  });

  it('says where a layer is there in part only', () => {
    const { 'blocks.0.bn.running_var': _, ...others } = torch;
    expect(plan(others, { layout: 'torch', map }).problems).toEqual([
      "block0_bn/moving_variance: 'blocks.0.bn.running_var' is not there, though others of the layer are",
    ]);
  });

  it('refuses to freeze what would be drawn, but not what is a constant', () => {
    const frozen = { ...model, parameters: model.parameters.map((each) => ({ ...each, frozen: true })) };
    expect(plan(torch, { layout: 'torch', map }, frozen).problems).toEqual([
      "head/kernel: 'head.weight' is not there, and it is frozen, so that it would stay as it is drawn",
    ]);
  });

  it('takes an entry for a single weight before one for its layer', () => {
    const shapes = {
      'x/kernel': [3, 3, 4, 8],
      scale: [8],
      'y/beta': [8],
      'y/moving_mean': [8],
      'y/moving_variance': [8],
    };
    const { taken, problems } = plan(shapes, { map: { block0_bn: 'y', 'block0_bn/gamma': 'scale', '*_conv': 'x' } });
    expect(problems).toEqual([]);
    expect(taken.get('block0_bn/gamma')).toBe('scale');
    expect(taken.get('block0_bn/beta')).toBe('y/beta');
    expect(taken.get('block0_conv/kernel')).toBe('x/kernel');
  });

  it('says entries of the map and of the head that fit nothing, and files that have nothing of the model', () => {
    const { problems } = plan(torch, { layout: 'torch', map: { ...map, blok0_bn: 'x' }, head: ['hed'] });
    expect(problems).toEqual([
      "head: the model has no layer 'hed' with weights; did you mean 'head'?",
      "map: 'blok0_bn' is no layer or weight of the model; did you mean 'block0_bn'?",
    ]);
    expect(plan({ a: [1], b: [2] }, {}).problems).toEqual([
      "none of the model's weights is there; looked for block0_conv/kernel, block0_bn/gamma, block0_bn/beta, head/kernel, …; there are a, b, …",
    ]);
  });

  it('refuses patterns with more stars on the right, or too many', () => {
    const refused = (entries: Record<string, string>) =>
      transferSchema.safeParse({ from: 'x', map: entries }).error?.issues[0]?.message;
    expect(refused({ 'a*': 'b*c*' })).toBe("'b*c*' has 2 stars, 'a*' only 1");
    expect(refused({ '*********': 'x' })).toBe("'*********' has 9 stars, the most is 8");
  });
});
