/** What zfs get printed, as values: by name and property, with where each comes from. */

import fc from 'fast-check';
import t from 'tap';
import { anyValue, localValue, parseListing } from '../../src/zfs/state.ts';
import { anyText } from '../fixtures/command/texts.ts';

const OUTPUT = [
  'tank/home\tzrep:master\tyes\tlocal',
  'tank/home\tzrep:src-host\tfileserver\tinherited from tank',
  'tank/home\tzrep:savecount\t5\treceived',
  'tank/home\tzrep:lock-pid\t-\t-',
  'tank/home@zrep_000002\tguid\t17\t-',
  'tank/home@zrep_000002\tzrep:sent\t1795385385\tlocal',
  'tank/home@zrep_000001\tzrep:sent\t1795380000\tinherited from tank/home',
  'tank/my home\tzrep:note\ttwo words\tlocal',
  '',
].join('\n');
const listing = parseListing(OUTPUT);

t.test('each name has its properties, in the order of zfs', async (t) => {
  t.strictSame(
    [...listing.keys()],
    ['tank/home', 'tank/home@zrep_000002', 'tank/home@zrep_000001', 'tank/my home'],
  );
  t.strictSame(listing.get('tank/my home')?.get('zrep:note'), { value: 'two words', source: 'local' });
  t.strictSame(parseListing('').size, 0);
});

const VALUES: readonly (readonly [name: string, property: string, local: string | undefined, any: string | undefined])[] = [
  ['tank/home', 'zrep:master', 'yes', 'yes'],
  ['tank/home', 'zrep:src-host', undefined, 'fileserver'],
  ['tank/home', 'zrep:savecount', undefined, '5'],
  ['tank/home', 'zrep:lock-pid', undefined, undefined],
  ['tank/home', 'zrep:none', undefined, undefined],
  ['tank/home@zrep_000002', 'guid', undefined, '17'],
  ['tank/home@zrep_000002', 'zrep:sent', '1795385385', '1795385385'],
  ['tank/home@zrep_000001', 'zrep:sent', undefined, '1795380000'],
  ['tank/other', 'zrep:sent', undefined, undefined],
]; // biome-ignore format: one table

t.test('a local value is one that was set on this very object; a dash is no value', async (t) => {
  for (const [name, property, local, any] of VALUES) {
    t.equal(localValue(listing.get(name), property), local, `local ${property} of ${name}`);
    t.equal(anyValue(listing.get(name), property), any, `${property} of ${name}`);
  }
});

t.test('a dash that is set locally is a value, and one that is not is none', async (t) => {
  const odd = parseListing('a\tzrep:x\t-\tlocal\na\tzrep:y\t-\t-\n').get('a');
  t.equal(localValue(odd, 'zrep:x'), '-');
  t.equal(anyValue(odd, 'zrep:y'), undefined);
});

t.test('a listing of any names and values is read back', async () => {
  const cell = anyText.map((text) => text.replace(/[\t\n]/g, ' '));
  fc.assert(
    fc.property(cell, cell, cell, (name, value, source) => {
      const found = parseListing(`${name}\tzrep:x\t${value}\t${source}\n`).get(name)?.get('zrep:x');
      return found?.value === value && found.source === source;
    }),
  );
});

t.test('a tab in a value is part of it, and makes no other source', async (t) => {
  const found = parseListing('tank/a\tzrep:sent\t1\tlocal\treceived\n').get('tank/a');
  t.strictSame(found?.get('zrep:sent'), { value: '1\tlocal', source: 'received' });
  t.equal(localValue(found, 'zrep:sent'), undefined);
});

t.test('a line break in a value cannot speak for zfs: nothing of such a listing is believed', async (t) => {
  const real = 'tank/a\tzrep:src-host\tfileserver\tlocal\n';
  for (const value of ['1\tlocal\ntank/a\tzrep:src-host\tevil', 'x\ny', '1\tlocal\n\tx'])
    t.throws(
      () => parseListing(`${real}tank/a@s\tzrep:sent\t${value}\treceived\n`),
      { message: /line break/ },
      value,
    );
});

/** What zfs prints of a tree: of each name these properties, the last one its own. */
const PROPERTIES = ['guid', 'zrep:sent', 'zrep:src-fs', 'type'] as const;
const block = (name: string, sent = '-') =>
  PROPERTIES.map(
    (property) => `${name}\t${property}\t${property === 'zrep:sent' ? sent : 'x'}\treceived\n`,
  ).join('');
const NAMES = ['v/t', 'v/t@a', 'v/t@b', 'v/t/c', 'v/t/c@a'];

t.test(
  'whatever lines a value brings, they add no name and change no other value, or nothing is believed',
  async (t) => {
    const forged = (place: number, value: string) =>
      NAMES.map((name, index) => block(name, index === place ? value : undefined)).join('');
    const tail = `\treceived\n${['zrep:src-fs', 'type'].map((one) => `v/t@a\t${one}\tx\treceived\n`).join('')}`;
    const again = 'v/t@a\tguid\tx\treceived\nv/t@a\tzrep:sent\t-';
    for (const value of [
      '-\treceived\nvault/other\tguid\t1',
      `-${tail}vault/other\tguid\t1`,
      `-${tail}${block('vault/other')}${again}`,
      `-${tail}${block('v/t@%')}${again}`,
      `-${tail}${again}`,
      '-\tlocal\nv/t@a\tzrep:sent\t5',
      '-\tlocal\nv/t@a\tguid\t5',
    ])
      t.throws(() => parseListing(forged(1, value)), /line break/, JSON.stringify(value));
    const name = fc.constantFrom(...NAMES, 'v/t@%', 'v/t@z', 'vault/other');
    const row = fc
      .tuple(name, fc.constantFrom(...PROPERTIES), fc.constantFrom('x', '-'))
      .map((cells) => `${cells.join('\t')}\treceived\n`);
    const lines = fc.array(
      fc.oneof(
        row,
        name.map((one) => block(one)),
      ),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(
        fc.nat(NAMES.length - 1),
        lines,
        name,
        fc.constantFrom(...PROPERTIES),
        (place, between, last, property) => {
          const value = `-\treceived\n${between.join('')}${last}\t${property}\t-`;
          t.throws(() => parseListing(forged(place, value)), /line break/);
        },
      ),
      { numRuns: 1000 },
    );
  },
);
