/**
 * `zfs send -t TOKEN`: what a resume token says, and a clean one made from what it said.
 *
 * A token is a capability that nobody signed: libzfs looks its `toguid` up from `toname`'s file system
 * upwards to the pool's root, so a forged one can name any snapshot of the pool (openzfs/zfs#14153 shows the
 * same with `rawok`). So a token is decoded strictly, its GUIDs are compared with this dataset's snapshots,
 * and zfs is given a token that was encoded here.
 *
 * Text: 1-CHECKSUM-LENGTH-HEX, as libzfs_sendrecv.c writes it; see docs/resume-token.md.
 */

import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { formatZrepSnapshot, parseZrepSnapshot, type ZrepSnapshot } from './names.ts';
import { type NvValue, packNvlist, unpackNvlist } from './nvlist.ts';

const STREAM_FEATURES = ['largeblockok', 'embedok', 'compressok', 'rawok'] as const;
type StreamFeature = (typeof STREAM_FEATURES)[number];

export interface ResumeToken {
  readonly snapshot: ZrepSnapshot;
  readonly object: bigint;
  readonly offset: bigint;
  readonly bytes: bigint;
  readonly toguid: bigint;
  readonly fromguid: bigint | undefined;
  readonly features: readonly StreamFeature[];
}

const MAXIMUM_TEXT = 4096;
const MAXIMUM_PACKED = 16384;
const TEXT = /^1-(0|[1-9a-f][0-9a-f]{0,15})-([1-9a-f][0-9a-f]{0,4})-((?:[0-9a-f]{2})+)$/;

/** The fields of a token, decoded more strictly than zfs does; refuses two spellings of one thing. */
export function parseResumeToken(text: string): ResumeToken | Refusal {
  const pairs = unpackToken(text);
  if (isRefusal(pairs)) return pairs;
  const token = pairs && readToken(pairs);
  return token ?? refuse('bad-token', 'its contents are not those of a resumable send of a zrep snapshot');
}

/** The GUIDs of the snapshots that a token's stream is made of, whatever they are called; undefined for what is no token. */
export function tokenGuids(text: string): bigint[] | undefined {
  const pairs = unpackToken(text);
  if (pairs === undefined || isRefusal(pairs)) return undefined;
  const [to, from] = [pairs.get('toguid'), pairs.get('fromguid')];
  if (typeof to !== 'bigint' || (from !== undefined && typeof from !== 'bigint')) return undefined;
  return from === undefined ? [to] : [to, from];
}

/** What zfs receive says of a token whose base was once not the newest snapshot, also when it is again (2.3, 2.4). */
export function saysCannotResume(message: string): boolean {
  return message.includes('kernel modules must be upgraded');
}

/** What is packed in a token; undefined where that is no nvlist of a token's kind. */
function unpackToken(text: string): ReadonlyMap<string, NvValue> | Refusal | undefined {
  const match = text.length <= MAXIMUM_TEXT ? TEXT.exec(text) : null;
  if (match === null) return refuse('bad-token', 'it has not the form 1-CHECKSUM-LENGTH-HEX');
  const compressed = Buffer.from(match[3] as string, 'hex');
  if (checksum(compressed) !== BigInt(`0x${match[1]}`)) return refuse('bad-token', 'its checksum is wrong');
  const packed = inflate(compressed, Number.parseInt(match[2] as string, 16));
  return packed && unpackNvlist(packed);
}

/** A token with these fields, as text for `zfs send -t`. */
export function formatResumeToken(token: ResumeToken): string {
  const pairs: [string, NvValue][] = [
    ...(token.fromguid === undefined ? [] : [['fromguid', token.fromguid] as [string, bigint]]),
    ['object', token.object],
    ['offset', token.offset],
    ['bytes', token.bytes],
    ['toguid', token.toguid],
    ['toname', formatZrepSnapshot(token.snapshot)],
    ...token.features.map((feature): [string, true] => [feature, true]),
  ];
  const packed = packNvlist(pairs);
  const compressed = zlib().deflateSync(packed);
  return `1-${checksum(compressed).toString(16)}-${packed.length.toString(16)}-${compressed.toString('hex')}`;
}

/** fletcher4's first word: the sum of the little-endian 32-bit words, modulo 2^64. */
function checksum(bytes: Buffer): bigint {
  let sum = 0n;
  for (let at = 0; at + 4 <= bytes.length; at += 4) sum += BigInt(bytes.readUInt32LE(at));
  return BigInt.asUintN(64, sum);
}

/** The one zlib stream in `compressed`, which must inflate to exactly `length` bytes and use up every byte. */
function inflate(compressed: Buffer, length: number): Buffer | undefined {
  if (length > MAXIMUM_PACKED) return undefined;
  try {
    const { buffer, engine } = zlib().inflateSync(compressed, {
      maxOutputLength: length,
      info: true,
    }) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    return buffer.length === length && engine.bytesWritten === compressed.length ? buffer : undefined;
  } catch {
    // Not a zlib stream, or a bomb: either way no token of zfs's.
    return undefined;
  }
}

// Loaded on need: few commands carry a token, and every command pays for what is loaded at the start.
function zlib(): typeof import('node:zlib') {
  return process.getBuiltinModule('node:zlib');
}

function readToken(pairs: ReadonlyMap<string, NvValue>): ResumeToken | undefined {
  const known = new Set<string>([
    'toname',
    'object',
    'offset',
    'bytes',
    'toguid',
    'fromguid',
    ...STREAM_FEATURES,
  ]);
  for (const name of pairs.keys()) if (!known.has(name)) return undefined;
  const features = STREAM_FEATURES.filter((feature) => pairs.has(feature));
  if (features.some((feature) => pairs.get(feature) !== true)) return undefined;

  const toname = pairs.get('toname');
  const snapshot = typeof toname === 'string' ? parseZrepSnapshot(toname) : undefined;
  const [object, offset, bytes, toguid, fromguid] = ['object', 'offset', 'bytes', 'toguid', 'fromguid'].map(
    (name) => pairs.get(name),
  );
  if (snapshot === undefined || typeof object !== 'bigint' || typeof offset !== 'bigint') return undefined;
  if (typeof bytes !== 'bigint' || typeof toguid !== 'bigint') return undefined;
  if (fromguid !== undefined && typeof fromguid !== 'bigint') return undefined;
  return { snapshot, object, offset, bytes, toguid, fromguid, features };
}
