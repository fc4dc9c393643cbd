/** What the doctor says of pairs as a whole. */

import fc from 'fast-check';
import t from 'tap';
import { codes, found } from '../../fixtures/client/diagnoses.ts';

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

t.test('while another zrep is at work, nothing is said of what changes', async (t) => {
  const held = { scene: { lock: { state: 'held', pid: '7' } as const } };
  t.same(codes('0+ 1+ 2 3+', '0+', held), ['at-work']);
});

t.test('a hostile source gets no word of its own into a line to copy', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      // A number would be another one of zrep's snapshots, and of two with one name zfs lists none.
      const word = name.replace(/[\s+#<:=]|^\d+$/g, '') || 'x';
      const all = found(`0+ ${word} 1+`, '0+', { here: { 'zrep:savecount': word || 'x' } });
      return all.every(({ what, mend }) => /^[\x20-\x7e]*$/.test(what + mend.what + mend.lines.join('')));
    }),
  );
});
