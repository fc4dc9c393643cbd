/** What going back to a snapshot destroys, and who needs it. */

import fc from 'fast-check';
import t from 'tap';
import { goingBack, lossesOf, lostClones, neededLines, whysByName } from '../../src/pair/going-back.ts';
import type { Snapshot } from '../../src/pair/side.ts';
import type { Tag } from '../../src/zfs/names.ts';
import { sideIn } from '../fixtures/pair/sides.ts';

const TAG = 'zrep' as Tag;

/** The way back to the first snapshot, of a side whose others are `more` where that says so. */
function backOf(words: string, own = {}, more: Partial<Snapshot> = {}) {
  const side = sideIn('vault/home', words, own);
  const [base, ...others] = side.snapshots as [Snapshot, ...Snapshot[]];
  return goingBack({ ...side, snapshots: [base, ...others.map((one) => ({ ...one, ...more }))] }, base);
}

t.test('each newer snapshot is lost, with its time and, where that is known, its size', async (t) => {
  const { snapshots } = lossesOf(backOf('1+ 2 weekly'));
  t.same(snapshots, [
    'vault/home@zrep_000002, made 1970-01-01 00:00 UTC',
    'vault/home@weekly, made 1970-01-01 00:00 UTC',
  ]);
  t.same(lossesOf(backOf('1+ 2', {}, { used: 2048 })).snapshots, [
    'vault/home@zrep_000002, made 1970-01-01 00:00 UTC, 2.0 KiB',
  ]);
  t.same(lossesOf(backOf('1+')).snapshots, []);
});

t.test('changes are lost where there are some, or where zfs does not count them', async (t) => {
  t.same(lossesOf(backOf('1+ 2', { written: '0' })).changes, []);
  t.same(lossesOf(backOf('1+ 2', { written: '4096' })).changes, [
    'changes in vault/home since @zrep_000002: 4.0 KiB',
  ]);
  t.match(lossesOf(backOf('1+')).changes, [/since @zrep_000001: if there are any/]);
});

t.test('what others need is told with why: clones, holds, another tag, bookmarks', async (t) => {
  const needed = (words: string, more: Partial<Snapshot> = {}) =>
    neededLines(backOf(words, {}, more), whysByName(TAG));
  t.same(needed('1+ 2 weekly'), [], 'of its own tag, and of nobody');
  t.same(needed('1+ weekly', { clones: ['vault/a', 'vault/b'] }), [
    'vault/home@weekly (vault/a is a clone of it)',
    'vault/home@weekly (vault/b is a clone of it)',
  ]);
  t.same(needed('1+ weekly', { holds: 1 }), ['vault/home@weekly (held)']);
  t.match(needed('1+ off_000001'), [/^vault\/home@off_000001 \(of the tag off/]);
  t.match(needed('1+ 2 :kept'), [/^vault\/home#kept \(a bookmark/]);
  t.same(needed(':kept 1+ 2'), [], 'an older bookmark stays');
});

t.test('a rollback that takes clones along lists them', async (t) => {
  t.same(lostClones(backOf('1+ weekly', {}, { clones: ['vault/a'] })), [
    'vault/a, a clone of vault/home@weekly, with all that is in it',
  ]);
});

t.test('whatever snapshots are called, every line is printable', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const back = backOf('1+ weekly', {}, { name, clones: [name], holds: 1 });
      const { snapshots, changes } = lossesOf(back);
      const lines = [...snapshots, ...changes, ...lostClones(back), ...neededLines(back, whysByName(TAG))];
      return lines.length === 5 && lines.every((line) => /^[\x20-\x7e]+$/.test(line));
    }),
  );
});
