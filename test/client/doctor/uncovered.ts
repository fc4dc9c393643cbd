/** What a gate lets this host have, and of which there is no copy here. */

import fc from 'fast-check';
import t from 'tap';
import { parseList, uncovered } from '../../../src/client/doctor/uncovered.ts';

const PULLED = [
  { source: 'tank/home/a', copy: 'vault/a' },
  { source: 'tank/home/b', copy: 'vault/b' },
];
const found = (output: string, here: readonly string[] = []) =>
  uncovered(parseList(output), PULLED, (name) => here.includes(name));

t.test('a file system beside the sources, or below one, is found if it has no copy', async (t) => {
  const output =
    'tank/home\t31K\ntank/home/a\t2.5M\ntank/home/a/x\t31K\ntank/home/b\t1G\ntank/home/new\t31K\n';
  t.same(found(output), ['tank/home/a/x', 'tank/home/new']);
  t.same(found(output, ['vault/a/x']), ['tank/home/new'], 'it came along with the one above');
  t.same(found(output.replace('31K', '9.1M')), ['tank/home', 'tank/home/a/x', 'tank/home/new']);
});

t.test('what is no list of names is none', async (t) => {
  t.same(parseList('tank/a;b\t1M\n\nno such\n'), []);
  fc.assert(
    fc.property(fc.string(), (text) => parseList(text).every(({ name }) => !/[^A-Za-z0-9_.:/-]/.test(name))),
  );
});

t.test('no source is ever found', async () => {
  const names = fc.subarray(['tank/home', 'tank/home/a', 'tank/home/b', 'tank/home/b/c', 'tank/other']);
  const size = fc.constantFrom('31K', '5G');
  fc.assert(
    fc.property(names, size, (all, size) => {
      const told = found(all.map((name) => `${name}\t${size}\n`).join(''));
      return PULLED.every(({ source }) => !told.includes(source)) && told.every((name) => all.includes(name));
    }),
  );
});
