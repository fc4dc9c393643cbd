/** A diagnosis on a terminal, as JSON, and as an exit code. */

import t from 'tap';
import {
  byHand,
  exitCodeFor,
  type Finding,
  finding,
  forcibly,
  safely,
} from '../../../src/client/doctor/finding.ts';
import { diagnosisAsJson, formatDiagnosis } from '../../../src/client/doctor/report.ts';

const safe = finding(
  'savecount-wrong',
  'v/a',
  'zrep:savecount is "x"',
  safely('Set it:', ['set', 'a=b', 'v/a']),
);
const force = finding(
  'copy-modified',
  'v/a',
  'it was written to',
  forcibly('Take it back:', ['v/a@x y'], ['rollback', 'v/a@x y']),
);
const unseen = finding(
  'not-looked',
  'v/a',
  'the other side was not seen',
  byHand('Look there:', ['zrep doctor'], 'far'),
);
const note = finding('at-work', 'v/b', 'another zrep is at work on it', byHand('Look again later.'));
const looked = [{ dataset: 'v/a', role: 'copy', other: 'far:t/a', seen: true }];
const report = (findings: Finding[], mended: Finding[] = [], pairs = looked) => ({
  ...{ host: 'backup', tag: 'zrep', looked: pairs, findings, mended },
});

t.test('what is well is one sentence, which says what was seen', async (t) => {
  t.equal(formatDiagnosis(report([]), 100), 'backup: nothing wrong (1 pair looked at, on both sides).\n');
  const alone = [{ ...looked[0], seen: false }, ...looked] as typeof looked;
  t.match(formatDiagnosis(report([], [], alone), 100), '(2 pairs looked at, 1 on this side alone)');
  t.match(
    formatDiagnosis(report([note]), 100),
    /nothing wrong \(1 pair looked at, on both sides; 1 note\)\.\n$/,
  );
});

t.test(
  'each finding has its place, why it matters, and the lines that mend it; what they give up is listed',
  async (t) => {
    t.equal(
      formatDiagnosis(report([note, unseen, force, safe], [safe]), 80),
      `mended: savecount-wrong: v/a: zrep:savecount is "x"

errors:

copy-modified: v/a
  It was written to. zfs receive overwrites no changes since the common
  snapshot.
  Take it back:
      zfs rollback 'v/a@x y'
  That gives up:
      v/a@x y

savecount-wrong: v/a
  zrep:savecount is "x". Nothing expires, until the pool is full.
  Set it:
      zfs set a=b v/a

not seen:

not-looked: v/a
  The other side was not seen. What is wrong there, if anything, is not told
  here.
  On far: Look there:
      zrep doctor

notes:

at-work: v/b
  Another zrep is at work on it. What changes just now was not judged.
  Look again later.

backup: 2 errors, 1 not seen, 1 note (1 pair looked at, on both sides); zrep
doctor --fix mends 1 of them; zrep doctor --fix -f 1 more, which gives up what
is listed.
`,
    );
  },
);

t.test('the exit code is for monitoring', async (t) => {
  t.equal(exitCodeFor([]), 0);
  t.equal(exitCodeFor([note]), 0);
  t.equal(exitCodeFor([note, unseen]), 3);
  t.equal(exitCodeFor([unseen, safe]), 1, 'what is wrong is wrong, whatever else was not seen');
});

t.test('as JSON it is one line, without what only --fix needs', async (t) => {
  const text = diagnosisAsJson(report([safe, unseen]));
  t.match(text, /^[^\n]+\n$/);
  t.same(JSON.parse(text), {
    host: 'backup',
    tag: 'zrep',
    looked,
    verdict: 'wrong',
    exit: 1,
    findings: [
      {
        severity: 'error',
        code: 'savecount-wrong',
        where: 'v/a',
        what: 'zrep:savecount is "x"',
        why: 'Nothing expires, until the pool is full.',
        mend: { by: 'safe', what: 'Set it:', lines: ['zfs set a=b v/a'], losses: [] },
      },
      {
        ...{ severity: 'unknown', code: 'not-looked', where: 'v/a', what: 'the other side was not seen' },
        why: 'What is wrong there, if anything, is not told here.',
        mend: { by: 'hand', what: 'Look there:', on: 'far', lines: ['zrep doctor'], losses: [] },
      },
    ],
    mended: [],
  });
});
