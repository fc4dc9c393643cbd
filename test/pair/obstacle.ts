/** What is said of everything that can keep an increment from coming, and the line that mends it. */

import fc from 'fast-check';
import t from 'tap';
import { zrepFor } from '../../src/client/words/again.ts';
import { inSentence, type Names, type Obstacle, tell } from '../../src/pair/obstacle.ts';
import type { Side, Snapshot } from '../../src/pair/side.ts';
import type { Tag } from '../../src/zfs/names.ts';
import { sideIn } from '../fixtures/pair/sides.ts';

type Code = Obstacle['obstacle'];

const NAMES: Names = { zrep: 'zrep', copy: 'vault/home', source: 'tank/home', host: 'fileserver' };
const COPY = sideIn('vault/home', '1+ 2 weekly');
const [COMMON, NEWER, WEEKLY] = COPY.snapshots as [Snapshot, Snapshot, Snapshot];
const [LOST] = sideIn('tank/home', '2+').tagged as [Side['tagged'][number]];

/** One of each, whose snapshots have names that `called` gives them. */
function each(called: (name: string) => string = (name) => name): Readonly<Record<Code, Obstacle>> {
  const as = <Named extends { readonly name: string }>(one: Named) => ({ ...one, name: called(one.name) });
  const common = as(COMMON);
  const base = { ofCopy: common, ofSource: common, isBookmark: false };
  return {
    'first-stream': { obstacle: 'first-stream' },
    'no-common-snapshot': { obstacle: 'no-common-snapshot' },
    'key-not-loaded': { obstacle: 'key-not-loaded' },
    'copy-key-not-loaded': { obstacle: 'copy-key-not-loaded' },
    parted: { obstacle: 'parted', base, snapshots: [as(NEWER)] },
    'name-taken': { obstacle: 'name-taken', base, snapshots: [as(WEEKLY)] },
    'newer-snapshots': { obstacle: 'newer-snapshots', base, snapshots: [as(NEWER), as(WEEKLY)] },
    'copy-modified': { obstacle: 'copy-modified', base, bytes: 8192 },
    'base-destroyed': { obstacle: 'base-destroyed', base, lost: as(LOST) },
    'blocked-below': {
      ...{ obstacle: 'blocked-below', base },
      below: [
        { child: '/alice', why: 'in-the-way' },
        { child: '/bob', why: 'no-base' },
      ],
    },
    'source-unconfigured': {
      obstacle: 'source-unconfigured',
      settings: ['zrep:master=yes', 'zrep:savecount=5'],
    },
    'source-received': { obstacle: 'source-received', settings: ['zrep:master=yes', 'zrep:savecount=5'] },
    'source-renamed': {
      ...{ obstacle: 'source-renamed', former: called('former'), local: 'fileserver' },
      settings: ['zrep:src-host=fileserver'],
    },
    'refused-there': { obstacle: 'refused-there', code: 'not-granted', reason: called('no grant covers it') },
  };
}

const SENTENCES: Readonly<Record<Code, string>> = {
  'first-stream':
    'the first stream into vault/home was never completed; to complete it: zrep init --pull fileserver:tank/home vault/home',
  'no-common-snapshot':
    'the copy vault/home and its source tank/home on fileserver have no common snapshot; to begin the pair anew, and keep the old copy under another name: zrep init --pull --anew fileserver:tank/home vault/home',
  'key-not-loaded':
    'the key of tank/home is not loaded on fileserver; the stream needs it, because vault/home is not a raw copy; load it (or make a raw copy: docs/policy.md, "raw"), on fileserver: zfs load-key -r $(zfs get -H -o value encryptionroot tank/home)',
  'copy-key-not-loaded':
    'the key of the copy vault/home is not loaded, and what comes from fileserver is encrypted with it; load it: zfs load-key -r $(zfs get -H -o value encryptionroot vault/home)',
  parted:
    '@zrep_000002 on vault/home is not the snapshot of that name that fileserver sends; the newest common snapshot is @zrep_000001; if fileserver has the right data, roll the copy back (it lists what it destroys, and asks): zrep refresh -f vault/home',
  'name-taken':
    'the copy vault/home has an older snapshot @weekly, and fileserver sends another one of that name; rename the older one: zfs rename vault/home@weekly vault/home@weekly_old',
  'newer-snapshots':
    'the copy vault/home has 2 snapshots of its own since the newest common snapshot, @zrep_000001: @zrep_000002, @weekly; if nobody needs them, roll the copy back (it lists what it destroys, and asks): zrep refresh -f vault/home',
  'copy-modified':
    'the copy vault/home has changes since @zrep_000001 (8192 bytes): somebody wrote to it, or destroyed a snapshot there that it had received; to give those changes up: zrep refresh -f vault/home',
  'base-destroyed':
    'the copy vault/home has no @zrep_000002, which fileserver has marked as sent, and has changes since the newest common snapshot, @zrep_000001; if nobody wrote to the copy, roll it back; what it received since then is sent again: zrep refresh -f vault/home',
  'blocked-below':
    'vault/home/alice is in the way: tank/home/alice on fileserver has no @zrep_000001, with which the increment begins, so all of it comes (also: vault/home/bob); to keep it under another name: zfs rename vault/home/alice vault/home/alice_old',
  'source-unconfigured':
    'tank/home on fileserver has no zrep properties: it was made anew, restored, or cleared; if the copy is to go on from it, set them, on fileserver: for p in zrep:master=yes zrep:savecount=5; do zfs set $p tank/home; done',
  'source-received':
    'tank/home on fileserver has its zrep properties from a stream: it was moved, or restored; if it is what is written to now, make it the source, on fileserver: for p in zrep:master=yes zrep:savecount=5; do zfs set $p tank/home; done',
  'source-renamed':
    'the properties of tank/home on fileserver name former as its host, which calls itself fileserver; if the host was renamed, tell zrep, on fileserver: zfs set zrep:src-host=fileserver tank/home',
  'refused-there':
    'the gate on fileserver would refuse (not-granted): no grant covers it; to see what is wrong there, on fileserver: zrep-gate doctor',
};

t.test('each has a sentence, with the line that mends it and the host that it is for', async (t) => {
  for (const [code, obstacle] of Object.entries(each()))
    t.equal(inSentence(tell(obstacle, NAMES)), SENTENCES[code as Code], code);
});

t.test(
  'where the copy pulls, lines are for its host, but where it is the source that is mended',
  async (t) => {
    for (const [code, obstacle] of Object.entries(each())) {
      const { on, lines } = tell(obstacle, NAMES);
      t.equal(
        on,
        code === 'key-not-loaded' || /^source-|^refused/.test(code) ? 'fileserver' : undefined,
        code,
      );
      t.ok(lines.length > 0, code);
    }
  },
);

const PUSHED: Names = { ...NAMES, to: 'backup' };

t.test('a copy on the same host is renamed without ssh', async (t) => {
  const [first] = tell({ obstacle: 'no-common-snapshot' }, { ...PUSHED, isLocal: true }).lines;
  t.equal(first, 'zfs rename vault/home vault/home_old');
});

t.test('where the source pushes, the copy is the one on the other host', async (t) => {
  const said = Object.fromEntries(
    Object.entries(each()).map(([code, one]) => [code, inSentence(tell(one, PUSHED))]),
  );
  t.match(said, {
    'first-stream':
      'the first stream into vault/home on backup was never completed; to begin the pair anew, and keep the old copy under another name: ssh backup zfs rename vault/home vault/home_old && zrep clear tank/home && zrep init tank/home backup vault/home',
    'no-common-snapshot':
      'the copy vault/home on backup and its source tank/home have no common snapshot; to begin the pair anew, and keep the old copy under another name: ssh backup zfs rename vault/home vault/home_old && zrep clear tank/home && zrep init tank/home backup vault/home',
    'key-not-loaded':
      'the key of tank/home is not loaded on this host; the stream needs it, because vault/home is not a raw copy; load it (or make a raw copy: docs/policy.md, "raw"): zfs load-key -r $(zfs get -H -o value encryptionroot tank/home)',
    'copy-key-not-loaded':
      'the key of the copy vault/home on backup is not loaded, and what comes from this host is encrypted with it; load it, on backup: zfs load-key -r $(zfs get -H -o value encryptionroot vault/home)',
    parted:
      '@zrep_000002 of vault/home on backup is not the snapshot of that name that this host sends; the newest common snapshot is @zrep_000001; if this host has the right data, roll the copy back (it lists what it destroys, and asks): zrep sync -f tank/home',
    'name-taken':
      'the copy vault/home on backup has an older snapshot @weekly, and this host sends another one of that name; rename the older one, on backup: zfs rename vault/home@weekly vault/home@weekly_old',
    'newer-snapshots':
      'the copy vault/home on backup has 2 snapshots of its own since the newest common snapshot, @zrep_000001: @zrep_000002, @weekly; if nobody needs them, roll the copy back (it lists what it destroys, and asks): zrep sync -f tank/home',
    'copy-modified':
      'the copy vault/home on backup has changes since @zrep_000001 (8192 bytes): somebody wrote to it, or destroyed a snapshot there that it had received; to give those changes up: zrep sync -f tank/home',
    'base-destroyed':
      'the copy vault/home on backup has no @zrep_000002, which this host has marked as sent, and has changes since the newest common snapshot, @zrep_000001; if nobody wrote to the copy, roll it back; what it received since then is sent again: zrep sync -f tank/home',
  });
});

t.test('where the source pushes, lines are for this host, but where the copy itself is mended', async (t) => {
  for (const [code, obstacle] of Object.entries(each())) {
    const { on } = tell(obstacle, PUSHED);
    t.equal(
      on,
      ['name-taken', 'copy-key-not-loaded', 'blocked-below'].includes(code) ? 'backup' : undefined,
      code,
    );
  }
});

t.test('a line with zrep has the tag, and -R', async (t) => {
  for (const zrep of [zrepFor('offsite' as Tag), 'zrep -R -t offsite'])
    for (const [code, obstacle] of Object.entries(each()))
      for (const line of tell(obstacle, { ...NAMES, zrep }).lines)
        t.ok(/^(zfs|zrep-gate|for p in) /.test(line) || line.startsWith(`${zrep} `), `${code}: ${line}`);
});

t.test('where zfs does not count changes, no number is told', async (t) => {
  const { 'copy-modified': modified } = each();
  const { what } = tell({ ...modified, bytes: undefined } as Obstacle, NAMES);
  t.equal(
    what,
    'the copy vault/home has changes since @zrep_000001: somebody wrote to it, or destroyed a snapshot there that it had received',
  );
});

t.test('of many snapshots the first ones are told, and how many more there are', async (t) => {
  const snapshots = Array.from({ length: 9 }, (_, index) => ({ ...WEEKLY, name: `day${index}` }));
  const of = (code: Code) => tell({ ...each()[code], snapshots } as Obstacle, NAMES);
  for (const code of ['parted', 'name-taken', 'newer-snapshots'] as const)
    t.match(of(code).what, /@day0, @day1, @day2, @day3, @day4 and 4 more/, code);
  t.match(of('parted').what, / are not the snapshots of those names that fileserver sends; /);
  t.match(of('name-taken').what, /has older snapshots @day0.* sends others of those names$/);
  t.same(of('name-taken').lines.length, 5);
  t.match(inSentence(of('name-taken')), /home@day0_old && zfs rename vault\/home@day1 /);
});

t.test('one newer snapshot is told of as one', async (t) => {
  const { what, mend } = tell({ ...each()['newer-snapshots'], snapshots: [WEEKLY] } as Obstacle, NAMES);
  t.match(what, /has a snapshot of its own since .*: @weekly$/);
  t.match(mend, /^if nobody needs it, /);
});

t.test('a name with a blank is one word of the shell', async (t) => {
  t.same(tell(each(() => 'by hand')['name-taken'], NAMES).lines, [
    "zfs rename 'vault/home@by hand' 'vault/home@by hand_old'",
  ]);
  t.same(tell(each(() => "it's; reboot")['name-taken'], NAMES).lines, [
    "zfs rename 'vault/home@it'\\''s; reboot' 'vault/home@it'\\''s; reboot_old'",
  ]);
});

t.test('whatever a snapshot is called, all is printable, and on one line', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (called) =>
      Object.values(each(() => called)).every((obstacle) => {
        const told = tell(obstacle, NAMES);
        return [told.what, told.mend, ...told.lines, inSentence(told)].every((text) =>
          /^[\x20-\x7e]+$/.test(text),
        );
      }),
    ),
  );
});
