/** What is said of a wider grant, in the place of which a new one decides. */

import t from 'tap';
import { widerGrantWarnings } from '../../../src/gate/pairing/wider-grant.ts';
import { buildPolicy } from '../../../src/policy/build.ts';

const NEW = ['dataset = "tank/home/below"', 'operations = ["pull", "expire", "init"]', 'resume = true'];

/** The warnings where these grants, each in its lines, stand beside the new one. */
async function warningsOf(others: readonly (readonly string[])[], file: readonly string[] = []) {
  const grants = [...others, NEW].flatMap((lines) => ['[[client.b.grant]]', ...lines]);
  const built = await buildPolicy([...file, '[client.b]', ...grants].join('\n'));
  const client = 'policy' in built ? built.policy.clients.get('b') : undefined;
  const added = client?.grants.at(-1);
  if (client === undefined || added === undefined) throw new Error(JSON.stringify(built));
  return widerGrantWarnings(client, 'b', added);
}

const wider = (...lines: string[]) => [
  'dataset = "tank/home"',
  'subtree = true',
  'operations = ["pull", "expire", "init"]',
  ...lines,
];

t.test('nothing is said where no wider grant has decided', async (t) => {
  t.same(await warningsOf([]), []);
  t.same(await warningsOf([['dataset = "tank/home"', 'operations = ["read"]']]), [], 'without its subtree');
  t.same(await warningsOf([wider().map((line) => line.replace('home', 'mail'))]), []);
});

t.test('what it protects is named by the lines that keep it, and nothing that the new one has', async (t) => {
  const linesFor = async (...lines: string[]) => {
    const [first = '', second, ...more] = await warningsOf([wider(...lines)]);
    t.match(first, /until now the grant for tank\/home decides for tank\/home\/below \(operations: pull, /);
    t.same(more, []);
    return (second ?? '').split('\n    ').slice(1);
  };
  t.same(await linesFor(), []);
  for (const line of [
    'raw = "required"',
    'raw = "forbidden"',
    'keep-at-least = 6',
    'keep-for = "8 days"',
    'keep-for = "169 hours"',
    'free-space = "5%"',
    'free-space = "10G"',
    'snapshots = 100',
    'snapshots-per-hour = 10',
    'streams-per-dataset = 1',
    'stall-seconds = 60',
  ])
    t.same(await linesFor(line), [line]);
  t.same(
    await linesFor('keep-at-least = 4', 'keep-for = "1 hour"', 'snapshots = 20000', 'stall-seconds = 900'),
    [],
    'the new one protects more',
  );
  t.same(await linesFor('keep-at-least = 50', 'raw = "required"'), [
    'raw = "required"',
    'keep-at-least = 50',
  ]);
  const [, second] = await warningsOf([wider('bookmarks = true')], ['[limits]', 'bookmarks = false']);
  t.match(second, /\n {4}bookmarks = true$/);
});

t.test(
  'an operation that the wider grant does not allow is named, with the words that leave it out',
  async (t) => {
    const less = ['dataset = "tank/home"', 'subtree = true', 'operations = ["pull", "expire"]'];
    t.match(await warningsOf([less]), [
      /It does not allow init\. To leave that out: --operations pull,expire\./,
    ]);
    t.match(await warningsOf([wider('recursive = true')]), [/needs recursive = true in the new grant, too/]);
  },
);

t.test(
  'a dataset that the policy excepts is named as one; of several grants the most specific one counts',
  async (t) => {
    const above = ['dataset = "tank"', 'subtree = true', 'operations = ["pull"]', 'raw = "required"'];
    for (const except of ['tank/home/below', 'tank/home/below/deep'])
      t.equal(
        (await warningsOf([above, wider(`except = ["${except}"]`)])).some((one) => one.includes('excepts')),
        except === 'tank/home/below',
        except,
      );
    t.match(await warningsOf([wider('except = ["tank/home/below"]'), above]), [
      /^the policy excepts tank\/home\/below from the grant for tank\/home: until now "b" gets nothing of it\.$/,
    ]);
  },
);
