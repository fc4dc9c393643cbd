/** The last look at a plan refuses what no decision should ever have made. */

import t from 'tap';
import type { Verdict } from '../../src/expire/decide.ts';
import { refusePlan } from '../../src/expire/last-check.ts';
import type { Snapshot } from '../../src/expire/snapshot.ts';
import { sentSnapshot } from '../fixtures/expire/schedules.ts';

const verdict = (
  action: Verdict['action'],
  name: string,
  creation: number,
  more: Partial<Snapshot> = {},
): Verdict => ({
  snapshot: { ...sentSnapshot(name, creation), ...more },
  ...{ action, why: { code: 'outlived' } },
});

t.test('a plan that leaves each tag its newest sent snapshot is carried out', async (t) => {
  const plan = [
    verdict('destroy', 'zrep_000001', 1),
    verdict('keep', 'zrep_000002', 2),
    verdict('destroy', 'by-hand', 3, { sentAs: new Set() }),
  ];
  t.equal(refusePlan(plan), undefined);
  t.equal(refusePlan([]), undefined);
});

t.test('one that takes it, or the last of a tag, or a protected one, is not', async (t) => {
  const sent = verdict('keep', 'zrep_000001', 1);
  t.match(refusePlan([sent, verdict('destroy', 'zrep_000002', 2)]), /newest sent snapshot of the tag zrep/);
  t.match(
    refusePlan([sent, verdict('destroy', 'off_000001', 3, { sentAs: new Set() })]),
    /no snapshot of the tag off/,
  );
  t.match(
    refusePlan([sent, verdict('destroy', 'zrep_000000', 0, { guards: [{ kind: 'held' }] })]),
    /protected/,
  );
  t.match(
    refusePlan([sent, verdict('destroy', 'renamed', 2)]),
    /newest sent/,
    'by its mark, whatever it is called',
  );
});
