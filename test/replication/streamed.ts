/** The record of what was streamed to whom, as it stands on a snapshot. */

import fc from 'fast-check';
import t from 'tap';
import { addStreamed, lastStreamed, parseStreamed } from '../../src/replication/streamed.ts';

t.test('a record says who has had the snapshot, and when', async (t) => {
  t.same(
    [...parseStreamed('backup1@1700000000,b.2_x-y@5')],
    [
      ['backup1', 1_700_000_000],
      ['b.2_x-y', 5],
    ],
  );
  t.same([...parseStreamed(undefined)], []);
  t.same([...parseStreamed('')], []);
});

t.test('what makes no sense is left out, and the rest counts', async (t) => {
  const nonsense = [
    '-',
    'a',
    '@5',
    'a@',
    'a@0',
    'a@05',
    'a@-5',
    'a@5x',
    'a b@5',
    'a@5@6',
    'a@123456789012',
    'a=5',
    ' a@5',
  ];
  for (const text of nonsense) {
    t.same([...parseStreamed(text)], [], text);
    t.same(
      [...parseStreamed(`x@1,${text},y@2`)],
      [
        ['x', 1],
        ['y', 2],
      ],
      text,
    );
  }
});

t.test('a client is who the whole name says', async (t) => {
  const record = parseStreamed('backup10@5,xbackup1@5,backup1.old@5');
  t.notOk(record.has('backup1'));
});

t.test('one more goes to the end, in place of an older one of the same client', async (t) => {
  t.equal(addStreamed(new Map(), 'a', 5), 'a@5');
  t.equal(addStreamed(parseStreamed('a@5'), 'b', 6), 'a@5,b@6');
  t.equal(addStreamed(parseStreamed('a@5,b@6'), 'a', 7), 'b@6,a@7');
});

t.test('the last of several hours is the one that counts', async (t) => {
  t.equal(lastStreamed('a@6,b@7,c@5'), 7);
  t.equal(lastStreamed('nonsense'), undefined);
  t.equal(lastStreamed(undefined), undefined);
});

t.test('what is written is read again, and is never more than zfs takes', async () => {
  const letters = [...'abcXYZ019_.-'];
  const client = fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 64 });
  const time = fc.integer({ min: 1, max: 99_999_999_999 });
  const all = fc.property(fc.array(fc.tuple(client, time), { minLength: 1, maxLength: 30 }), (streams) => {
    let text: string | undefined;
    for (const [name, seconds] of streams) {
      text = addStreamed(parseStreamed(text), name, seconds);
      // ZAP_MAXVALUELEN of zfs-fuse, 1024 with its NUL.
      if (text.length > 1023 || parseStreamed(text).get(name) !== seconds) return false;
    }
    const latest = new Map(streams);
    return [...parseStreamed(text)].every(([name, seconds]) => latest.get(name) === seconds);
  });
  fc.assert(all, { numRuns: 500 });
});

t.test('beyond what zfs takes the first ones go', async (t) => {
  let text = '';
  for (let number = 1; number <= 20; number += 1)
    text = addStreamed(parseStreamed(text), `client${number}`, number);
  const names = [...parseStreamed(text).keys()];
  t.same(
    names,
    Array.from({ length: 13 }, (_, index) => `client${index + 8}`),
  );
});
