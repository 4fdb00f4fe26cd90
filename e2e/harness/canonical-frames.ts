// One form for frames that differ in bytes and not in content. Written without the packages' own readers: the tests compare
// with them.

/** The form that came out of packets should have, of what an encoder put in. */
export function canonicalFrame(codec: string, data: Uint8Array, description: Uint8Array | undefined): Uint8Array {
  if (codec === 'H264') return annexB(description === undefined ? unitsOf(data) : described(data, description));
  if (codec === 'AV1') return sizedObus(data);
  return data;
}

/** H.264 §B.1: what is between start codes of either length, without the zeros at its end. */
function unitsOf(data: Uint8Array): number[][] {
  const units: number[][] = [];
  let zeros = 0;
  for (const byte of data) {
    const unit = units.at(-1);
    if (byte === 1 && zeros >= 2) units.push([]);
    else unit?.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  for (const unit of units) while (unit.at(-1) === 0) unit.pop();
  return units.filter(({ length }) => length > 0);
}

/** ISO/IEC 14496-15: units behind lengths of four bytes; an IDR picture takes the parameter sets of the record along. */
function described(data: Uint8Array, description: Uint8Array): number[][] {
  const units: number[][] = [];
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  for (let offset = 0; offset < data.length; ) {
    const end = offset + 4 + view.getUint32(offset);
    units.push([...data.subarray(offset + 4, end)]);
    offset = end;
  }
  if (!units.some(([header = 0]) => (header & 0x1f) === 5) || units.some(([header = 0]) => (header & 0x1f) === 7)) {
    return units;
  }
  const sets: number[][] = [];
  let offset = 5;
  for (const mask of [0x1f, 0xff]) {
    for (let left = (description[offset++] ?? 0) & mask; left > 0; left--) {
      const size = ((description[offset] ?? 0) << 8) | (description[offset + 1] ?? 0);
      sets.push([...description.subarray(offset + 2, offset + 2 + size)]);
      offset += 2 + size;
    }
  }
  return [...sets, ...units];
}

function annexB(units: readonly number[][]): Uint8Array {
  return Uint8Array.from(units.flatMap((unit) => [0, 0, 0, 1, ...unit]));
}

/** AV1 §5.3: every unit with its size in as few bytes as can be; temporal delimiters, tile lists and padding left out. */
function sizedObus(data: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let offset = 0; offset < data.length; ) {
    const head = data[offset] ?? 0;
    const header = [...data.subarray(offset, offset + (head & 4 ? 2 : 1))];
    offset += header.length;
    let size = data.length - offset;
    if (head & 2) {
      size = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = data[offset++] ?? 0;
        size += (byte & 0x7f) * 2 ** shift;
        if (byte < 0x80) break;
      }
    }
    const body = data.subarray(offset, offset + size);
    offset += size;
    if ([2, 8, 15].includes((head >> 3) & 15)) continue;
    header[0] = head | 2;
    out.push(...header);
    for (; size >= 0x80; size = Math.floor(size / 0x80)) out.push(0x80 | (size & 0x7f));
    out.push(size);
    for (const byte of body) out.push(byte);
  }
  return Uint8Array.from(out);
}
