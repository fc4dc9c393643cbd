/** Which of a policy's three places speaks for a limit, and that the manual has the defaults. */

import { readFileSync } from 'node:fs';
import { parse as parseToml } from 'smol-toml';
import t from 'tap';
import { clientLimits, datasetLimits } from '../../src/policy/limits.ts';
import { policyFrom } from '../fixtures/policy/judge.ts';

const manual = readFileSync(new URL('../../docs/policy.md', import.meta.url), 'utf8');

t.test('a key of its own goes before the one of [limits], and that before the default', async (t) => {
  const policy = await policyFrom(`
    [limits]
    sessions = 7
    snapshots = 70
    free-space = "1G"
    keep-for = "2 days"
    bookmarks = false
    [client.a]
    streams = 9
    [[client.a.grant]]
    dataset = "tank/own"
    operations = []
    snapshots = 80
    keep-for = "1 hour"
    bookmarks = true
    [[client.a.grant]]
    dataset = "tank/plain"
    operations = []
    [client.b]
    sessions = 1`);
  const [a, b] = ['a', 'b'].map((name) => policy.clients.get(name));
  t.same(a?.limits, { sessions: 7, streams: 9 });
  t.same(b?.limits, { sessions: 1, streams: 4 });
  const [own, plain] = a?.grants ?? [];
  t.match(own?.limits, {
    snapshots: 80,
    keepFor: 3600,
    bookmarks: true,
    freeSpace: { bytes: 2 ** 30 },
    keepAtLeast: 5,
  });
  t.match(plain?.limits, {
    snapshots: 70,
    keepFor: 172_800,
    bookmarks: false,
    freeSpace: { bytes: 2 ** 30 },
    keepAtLeast: 5,
  });
});

t.test('a limit of one place leaves those beside it as they were', async (t) => {
  for (const [key, value] of [
    ['streams-per-dataset', 9],
    ['snapshots-per-hour', 9],
    ['snapshots', 9],
    ['stall-seconds', 99],
    ['keep-at-least', 9],
    ['bookmarks', false],
  ] as const) {
    const given = datasetLimits({ [key]: value }, {});
    const others = Object.entries(datasetLimits({}, {})).filter(
      ([name, standard]) => given[name as keyof typeof given] === standard || name === 'freeSpace',
    );
    t.equal(others.length, 7, key);
    t.strictSame(datasetLimits({}, { [key]: value }), given, `${key} of the file`);
  }
});

t.test('the manual has the defaults', async (t) => {
  const [, toml = ''] = /^## All of it\n\n```toml\n([^`]*)```/m.exec(manual) ?? [];
  const { limits } = parseToml(toml) as { limits: object };
  t.equal(Object.keys(limits).length, 10);
  t.strictSame(clientLimits(limits, {}), clientLimits({}, {}));
  t.strictSame(datasetLimits(limits, {}), datasetLimits({}, {}));
});

t.test('a file system that is pulled every minute stays below the limits for a week', async (t) => {
  const { snapshots, snapshotsPerHour, keepFor } = datasetLimits({}, {});
  t.ok(snapshots > keepFor / 60);
  t.ok(snapshotsPerHour > 60);
});
