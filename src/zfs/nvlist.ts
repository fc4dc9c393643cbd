/**
 * The few nvlists that a resume token can hold, in OpenZFS's native encoding (module/nvpair/nvpair.c,
 * `nvs_native_*`): strict in reading, exact in writing.
 *
 * Layout: 4 bytes of header (encoding 0 = native, endianness 1 = little, 2 reserved), int32 version 0, uint32
 * flags 1 (unique names), then pairs, then int32 0. A pair: int32 size (a multiple of 8), int16 length of the
 * name with its NUL, int16 0, int32 number of elements, int32 type, the name, and the value at the next
 * multiple of 8.
 */

export type NvValue = true | bigint | string;

const BOOLEAN = 1;
const UINT64 = 8;
const STRING = 9;
const HEADER = 12;

const align8 = (length: number): number => (length + 7) & ~7;

/** The pairs of `packed`, or undefined for anything that OpenZFS itself would not have written. */
export function unpackNvlist(packed: Buffer): Map<string, NvValue> | undefined {
  if (packed.length < HEADER + 4 || packed.readUInt32LE(0) !== 0x0100) return undefined;
  if (packed.readInt32LE(4) !== 0 || packed.readUInt32LE(8) !== 1) return undefined;
  const pairs = new Map<string, NvValue>();
  let start = HEADER;
  for (;;) {
    if (start + 4 > packed.length) return undefined;
    const size = packed.readInt32LE(start);
    if (size === 0) return start + 4 === packed.length ? pairs : undefined;
    if (size < 24 || size % 8 !== 0 || start + size > packed.length) return undefined;
    const pair = unpackPair(packed.subarray(start, start + size));
    if (pair === undefined || pairs.has(pair.name)) return undefined;
    pairs.set(pair.name, pair.value);
    start += size;
  }
}

function unpackPair(pair: Buffer): { name: string; value: NvValue } | undefined {
  const nameLength = pair.readInt16LE(4);
  const valueStart = align8(16 + nameLength);
  if (nameLength < 2 || valueStart > pair.length || pair.readInt16LE(6) !== 0) return undefined;
  const name = readText(pair.subarray(16, valueStart), nameLength);
  const value = unpackValue(pair.readInt32LE(12), pair.readInt32LE(8), pair.subarray(valueStart));
  return name === undefined || value === undefined ? undefined : { name, value };
}

function unpackValue(type: number, elements: number, bytes: Buffer): NvValue | undefined {
  if (type === BOOLEAN) return elements === 0 && bytes.length === 0 ? true : undefined;
  if (elements !== 1) return undefined;
  if (type === UINT64) return bytes.length === 8 ? bytes.readBigUInt64LE(0) : undefined;
  if (type !== STRING) return undefined;
  const end = bytes.indexOf(0);
  return end >= 0 && align8(end + 1) === bytes.length ? readText(bytes, end + 1) : undefined;
}

/** `length` bytes of text with its NUL, then zeros to the end; printable ASCII, nothing else. */
function readText(bytes: Buffer, length: number): string | undefined {
  const text = bytes.toString('latin1', 0, length - 1);
  const rest = bytes.subarray(length - 1);
  return /^[\x20-\x7e]+$/.test(text) && rest.every((byte) => byte === 0) ? text : undefined;
}

/** `pairs`, in their order, as OpenZFS packs them. */
export function packNvlist(pairs: Iterable<readonly [string, NvValue]>): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt32LE(0x0100, 0);
  header.writeUInt32LE(1, 8);
  return Buffer.concat([header, ...Array.from(pairs, packPair), Buffer.alloc(4)]);
}

function packPair([name, value]: readonly [string, NvValue]): Buffer {
  const valueStart = align8(16 + name.length + 1);
  const valueLength = value === true ? 0 : typeof value === 'bigint' ? 8 : align8(value.length + 1);
  const pair = Buffer.alloc(valueStart + valueLength);
  pair.writeInt32LE(pair.length, 0);
  pair.writeInt16LE(name.length + 1, 4);
  pair.writeInt32LE(value === true ? 0 : 1, 8);
  pair.writeInt32LE(value === true ? BOOLEAN : typeof value === 'bigint' ? UINT64 : STRING, 12);
  pair.write(name, 16, 'latin1');
  if (typeof value === 'bigint') pair.writeBigUInt64LE(value, valueStart);
  else if (typeof value === 'string') pair.write(value, valueStart, 'latin1');
  return pair;
}
