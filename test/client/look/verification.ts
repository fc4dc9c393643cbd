/** Whether the next pull would succeed, from what both sides say. */

import t from 'tap';
import {
  judgeBase,
  judgeChanges,
  judgeMarks,
  judgeMaster,
  judgeRole,
  type Said,
} from '../../../src/client/look/verification.ts';
import { COPY, SOURCE, viewOf } from '../../fixtures/client/views.ts';

const FAR = { host: 'fileserver', dataset: 'tank/home' };
const PAIR = viewOf(
  [
    { name: 'zrep_000000', sent: 1 },
    { name: 'zrep_000001', sent: 2 },
  ],
  COPY,
);
const last = PAIR.last as NonNullable<typeof PAIR.last>;
const said = (output: string): Said => ({ done: true, output, message: '' });
const complained = (message: string): Said => ({ done: false, output: '', message });

t.test('what is no copy is told, with where to ask', async (t) => {
  t.equal(judgeRole(PAIR), undefined);
  t.match(judgeRole(viewOf([], SOURCE)), {
    verdict: 'unknown',
    why: 'it is the source; ask on backup: zrep status --verify vault/home',
  });
  t.match(judgeRole(viewOf([], SOURCE, { 'zrep:src-host': 'x' })), { verdict: 'would-fail' });
});

t.test('what was changed here since is in the way', async (t) => {
  t.match(judgeChanges(8192, 'vault/home', last), {
    verdict: 'would-fail',
    why: 'vault/home was changed here since zrep_000001; to give that up: zrep refresh -f vault/home',
  });
  t.equal(judgeChanges(0, 'vault/home', last), undefined);
  t.equal(judgeChanges(undefined, 'vault/home', last), undefined, 'it cannot be told');
});

t.test('the snapshot to go on from must be there, under the same GUID', async (t) => {
  t.equal(judgeBase(said(`${last.guid}\n`), last, FAR), undefined);
  t.match(judgeBase(said('7\n'), last, FAR), { verdict: 'would-fail', why: /have parted \(split brain\)/ });
  const gone = "cannot open 'tank/home@zrep_000001': dataset does not exist";
  t.match(judgeBase(complained(gone), last, FAR), {
    verdict: 'would-fail',
    why: /^tank\/home@zrep_000001 is not on fileserver any more/,
  });
  t.match(judgeBase(complained('zrep-gate: refused (no-such-snapshot): x'), last, FAR), {
    verdict: 'would-fail',
  });
});

t.test('what cannot be asked is unknown, with what would make it known', async (t) => {
  for (const code of ['operation-not-granted', 'not-granted', 'unknown-client'])
    t.match(
      judgeBase(complained(`zrep-gate: refused (${code}): x`), last, FAR),
      {
        verdict: 'unknown',
        why: /^the gate on fileserver grants no reads; add "read" to the operations .* tank\/home$/,
      },
      code,
    );
  t.match(judgeBase(complained('sh: zfs: not found'), last, FAR), {
    verdict: 'unknown',
    why: 'fileserver cannot be asked: sh: zfs: not found',
  });
  t.match(judgeBase(complained(''), last, FAR), { verdict: 'unknown', why: /it said nothing$/ });
  t.match(judgeBase(said('Welcome!\n5\n'), last, FAR), { verdict: 'unknown', why: /banner/ });
});

t.test('the far side must go on from one that is here', async (t) => {
  const marks = (...lines: string[]) => said(lines.map((line) => `tank/home@${line}\n`).join(''));
  const good = marks('zrep_000000\t1', 'zrep_000001\t2', 'zrep_000002\t-');
  t.equal(judgeMarks(good, PAIR, FAR, false), undefined);
  t.match(judgeMarks(marks('zrep_000001\t2', 'zrep_000002\t3'), PAIR, FAR, false), {
    verdict: 'would-fail',
    why: /^fileserver would go on from tank\/home@zrep_000002,/,
  });
  t.equal(
    judgeMarks(complained('refused'), PAIR, FAR, false),
    undefined,
    'what cannot be listed says nothing',
  );
});

t.test(
  'one that was made here is in the way if it holds changes; one whose completion was lost is not',
  async (t) => {
    const behind = viewOf([{ name: 'zrep_000000', sent: 1 }, { name: 'by-hand' }], COPY);
    const none = said('tank/home@zrep_000000\t1\n');
    t.match(judgeMarks(none, behind, FAR, false), {
      verdict: 'unknown',
      why: /^vault\/home@by-hand was made here, and if .*zrep refresh -f vault\/home$/,
    });
    t.equal(judgeMarks(none, behind, FAR, true), undefined, 'nothing was changed');
    const lost = viewOf([{ name: 'zrep_000000', sent: 1 }, { name: 'zrep_000001' }], COPY);
    t.equal(
      judgeMarks(said('tank/home@zrep_000000\t1\ntank/home@zrep_000001\t-\n'), lost, FAR, false),
      undefined,
    );
    t.equal(
      judgeMarks(said('tank/home@zrep_000000\t1\ntank/home@zrep_000001\t2\n'), lost, FAR, false),
      undefined,
      'marked there',
    );
  },
);

t.test('the far side must be the master, where it can be told', async (t) => {
  t.equal(judgeMaster(said('yes\n'), 'zrep', FAR), undefined);
  t.match(judgeMaster(said(''), 'zrep', FAR), {
    verdict: 'would-fail',
    why: /zrep:master=yes is not set there/,
  });
  t.equal(judgeMaster(complained('refused'), 'zrep', FAR), undefined);
});
