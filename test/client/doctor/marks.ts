/** What the doctor makes of the sent marks of both sides, and of their clocks. */

import fc from 'fast-check';
import t from 'tap';
import { codes, found, mends } from '../../fixtures/client/diagnoses.ts';

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

t.test('a mark on what the copy does not have is removed, where it is', async (t) => {
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
  const begin = ['zrep init --pull fileserver:tank/home vault/home'];
  t.same(codes('', '0 1', { unseen: true }), ['mark-missing-here', 'not-looked']);
  t.same(codes('', '', { unseen: true }), ['no-common-snapshot', 'not-looked']);
  t.same(found('', '', { unseen: true })[0]?.mend.lines, [
    'zrep init --pull --anew fileserver:tank/home vault/home',
  ]);
  t.same(codes('', 'weekly', { unseen: true }), ['not-looked'], 'that one may be common');
  t.same(
    codes('', '', { unseen: true, here: { receive_resume_token: 'x' } }),
    ['partial-receive-dead', 'not-looked'],
    'not while the first stream is under way',
  );
  const source = { role: 'source', unseen: true } as const;
  t.same(codes('0 1', '', source), ['never-marked', 'not-looked']);
  t.match(found('0 1', '', source)[0], {
    severity: 'warning',
    mend: { lines: ['zfs set zrep:sent=$(date +%s) tank/home@zrep_000001'] },
  });
  t.same(codes('weekly', '', source), ['never-marked', 'not-looked']);
  t.same(found('weekly', '', source)[0]?.mend.lines, begin);
  t.match(found('', '', source)[0], {
    code: 'no-common-snapshot',
    severity: 'error',
    mend: { lines: begin },
  });
  const named = { ...source, here: { 'zrep:src-host': 'nas' } };
  t.same(
    found('weekly', '', { ...named, scene: { hostName: 'nas', recursive: true } })[0]?.mend.lines,
    ['zrep -R init --pull nas:tank/home vault/home'],
    'by the name that the pair has for this host, and with -R',
  );
  t.same(
    codes(':0', '', source),
    ['never-marked', 'not-looked'],
    'a bookmark may be of one that the copy has',
  );
});

t.test('no mark keeps an increment from coming: what is wrong with them is no error', async () => {
  const history = fc.uniqueArray(
    fc.tuple(fc.constantFrom('0', '1', '2', '3', 'weekly'), fc.constantFrom('', '+', '+soon', '+1799900999')),
    { selector: ([name]) => name, minLength: 1 },
  );
  const all = fc.record({
    history,
    marksOfCopy: fc.array(fc.constantFrom('', '+', '+soon'), { minLength: 5, maxLength: 5 }),
    missing: fc.nat({ max: 4 }),
    role: fc.constantFrom('copy' as const, 'source' as const),
  });
  fc.assert(
    fc.property(all, ({ history, marksOfCopy, missing, role }) => {
      const source = history.map(([name, mark]) => (name === 'weekly' ? name : name + mark));
      const copy = history.map(([name], index) => (name === 'weekly' ? name : name + marksOfCopy[index]));
      // The newest ones did not come, or were destroyed.
      const left = copy.slice(0, Math.max(1, copy.length - missing));
      return found(source.join(' '), left.join(' '), { role }).every(({ severity }) => severity !== 'error');
    }),
    { numRuns: 300 },
  );
});

t.test('where no snapshot of the tag is common, the next refresh puts the marks right', async (t) => {
  const refresh = ['hand', undefined, 'zrep refresh vault/home'];
  t.same(mends('weekly 3+', 'weekly'), ['mark-wrong', ...refresh]);
  t.same(codes('weekly 3', 'weekly'), [], 'nothing is marked, and the increment begins with weekly');
  t.same(codes('0+ 1+', '0+ renamed#11'), ['mark-wrong']);
});

t.test('a marked snapshot that has another name on the copy is there', async (t) => {
  t.same(codes('0+ 1#77+', '0+ by-hand#77'), []);
});

t.test('the mark of a snapshot that was destroyed on the copy stays: by it that is known', async (t) => {
  const here = { here: { written: '512<-' } };
  t.same(codes('0+ 1+', '0+', here), ['base-destroyed']);
  t.same(codes('0+ 1+', '0+'), ['mark-wrong'], 'it held no changes');
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
