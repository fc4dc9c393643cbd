/** What the doctor makes of the snapshots and the marks of both sides. */

import fc from 'fast-check';
import t from 'tap';
import { diagnose } from '../../../src/client/doctor/diagnose.ts';
import { type PairOptions, pairOf } from '../../fixtures/client/scene.ts';

const found = (source: string, copy: string, options?: PairOptions) =>
  diagnose(pairOf(source, copy, options));
const codes = (source: string, copy: string, options?: PairOptions) =>
  found(source, copy, options).map(({ code }) => code);
/** What mends the one thing that is found: by what, where, and the lines. */
const mends = (source: string, copy: string, options?: PairOptions) => {
  const all = found(source, copy, options);
  const [only] = all;
  return all.length === 1 && only
    ? [only.code, only.mend.by, only.mend.on, ...only.mend.lines]
    : all.map(({ code }) => code);
};

t.test('a healthy pair has no findings, whatever its numbers of snapshots', async () => {
  // What refreshes leave: each made one is received or not, marked on both sides or (by -I) on neither; each side expires by itself.
  const history = fc.record({
    refreshes: fc.array(fc.record({ received: fc.boolean(), foreign: fc.boolean() }), { maxLength: 40 }),
    pending: fc.nat({ max: 3 }),
    goneFromSource: fc.nat({ max: 40 }),
    goneFromCopy: fc.nat({ max: 40 }),
    role: fc.constantFrom('copy' as const, 'source' as const),
    unseen: fc.boolean(),
  });
  await fc.assert(
    fc.property(history, ({ refreshes, pending, goneFromSource, goneFromCopy, role, unseen }) => {
      const source: string[] = [];
      let copy = 0;
      for (const [number, { received, foreign }] of [
        { received: true, foreign: false },
        ...refreshes,
      ].entries()) {
        if (foreign) source.push(`by-hand-${number}`);
        source.push(received ? `${number}+` : `${number}`);
        if (received) copy = source.length;
      }
      const common = source.slice(0, copy);
      for (let more = 1; more <= pending; more += 1) source.push(`${refreshes.length + more}`);
      // The last one that was sent stays on both sides.
      const own = source.slice(Math.min(goneFromSource, copy - 1)).join(' ');
      const theirs = common.slice(Math.min(goneFromCopy, copy - 1)).join(' ');
      const all = codes(own, theirs, { role, unseen });
      return all.join() === (unseen ? 'not-looked' : '');
    }),
    { numRuns: 300 },
  );
});

t.test('a mark that the source lacks is set on both sides, by completing once more', async (t) => {
  t.same(mends('0+ 1', '0+ 1'), [
    'mark-missing',
    'safe',
    'fileserver',
    'zfs set zrep:sent=1800000000 tank/home@zrep_000001',
  ]);
  t.match(found('0+ 1', '0+ 1')[0]?.mend.acts, [
    { kind: 'complete', snapshot: 'zrep_000001', sent: 1_800_000_000 },
  ]);
  t.same(mends('0 1', '0 1+1799900100'), [
    'mark-missing',
    'safe',
    'fileserver',
    'zfs set zrep:sent=1799900100 tank/home@zrep_000001',
  ]);
  t.match(
    mends('0+ 1', '0+ 1', { role: 'source' }),
    ['mark-missing', 'safe', undefined, 'zfs set zrep:sent=1800000000 tank/home@zrep_000001'],
    'on the source, where it is set at once',
  );
});

t.test('a mark that this copy lacks is set as it is on the source', async (t) => {
  const line = 'zfs set zrep:sent=1799900061 vault/home@zrep_000001';
  t.same(mends('0+ 1+', '0+ 1'), ['mark-missing-here', 'safe', undefined, line]);
  t.same(mends('0+ 1+', '0+ 1', { role: 'source' }), ['mark-missing-here', 'hand', 'backup', line]);
  t.same(mends('0+ 1+', '0+ 1+1799900999'), ['mark-differs', 'safe', undefined, line]);
});

t.test('a mark on what the copy does not have is taken away, where it is', async (t) => {
  const lines = [
    'zfs inherit zrep:sent tank/home@zrep_000001',
    'zfs inherit zrep:sent tank/home@zrep_000003',
  ];
  t.same(mends('0+ 1+ 2 3+', '0+'), ['mark-wrong', 'hand', 'fileserver', ...lines]);
  t.same(mends('0+ 1+ 2 3+', '0+', { role: 'source' }), ['mark-wrong', 'safe', undefined, ...lines]);
});

t.test('before snapshots had properties, the source itself was marked', async (t) => {
  const lastsent = (name: string) => ({ there: { 'zrep:lastsent': `tank/home@${name}` } });
  t.same(mends('0 1', '0 1', lastsent('zrep_000001')), []);
  t.same(mends('0 1', '0', lastsent('zrep_000001')), [
    'mark-wrong',
    'hand',
    'fileserver',
    'zfs inherit zrep:lastsent tank/home',
  ]);
});

t.test('a mark that is no time becomes that of the other side, or of the snapshot', async (t) => {
  t.same(mends('0+ 1+', '0+ 1+soon'), [
    'mark-nonsense',
    'safe',
    undefined,
    'zfs set zrep:sent=1799900061 vault/home@zrep_000001',
  ]);
  t.same(mends('0+ 1+soon', '0+ 1+'), [
    'mark-nonsense',
    'hand',
    'fileserver',
    'zfs set zrep:sent=1799900061 tank/home@zrep_000001',
  ]);
  t.same(codes('0+ 1+ 2+soon', '0+ 1+'), ['mark-wrong'], 'once');
  t.same(mends('0+1900000000 1+', '0 1+', { role: 'source' }), [
    'mark-nonsense',
    'safe',
    undefined,
    'zfs set zrep:sent=1799900000 tank/home@zrep_000000',
  ]);
});

t.test('without the other side, only what this one lacks altogether is told', async (t) => {
  t.same(codes('', '0 1', { unseen: true }), ['mark-missing-here', 'not-looked']);
  t.same(codes('', '', { unseen: true }), ['no-common-snapshot', 'not-looked']);
  t.same(codes('0 1', '', { role: 'source', unseen: true }), ['never-marked', 'not-looked']);
  t.match(found('', '', { role: 'source', unseen: true })[0]?.mend.lines, [
    'zrep init --pull HOST:tank/home vault/home',
  ]);
});

t.test('no snapshot in common: the pair is begun anew beside the old copy', async (t) => {
  t.same(mends('3+ 4+', '0+ 1+ 2+'), [
    'no-common-snapshot',
    'hand',
    undefined,
    'zrep clear tank/home',
    'zfs rename vault/home vault/home_old',
    'for p in src-fs src-host dest-fs; do zfs inherit zrep:$p vault/home_old; done',
    'zrep init --pull fileserver:tank/home vault/home',
  ]);
  t.match(found('old 3+', 'old 1+')[0]?.what, /; they still have old in common/);
  t.same(
    codes('0', '', { here: { receive_resume_token: 'x' } }),
    ['partial-receive-dead'],
    'not while the first stream is under way',
  );
});

t.test('what the copy has beyond the last common snapshot is listed, and goes with -f', async (t) => {
  const [first, ...more] = found('0+ 1+ 2', '0+ 1+ by-hand 7');
  t.same(more, []);
  t.match(first, {
    code: 'newer-snapshots',
    what: 'the copy has 2 snapshots behind the last common one, zrep_000001, that the source does not have: by-hand, zrep_000007',
    mend: {
      by: 'force',
      lines: ['zfs rollback -r vault/home@zrep_000001'],
      losses: [
        'vault/home@by-hand',
        'vault/home@zrep_000007',
        /^what was written to vault\/home since zrep_000001 /,
      ],
    },
  });
  t.same(mends('0+ 1+', '0+ 1+ by-hand', { role: 'source' }), [
    'newer-snapshots',
    'hand',
    'backup',
    'zfs rollback -r vault/home@zrep_000001',
  ]);
});

t.test('two snapshots of one name are two, however the numbers go', async (t) => {
  t.match(found('0+ 1+ 2#88', '0+ 1+ 2#99'), [
    { code: 'parted', mend: { by: 'force', lines: ['zfs rollback -r vault/home@zrep_000001'] } },
  ]);
});

t.test('one snapshot of two names gets one name, on the side where the doctor is', async (t) => {
  t.same(mends('0+ 1_unsent+', '0+ 1+'), [
    'names-diverge',
    'safe',
    undefined,
    'zfs rename vault/home@zrep_000001 vault/home@zrep_000001_unsent',
  ]);
  t.same(mends('0+ 1_unsent+', '0+ 1+', { role: 'source' }), [
    'names-diverge',
    'safe',
    undefined,
    'zfs rename tank/home@zrep_000001_unsent tank/home@zrep_000001',
  ]);
  t.same(codes('0+ 1_unsent 2+', '0+ 1 1_unsent 2+'), [], 'one that came twice has the name, too');
  t.match(mends('0+ 1#5+ 1_unsent#6+', '0+ 1#6+', { role: 'source' }).slice(0, 2), ['names-diverge', 'hand']);
});

t.test('clocks that differ are told of by the snapshots', async (t) => {
  t.match(
    found('0+ 1+', '0+ 1+', { scene: { now: 1_799_800_000 } })
      .map(({ code }) => code)
      .at(-1),
    'clock-skew',
  );
  t.same(codes('0+1799899000', '0+1799899000'), ['clock-skew']);
  t.same(codes('0+1799899800', '0+1799899800'), [], 'some minutes are nothing');
});

t.test('while another zrep is at work, nothing is said of what changes', async (t) => {
  const held = { scene: { lock: { state: 'held', pid: '7' } as const } };
  t.same(codes('0+ 1+ 2 3+', '0+', held), ['at-work']);
});

t.test('a hostile source gets no word of its own into a line to copy', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const word = name.replace(/[\s+#<]/g, '') || 'x';
      const all = found(`0+ ${word} 1+`, '0+', { here: { 'zrep:savecount': word || 'x' } });
      return all.every(({ what, mend }) => /^[\x20-\x7e]*$/.test(what + mend.what + mend.lines.join('')));
    }),
  );
});

t.test("a rollback that would take what another tag begins with is nobody's fix", async (t) => {
  const [found] = diagnose(pairOf('0+', '0+ off_000003'));
  t.match(found, { code: 'newer-snapshots', mend: { by: 'hand', lines: [], acts: [] } });
  t.match(found?.mend.what, /other streams or people need @off_000003: /);
  const [plain] = diagnose(pairOf('0+', '0+ by-hand'));
  t.match(plain, { code: 'newer-snapshots', mend: { by: 'force' } });
});
