/** What a recursive zfs receive -F destroys, of trees in memory. */

import fc from 'fast-check';
import t from 'tap';
import { treeLosses, withoutExcluded } from '../../../src/client/push/tree-losses.ts';
import { parseTag, type Tag } from '../../../src/zfs/names.ts';
import { parseListing } from '../../../src/zfs/state.ts';

const TAG = parseTag('zrep') as Tag;

/** For each file system the GUIDs of its snapshots. */
type Tree = Readonly<Record<string, readonly number[]>>;

const trees = fc.dictionary(
  fc.constantFrom('/a', '/b', '/b/c'),
  fc.uniqueArray(fc.integer({ min: 10, max: 20 }), { maxLength: 4 }),
);

function listing(root: string, tree: Tree): ReturnType<typeof parseListing> {
  const row = (name: string, property: string, value: number) => `${name}\t${property}\t${value}\t-\n`;
  const rows = Object.entries({ '': [1], ...tree }).flatMap(([below, guids]) => [
    row(`${root}${below}`, 'guid', 5),
    ...guids.flatMap((guid) => {
      const name = `${root}${below}@s${guid}`;
      return [row(name, 'guid', guid), row(name, 'createtxg', guid)];
    }),
  ]);
  return parseListing(rows.join(''));
}

t.test('a snapshot of the copy is listed, unless the source has it; each file system once', async () => {
  fc.assert(
    fc.property(trees, trees, (source, copy) => {
      const both = { source: listing('tank/home', source), copy: listing('vault/home', copy) };
      const base = { name: 's1', createtxg: 1 };
      const { back, gone } = treeLosses(both, { dataset: 'vault/home', base }, TAG);
      const listed = [...back, ...gone].flatMap(({ dataset, newer }) =>
        newer.map(({ name }) => `${dataset}@${name}`),
      );
      const has = new Set(Object.values(source).flat());
      const lost = Object.entries(copy).flatMap(([below, guids]) =>
        guids.filter((guid) => !has.has(guid)).map((guid) => `vault/home${below}@s${guid}`),
      );
      const same = JSON.stringify(listed.sort()) === JSON.stringify(lost.sort());
      return same && back.length + gone.length === Object.keys(copy).length + 1;
    }),
  );
});

t.test('what zfs send leaves out counts as not there, with all below it', async (t) => {
  const source = listing('tank/home', { '/a': [11], '/ab': [12], '/b': [13], '/b/c': [14] });
  for (const flags of [
    ['-c', '-X', 'tank/home/a,tank/home/b'],
    ['-Xtank/home/a', '--exclude=tank/home/b'],
    ['--exclude', 'tank/home/a', '-X', 'tank/home/b'],
  ])
    t.same(
      [...withoutExcluded(source, flags).keys()],
      ['tank/home', 'tank/home@s1', 'tank/home/ab', 'tank/home/ab@s12'],
    );
  t.equal(withoutExcluded(source, ['-c', '-w']).size, source.size);
});
