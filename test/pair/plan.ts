/** How the next increment of a pair can come, judged by what both sides have. */

import fc from 'fast-check';
import t from 'tap';
import { planIncrement, type Way } from '../../src/pair/plan.ts';
import type { Tag } from '../../src/zfs/names.ts';
import { sideIn } from '../fixtures/pair/sides.ts';

const ZREP = 'zrep' as Tag;

/** Snapshots in short, oldest first: see `sideIn`. */
function planOf(
  source: string,
  copy: string,
  {
    all = true,
    written = '0',
    encryption = '',
    key = '',
    locked = '',
    plain = '',
    referenced = '1024',
    token = '',
    sending = '',
    isRefused = false,
  } = {},
) {
  return planIncrement({
    tag: ZREP,
    source: sideIn('tank/home', source, { keystatus: key, encryption: plain }),
    copy: sideIn('vault/home', copy, {
      ...{ written, encryption, referenced, keystatus: locked },
      receive_resume_token: token,
    }),
    all,
    isRefused,
    sending: sending === '' ? undefined : sending,
  });
}
/** The base as both call it, and whether the source has to be told. */
const wayOf = (source: string, copy: string, options = {}) => {
  const found = planOf(source, copy, options);
  return 'obstacle' in found
    ? found.obstacle
    : [found.base.ofSource.name, found.base.ofCopy.name, found.isTold];
};

t.test('a healthy pair goes on from the last mark, and nobody has to be told', async (t) => {
  t.same(wayOf('1+ 2+ 3', '1+ 2+'), ['zrep_000002', 'zrep_000002', false]);
  t.same(wayOf('1 x 2+', '1 x 2'), ['zrep_000002', 'zrep_000002', false], 'marks of the copy are no matter');
});

t.test('the newest common snapshot is the base, whatever its name and its mark', async (t) => {
  t.same(wayOf('1 2', '1+'), ['zrep_000001', 'zrep_000001', true], 'the mark was lost');
  t.same(wayOf('1+ a b 2', '1+ a b'), ['b', 'b', true], 'some of a stream came');
  t.same(wayOf('1+ 2+ 3', '1+'), ['zrep_000001', 'zrep_000001', true], 'a mark of what is not here');
  t.same(wayOf('1+ x 2', '1+ 9#x'), ['x', 'zrep_000009', true], 'renamed');
});

t.test('where the source has destroyed it, a bookmark of it will do', async (t) => {
  const found = planOf('1+ :2 3', '1+ 2+') as Way;
  t.match(found.base, { isBookmark: true, ofSource: { name: 'tank/home#zrep_000002' } });
  t.equal(found.isTold, true);
});

t.test('the number of an own bookmark is not given again, but by a stock zrep', async (t) => {
  const [source, copy] = [
    sideIn('tank/home', '1+ :zrep_000002_22#22'),
    sideIn('vault/home', '1+ 2#22', { written: '0' }),
  ];
  const pair = { tag: ZREP, copy, all: true, isRefused: false };
  t.match(planIncrement({ ...pair, source }), { base: { isBookmark: true }, isTold: true });
  t.match(planIncrement({ ...pair, source: { ...source, reserved: [] } }), {
    obstacle: 'name-taken',
    snapshots: [{ name: 'zrep_000002' }],
  });
});

t.test('what stands in the way has a name', async (t) => {
  t.equal(wayOf('1+', ''), 'no-common-snapshot');
  t.equal(wayOf('1', '', { token: 'x' }), 'first-stream');
  t.equal(wayOf('1', ''), 'no-common-snapshot', 'an empty copy takes no first stream');
  t.equal(wayOf('3 4+', '1+ 2+'), 'no-common-snapshot');
  t.equal(wayOf('1+', '1+', { written: '8192' }), 'copy-modified');
  t.equal(wayOf('1+ 2+', '1+', { written: '8192' }), 'base-destroyed');
  t.equal(wayOf('1+', '1+ mine=4096'), 'newer-snapshots');
  t.equal(wayOf('1+ 2', '1+ 2#other=4096'), 'parted');
  t.equal(wayOf('1+', '1+ 2#other=4096'), 'parted', 'the next one will have that name');
  t.equal(wayOf('1+ 2+ weekly', 'weekly#old 1+ 2+'), 'name-taken');
  t.equal(wayOf('1+', '1+', { key: 'unavailable' }), 'key-not-loaded');
  const own = { encryption: 'aes-256-gcm', locked: 'unavailable' };
  t.equal(wayOf('1+', '1+', { ...own, plain: 'off' }), 'copy-key-not-loaded', 'below an encrypted parent');
  t.same(wayOf('1+', '1+', { ...own, plain: 'aes-256-gcm' })[0], 'zrep_000001', 'a raw copy needs none');
});

t.test('the snapshot that is to be sent is known once it is made', async (t) => {
  const sides = ['1+ 2+ 3', '3#old 1+ 2+'] as const;
  t.equal(wayOf(...sides, { all: false, sending: 'zrep_000003' }), 'name-taken');
  t.same(wayOf(...sides, { all: false })[0], 'zrep_000002', 'the next one has another name');
  t.same(wayOf('1+ 2', '1+ 2', { sending: 'zrep_000002' }), ['zrep_000002', 'zrep_000002', true], 'it came');
});

t.test('what is not in the way is none', async (t) => {
  t.same(wayOf('1+', '1+ mine=0'), ['zrep_000001', 'zrep_000001', false], 'a snapshot without changes');
  t.same(wayOf('1+ 2+ weekly', 'weekly#old 1+ 2+', { all: false }), ['zrep_000002', 'zrep_000002', false]);
  t.same(wayOf('1+', '1+', { key: 'unavailable', encryption: 'aes-256-gcm' })[0], 'zrep_000001');
  t.same(wayOf('1+', '1+', { written: '' })[0], 'zrep_000001', 'a zfs that does not count');
});

t.test('a zfs that does not count what was written shows changes by sizes, or by refusing', async (t) => {
  const fuse = { written: '' };
  t.same(wayOf('1+', '1+ mine', fuse), ['zrep_000001', 'zrep_000001', false]);
  t.equal(wayOf('1+', '1+ mine', { ...fuse, isRefused: true }), 'newer-snapshots');
  t.equal(wayOf('1+', '1+', { ...fuse, isRefused: true }), 'copy-modified');
  t.equal(wayOf('1+', '1+', { ...fuse, referenced: '2048' }), 'copy-modified');
  t.same(
    wayOf('1+', '1+', { isRefused: true }),
    ['zrep_000001', 'zrep_000001', false],
    'one that counts knows better',
  );
});

t.test('whatever there is: a base is common and the newest such, and an obstacle is true', async () => {
  const word = fc.tuple(
    fc.constantFrom('1', '2', '3', '4', '5', 'a', 'b'),
    fc.constantFrom('', '+', '#g', '#h', '=512'),
  );
  const side = fc.uniqueArray(word, { selector: ([name]) => name, maxLength: 7 });
  const text = (words: [string, string][]) => words.map((one) => one.join('')).join(' ');
  fc.assert(
    fc.property(side, side, fc.constantFrom('0', '7', ''), (source, copy, written) => {
      const found = planOf(text(source), text(copy), { written });
      const sides = [sideIn('tank/home', text(source)), sideIn('vault/home', text(copy))] as const;
      const guids = new Set(sides[0].snapshots.map(({ guid }) => guid));
      const newest = sides[1].snapshots.findLast(({ guid }) => guids.has(guid));
      if (!('obstacle' in found)) return found.base.ofCopy.guid === newest?.guid;
      if (newest === undefined) return ['no-common-snapshot', 'first-stream'].includes(found.obstacle);
      return 'base' in found && found.base.ofCopy.guid === newest.guid;
    }),
    { numRuns: 500 },
  );
});
