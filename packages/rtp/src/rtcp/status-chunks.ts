// Packet status chunks of transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1.1–3.1.4): one
// symbol per packet, 16 bits per chunk.

/** The status of a packet: not received, received after a small delta (8 bit), or after any other (16 bit). */
export const SYMBOL = { notReceived: 0, smallDelta: 1, largeDelta: 2 } as const;

const MAX_RUN = 0x1fff;
const ONE_BIT_CAPACITY = 14;
const TWO_BIT_CAPACITY = 7;
const VECTOR_BIT = 0x8000;
const TWO_BIT_SYMBOLS_BIT = 0x4000;

/**
 * Fills `symbols` from the chunks in `view` from `start` on; symbols beyond its length are ignored, as is the end of a
 * run that is too long.
 *
 * @returns where the chunks end; `undefined` when they are too few or hold the reserved symbol 3
 */
export function readStatusChunks(view: DataView, start: number, symbols: Uint8Array): number | undefined {
  let offset = start;
  let filled = 0;
  while (filled < symbols.length) {
    if (offset + 2 > view.byteLength) return undefined;
    const chunk = view.getUint16(offset);
    offset += 2;
    if ((chunk & VECTOR_BIT) === 0) {
      const symbol = (chunk >> 13) & 3;
      if (symbol > SYMBOL.largeDelta) return undefined;
      const end = Math.min(filled + (chunk & MAX_RUN), symbols.length);
      symbols.fill(symbol, filled, end);
      filled = end;
    } else if ((chunk & TWO_BIT_SYMBOLS_BIT) === 0) {
      for (let bit = ONE_BIT_CAPACITY - 1; bit >= 0 && filled < symbols.length; bit--) {
        symbols[filled++] = (chunk >> bit) & 1;
      }
    } else {
      for (let bit = 2 * (TWO_BIT_CAPACITY - 1); bit >= 0 && filled < symbols.length; bit -= 2) {
        const symbol = (chunk >> bit) & 3;
        if (symbol > SYMBOL.largeDelta) return undefined;
        symbols[filled++] = symbol;
      }
    }
  }
  return offset;
}

/**
 * The chunks for `symbols`, chosen as libwebrtc does, greedily from the front: a run of equal symbols, 14 symbols
 * without a large delta in one bit each, or 7 symbols in two bits each. Only the end differs: a vector that the last
 * symbols would leave partly empty gives way to runs, because some receivers (pion) take the empty places for losses.
 */
export function encodeStatusChunks(symbols: Uint8Array): number[] {
  const chunks: number[] = [];
  let start = 0;
  while (start < symbols.length) {
    const symbol = symbols[start] ?? SYMBOL.notReceived;
    const rest = symbols.length - start;
    const run = runLength(symbols, start);
    const plain = plainLength(symbols, start);
    if (run >= ONE_BIT_CAPACITY || run === rest || (run >= TWO_BIT_CAPACITY && plain <= run)) {
      chunks.push((symbol << 13) | run);
      start += run;
    } else if (plain === ONE_BIT_CAPACITY) {
      chunks.push(VECTOR_BIT | packSymbols(symbols, start, ONE_BIT_CAPACITY, 1));
      start += ONE_BIT_CAPACITY;
    } else if (rest >= TWO_BIT_CAPACITY) {
      chunks.push(VECTOR_BIT | TWO_BIT_SYMBOLS_BIT | packSymbols(symbols, start, TWO_BIT_CAPACITY, 2));
      start += TWO_BIT_CAPACITY;
    } else {
      chunks.push((symbol << 13) | run);
      start += run;
    }
  }
  return chunks;
}

/** How many symbols from `start` on are equal, at most what one run holds. */
function runLength(symbols: Uint8Array, start: number): number {
  const end = Math.min(start + MAX_RUN, symbols.length);
  let next = start + 1;
  while (next < end && symbols[next] === symbols[start]) next++;
  return next - start;
}

/** How many symbols from `start` on fit one bit each, at most what one vector holds. */
function plainLength(symbols: Uint8Array, start: number): number {
  const end = Math.min(start + ONE_BIT_CAPACITY, symbols.length);
  let next = start;
  while (next < end && symbols[next] !== SYMBOL.largeDelta) next++;
  return next - start;
}

function packSymbols(symbols: Uint8Array, start: number, count: number, bits: number): number {
  let packed = 0;
  for (let i = 0; i < count; i++) packed = (packed << bits) | (symbols[start + i] ?? 0);
  return packed;
}
