/** What goes through a tree holds, of each dataset in it, to what that dataset's own grant allows and limits. */

import fc from 'fast-check';
import t from 'tap';
import type { Allowed } from '../../src/policy/decide.ts';
import { datasetLimits } from '../../src/policy/limits.ts';
import type { Grant } from '../../src/policy/policy.ts';
import { isRefusal } from '../../src/refusal.ts';
import { placesBelow, someDataset, someGrants, speakerFor } from '../fixtures/policy/arbitrary.ts';
import { codeOf, judge, policyFrom, policyOf } from '../fixtures/policy/judge.ts';

/** Forms that act on a whole tree, and what does the same to one dataset of it; D stands for the dataset. */
const RECURSIVE: readonly (readonly [whole: string, one: string])[] = [
  ['zrep -R snaponly D', 'zrep snaponly D'],
  ['zrep -R _init D backup vault/x 5', 'zrep _init D backup vault/x 5'],
  ['zrep -R _initpull D@zrep_000000', 'zrep _initpull D@zrep_000000'],
  ['zrep -R _refreshpull D@zrep_000001', 'zrep _refreshpull D@zrep_000001'],
  ['zrep -R _refreshpull D@zrep_000001 | gzip', 'zrep _refreshpull D@zrep_000001 | gzip'],
  ['zfs send -R D@zrep_000001', 'zfs send D@zrep_000001'],
  ['zfs send -Rw D@zrep_000001 | gzip -9', 'zfs send -w D@zrep_000001 | gzip -9'],
  ['zfs send -Rb D@zrep_000001', 'zfs send -b D@zrep_000001'],
  ['zfs send -R -I D@off_000000 D@zrep_000001', 'zfs send -I D@off_000000 D@zrep_000001'],
  ['zfs send -nP -R D@zrep_000001', 'zfs send -nP D@zrep_000001'],
  ['zrep -R _state D', 'zrep _refreshpull D@zrep_000001'],
  ['zfs list -r D', 'zfs list D'],
  ['zfs get -r off:sent,guid D', 'zfs get off:sent,guid D'],
  ['zfs list -r -o name,zrep:master D', 'zfs list -o name,zrep:master D'],
];

/** Grants that differ more than most: tags, filters, and how long is waited for a reader. */
const grantsThatDiffer: fc.Arbitrary<Grant[]> = someGrants.chain((grants) => {
  const own = fc.record({ gzip: fc.boolean(), stall: fc.integer({ min: 10, max: 99 }), open: fc.boolean() });
  return fc.array(own, { minLength: grants.length, maxLength: grants.length }).map((differences) =>
    grants.map((grant, index) => {
      const { gzip = true, stall = 10, open = true } = differences[index] ?? {};
      const wide = {
        operations: ['pull', 'expire', 'read', 'send', 'init'],
        recursive: true,
        raw: 'optional',
      };
      return {
        ...grant,
        ...((open ? wide : {}) as Partial<Grant>),
        filters: gzip ? ['gzip'] : [],
        limits: datasetLimits({ 'stall-seconds': stall }, {}),
      };
    }),
  );
});

const fill = (form: string, dataset: string): string => form.replaceAll('D', dataset);

t.test('an act on a tree is allowed only where the same is allowed on each dataset of it', async () => {
  const all = fc.property(
    grantsThatDiffer,
    someDataset,
    fc.constantFrom(...RECURSIVE),
    (grants, root, form) => {
      const policy = policyOf(grants);
      const [whole, one] = form;
      const verdict = judge(policy, fill(whole, root));
      if (isRefusal(verdict)) return true;
      const raw = verdict.sendFlags.includes('w');
      return placesBelow(grants, root).every((place) => {
        const speaker = speakerFor(grants, place);
        // Where nobody else speaks for it, `recursive` of the root's grant does.
        if (speaker === undefined) return true;
        const own = judge(policy, fill(one, place));
        return !isRefusal(own) && (speaker.grant.raw !== 'required' || own.sendFlags.includes('w') === raw);
      });
    },
  );
  fc.assert(all, { numRuns: 20_000 });
});

t.test('nobody waits for a reader longer than any grant in the tree says', async () => {
  const all = fc.property(
    grantsThatDiffer,
    someDataset,
    fc.constantFrom(...RECURSIVE),
    (grants, root, [whole]) => {
      const verdict = judge(policyOf(grants), fill(whole, root));
      if (isRefusal(verdict)) return true;
      const speakers = [root, ...placesBelow(grants, root)].flatMap(
        (place) => speakerFor(grants, place) ?? [],
      );
      return (
        verdict.limits.stallSeconds === Math.min(...speakers.map(({ grant }) => grant.limits.stallSeconds))
      );
    },
  );
  fc.assert(all, { numRuns: 5000 });
});

const TREE = `[client.backup1]
[[client.backup1.grant]]
dataset = "tank"
subtree = true
operations = ["pull", "expire", "send", "read"]
recursive = true
properties = true
filters = ["gzip"]
[[client.backup1.grant]]
dataset = "tank/own"
subtree = true
operations = ["pull", "expire", "send", "read"]
recursive = true
`;

t.test('each right of a child has to be there', async (t) => {
  const forms = ['zrep -R _refreshpull tank@zrep_000001 | gzip', 'zfs send -Rb tank@zrep_000001'];
  const codes = async (more: string) => {
    const policy = await policyFrom(TREE + more);
    return forms.map((form) => codeOf(judge(policy, form)));
  };
  t.same(await codes(''), ['recursive-crosses-grant', 'recursive-crosses-grant']);
  t.same(await codes('filters = ["gzip"]'), ['allowed', 'recursive-crosses-grant']);
  t.same(await codes('properties = true'), ['recursive-crosses-grant', 'allowed']);
});

t.test('what a wider grant excepts is not reached through a grant for the root alone', async (t) => {
  const policy = await policyFrom(`[client.backup1]
grant = [
  { dataset = "tank", subtree = true, operations = ["pull", "expire"], recursive = true, except = ["tank/home"] },
  { dataset = "tank/home", operations = ["pull", "expire"], recursive = true },
]`);
  t.equal(codeOf(judge(policy, 'zrep snaponly tank/home')), 'allowed');
  t.equal(codeOf(judge(policy, 'zrep snaponly tank/home/below')), 'not-granted');
  t.equal(codeOf(judge(policy, 'zrep -R snaponly tank/home')), 'recursive-crosses-grant');
  t.equal((judge(policy, 'zrep expire -L tank/home') as Allowed).reach, 'alone');
});

t.test("a listing shows a tag's properties only where each grant has the tag", async (t) => {
  const verdict = async (more: string) =>
    codeOf(judge(await policyFrom(TREE + more), 'zfs get -r zrep:sent tank'));
  t.equal(await verdict(''), 'allowed');
  t.equal(await verdict('tags = ["off"]'), 'property-not-readable');
});
