/** Which grant speaks for a dataset, and what below it a command for the whole tree must agree with. */

import fc from 'fast-check';
import t from 'tap';
import { carvings, covers, findGrant } from '../../src/policy/grants.ts';
import type { Client } from '../../src/policy/policy.ts';
import { isRefusal } from '../../src/refusal.ts';
import type { Dataset } from '../../src/zfs/names.ts';
import {
  placesBelow,
  someDataset,
  someGrants,
  speakerFor,
  strictlyWithin,
} from '../fixtures/policy/arbitrary.ts';
import { clientOf, codeOf, judge, policyFrom, policyOf } from '../fixtures/policy/judge.ts';

const client = await clientWith(`
  { dataset = "tank", operations = ["read"] },
  { dataset = "tank/home", subtree = true, operations = ["pull"], except = ["tank/home/a", "tank/home/b/c"] },
  { dataset = "tank/home/a/mine", operations = ["send"] },
  { dataset = "tank/home2", subtree = true, operations = ["expire"] },`);

t.test('the longest name decides, component by component, and what it excepts is not granted', async (t) => {
  const speakers = {
    tank: 'tank', 'tank/other': undefined, 'tank/home': 'tank/home', 'tank/home/x/y': 'tank/home',
    'tank/home/a': undefined, 'tank/home/a/x': undefined, 'tank/home/ab': 'tank/home', 'tank/home/b': 'tank/home',
    'tank/home/b/c': undefined, 'tank/home/b/c/d': undefined, 'tank/home/a/mine': 'tank/home/a/mine',
    'tank/home/a/mine/x': undefined, 'tank/home2/x': 'tank/home2', 'tank/home23': undefined, tan: undefined,
    'tank/hom': undefined, 'tank/Home': undefined, 'other/tank/home': undefined,
  }; // biome-ignore format: one table
  for (const [dataset, speaker] of Object.entries(speakers)) {
    t.equal(findGrant(client, dataset as Dataset)?.dataset, speaker, dataset);
  }
});

t.test('a root covers itself and what is below it', async (t) => {
  t.ok(covers('tank/home', 'tank/home'));
  t.ok(covers('tank/home', 'tank/home/a'));
  t.notOk(covers('tank/home', 'tank/home2'));
  t.notOk(covers('tank/home/a', 'tank/home'));
});

t.test('the order of the grants does not matter', async () => {
  const all = fc.property(someGrants, someDataset, (grants, dataset) => {
    const there = findGrant(clientOf(grants), dataset);
    return there === findGrant(clientOf(grants.toReversed()), dataset);
  });
  fc.assert(all, { numRuns: 2000 });
});

t.test('carvings are the exceptions and the other grants strictly below', async (t) => {
  const home = client.grants[1] as Client['grants'][number];
  const below = (dataset: string) =>
    carvings(client, home, dataset as Dataset).map(({ root, grant }) => [root, grant?.operations[0]]);
  t.same(below('tank/home'), [
    ['tank/home/a', undefined],
    ['tank/home/b/c', undefined],
    ['tank/home/a/mine', 'send'],
  ]);
  t.same(below('tank/home/b'), [['tank/home/b/c', undefined]]);
  t.same(below('tank/home/x'), []);
  t.same(below('tank/home/a/mine'), [], 'not the dataset itself');
});

t.test('an exception below is not carried along, whichever grant made it', async (t) => {
  const wider = await policyFrom(`[client.backup1]
grant = [
  { dataset = "tank", subtree = true, operations = ["pull", "expire"], except = ["tank/home/secret"] },
  { dataset = "tank/home", operations = ["pull", "expire"], recursive = true },
]`);
  t.equal(codeOf(judge(wider, 'zrep snaponly tank/home/secret')), 'not-granted');
  t.equal(codeOf(judge(wider, 'zrep -R snaponly tank/home')), 'recursive-crosses-grant');
  t.match(judge(wider, 'zrep expire -L tank/home'), { reach: { spared: ['tank/home/secret'] } });
});

const RECURSIVE = [
  'zrep -R snaponly D',
  'zrep -R _init D backup vault/x 5',
  'zrep -R _initpull D@zrep_000000',
  'zrep -R _uninit D backup vault/x',
  'zrep -R _refreshpull D@zrep_000001',
  'zfs send -R D@off_000001',
  'zfs send -Rw D@zrep_000001',
];

t.test(
  'a recursive stream carries nothing that is excepted below, or that another grant holds otherwise',
  async () => {
    const all = fc.property(
      someGrants,
      someDataset,
      fc.constantFrom(...RECURSIVE),
      (grants, dataset, form) => {
        const verdict = judge(policyOf(grants), form.replace('D', dataset));
        if (isRefusal(verdict)) return true;
        const { grant, operation } = verdict;
        const tag = form.includes('off_') ? 'off' : 'zrep';
        const needed = operation.kind === 'send' ? 'send' : operation.kind.includes('init') ? 'init' : 'pull';
        return placesBelow(grants, dataset).every((place) => {
          const speaker = speakerFor(grants, place);
          if (speaker?.exception !== undefined) return !strictlyWithin(speaker.exception, dataset);
          if (speaker === undefined || !strictlyWithin(speaker.grant.dataset, dataset)) return true;
          const { recursive, raw, tags, operations } = speaker.grant;
          return (
            recursive && raw === grant.raw && tags.some((one) => one === tag) && operations.includes(needed)
          );
        });
      },
    );
    fc.assert(all, { numRuns: 5000 });
  },
);

async function clientWith(grants: string): Promise<Client> {
  return (await policyFrom(`[client.backup1]\ngrant = [${grants}]`)).clients.get('backup1') as Client;
}
