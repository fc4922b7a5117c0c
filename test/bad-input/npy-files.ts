/** NumPy's files, byte by byte, whole or broken on purpose. */
import { crc32, deflateRawSync } from 'node:zlib';

/** An array in C order; `values` are its little-endian bytes. */
export function npyFile(descr: string, shape: number[], values: ArrayLike<number>): Buffer {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${tuple}), }\n`;
  const begin = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]);
  return Buffer.concat([begin, Buffer.from(header), Uint8Array.from(values)]);
}

export function npyFloats(shape: number[], values: number[]): Buffer {
  return npyFile('<f4', shape, new Uint8Array(Float32Array.from(values).buffer));
}

export function npyBytes(shape: number[], values: number[]): Buffer {
  return npyFile('|u1', shape, values);
}

/** A zip archive of arrays by their names. */
export function npzFile(arrays: Record<string, Buffer>, { deflated = false } = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [key, content] of Object.entries(arrays)) {
    const name = Buffer.from(`${key}.npy`);
    const packed = deflated ? deflateRawSync(content) : content;
    // Method, no time, checksum, sizes and the name's length stand alike in both headers.
    const common = Buffer.alloc(22);
    common.writeUInt16LE(deflated ? 8 : 0, 0);
    common.writeUInt32LE(crc32(content), 6);
    common.writeUInt32LE(packed.length, 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt16LE(name.length, 18);
    const local = Buffer.concat([Buffer.from('PK\x03\x04\x14\x00\x00\x00', 'latin1'), common, name, packed]);
    const end = Buffer.alloc(14);
    end.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00\x14\x00\x00\x00', 'latin1'), common, end, name);
    parts.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(Object.keys(arrays).length, 8);
  end.writeUInt16LE(Object.keys(arrays).length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, listed, end]);
}
