/**
 * Packed nvlists in XDR, as a package of streams has one (module/nvpair/nvpair.c, `nvs_xdr_*`; RFC 4506). Pure.
 *
 * Layout: 4 bytes of header (encoding 1 = XDR, byte order of the host, 2 reserved); then a list: version and flags, pairs, two
 * zeros. A pair: its size here, its size unpacked, name, type, number of elements, value. All numbers are big-endian.
 */

/** `undefined` stands for a value of a type that no question is about. */
export type NvTree = ReadonlyMap<string, true | bigint | string | NvTree | undefined>;

const [BOOLEAN, UINT64, STRING, NVLIST] = [1, 8, 9, 19];
const HEADER = 4;
/** A package's list has three levels below the first. */
const DEEPEST = 8;

/** The list in `packed`, or undefined when it is none. */
export function unpackXdrNvlist(packed: Buffer): NvTree | undefined {
  if (packed.length < HEADER || packed[0] !== 1) return undefined;
  const list = readList(packed, HEADER, packed.length, 0);
  return list?.end === packed.length ? list.pairs : undefined;
}

interface List {
  readonly pairs: NvTree;
  /** Where what is behind the list begins. */
  readonly end: number;
}

function readList(bytes: Buffer, start: number, limit: number, depth: number): List | undefined {
  if (start + 8 > limit || depth > DEEPEST) return undefined;
  const pairs = new Map<string, true | bigint | string | NvTree | undefined>();
  let at = start + 8;
  for (;;) {
    if (at + 8 > limit) return undefined;
    const [size, unpacked] = [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)];
    if (unpacked === 0) return size === 0 ? { pairs, end: at + 8 } : undefined;
    const pair = size >= 20 && at + size <= limit ? readPair(bytes, at + 8, at + size, depth) : undefined;
    if (pair === undefined || pairs.has(pair.name)) return undefined;
    pairs.set(pair.name, pair.value);
    at += size;
  }
}

function readPair(bytes: Buffer, start: number, end: number, depth: number) {
  const name = readText(bytes, start, end);
  if (name === undefined || name.end + 8 > end) return undefined;
  const type = bytes.readUInt32BE(name.end);
  const value = name.end + 8;
  switch (type) {
    case BOOLEAN:
      return value === end ? { name: name.text, value: true as const } : undefined;
    case UINT64:
      return value + 8 === end ? { name: name.text, value: bytes.readBigUInt64BE(value) } : undefined;
    case STRING: {
      const text = readText(bytes, value, end);
      return text?.end === end ? { name: name.text, value: text.text } : undefined;
    }
    case NVLIST: {
      const list = readList(bytes, value, end, depth + 1);
      return list?.end === end ? { name: name.text, value: list.pairs } : undefined;
    }
    default:
      return { name: name.text, value: undefined };
  }
}

/** A text: its length, its bytes, and zeros up to the next multiple of four. */
function readText(bytes: Buffer, start: number, limit: number): { text: string; end: number } | undefined {
  if (start + 4 > limit) return undefined;
  const length = bytes.readUInt32BE(start);
  const end = start + 4 + Math.ceil(length / 4) * 4;
  return end > limit ? undefined : { text: bytes.toString('latin1', start + 4, start + 4 + length), end };
}
