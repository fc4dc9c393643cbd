/** Packed nvlists: byte for byte as OpenZFS lays them out, and nothing that it would not have written. */

import fc from 'fast-check';
import t from 'tap';
import { type NvValue, packNvlist, unpackNvlist } from '../../src/zfs/nvlist.ts';
import { boolean, nvlist, rawPair, string, uint64 } from '../fixtures/zfs/resume-token.ts';

/** `object` 2, `toname` a/b@c, `rawok`: from an encoder of its own, by the layout that docs/resume-token.md tells. */
const PACKED = Buffer.from(
  [
    '00010000' + '00000000' + '01000000',
    '20000000' + '07000000' + '01000000' + '08000000' + '6f626a6563740000' + '0200000000000000',
    '20000000' + '07000000' + '01000000' + '09000000' + '746f6e616d650000' + '612f624063000000',
    '18000000' + '06000000' + '00000000' + '01000000' + '7261776f6b000000',
    '00000000',
  ].join(''),
  'hex',
);
const PAIRS: readonly (readonly [string, NvValue])[] = [
  ['object', 2n],
  ['toname', 'a/b@c'],
  ['rawok', true],
];

t.test('the bytes of numbers, texts and flags are those of OpenZFS, both ways', async (t) => {
  t.strictSame([...(unpackNvlist(PACKED) ?? [])], PAIRS);
  t.equal(packNvlist(PAIRS).toString('hex'), PACKED.toString('hex'));
  t.strictSame(unpackNvlist(nvlist()), new Map());
  t.equal(packNvlist([]).toString('hex'), '000100000000000001000000' + '00000000');
  t.ok(
    nvlist(uint64('object', 2n), string('toname', 'a/b@c'), boolean('rawok')).equals(PACKED),
    'as the helper has it',
  );
});

/** One byte of `PACKED`, or a longer run, replaced. */
function changed(at: number, hex: string): Buffer {
  const bytes = Buffer.from(PACKED);
  bytes.set(Buffer.from(hex, 'hex'), at);
  return bytes;
}

const eight = (hex: string): Buffer => Buffer.from(hex, 'hex');
const WRONG: Readonly<Record<string, Buffer>> = {
  'nothing': Buffer.alloc(0),
  'a header alone': PACKED.subarray(0, 12),
  'encoding XDR': changed(0, '01'),
  'big-endian': changed(1, '00'),
  'reserved bytes set': changed(2, '01'),
  'another version': changed(4, '01'),
  'no unique names': changed(8, '00'),
  'both flags': changed(8, '03'),
  'no terminator': PACKED.subarray(0, -4),
  'half a terminator': PACKED.subarray(0, -1),
  'a byte behind the end': Buffer.concat([PACKED, Buffer.alloc(1)]),
  'a pair behind the end': Buffer.concat([nvlist(), boolean('rawok'), Buffer.alloc(4)]),
  'a size below zero': changed(12, 'e0ffffff'),
  'a size that is no multiple of 8': changed(12, '21000000'),
  'a size beyond the end': changed(12, '00010000'),
  'a size too small for a pair': changed(12, '10000000'),
  'an empty name': changed(16, '0100'),
  'a name without length': changed(16, '0000'),
  'a name below zero': changed(16, 'ffff'),
  'a name longer than its pair': changed(16, '4000'),
  'a name shorter than it is': changed(16, '0600'),
  'a second reserved field set': changed(18, '01'),
  'a name that does not end': changed(34, '6161'),
  'padding behind a name': changed(35, '01'),
  'a control character in a name': changed(28, '0a'),
  'a letter beyond ASCII in a name': changed(28, 'e9'),
  'a number of two elements': changed(20, '02'),
  'a number of no elements': changed(20, '00'),
  'a type that no token has': changed(24, '10'),
  'padding behind a text': changed(74, '01'),
  'a newline in a text': changed(68, '0a'),
  'a flag with an element': changed(84, '01'),
  'a flag with a value': nvlist(rawPair('rawok', 1, 0, Buffer.alloc(8))),
  'a number of 16 bytes': nvlist(rawPair('object', 8, 1, Buffer.alloc(16))),
  'a number of no bytes': nvlist(rawPair('object', 8, 1, Buffer.alloc(0))),
  'a text without an end': nvlist(rawPair('toname', 9, 1, eight('6161616161616161'))),
  'an empty text': nvlist(rawPair('toname', 9, 1, Buffer.alloc(8))),
  'a text with eight zeros too many': nvlist(rawPair('toname', 9, 1, eight('61000000000000000000000000000000'))),
  'one name twice': nvlist(uint64('object', 1n), uint64('object', 1n)),
}; // biome-ignore format: one table

t.test('a list that OpenZFS would not have written is none', async (t) => {
  for (const [what, bytes] of Object.entries(WRONG)) t.equal(unpackNvlist(bytes), undefined, what);
});

t.test('cut anywhere, or with any byte changed, a list is none or packs to the changed bytes', async (t) => {
  for (let length = 0; length < PACKED.length; length += 1) {
    if (unpackNvlist(PACKED.subarray(0, length)) !== undefined) t.fail(`cut at ${length}`);
  }
  for (let at = 0; at < PACKED.length; at += 1) {
    for (let byte = 0; byte < 256; byte += 1) {
      const bytes = changed(at, byte.toString(16).padStart(2, '0'));
      const pairs = unpackNvlist(bytes);
      if (pairs && !packNvlist(pairs).equals(bytes))
        t.fail(`two spellings of one list: byte ${at} is ${byte}`);
    }
  }
});

t.test('what is packed unpacks to itself, and random bytes throw nothing', async () => {
  const name = fc.stringMatching(/^[\x20-\x7e]{1,20}$/);
  const value: fc.Arbitrary<NvValue> = fc.oneof(
    fc.constant(true as const),
    fc.bigInt(0n, (1n << 64n) - 1n),
    name,
  );
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 8 }),
      (pairs) => {
        const found = [...(unpackNvlist(packNvlist(pairs)) ?? [])];
        return found.length === pairs.length && found.flat().every((part, at) => part === pairs.flat()[at]);
      },
    ),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      unpackNvlist(Buffer.concat([PACKED.subarray(0, 12), bytes]));
    }),
  );
});
