/** A policy's text with one more grant: what was there stays, and the gate decides by the new one. */

import fc from 'fast-check';
import t from 'tap';
import { buildPolicy } from '../../src/policy/build.ts';
import { addGrant, type NewGrant } from '../../src/policy/grant-text.ts';
import type { Grant, Policy } from '../../src/policy/policy.ts';
import { statementsOf } from '../../src/policy/statements.ts';
import type { Dataset, Tag } from '../../src/zfs/names.ts';
import { SAMPLE } from '../fixtures/gate/policy.ts';
import { FULL_POLICY } from '../fixtures/policy/full.ts';
import { somePolicyText } from '../fixtures/policy/text.ts';

const NOW = 1_700_000_000;
const GRANT: NewGrant = {
  client: 'backup1',
  dataset: 'tank/new' as Dataset,
  operations: ['pull', 'expire', 'init', 'read'],
  tag: 'zrep' as Tag,
  recursive: false,
};

const LINES = [
  '[[client.backup1.grant]]',
  'dataset = "tank/new"',
  'operations = ["pull", "expire", "init", "read"]',
  'resume = true',
];

async function added(text: string, change: Partial<NewGrant> = {}): Promise<string> {
  const edit = await addGrant(text, { ...GRANT, ...change }, NOW);
  if (edit.kind !== 'new') throw new Error(JSON.stringify(edit));
  return edit.text;
}

async function policyOf(text: string): Promise<Policy> {
  const built = await buildPolicy(text);
  if ('policy' in built) return built.policy;
  throw new Error(JSON.stringify(built.mistakes));
}

t.test('a new client stands at the end, a known one gets its grant behind its last one', async (t) => {
  const block = `${LINES.join('\n')}\n`;
  t.equal(await added(''), `[client.backup1]\n${block}`);
  t.equal(
    await added('# Nothing is granted yet.\n'),
    `# Nothing is granted yet.\n\n[client.backup1]\n${block}`,
  );
  const other = '[client.b]\n[[client.b.grant]]\ndataset = "tank/b"\noperations = ["pull"]';
  t.equal(await added(other), `${other}\n\n[client.backup1]\n${block}`, 'no newline at the end');
  const first = '[client.backup1]\nfrom = ["192.0.2.1"] # home\n# its address\n';
  const last = '\n# another one\n[client.b]\n[[client.b.grant]]\ndataset = "tank/b"\noperations = ["pull"]\n';
  t.equal(await added(first + last), `${first}\n${block}${last}`);
  const own = `${first}[[client.backup1.grant]]\ndataset = "tank/old"\noperations = [\n  "pull", # ]\n]\n#resume = true\n`;
  t.equal(await added(own + last), `${own}\n${block}${last}`);
  t.equal(
    await added(`${own}${last.trimStart()}`),
    `${own.replace('#resume = true\n', '')}\n${block}\n#resume = true\n${last.trimStart()}`,
  );
  const strings = `[filter.x]\nargv = ["/bin/x", "[", '[', "\\"[", '''it's [''', """a \\""" ["""", "#"] # "[\n\n`;
  t.equal(await added(strings + own + last), `${strings}${own}\n${block}${last}`, 'brackets in strings');
  t.equal(
    await added(own.replaceAll('\n', '\r\n')),
    `${own}\n${block}`.replaceAll('\n', '\r\n'),
    'with the line breaks of DOS',
  );
});

t.test('what the author cannot be asked is left to them, with the lines to write', async (t) => {
  const impossible = async (text: string, change: Partial<NewGrant> = {}) => {
    const edit = await addGrant(text, { ...GRANT, ...change }, NOW);
    if (edit.kind !== 'impossible') throw new Error(JSON.stringify(edit));
    return edit;
  };
  const inline = 'client.backup1.grant = [{ dataset = "tank/old", operations = ["pull"] }]\n';
  t.match(await impossible(inline), { problem: /in a form to which no line can be added/, lines: LINES });
  const own = `${await added('')}`;
  t.match(await impossible(own, { operations: ['pull', 'send'], tag: 'off' as Tag, recursive: true }), {
    problem: '"backup1" has a grant for tank/new already',
    lines: [
      'operations = ["pull", "expire", "init", "read", "send"]',
      'tags = ["zrep", "off"]',
      'recursive = true',
    ],
  });
  t.match(await impossible('nonsense'), {
    problem: /^the policy has mistakes, .*\(zrep-gate check lists all\): line 1, column \d+: /,
  });
  const example =
    '[[example]]\nclient = "backup1"\ncommand = "zrep snaponly tank/new"\nverdict = "deny"\n[client.backup1]\n';
  t.match(await impossible(example), {
    problem: /^example\[1\] of the policy says "deny" of "zrep snaponly tank\/new"\. Change/,
  });
});

t.test('what is granted already changes nothing, be it by a wider grant', async (t) => {
  for (const text of [
    await added(''),
    '[client.backup1]\n[[client.backup1.grant]]\ndataset = "tank"\nsubtree = true\noperations = ["pull", "read", "expire", "init"]\n',
  ])
    t.match(await addGrant(text, GRANT, NOW), { kind: 'there' });
  const wide =
    '[client.backup1]\n[[client.backup1.grant]]\ndataset = "tank"\nsubtree = true\noperations = ["pull"]\n';
  t.match(await addGrant(wide, GRANT, NOW), { kind: 'new', instead: { dataset: 'tank' } });
});

t.test('the policy adds what every stream of it has', async (t) => {
  const text = await added('zrep.send-flags = ["-p"]\n');
  t.match(text, '\nproperties = true\n');
});

t.test('names with a dot are in quotes; a tag and recursion are written', async (t) => {
  const text = await added('', { client: 'b.example.org', tag: 'off' as Tag, recursive: true });
  const grants = (await policyOf(text)).clients.get('b.example.org')?.grants;
  t.match(grants, [{ dataset: 'tank/new', tags: ['off'], recursive: true }]);
  t.equal(await added(text), `${text}\n[client.backup1]\n${LINES.join('\n')}\n`);
});

t.test('any policy keeps its lines in order, its grants and settings, and has the new grant', async () => {
  const clients = fc.constantFrom('backup1', 'b', 'b.c', 'nobody');
  const datasets = fc.constantFrom('tank', 'tank/a', 'tank/new', 'tank/a/b');
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(somePolicyText, fc.constantFrom(SAMPLE, FULL_POLICY)),
      clients,
      datasets,
      async (text, client, dataset) => {
        const before = await policyOf(text);
        const grant = { ...GRANT, client, dataset: dataset as Dataset };
        const edit = await addGrant(text, grant, NOW);
        if (edit.kind === 'there') return true;
        const was = before.clients.get(client)?.grants ?? [];
        // Nothing else is in its way.
        if (edit.kind === 'impossible')
          return text.includes('grant = [') || was.some((one) => one.dataset === dataset);
        const after = await policyOf(edit.text);
        const own = after.clients.get(client)?.grants ?? [];
        const rest = own.filter((one) => one.dataset !== dataset);
        const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
        return (
          same(rest, before.clients.get(client)?.grants ?? []) &&
          same(others(after, client), others(before, client)) &&
          isInOrder(text.split(/\r?\n/), edit.text.split(/\r?\n/)) &&
          edit.text
            .split(/\r?\n/)
            .slice(edit.at - 1)
            .slice(0, edit.lines.length)
            .join() === edit.lines.join() &&
          hasGrant(own, dataset)
        );
      },
    ),
    { numRuns: 500 },
  );
});

t.test('statements are all of a text', async () => {
  await fc.assert(
    fc.property(fc.oneof(somePolicyText, fc.constantFrom(SAMPLE, FULL_POLICY)), (text) => {
      const statements = statementsOf(text);
      return statements.map(({ start, end }) => text.slice(start, end)).join('') === text;
    }),
  );
});

function hasGrant(own: readonly Grant[], dataset: string): boolean {
  const found = own.find((one) => one.dataset === dataset);
  return found !== undefined && found.operations.join() === GRANT.operations.join();
}

function others({ clients, ...rest }: Policy, client: string): unknown {
  return [rest, [...rest.filters], [...clients].filter(([name]) => name !== client)];
}

/** Each old line is there, behind the one before it. */
function isInOrder(old: readonly string[], all: readonly string[]): boolean {
  let at = 0;
  // The last one is what is behind the last line break.
  return old.slice(0, old.at(-1) === '' ? -1 : undefined).every((line) => {
    at = all.indexOf(line, at) + 1;
    return at > 0;
  });
}
