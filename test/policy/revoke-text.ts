/** A policy's text without a client's grants: all other lines stay, and all other grants. */

import fc from 'fast-check';
import t from 'tap';
import { buildPolicy } from '../../src/policy/build.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { removeGrants } from '../../src/policy/revoke-text.ts';
import { SAMPLE } from '../fixtures/gate/policy.ts';
import { FULL_POLICY } from '../fixtures/policy/full.ts';
import { somePolicyText } from '../fixtures/policy/text.ts';

const HEAD = '# ours\nzfs = "/sbin/zfs"\n\n';
const OTHER = '[client.b]\n[[client.b.grant]]\ndataset = "tank/b"\noperations = ["pull"]\n';
const A = '[client.a] # the first\nfrom = ["192.0.2.1"]\n\n';
const X = '[[client.a.grant]]\ndataset = "tank/x"\n# of old\noperations = [\n  "pull",\n]\n\n';
const Y = '[[client.a.grant]]\ndataset = "tank"\nsubtree = true\noperations = ["read"]\n\n# the next one\n';

t.test('one grant goes, or the client with all it has', async (t) => {
  const text = HEAD + A + X + Y + OTHER;
  t.match(await removeGrants(text, 'a', 'tank/x'), {
    kind: 'new',
    text: HEAD + A + Y + OTHER,
    instead: 'tank',
    isLast: false,
  });
  t.match(await removeGrants(text, 'a', undefined), {
    kind: 'new',
    text: `${HEAD}# the next one\n${OTHER}`,
    isLast: true,
  });
  t.match(await removeGrants(text, 'a', 'tank/y'), { kind: 'none' });
  t.match(await removeGrants(text, 'c', undefined), { kind: 'none' });
  t.match(await removeGrants('nonsense', 'c', undefined), { kind: 'impossible' });
});

t.test(
  'where something names the client, or nobody else is left, its section stays, without a grant',
  async (t) => {
    const alone = '[[client.b.grant]]\ndataset = "tank/b"\noperations = ["pull"]\n';
    t.match(await removeGrants(alone, 'b', undefined), { text: '[client.b]\n' });
    t.match(await removeGrants(alone, 'b', 'tank/b'), { text: '[client.b]\n' });
    t.match(await removeGrants(OTHER, 'b', undefined), { text: '[client.b]\n' });
    const example = '[[example]]\nclient = "b"\ncommand = "x"\nverdict = "deny"\n';
    t.match(await removeGrants(`${A}${OTHER}${example}`, 'b', undefined), {
      text: `${A}[client.b]\n${example}`,
    });
  },
);

t.test('a grant in a form that cannot be cut is left to its author', async (t) => {
  const inline = 'client.b.grant = [{ dataset = "tank/b", operations = [] }]\n';
  t.match(await removeGrants(inline, 'b', undefined), {
    kind: 'impossible',
    problem: /Take it out yourself/,
  });
});

t.test('any policy keeps all but what was taken', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(somePolicyText, fc.constantFrom(SAMPLE, FULL_POLICY)),
      fc.constantFrom('backup1', 'b', 'b.c'),
      fc.constantFrom('tank', 'tank/a', 'tank/home', undefined),
      async (text, client, dataset) => {
        const edit = await removeGrants(text, client, dataset);
        const before = await policyOf(text);
        const was = before.clients.get(client)?.grants ?? [];
        if (edit.kind === 'none') return !was.some((one) => dataset === undefined || one.dataset === dataset);
        if (edit.kind === 'impossible') return text.includes('grant = [');
        const after = await policyOf(edit.text);
        const left = after.clients.get(client)?.grants ?? [];
        const expected = was.filter((one) => dataset !== undefined && one.dataset !== dataset);
        const lines = new Set(text.split(/\r?\n/));
        const isOld = edit.text
          .split(/\r?\n/)
          .every((line) => lines.has(line) || /^\[client\.[^\]]+\]$/.test(line));
        return isOld && JSON.stringify(left) === JSON.stringify(expected);
      },
    ),
    { numRuns: 500 },
  );
});

async function policyOf(text: string): Promise<Policy> {
  const built = await buildPolicy(text);
  if ('policy' in built) return built.policy;
  throw new Error(JSON.stringify(built.mistakes));
}
