import { describe, expect, it } from 'vitest';
import { decodeNpy } from '../../common/npy.js';

/** Magic number, version, length of the header, header, values. */
function npy(header: string, values: ArrayLike<number>, version = 1): Buffer {
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUInt16LE(header.length);
  const magic = Buffer.from([0x93, ...Buffer.from('NUMPY'), version, 0]);
  return Buffer.concat([magic, length, Buffer.from(header), Uint8Array.from(values)]);
}

function headerOf({ descr = '|u1', fortran = 'False', shape = '(2, 1)' }): string {
  return `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;
}

describe('a .npy file', () => {
  it('of bytes has its shape and values', () => {
    expect(decodeNpy(npy(headerOf({}), [7, 255]), 'a.npy')).toEqual({
      ...{ shape: [2, 1], type: 'uint8' },
      values: Uint8Array.of(7, 255),
    });
  });

  it('of version 2 and one dimension of floats has them too', () => {
    // 1.5 is 0x3fc00000.
    const bytes = npy(headerOf({ descr: '<f4', shape: '(1,)' }), [0, 0, 0xc0, 0x3f], 2);
    expect(decodeNpy(bytes, 'a.npy')).toEqual({ shape: [1], type: 'float32', values: Float32Array.of(1.5) });
  });

  it.each([
    { what: 'another file', bytes: Buffer.from('a,b,c\n1,2,3\n'), message: 'is no .npy file' },
    { what: 'an empty file', bytes: Buffer.alloc(0), message: 'is no .npy file' },
    { what: 'a later version', bytes: npy(headerOf({}), [1, 2], 3), message: 'is version 3 of the format' },
    {
      what: 'long doubles',
      bytes: npy(headerOf({ descr: '<f16' }), []),
      message: "its values are '<f16'; bool, int8 to int64,",
    },
    {
      what: 'objects',
      bytes: npy(headerOf({ descr: '|O' }), []),
      message: "its values are '|O', Python objects (pickle);",
    },
    {
      what: 'Fortran order',
      bytes: npy(headerOf({ fortran: 'True' }), [1, 2]),
      message: 'is in Fortran order; write it',
    },
    { what: 'a torn file', bytes: npy(headerOf({}), [1]), message: 'has 1 bytes of values, its shape [2, 1] 2' },
    { what: 'a torn header', bytes: npy(headerOf({}), []).subarray(0, 30), message: 'is torn, its header would have' },
    { what: 'a header of something else', bytes: npy('{"descr": 1}', []), message: 'its header is not as NumPy' },
  ])('is refused where it is $what', ({ bytes, message }) => {
    expect(() => decodeNpy(bytes, 'a.npy')).toThrow(`a.npy: ${message}`);
  });
});
