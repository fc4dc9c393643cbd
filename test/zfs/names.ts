/** Names of datasets, tags and snapshots: what ZFS and zrep take, narrowed, and nothing near it. */

import fc from 'fast-check';
import t from 'tap';
import {
  formatZrepSnapshot,
  isBelow,
  MAXIMUM_SEQUENCE,
  parseDataset,
  parseGuid,
  parseListedDataset,
  parseListedSnapshot,
  parseSnapshot,
  parseTag,
  parseZrepSnapshot,
} from '../../src/zfs/names.ts';
import { operation, snapshot } from '../fixtures/command/operations.ts';
import { anyText, named } from '../fixtures/command/texts.ts';

const DATASETS = ['tank', 'T', 'tank/home', 'tank/a/b/c', 'tank/0', 'tank/a_b.c:d-e', 'tank/...', 'tank/.a', 't-a/-', 'a'.repeat(255)]; // biome-ignore format: one list
const NO_DATASETS = [
  '', '/', '/tank', 'tank/', 'tank//a', '0tank', '-tank', '.tank', '_tank', ':a', 'tank/.', 'tank/..', 'tank/./a', 'tank/../a',
  'tank/%recv', 'tank/a b', 'tank a', 'tank@a', 'tank#a', 'tank,b', 'tank/a=b', 'tank\\a', 'tank/\n', 'tank\n', 'tank\0', 'tänk',
  'tank/\u{1f4a9}', 'tank*', '~tank', `tank/${'a'.repeat(251)}`,
]; // biome-ignore format: one list
const TAGS = ['zrep', 'a', '0', 'zrep-uk', 'a_b', 'a.b:c', 'a_000001', 'a'.repeat(64)];
const NO_TAGS = ['', 'Zrep', '_a', '-a', '.a', ':a', 'a/b', 'a b', 'a@b', 'a\n', 'ä', 'a'.repeat(65)];

t.test('a dataset is a pool and components, at most 255 characters, without blanks and %', async (t) => {
  for (const name of DATASETS) t.equal(parseDataset(name), name, name);
  for (const name of NO_DATASETS) t.equal(parseDataset(name), undefined, named(name));
});

t.test('what zfs lists is a dataset with blanks, too, and nothing else', async (t) => {
  const blank = NO_DATASETS.filter((name) => name.includes(' '));
  for (const name of [...DATASETS, ...blank, 'My Pool/My Files', 'tank/a ', 'tank/ '])
    t.equal(parseListedDataset(name), name, name);
  for (const name of NO_DATASETS.filter((name) => !name.includes(' ')))
    t.equal(parseListedDataset(name), undefined, named(name));
  t.equal(parseListedDataset(' tank'), undefined);
  t.strictSame(parseListedSnapshot('tank/My Files@my snap'), { dataset: 'tank/My Files', name: 'my snap' });
  for (const name of ['tank/My Files', 'tank/a@', 'tank/a@b@c', 'tank/a@b\n', ' tank@a'])
    t.equal(parseListedSnapshot(name), undefined, named(name));
  await fc.assert(
    fc.asyncProperty(anyText, async (text) => {
      const [dataset, listed] = [parseDataset(text), parseListedDataset(text)];
      t.equal(dataset, text.includes(' ') ? undefined : listed);
    }),
  );
});

t.test('a tag is the beginning of a user property, too: lower case, at most 64 characters', async (t) => {
  for (const tag of TAGS) t.equal(parseTag(tag), tag, tag);
  for (const tag of NO_TAGS) t.equal(parseTag(tag), undefined, named(tag));
});

t.test('a GUID is a number of 64 bits, as zfs prints it', async (t) => {
  for (const text of ['1', '9435532090418679640', String(2n ** 64n - 1n)])
    t.equal(parseGuid(text), text, text);
  for (const text of ['', '0', '01', '-1', '1 ', '1\n', '1.0', 'a', String(2n ** 64n), '9'.repeat(21)])
    t.equal(parseGuid(text), undefined, named(text));
});

t.test('a snapshot has one @ behind a dataset, and one component behind that', async (t) => {
  t.strictSame(parseSnapshot('tank/home@by-hand'), { dataset: 'tank/home', name: 'by-hand' });
  t.strictSame(parseSnapshot(`t@${'a'.repeat(253)}`), { dataset: 't', name: 'a'.repeat(253) });
  for (const name of [
    'tank',
    '@a',
    'tank@',
    'tank@a@b',
    'tank@a/b',
    'tank@a,b',
    'tank@a%b',
    'tank@a b',
    'tank@@a',
    'tank/@a',
    `t@${'a'.repeat(254)}`,
  ]) {
    t.equal(parseSnapshot(name), undefined, named(name));
  }
});

t.test("zrep's snapshots end in an underscore and six lower-case hexadecimal digits", async (t) => {
  t.strictSame(parseZrepSnapshot('tank/home@zrep_00001f'), snapshot('tank/home', 'zrep', 31));
  t.strictSame(parseZrepSnapshot('tank@a_000001_ffffff'), snapshot('tank', 'a_000001', 0xffffff));
  for (const name of [
    'zrep_00001',
    'zrep_0000001',
    'zrep_00000A',
    'zrep_00000g',
    'zrep000001',
    '_000001',
    'Zrep_000001',
    'zrep_000001_unsent',
    'zrep_000001\n',
    'zrep_-00001',
  ]) {
    t.equal(parseZrepSnapshot(`tank@${name}`), undefined, named(name));
  }
});

t.test('a snapshot is printed with all six digits, and the last number is ffffff', async (t) => {
  t.equal(formatZrepSnapshot(snapshot('tank/home', 'off', 0)), 'tank/home@off_000000');
  t.equal(formatZrepSnapshot(snapshot('tank/home', 'off', MAXIMUM_SEQUENCE)), 'tank/home@off_ffffff');
});

t.test('every snapshot of a request is read back from what is printed of it', async () => {
  fc.assert(
    fc.property(operation, (operation) => {
      if (!('snapshot' in operation) || typeof operation.snapshot !== 'object') return true;
      const { dataset, tag, sequence } = operation.snapshot;
      const found = parseZrepSnapshot(formatZrepSnapshot(operation.snapshot));
      return found?.dataset === dataset && found.tag === tag && found.sequence === sequence;
    }),
  );
});

t.test('no text at all becomes a name with a character that means something elsewhere', async () => {
  const safe = /^[A-Za-z0-9_.:/-]*$/;
  fc.assert(
    fc.property(anyText, (text) => {
      const [dataset = '', snapshot] = [parseDataset(text), parseSnapshot(text)];
      return (
        safe.test(dataset) &&
        safe.test(parseTag(text) ?? '') &&
        safe.test(`${snapshot?.dataset}${snapshot?.name}`)
      );
    }),
  );
});

t.test('a dataset lies below another by whole components', async (t) => {
  t.ok(isBelow('tank/home/a', 'tank/home'));
  t.ok(isBelow('tank/home/a/b', 'tank'));
  for (const other of ['tank/homestead', 'tank/home', 'tank', 'pool/tank/home/a'])
    t.notOk(isBelow(other, 'tank/home'), other);
});
