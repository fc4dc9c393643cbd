/** What somebody said yes to, and no more. */

import t from 'tap';
import type { Finding } from '../../../src/client/doctor/finding.ts';
import { idOf, isAgreed } from '../../../src/client/doctor/fix.ts';

const finding = (what: string, losses: readonly string[]) =>
  ({ code: 'parted', where: 'vault/a', what, mend: { by: 'force', losses } }) as unknown as Finding;

const SEEN = finding('they have parted', [
  'vault/a@one, made 2026-11-01 10:00 UTC, 3 KiB',
  'changes in vault/a since @one: 8 KiB',
]);
const AGREED = new Map([[idOf(SEEN), SEEN.mend.losses]]);

t.test('what was listed may go, also where its size is another by then', async (t) => {
  t.ok(isAgreed(SEEN, AGREED));
  t.ok(
    isAgreed(
      finding('they have parted', [
        'vault/a@one, made 2026-11-01 10:00 UTC, 4 KiB',
        'changes in vault/a since @one: 9 KiB',
      ]),
      AGREED,
    ),
  );
});

t.test('a snapshot that was made meanwhile was not agreed to, nor was another finding', async (t) => {
  const more = [...SEEN.mend.losses, 'vault/a@two, made 2026-11-01 10:05 UTC, 1 KiB'];
  t.notOk(isAgreed(finding('they have parted', more), AGREED));
  t.notOk(isAgreed(finding('something else', SEEN.mend.losses), AGREED));
  t.notOk(isAgreed(SEEN, new Map()));
});
