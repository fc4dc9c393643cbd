/** How the next increment of a whole tree can come: what zfs receive of OpenZFS 2.4 was seen to do in each of these states. */

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import type { Names } from '../../src/pair/obstacle.ts';
import { inSentence, tell } from '../../src/pair/obstacle.ts';
import { planIncrement } from '../../src/pair/plan.ts';
import { baseOfTree, belowOf, planTree, type Tree } from '../../src/pair/tree.ts';
import type { Tag } from '../../src/zfs/names.ts';
import { sideIn } from '../fixtures/pair/sides.ts';
import { listingOf } from '../fixtures/replication/listing.ts';

const ZREP = 'zrep' as Tag;

/**
 * A tree in words: the top's snapshots (see `sideIn`), and then a file system below in each line, with what was written to it since its newest
 * snapshot. Numbers have the GUID of their file system: that of `/c@1` is `c1`.
 */
function treeIn(top: string, dataset: string, below: Readonly<Record<string, string>>): Tree {
  const own = (text: string, of: string) =>
    text.replace(/(?<![#\w=])(\w+)(?=[=+ ]|$)/g, (word) => (word === '' ? '' : `${word}#${of}${word}`));
  const side = (name: string, text: string) => {
    const [snapshots = '', written = '0', more = ''] = text.split(';');
    const token = more === 'cut' ? { receive_resume_token: '1-x' } : {};
    const locked = more === 'locked' ? { keystatus: 'unavailable', encryption: 'aes-256-gcm' } : {};
    return sideIn(name, snapshots, { written, ...token, ...locked });
  };
  return {
    top: side(dataset, own(top, 'top')),
    below: new Map(
      Object.entries(below).map(([child, text]) => {
        const [snapshots = '', ...rest] = text.split(';');
        const named = own(snapshots, child);
        return [`/${child}`, side(`${dataset}/${child}`, [named, ...rest].join(';'))];
      }),
    ),
  };
}

type Children = Readonly<Record<string, string>>;

const pairOf = (source: Children, copy: Children, tops: readonly [string, string], all = true) => ({
  ...{ tag: ZREP, all, isRefused: false, sending: undefined },
  source: treeIn(tops[0], 'tank/t', source),
  copy: treeIn(tops[1], 'vault/t', copy),
});

/** The name of the base, or what is in the way below. */
function planOf(
  source: Children,
  copy: Children,
  tops: readonly [string, string] = ['0 1+', '0 1=9'],
  all = true,
) {
  const found = planTree(pairOf(source, copy, tops, all));
  if (!('obstacle' in found)) return found.base.ofSource.name.replace('zrep_00000', '');
  if (found.obstacle !== 'blocked-below') return found.obstacle;
  return found.below.map(({ child, why }) => `${child} ${typeof why === 'string' ? why : why.obstacle}`);
}

t.test('a tree that is as it was left goes on from the newest', async (t) => {
  t.equal(planOf({ c: '0 1', z: '0 1' }, { c: '0 1=9', z: '0 1=9' }), '1');
});

t.test('one that is new on the source comes whole, unless its name is taken', async (t) => {
  t.equal(planOf({ c: '0 1', new: '' }, { c: '0 1=9' }), '1');
  t.equal(planOf({ c: '0 1', new: 'mine' }, { c: '0 1=9' }), '1', 'with a snapshot of its own');
  t.same(planOf({ c: '0 1', new: '' }, { c: '0 1=9', new: '' }), ['/new in-the-way']);
  t.same(planOf({ c: '0 1', new: '' }, { c: '0 1=9', new: 'x' }), ['/new in-the-way']);
  t.same(planOf({ c: '' }, { c: '0 1=9' }), ['/c in-the-way'], 'made anew there');
  t.same(planOf({ new: ';;locked' }, {}), ['/new key-not-loaded']);
});

t.test('the next snapshot has a name that is free in the whole tree', async (t) => {
  t.same(planOf({ c: '0 1' }, { c: '0 2=0' }, ['0+', '0=9']), ['/c parted']);
});

t.test('what is gone on the source stays, and so does what the copy alone has', async (t) => {
  t.equal(planOf({}, { c: '0 1=9', only: 'x' }), '1');
});

t.test('one that is gone here is missed, and not those below it as well', async (t) => {
  t.same(planOf({ c: '0 1', 'c/deep': '0 1', z: '0 1' }, { z: '0 1' }), ['/c missing']);
  t.same(planOf({ c: '0 1' }, { r: '0' }), ['/c missing'], 'renamed, and only an older one is left');
});

t.test('one that has another name here is renamed by zfs, unless the name is taken', async (t) => {
  const [c, z] = ['0#c0 1#c1', '0#z0 1#z1'];
  t.equal(planOf({ r: c }, { c: '0#c0 1#c1=9' }), '1');
  t.equal(planOf({ 'z/c': c, z }, { c, z }), '1', 'moved');
  t.same(planOf({ r: c }, { c, r: '' }), ['/r renamed']);
  t.equal(planOf({ c: z, z: c }, { c, z }), '1', 'swapped');
  t.same(planOf({ r: c }, { c: `${c};8192` }), ['/c copy-modified'], 'by the name that it has here');
});

t.test('without the snapshot that the stream begins with, none of its increments can come', async (t) => {
  t.same(planOf({ c: '0' }, { c: '0 1=9' }), ['/c in-the-way'], 'destroyed there: all of it comes');
  t.equal(planOf({ c: '0' }, { c: '0 1=0' }), '0', 'but where nothing was written since the one before');
  t.same(planOf({ c: ':1' }, { c: '1=9' }), ['/c in-the-way'], 'a bookmark is none');
  t.same(planOf({ c: 'x' }, { c: '1#cx=9' }), ['/c in-the-way'], 'nor is one of another name there');
  t.equal(planOf({ c: '0 1' }, { c: '0 x#c1=9' }), '1', 'but the copy may call it otherwise');
  t.same(planOf({ c: '0 1' }, { c: '5=9' }), ['/c no-base'], 'destroyed here');
});

t.test('what was changed or made on a file system below is in the way as it is on top', async (t) => {
  t.same(planOf({ c: '0 1' }, { c: '0 1=9;8192' }), ['/c copy-modified']);
  t.equal(planOf({ c: '0 1' }, { c: '0 1=9 mine=0' }), '1', 'a snapshot without changes');
  t.same(planOf({ c: '0 1' }, { c: '0 1=9 mine=8192' }), ['/c newer-snapshots']);
  t.same(planOf({ c: '0 1' }, { c: '0 1=9 2=0' }), ['/c parted'], 'it has the name of the next one');
  t.same(planOf({ c: '0 1 mid' }, { c: '0 1=9 mid#x=0' }), ['/c parted']);
  t.equal(planOf({ c: '0 1 mid' }, { c: '0 1=9 mid#x=0' }, ['0 1+', '0 1=9'], false), '1', 'sent with -i');
  t.equal(planOf({ c: '0 1' }, { c: '2#c0 1=9' }), '1', 'an older one that zfs renames first');
  t.same(planOf({ c: '0 1' }, { c: '2 1=9' }), ['/c name-taken']);
  t.same(planOf({ c: '0 1' }, { c: '0 1=9;0;cut' }), ['/c cut']);
  t.same(planOf({ c: '0 1', new: '' }, { c: '0 1=9', new: ';0;cut' }), ['/new cut']);
});

t.test('where one was left behind, the stream begins with what all have', async (t) => {
  const tops = ['0 1+ 2', '0 1=9 2=9'] as const;
  t.equal(planOf({ c: '0 1 2', z: '0 1 2' }, { c: '0 1=9 2=9', z: '0 1=9' }, tops), '1');
  t.equal(planOf({ c: '0 1 2', new: '2' }, { c: '0 1=9 2=9' }, tops), '1', 'a new one did not come');
  t.same(planOf({ new: '2', z: '1 2' }, { new: '2', z: '1=9' }, tops), ['/new in-the-way']);
  t.same(planOf({ c: '1 2' }, { c: '1=9' }, ['1+ 2', '1 2=9'], false), ['/c no-base'], 'not with -i');
});

t.test('of several that would do, the one that the source has marked is told', async (t) => {
  const tops = ['0 1+ 2', '0 1=9 2=9'] as const;
  t.same(planOf({ c: '0 1 2' }, {}, tops), ['/c missing']);
  t.equal(
    baseOfTree(pairOf({ c: '0 1 2' }, {}, tops))?.base.ofCopy.name,
    'zrep_000001',
    'not what came in part',
  );
});

t.test('what is here already is skipped, but not over a gap', async (t) => {
  const tops = ['0 1+ 2', '0 1=9 2=9'] as const;
  t.same(planOf({ c: '0 1 2', z: '0' }, { c: '0 2=9', z: '0' }, tops), ['/z in-the-way']);
  t.same(planOf({ c: '0 1 2', z: '0 1 2' }, { c: '0 2=9', z: '0' }, tops), ['/c ahead']);
  t.equal(planOf({ c: '0 1 2', z: '0 1 2' }, { c: '0 2=0', z: '0' }, tops), '0', 'nothing was changed since');
  t.same(planOf({ z: '0 1 2' }, { z: '0' }, ['0 1+ 2', '0 2=9']), ['/z no-base'], 'at the top');
});

t.test('what stands in the way at the top is told first', async (t) => {
  t.equal(planOf({ c: '0 1' }, {}, ['0 1+', '5']), 'no-common-snapshot');
  t.equal(planOf({ c: '0 1' }, {}, ['0 1+', '0 1=9 mine=9']), 'newer-snapshots');
  t.equal(planOf({}, {}, ['0+ :1', '1']), 'no-common-snapshot', 'zfs send -R takes no bookmark');
  t.equal(baseOfTree(pairOf({}, {}, ['0 1+', '0 1=9 mine=9']))?.base.ofCopy.name, 'zrep_000001');
});

t.test('nothing is marked, and something is missing: the first stream was interrupted', async (t) => {
  const obstacle = (tops: readonly [string, string], copy: Children = {}) => {
    const found = planTree({ ...pairOf({ c: tops[0].replaceAll('+', '') }, copy, tops), isPulled: true });
    return 'obstacle' in found ? [found.obstacle, 'isAnew' in found && found.isAnew] : 'a way';
  };
  t.same(obstacle(['0', '0']), ['first-stream', false]);
  t.same(obstacle(['0', '0'], { c: ';0;cut' }), ['first-stream', false]);
  t.same(obstacle(['0+ 1', '0 1']), ['first-stream', true], 'with --anew');
  t.same(obstacle(['0', '0'], { c: '0' }), 'a way', 'all came');
  t.same(obstacle(['0+', '0']), ['blocked-below', false], 'it was marked there');
  t.same(obstacle(['0 1+', '0+ 1']), ['blocked-below', false], 'or here');
});

t.test('parts of snapshots below are not in the way where they are discarded first', async (t) => {
  const plan = (source: Children, copy: Children) => {
    const found = planTree({ ...pairOf(source, copy, ['0 1+', '0 1=9']), isPulled: true });
    return 'obstacle' in found ? found.obstacle : found.base.ofSource.name;
  };
  t.equal(plan({ c: '0 1' }, { c: '0 1=9;0;cut' }), 'zrep_000001');
  t.equal(plan({ c: '0 1', new: '' }, { c: '0 1=9', new: ';8192;cut' }), 'zrep_000001');
  t.equal(plan({ c: '0 1' }, { c: ';8192;cut' }), 'blocked-below', 'it was destroyed here before');
});

t.test('the text says which one, why, and a line for it', async (t) => {
  const names: Names = { zrep: 'zrep -R', copy: 'vault/t', source: 'tank/t', host: 'fileserver' };
  const say = (source: Children, copy: Children, tops: readonly [string, string] = ['0 1+', '0 1=9']) => {
    const found = planTree(pairOf(source, copy, tops));
    return 'obstacle' in found ? inSentence(tell(found, names)) : '';
  };
  t.equal(
    say({ c: '0 1' }, {}),
    'there is no vault/t/c, and of tank/t/c on fileserver only an increment comes, since it has @zrep_000001; to have all of it come, on fileserver: zfs rename -r tank/t/c@zrep_000001 @zrep_000001_old',
  );
  t.equal(
    say({ c: '0 1' }, { c: '5' }),
    'vault/t/c does not have the @zrep_000001 of tank/t/c on fileserver, with which the increment begins; to keep it under another name: zfs rename vault/t/c vault/t/c_old',
  );
  t.equal(
    say({ r: '0#c0 1#c1' }, { c: '0#c0 1#c1', r: '' }),
    'vault/t/c is the copy of tank/t/r on fileserver, and another file system has the name vault/t/r; to keep it under another name: zfs rename vault/t/r vault/t/r_old',
  );
  t.match(
    say({ c: '0 1' }, { c: '0 1;0;cut' }),
    /vault\/t\/c,.*; to discard that part: zfs receive -A vault\/t\/c$/,
  );
  t.match(
    say({ c: '0 1' }, { c: '0 1=9;8192' }),
    /^the copy vault\/t\/c has changes since @zrep_000001 \(8192 bytes\): .*: zrep -R refresh -f vault\/t$/,
  );
  t.match(
    say({ c: '0 1' }, { c: '0 x#c1=9;8192' }),
    /: zrep -R init --pull --anew fileserver:tank\/t vault\/t$/,
    'refresh -f goes by the name',
  );
  t.match(
    say({ a: '0 1', c: '0 1' }, { a: '0 1=9;8192', c: '5' }),
    /^vault\/t\/c does not have .* \(also: vault\/t\/a\); .*: zfs rename vault\/t\/c vault\/t\/c_old$/,
    'what refresh -f cannot roll back comes first',
  );
  const [c, z] = [say({ c: '1', z: '1' }, { c: '5', z: '5' }), say({ z: '1' }, { z: '5' })];
  t.ok(c.includes(' (also: vault/t/z);') && !z.includes('also'));
});

t.test('a listing of a tree is taken apart', async (t) => {
  const listing = listingOf(
    ['tank/t', 'tank/t@a', 'tank/t/c', 'tank/t/c@a', 'tank/t/c/d', 'tank/tt', 'tank/tt@x', 'tank/t#x']
      .map((name) => `${name} guid=1<-`)
      .join('\n'),
  );
  const below = belowOf(listing, 'tank/t', ZREP);
  t.same([...below.keys()], ['/c', '/c/d']);
  t.same(
    below.get('/c')?.snapshots.map(({ name }) => name),
    ['a'],
  );
});

t.test('without anything below, a tree is judged as its top', async () => {
  const snapshots = fc
    .array(fc.tuple(fc.nat({ max: 4 }), fc.constantFrom('', '=0', '=9'), fc.constantFrom('', '+')))
    .map((all) => [...new Map(all.map(([n, w, m]) => [n, `${n}${w}${m}`])).values()].join(' '));
  fc.assert(
    fc.property(snapshots, snapshots, (source, copy) => {
      const pair = pairOf({}, {}, [source, copy]);
      const [tree, alone] = [
        planTree(pair),
        planIncrement({ ...pair, source: pair.source.top, copy: pair.copy.top, isTree: true }),
      ];
      return isDeepStrictEqual(tree, alone);
    }),
  );
});
