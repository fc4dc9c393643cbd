/** Resume tokens: read strictly, printed anew, and never two spellings of one thing. */

import { deflateRawSync, deflateSync, gzipSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { isRefusal } from '../../src/refusal.ts';
import { formatResumeToken, parseResumeToken, type ResumeToken } from '../../src/zfs/resume-token.ts';
import { snapshot } from '../fixtures/command/operations.ts';
import { anyText, isSound, named } from '../fixtures/command/texts.ts';
import {
  boolean,
  FULL_FIELDS,
  FULL_PAIRS,
  FULL_TOKEN,
  INCREMENT_FIELDS,
  INCREMENT_TOKEN,
  nvlist,
  rawPair,
  string,
  tokenText,
  uint64,
} from '../fixtures/zfs/resume-token.ts';

const FULL = nvlist(...Object.values(FULL_PAIRS));
const STREAM = deflateSync(FULL);
const eight = Buffer.alloc(8);
const without = (name: string): Buffer[] => {
  const { [name]: _, ...others } = FULL_PAIRS;
  return Object.values(others);
};
const withPair = (...pairs: Buffer[]): string => tokenText(nvlist(...Object.values(FULL_PAIRS), ...pairs));
const instead = (name: string, pair: Buffer): string => tokenText(nvlist(...without(name), pair));

t.test('a token says what it was made of', async (t) => {
  t.strictSame(parseResumeToken(FULL_TOKEN), FULL_FIELDS);
  t.strictSame(parseResumeToken(INCREMENT_TOKEN), INCREMENT_FIELDS);
  t.strictSame(parseResumeToken(tokenText(FULL)), FULL_FIELDS, 'as the helper makes it');
  t.strictSame(
    parseResumeToken(tokenText(FULL, { stream: deflateSync(FULL, { level: 0 }) })),
    FULL_FIELDS,
    'however packed',
  );
  const reversed = nvlist(...Object.values(FULL_PAIRS).reverse());
  t.strictSame(parseResumeToken(tokenText(reversed)), FULL_FIELDS, 'in any order');
});

const [sum = '', hex = ''] = [FULL_TOKEN.split('-')[1], FULL_TOKEN.split('-')[3]];
const FORM: readonly string[] = [
  '', '1', '1-0-1', '1-0-1-', `2-${sum}-c0-${hex}`, `-${sum}-c0-${hex}`, `01-${sum}-c0-${hex}`, `1-0${sum}-c0-${hex}`,
  `1-${sum}-0c0-${hex}`, `1-${sum}-C0-${hex}`, `1-${sum.toUpperCase()}-c0-${hex}`, `1-${sum}-c0-${hex.toUpperCase()}`,
  `1-+${sum}-c0-${hex}`, `1-0x${sum}-c0-${hex}`, ` ${FULL_TOKEN}`, `${FULL_TOKEN} `, `${FULL_TOKEN}\n`, `${FULL_TOKEN}0`,
  `1-${sum}-c0-x-${hex}`, `1--${sum}-c0-${hex}`, `1-${sum}-0-${hex}`, `1-${sum}--${hex}`, `1-${'1'.repeat(17)}-c0-${hex}`,
  `1-${sum}-100000-${hex}`, `1-${sum}-c0-${hex}-`, `1-${sum}-c0-${hex}\u00e9`, `1-${sum}-c0-${hex}${'0'.repeat(4096)}`,
]; // biome-ignore format: one list

t.test('a text of another form is refused for its form, whatever it would mean', async (t) => {
  for (const text of FORM) {
    t.match(parseResumeToken(text), { refused: 'bad-token', reason: /has not the form/ }, named(text));
  }
});

t.test('a token can be 4096 characters long', async (t) => {
  // The checksum of so long a stream of zeros is the one that is wrong, which is looked at after the form.
  const text = (length: number) => `1-1-c0-${'0'.repeat(length - 7)}`;
  t.match(parseResumeToken(text(4095)), { reason: /checksum/ });
  t.match(parseResumeToken(text(4097)), { reason: /has not the form/ });
  t.match(parseResumeToken(`${text(4095)}0`.replace('1-1-', '1-11-').slice(0, 4096)), { reason: /checksum/ });
});

t.test('the checksum is over the stream, by words, and is compared as a number', async (t) => {
  for (const checksum of ['0', '1', 'b9990b4f9', 'ffffffffffffffff']) {
    t.match(parseResumeToken(tokenText(FULL, { checksum })), { reason: /checksum is wrong/ }, checksum);
  }
  const swapped = Buffer.from(STREAM);
  swapped.writeUInt8(swapped.readUInt8(20) ^ 1, 20);
  const { 1: checksum = '' } = tokenText(FULL).split('-');
  t.match(parseResumeToken(tokenText(FULL, { stream: swapped, checksum })), { reason: /checksum is wrong/ });
});

const bomb = deflateSync(Buffer.alloc(1 << 20));
const CONTENTS: Readonly<Record<string, string>> = {
  'a length one less': tokenText(FULL, { length: 'bf' }),
  'a length one more': tokenText(FULL, { length: 'c1' }),
  'a bomb': tokenText(FULL, { stream: bomb }),
  'a bomb that says so': tokenText(FULL, { stream: bomb, length: 'fffff' }),
  'more than 16 KiB': tokenText(Buffer.concat([FULL, Buffer.alloc(16384)])),
  'a stream without zlib header': tokenText(FULL, { stream: deflateRawSync(FULL) }),
  'a gzip stream': tokenText(FULL, { stream: gzipSync(FULL) }),
  'a cut stream': tokenText(FULL, { stream: STREAM.subarray(0, -1) }),
  'a byte behind the stream': tokenText(FULL, { stream: Buffer.concat([STREAM, Buffer.alloc(1)]) }),
  'a second stream': tokenText(FULL, { stream: Buffer.concat([STREAM, STREAM]) }),
  'a wrong Adler checksum': tokenText(FULL, { stream: Buffer.concat([STREAM.subarray(0, -4), Buffer.alloc(4)]) }),
  'no zlib stream at all': tokenText(FULL, { stream: Buffer.from('rm -rf /') }),
  'no nvlist': tokenText(Buffer.alloc(192)),
  'an empty list': tokenText(nvlist()),
  'an unknown key': withPair(uint64('extra', 1n)),
  'a saved stream': withPair(boolean('savedok')),
  'redaction': withPair(rawPair('redact_snaps', 16, 1, eight)),
  'redaction by a bookmark': withPair(string('book_redact_snaps', 'a')),
  'a key of every object': withPair(boolean('constructor')),
  'a flag that is a number': withPair(uint64('rawok', 1n)),
  'one flag twice': withPair(boolean('rawok'), boolean('rawok')),
  'fromguid as a text': withPair(string('fromguid', '1')),
  'fromguid as a flag': withPair(boolean('fromguid')),
  'toname as a number': instead('toname', uint64('toname', 1n)),
  'toguid as a text': instead('toguid', string('toguid', '1')),
  'a snapshot that is not of zrep': instead('toname', string('toname', 'tank/home@by-hand')),
  'a dataset without snapshot': instead('toname', string('toname', 'tank/home')),
  'a name with a blank': instead('toname', string('toname', 'tank/my home@zrep_000001')),
  'a name with an option': instead('toname', string('toname', '-R@zrep_000001')),
}; // biome-ignore format: one table

t.test('a token that zfs would not have written for a zrep snapshot is refused', async (t) => {
  for (const name of Object.keys(FULL_PAIRS)) {
    t.match(
      parseResumeToken(tokenText(nvlist(...without(name)))),
      { reason: /its contents/ },
      `without ${name}`,
    );
  }
  for (const [what, text] of Object.entries(CONTENTS)) {
    t.match(parseResumeToken(text), { refused: 'bad-token', reason: /its contents/ }, what);
  }
});

t.test('what is printed has only the fields, in the order in which zfs writes them', async (t) => {
  // The stream's bytes differ from one zlib to another; what is in it does not.
  const inflated = (text: string) =>
    inflateSync(Buffer.from(text.split('-')[3] ?? '', 'hex')).toString('hex');
  for (const [wanted, fields] of Object.entries({
    [FULL_TOKEN]: FULL_FIELDS,
    [INCREMENT_TOKEN]: INCREMENT_FIELDS,
  })) {
    const text = formatResumeToken(fields as unknown as ResumeToken);
    t.equal(inflated(text), inflated(wanted));
    t.equal(text.split('-')[2], wanted.split('-')[2]);
    t.strictSame(parseResumeToken(text), fields);
  }
});

t.test('any token is read back from what is printed of it', async () => {
  const number = fc.bigInt(0n, (1n << 64n) - 1n);
  const token = fc.record(
    {
      snapshot: fc.nat(0xffffff).map((sequence) => snapshot('tank/a', 'zrep', sequence)),
      object: number,
      offset: number,
      bytes: number,
      toguid: number,
      fromguid: fc.option(number, { nil: undefined }),
      features: fc.subarray(['largeblockok', 'embedok', 'compressok', 'rawok'] as const),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(token, (token) => {
      const found = parseResumeToken(formatResumeToken(token));
      if (isRefusal(found)) throw new Error(found.reason);
      return fc.stringify(found) === fc.stringify(token);
    }),
  );
});

t.test('any text, and any damaged token, is a sound refusal or a token that reads back', async () => {
  const spot = fc.tuple(fc.nat(), fc.constantFrom(...'0123456789abcdefABCDEF- \n', ''));
  const damaged = fc.tuple(fc.constantFrom(FULL_TOKEN, INCREMENT_TOKEN), spot).map(([text, [at, digit]]) => {
    const place = at % text.length;
    return text.slice(0, place) + digit + text.slice(place + 1);
  });
  fc.assert(
    fc.property(fc.oneof(anyText, damaged), (text) => {
      const token = parseResumeToken(text);
      if (isRefusal(token)) return isSound(token);
      return text === FULL_TOKEN || text === INCREMENT_TOKEN;
    }),
    { numRuns: 1000 },
  );
});
