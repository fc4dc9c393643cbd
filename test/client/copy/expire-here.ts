/** What goes on the side that receives. */

import fc from 'fast-check';
import t from 'tap';
import { clonesIn, expirableHere } from '../../../src/client/copy/expire-here.ts';
import { taggedSnapshots } from '../../../src/replication/snapshots.ts';
import { parseTag } from '../../../src/zfs/names.ts';
import { listingOf } from '../../fixtures/replication/listing.ts';

interface One {
  readonly sent: boolean;
  readonly held: boolean;
}

/** Snapshots zrep_000000 and on. */
function snapshots(ones: readonly One[]) {
  const lines = ones.map(({ sent, held }, index) => {
    const name = `vault/home@zrep_${index.toString(16).padStart(6, '0')}`;
    return `${name} guid=${index + 1}<- createtxg=${index + 10}<- userrefs=${held ? 1 : 0}<-${sent ? ' zrep:sent=1' : ''}`;
  });
  return taggedSnapshots(
    listingOf(lines.join('\n')),
    'vault/home',
    parseTag('zrep') as NonNullable<ReturnType<typeof parseTag>>,
  );
}

const SENT = { sent: true, held: false };

t.test('the newest so many stay', async (t) => {
  t.same(
    expirableHere(snapshots([SENT, SENT, SENT, SENT]), 2).map(({ name }) => name),
    ['zrep_000000', 'zrep_000001'],
  );
  t.same(expirableHere(snapshots([SENT]), 5), []);
});

t.test('the last sent one stays, however many came after it', async (t) => {
  const unsent = { sent: false, held: false };
  t.same(
    expirableHere(snapshots([SENT, SENT, unsent, unsent, unsent]), 2).map(({ name }) => name),
    ['zrep_000000', 'zrep_000002'],
  );
});

t.test(
  'whatever there is, the newest, the last sent and held ones stay, and no fewer than so many',
  async () => {
    const one = fc.record({ sent: fc.boolean(), held: fc.boolean() });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 12 }), fc.integer({ min: 1, max: 8 }), (ones, savecount) => {
        const all = snapshots(ones);
        const going = expirableHere(all, savecount);
        const stays = all.filter((snapshot) => !going.includes(snapshot));
        return (
          stays.length >= Math.min(savecount, all.length) &&
          !going.some(({ holds }) => holds > 0) &&
          !going.includes(all.findLast(({ sent }) => sent !== undefined) as never) &&
          (all.length === 0 || stays.includes(all.at(-1) as never))
        );
      }),
    );
  },
);

t.test('clones are named as zfs names them, and no other refusal is taken for that', async (t) => {
  const refused =
    "cannot destroy 'vault/home@zrep_000001': snapshot has dependent clones\nuse '-R' to destroy the following datasets:\n";
  t.equal(clonesIn(`${refused}vault/try\n`), 'vault/try is a clone');
  t.equal(clonesIn(`${refused}vault/try\nvault/vm\x1b\n`), 'vault/try, vault/vm\\x1b are clones');
  t.equal(clonesIn(refused), 'there is a clone');
  t.equal(clonesIn('cannot destroy snapshot vault/home@zrep_000001: dataset is busy\n'), undefined);
});
