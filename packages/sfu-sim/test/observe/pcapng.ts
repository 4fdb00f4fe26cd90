// Reads little-endian pcapng files (draft-ietf-opsawg-pcapng §3 and §4), strictly: any deviation is an error.

/** An option of a block. */
export interface PcapngOption {
  readonly code: number;
  readonly value: Uint8Array;
}

/** A block, its body without the options. */
export interface PcapngBlock {
  readonly type: number;
  readonly body: DataView;
  readonly options: readonly PcapngOption[];
}

/** Bytes of each known block's body ahead of the options; a packet's data comes behind these. */
const FIXED_SIZES = new Map([
  [0x0a0d0d0a, 16],
  [1, 8],
  [6, 20],
]);

/** The blocks of a file. */
export function readPcapng(file: Uint8Array): PcapngBlock[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const blocks: PcapngBlock[] = [];
  for (let offset = 0; offset < file.length; ) {
    const type = view.getUint32(offset, true);
    const size = view.getUint32(offset + 4, true);
    if (size % 4 !== 0 || size < 12) throw new Error(`block of ${size} bytes`);
    if (view.getUint32(offset + size - 4, true) !== size) throw new Error('the two lengths of a block differ');
    const fixed = FIXED_SIZES.get(type);
    if (fixed === undefined) throw new Error(`block of type ${type}`);
    const captured = type === 6 ? view.getUint32(offset + 8 + 12, true) : 0;
    const bodySize = fixed + ((captured + 3) & ~3);
    const start = offset + 8;
    const body = new DataView(file.buffer, file.byteOffset + start, fixed + captured);
    const options = readOptions(file.subarray(start + bodySize, offset + size - 4));
    blocks.push({ type, body, options });
    offset += size;
  }
  return blocks;
}

function readOptions(bytes: Uint8Array): PcapngOption[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const options: PcapngOption[] = [];
  let offset = 0;
  for (;;) {
    const code = view.getUint16(offset, true);
    const size = view.getUint16(offset + 2, true);
    const value = bytes.subarray(offset + 4, offset + 4 + size);
    offset += 4 + ((size + 3) & ~3);
    if (code === 0) break;
    options.push({ code, value });
  }
  if (offset !== bytes.length) throw new Error(`${bytes.length - offset} bytes behind the options`);
  return options;
}
