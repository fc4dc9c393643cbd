/** When an interrupted stream is given up, by what the other side says. */

import t from 'tap';
import { refusesForEver } from '../../../src/client/copy/resume.ts';
import { refuse } from '../../../src/refusal.ts';

const FOR_EVER = [
  refuse('token-mismatch', 'its snapshot is not there any more, or is another one of that name'),
  refuse('bad-token', 'it has no GUID'),
  refuse('already-sent', 'tank/home@zrep_000001'),
];

t.test('a gate says it by a code, and a zrep without a gate by the sentence alone', async (t) => {
  for (const { refused, reason } of FOR_EVER) {
    t.ok(refusesForEver(`zrep-gate: refused (${refused}): ${reason} [log id x-1]\n`), refused);
    t.ok(refusesForEver(`Error: ${reason}\n`), `${refused} in words`);
  }
});

t.test('what may pass is no reason to give it up', async (t) => {
  const busy = refuse('lock-busy', 'fileserver', 12);
  for (const said of [`zrep-gate: refused (lock-busy): ${busy.reason}`, `Error: ${busy.reason}`, ''])
    t.notOk(refusesForEver(said), said);
});
