/** The judge of random histories: what counts as a difference between `zrep status --verify` and the refresh behind it. */

import t from 'tap';
import { type Both, differenceOf, kindOf, strangeNames } from '../fixtures/system/histories/compare.ts';
import type { Look } from '../fixtures/system/histories/world.ts';
import { historyOf } from '../fixtures/system/histories.ts';

const WELL = { verdict: 'would-succeed', why: '' };
const ILL = { verdict: 'would-fail', why: 'it was changed here' };
const UNKNOWN = { verdict: 'unknown', why: 'the gate grants no reads' };
const [DONE, FAILED] = [
  { code: 0, said: '' },
  { code: 1, said: 'Error' },
];

/** A side with these snapshots, as `NAME GUID [SENT]`. */
function look(snapshots: readonly string[], properties: Look['properties'] = { written: '0 -' }): Look {
  const all = snapshots.map((text, index) => {
    const [name = '', guid = '', sent] = text.split(' ');
    return { name, guid, sent, createtxg: index };
  });
  return { snapshots: all, properties };
}

const BEFORE: Both = { source: look(['zrep_000000 1 9']), copy: look(['zrep_000000 1 9', 'own 2']) };
const AFTER: Both = {
  source: look(['zrep_000000 1 9', 'zrep_000001 3 9']),
  copy: look(['zrep_000000 1 9', 'own 2', 'zrep_000001 3 9']),
};

t.test(
  'what succeeds as it was said to, and what fails and leaves the copy as it was, is no difference',
  async (t) => {
    t.equal(differenceOf(WELL, DONE, BEFORE, AFTER), undefined);
    t.equal(differenceOf(ILL, FAILED, BEFORE, BEFORE), undefined);
    const expired: Both = { ...AFTER, copy: look(['own 2', 'zrep_000001 3 9']) };
    t.equal(differenceOf(WELL, DONE, BEFORE, expired), undefined, "zrep's own old snapshots may go");
  },
);

t.test(
  'each verdict with the other end of the refresh is a difference, and so is unknown with any',
  async (t) => {
    t.equal(differenceOf(WELL, FAILED, BEFORE, BEFORE), 'would-succeed, but refresh fails');
    t.equal(differenceOf(ILL, DONE, BEFORE, AFTER), 'would-fail, but refresh succeeds');
    t.equal(differenceOf(UNKNOWN, DONE, BEFORE, AFTER), 'unknown, but refresh succeeds');
    t.equal(differenceOf(UNKNOWN, FAILED, BEFORE, BEFORE), 'unknown, but refresh fails');
    t.equal(
      differenceOf(ILL, { code: 255, said: '' }, BEFORE, BEFORE),
      'would-fail, but refresh ends with 255',
    );
    t.equal(differenceOf({ ...ILL, why: '' }, FAILED, BEFORE, BEFORE), 'would-fail without a reason');
  },
);

t.test(
  'a refresh that succeeds has to leave a new snapshot, on both sides, of one GUID, and marked',
  async (t) => {
    const { source, copy } = AFTER;
    const left = (after: Both) => differenceOf(WELL, DONE, BEFORE, after);
    t.match(left(BEFORE), 'the source has no new snapshot');
    t.match(left({ source, copy: BEFORE.copy }), 'the new snapshot is not on the copy');
    t.match(
      left({ source, copy: look(['zrep_000001 4 9', 'own 2']) }),
      'the new snapshot is not on the copy',
    );
    t.match(left({ source: look(['zrep_000001 3']), copy }), 'the source is not marked');
    t.match(left({ source, copy: look(['zrep_000001 3', 'own 2']) }), 'the copy is not marked');
    t.match(left({ source, copy: look(['zrep_000001 3 9']) }), 'a snapshot of another tool is destroyed');
  },
);

t.test('a refresh that fails has to leave the copy as it was', async (t) => {
  const { source, copy } = BEFORE;
  const left = (after: Look) => differenceOf(ILL, FAILED, BEFORE, { source, copy: after });
  t.match(left(look(['zrep_000000 1 9'])), /changes the copy: a snapshot is gone$/);
  t.match(left(look(['zrep_000000 1 9', 'own 3'])), /a snapshot is gone, a snapshot is new$/);
  t.match(left({ ...copy, properties: { written: '512 -' } }), /changes the copy: written$/);
  t.match(left({ ...copy, properties: {} }), /changes the copy: written$/);
});

t.test('a line that is advised names what there is', async (t) => {
  const strange = (why: string) => strangeNames(why, ['tank', 'vault'], (name) => name === 'vault/home');
  t.same(strange('it was changed; to give that up: zrep refresh -f vault/home'), []);
  t.same(
    strange('tank/home@zrep_000001 is not there. See zrep doctor vault/home.'),
    [],
    'told of, not advised',
  );
  t.same(strange('to begin anew: zrep init --pull fileserver:tank/home vault/new'), [], 'made by that line');
  t.same(strange('to give them up: zrep -R refresh -f vault/other'), ['vault/other']);
  t.same(strange('zrep refresh -f vault/other; zfs destroy vault/home@a'), ['vault/other', 'vault/home@a']);
});

t.test('with -R each file system below counts', async (t) => {
  const none = look([]);
  const below = (source: Look, copy: Look | undefined, both: Both): Both => ({
    ...both,
    below: { source: { '/c': source }, copy: copy === undefined ? {} : { '/c': copy } },
  });
  const [old, next] = [look(['zrep_000000 5']), look(['zrep_000000 5', 'zrep_000001 6'])];
  const before = below(old, old, BEFORE);
  t.equal(differenceOf(WELL, DONE, before, below(next, next, AFTER)), undefined);
  t.match(differenceOf(WELL, DONE, before, below(next, old, AFTER)), 'of a child is not on the copy');
  t.match(differenceOf(WELL, DONE, before, below(next, undefined, AFTER)), 'of a child is not on the copy');
  t.equal(differenceOf(ILL, FAILED, before, before), undefined);
  t.match(differenceOf(ILL, FAILED, before, below(old, none, BEFORE)), /a child: a snapshot is gone$/);
  t.match(differenceOf(ILL, FAILED, before, below(old, undefined, BEFORE)), /a child is gone$/);
});

t.test('a seed stands for one history, and names, numbers and hosts do not make another kind', async (t) => {
  t.same(historyOf(7), historyOf(7));
  const lengths = Array.from({ length: 500 }, (_, seed) => historyOf(seed).steps.length);
  t.same([Math.min(...lengths), Math.max(...lengths)], [1, 8]);
  t.same([historyOf(7).children, historyOf(7, true).children > 0], [0, true]);
  const said = (history: string, host: string) =>
    `tank-${history}/home/${history}/fs@zrep_00000a on ${host} is not vault-1/home/${history}/second1@own [log id mw-1]`;
  t.equal(kindOf(said('h1', 'fileserver')), kindOf(said('h22', 'open')));
  t.equal(kindOf(said('h1', 'open')), 'SOURCE@ on HOST is not COPY-second@');
});
