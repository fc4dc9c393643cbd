/**
 * Mistakes of stock zrep 2.0.2 that are not to be made here: those that no test of a part is about, and that docs/stock-bugs.md
 * names for each a test that is there.
 */

import { lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { expireHere } from '../../src/client/copy/expire-here.ts';
import type { Run } from '../../src/client/run/run.ts';
import { readSettings } from '../../src/client/words/settings.ts';
import { isRefusal } from '../../src/refusal.ts';
import { withGlobalLock } from '../../src/replication/global-lock.ts';
import { lastSent, nextSequence, taggedSnapshots } from '../../src/replication/snapshots.ts';
import type { Dataset, Tag } from '../../src/zfs/names.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';
import { listingOf } from '../fixtures/replication/listing.ts';

const ZREP = 'zrep' as Tag;
const quiet = { signal: undefined, check: () => {}, onSignal: () => () => {} };

t.test('docs/stock-bugs.md has every bug once, and the tests that it names are there', async (t) => {
  const text = readFileSync('docs/stock-bugs.md', 'utf8');
  const rows = [...text.matchAll(/^\| (\d+) \|(.*)\|$/gm)];
  t.same(
    rows.map(([, number]) => Number(number)),
    Array.from({ length: 21 }, (_, index) => index + 1),
  );
  for (const [, number, row = ''] of rows) {
    const named = [...row.matchAll(/`(test\/[a-z/-]+\.ts)`:((?: "[^"]+"[,;]?)+)/g)];
    t.ok(named.length > 0, `bug ${number} has a test`);
    for (const [, file = '', sentences = ''] of named)
      for (const [, sentence = ''] of sentences.matchAll(/"([^"]+)"/g)) {
        const names = readFileSync(file, 'utf8').match(
          /\b(?:t\.test|needing)\((?:\s*\[[^\]]*\],)?\s*(['"`])[\s\S]*?\1/g,
        );
        t.ok(
          names?.some((name) => name.includes(sentence)),
          `bug ${number}, ${file}: ${sentence}`,
        );
      }
    t.equal(row.match(/`test\//g)?.length, named.length, `bug ${number}: each file has sentences behind it`);
  }
});

t.test('bug 3: on a copy nothing is destroyed that is not named, whatever is below', async (t) => {
  const { asked, ended } = await expire({ 'zrep:savecount': '1' }, [0, 1, 2]);
  t.same(ended, 2);
  t.same(asked, ['destroy vault/home@zrep_000000', 'destroy vault/home@zrep_000001']);
});

t.test(
  'bug 4: on a copy a save count is compared as a number, and one that is none destroys nothing',
  async (t) => {
    const all = Array.from({ length: 12 }, (_, index) => index);
    t.same((await expire({ 'zrep:savecount': '9' }, all)).ended, 3, 'as a string 12 would be less than 9');
    t.same((await expire({ 'zrep:savecount': '10' }, all)).ended, 2);
    for (const savecount of ['0', '-1', '10x', '5.0', 'abc', '', '99999999999', 'b[$(id)]']) {
      const { asked, ended } = await expire({ 'zrep:savecount': savecount }, all);
      t.match(ended, { message: /^zrep:savecount on vault\/home set to improper value/ }, savecount);
      t.same(asked, [], savecount);
    }
  },
);

t.test('bug 6: what was sent last is asked of the file system alone, not of those below it', async (t) => {
  const listing = listingOf(`
    tank/home zrep:master=yes
    tank/home@zrep_000001 createtxg=10 zrep:sent=1795385385
    tank/home@zrep_000002 createtxg=20
    tank/home/child@zrep_000002 createtxg=20 zrep:sent=1795385399
    tank/home/zz@zrep_00000f createtxg=5 zrep:sent=1795385400`);
  const home = 'tank/home' as Dataset;
  const own = taggedSnapshots(listing, home, ZREP);
  t.equal(lastSent(own, listing.get(home), ZREP)?.name, 'zrep_000001');
});

t.test(
  'bug 7: behind ffffff no number is begun with again, and the newest is the one that was made last',
  async (t) => {
    const listing = listingOf(`
    tank/home@zrep_fffffe createtxg=10
    tank/home@zrep_ffffff createtxg=20
    tank/home@zrep_100000 createtxg=5`);
    const own = taggedSnapshots(listing, 'tank/home' as Dataset, ZREP);
    t.equal(own.at(-1)?.name, 'zrep_ffffff', 'whatever its name');
    t.equal(nextSequence(own), undefined, 'and there is no next one: zrep says so');
  },
);

t.test(
  'bug 16: no file has a name that others can foresee, but the lock, which is never written through',
  async (t) => {
    const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
    const lines = sources.flatMap((name) =>
      readFileSync(`src/${name}`, 'utf8')
        .split('\n')
        .map((line) => `${name}: ${line.trim()}`),
    );
    const inTmp = lines.filter((line) => /['"`/]tmp\b|tmpdir\(/.test(line) && !/: (?:\/\/|\*)/.test(line));
    const others = inTmp.filter((line) => !/mkdtempSync\(`\/tmp\/[a-z-]+-(?:\$\{[^}]*\}-)*`\)/.test(line));
    t.ok(inTmp.length > others.length, 'there are files in /tmp');
    t.same(
      others.map((line) => line.split(': ')[0]).sort(),
      ['client/words/settings.ts', 'client/words/variables-help.ts', 'process/run-folder.ts'],
      'and else only the folder of the lock, what is said of it, and where folders of dead runs are looked for',
    );
  },
);

t.test('bug 16: a link in the place of the lock is not followed', async (t) => {
  const rundir = makeFolder(t);
  const precious = `${rundir}/precious`;
  // As if it were the lock of a zrep that died: that is broken.
  writeFileSync(precious, '999999999\n');
  symlinkSync(precious, `${rundir}/zrep.lock`);
  const done = await withGlobalLock({ rundir, interruption: quiet, hostName: 'fileserver' }, async () => {
    t.ok(lstatSync(`${rundir}/zrep.lock`).isFile(), 'the lock is a file of its own');
    return 'done';
  });
  t.notOk(isRefusal(done));
  t.equal(readFileSync(precious, 'utf8'), '999999999\n');
  t.same(readdirSync(rundir), ['precious']);
});

t.test('bug 17: on a copy snapshots of others, that came along, neither count nor go', async (t) => {
  const others = ['by-hand', 'off_000001', 'zrep_000001_sent', 'daily-2026-11-25'];
  const { asked, ended } = await expire({ 'zrep:savecount': '2' }, [0, 1, 2], others);
  t.same(ended, 1);
  t.same(asked, ['destroy vault/home@zrep_000000']);
});

/** Expires a copy with these properties and snapshots, each with the same below it: what was destroyed, and how it ended. */
async function expire(
  properties: Readonly<Record<string, string>>,
  numbers: readonly number[],
  others: readonly string[] = [],
) {
  const names = [...numbers.map((number) => `zrep_${number.toString(16).padStart(6, '0')}`), ...others];
  const lines = [
    ...Object.entries(properties).map(([name, value]) => ['vault/home', name, value]),
    ['vault/home/child', 'type', 'filesystem'],
    ...['vault/home', 'vault/home/child'].flatMap((dataset) =>
      names.flatMap((name, index) => [
        [`${dataset}@${name}`, 'createtxg', index + 1],
        [`${dataset}@${name}`, 'guid', index + 1],
      ]),
    ),
  ];
  const asked: string[] = [];
  const { settings } = readSettings({}, {}, { nodeName: 'backup', root: true, zfs: '/sbin/zfs' });
  const ask = async (argv: readonly string[]) => {
    if (argv[0] === 'destroy') asked.push(argv.join(' '));
    const output = argv[0] === 'get' ? lines.map((line) => `${line.join('\t')}\tlocal\n`).join('') : '';
    return { code: 0, signal: null, message: '', output };
  };
  const run: Pick<Run, 'settings' | 'report'> & { step: Pick<Run['step'], 'capabilities' | 'interruption'> } =
    {
      settings,
      step: { capabilities: new Set(), interruption: quiet, ...{ zfs: { ask } } },
      report: {
        print: () => {},
        line: () => {},
        warn: () => {},
        news: () => {},
        far: () => {},
        event: () => {},
      },
    };
  const ended = await expireHere(run as Run, 'vault/home' as Dataset).catch((error: Error) => error);
  return { asked, ended };
}
