/** What a read can show: the properties of the manual's list, and no name of what is not granted. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { READABLE_PROPERTIES, READABLE_ZREP, READABLE_ZREP_LOCALLY } from '../../src/policy/readable.ts';
import { isRefusal } from '../../src/refusal.ts';
import { placesBelow, someDataset, someGrants, speakerFor } from '../fixtures/policy/arbitrary.ts';
import { codeOf, judge, policyFrom, policyOf } from '../fixtures/policy/judge.ts';

const manual = readFileSync(new URL('../../docs/policy.md', import.meta.url), 'utf8');

/** The words of the indented block that follows the paragraph which ends in `lead`. */
function wordsBehind(lead: string): string[] {
  const block = manual.slice(manual.indexOf(lead) + lead.length).split('\n\n')[1] ?? '';
  return block.trim().split(/\s+/);
}

t.test('the manual lists the very properties that can be read', async (t) => {
  t.same([...READABLE_PROPERTIES], wordsBehind('These properties, and no others:'));
  t.same([...READABLE_ZREP], wordsBehind("and of zrep's, behind a granted tag and its colon:"));
  const sentence = /^(.*) only with `-s local`/m.exec(manual)?.[1] ?? '';
  t.same(
    [...READABLE_ZREP_LOCALLY],
    Array.from(sentence.matchAll(/`TAG:([a-z-]+)`/g), ([, name]) => name),
  );
});

const policy = await policyFrom(`[client.backup1]
grant = [
  { dataset = "tank/flat", tags = ["zrep", "off:site", "zrep:x"], operations = ["read"] },
  { dataset = "tank/whole", subtree = true, operations = ["read"] },
  { dataset = "tank/hole", subtree = true, operations = ["read"], except = ["tank/hole/a/secret"] },
  { dataset = "tank/mixed", subtree = true, operations = ["read"] },
  { dataset = "tank/mixed/unread", subtree = true, operations = ["pull"] },
  { dataset = "tank/mixed/read", subtree = true, operations = ["read"] },
  { dataset = "tank/nest", subtree = true, operations = ["read"] },
  { dataset = "tank/nest/a", subtree = true, operations = ["read"], except = ["tank/nest/a/secret"] },
]`);

/** [the verdict's code, commands]. */
const VERDICTS: Record<string, string[]> = {
  allowed: [
    'zfs list tank/flat',
    'zfs list -d 0 tank/flat',
    'zfs list -r -d 1 -t snapshot tank/flat',
    'zfs list -r tank/flat@zrep_000001',
    'zfs list -o name,used,zrep:sent,off:site:sent,zrep:x:sent -s creation -S used tank/flat',
    'zfs get -H -o name,property,value guid,zrep:savecount tank/flat',
    'zfs get -s local zrep:src-fs,zrep:dest-fs,zrep:lastsent tank/flat',
    'zfs get -s received,local zrep:src-fs tank/flat',
    'zfs list -r tank/whole',
    'zfs list -t all -r tank/whole/below',
    'zfs get -d 3 used tank/whole',
    'zfs list -r tank/hole/b',
    'zfs list -r tank/mixed/read',
    'zfs list -d 1 -t snapshot tank/mixed',
  ],
  'names-other-datasets': [
    'zfs list -r tank/flat',
    'zfs list -d 1 tank/flat',
    'zfs list -d 2 -t snapshot tank/flat',
    'zfs list -d 1 -t snapshot,filesystem tank/flat',
    'zfs get -d 1 -t all used tank/flat',
    'zfs list -r tank/hole',
    'zfs list -r tank/hole/a',
    'zfs list -r tank/mixed',
    'zfs list -d 1 tank/mixed',
  ],
  'property-not-readable': [
    'zfs get origin tank/flat',
    'zfs get all tank/flat',
    'zfs get used,clones tank/flat',
    'zfs list -o name,mountpoint tank/flat',
    'zfs list -s encryptionroot tank/flat',
    'zfs list -S receive_resume_token tank/flat',
    'zfs get com.example:secret tank/flat',
    'zfs get zrep:unknown tank/flat',
    'zfs get off:sent tank/flat',
    'zfs get zrep:src-fs tank/flat',
    'zfs get -s local,inherited zrep:src-fs tank/flat',
    'zfs get -s inherited zrep:lastsent tank/flat',
    'zfs list -o zrep:dest-fs tank/flat',
    'zfs get -o value,source used tank/flat',
  ],
};

t.test('what a read shows decides whether it may', async (t) => {
  for (const [code, commands] of Object.entries(VERDICTS)) {
    for (const command of commands) t.equal(codeOf(judge(policy, command)), code, command);
  }
});

t.test('no list of a tree names what a grant further down excepts', async (t) => {
  t.equal(codeOf(judge(policy, 'zfs list tank/nest/a/secret')), 'not-granted');
  for (const command of ['zfs list -r tank/nest', 'zfs list -r tank/nest/a', 'zfs get -r used tank/nest']) {
    t.equal(codeOf(judge(policy, command)), 'names-other-datasets', command);
  }
});

t.test('a list of a tree is allowed only where each place in it can be read by itself', async () => {
  const all = fc.property(someGrants, someDataset, (grants, dataset) => {
    if (isRefusal(judge(policyOf(grants), `zfs list -r ${dataset}`))) return true;
    return [dataset, ...placesBelow(grants, dataset)].every((place) => {
      const speaker = speakerFor(grants, place);
      return speaker?.exception === undefined && speaker?.grant.operations.includes('read');
    });
  });
  fc.assert(all, { numRuns: 5000 });
});
