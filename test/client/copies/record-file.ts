/** The file of copies: replaced whole, by one at a time, and believed only where it is this account's alone. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import t from 'tap';
import { type CopyRecord, formatRecords, withRecords } from '../../../src/client/copies/copy-record.ts';
import { changeRecordFile, readRecordFile } from '../../../src/client/copies/record-file.ts';
import type { Dataset, Tag } from '../../../src/zfs/names.ts';

const record = (name: string): CopyRecord => ({
  failing: undefined,
  ...{
    tag: 'zrep' as Tag,
    dataset: `vault/${name}` as Dataset,
    guid: String(name.length) + name.replace(/\D/g, ''),
  },
  ...{ source: 'fileserver:tank/home', refreshed: 5 },
});
const inPlaceOf = (path: string, make: () => unknown) => {
  rmSync(path);
  make();
};
const GOOD = formatRecords({ copies: [record('a1')], broken: [] });
const names = (statedir: string) =>
  readRecordFile({ statedir })
    .records.copies.map(({ dataset }) => dataset)
    .sort();
const add = (statedir: string, name: string) =>
  changeRecordFile({ statedir, remembers: true, hostName: 'backup' }, (copies) =>
    withRecords(copies, [record(name)]),
  );

t.test('it is made with its folder, and nothing is left beside it', async (t) => {
  const statedir = `${t.testdir({})}/state`;
  t.same(readRecordFile({ statedir }), { records: { copies: [], broken: [] }, problem: undefined });
  t.equal(await add(statedir, 'a1'), undefined);
  t.equal(await add(statedir, 'a2'), undefined);
  t.same(names(statedir), ['vault/a1', 'vault/a2']);
  t.same(readdirSync(statedir), ['copies']);
  const before = readFileSync(`${statedir}/copies`, 'utf8');
  t.equal(
    await changeRecordFile({ statedir, remembers: true, hostName: 'backup' }, (copies) => copies),
    undefined,
  );
  t.equal(readFileSync(`${statedir}/copies`, 'utf8'), before);
});

t.test('who remembers nothing writes nothing', async (t) => {
  const statedir = `${t.testdir({})}/state`;
  t.equal(
    await changeRecordFile({ statedir, remembers: false, hostName: 'backup' }, () => [record('a1')]),
    undefined,
  );
  t.same(readdirSync(t.testdirName), []);
});

t.test('many at once lose nothing of each other', async (t) => {
  const statedir = `${t.testdir({})}/state`;
  const script = `import { changeRecordFile } from ${JSON.stringify(resolve('src/client/copies/record-file.ts'))};
    const [statedir, ...records] = process.argv.slice(1);
    for (const text of records)
      await changeRecordFile({ statedir, remembers: true, hostName: 'backup' }, (copies) => [...copies, JSON.parse(text)]);`;
  const own = Array.from({ length: 4 }, (_one, index) =>
    Array.from({ length: 5 }, (_other, place) => record(`p${index}${place}`)),
  );
  const processes = own.map((records) =>
    spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        '--input-type=module',
        '-e',
        script,
        statedir,
        ...records.map((one) => JSON.stringify(one)),
      ],
      { stdio: 'inherit' },
    ),
  );
  const codes = await Promise.all(processes.map((child) => once(child, 'exit').then(([code]) => code)));
  t.same(codes, [0, 0, 0, 0]);
  t.same(
    names(statedir),
    own
      .flat()
      .map(({ dataset }) => dataset)
      .sort(),
  );
});

t.test(
  'what others could have written, or is no file of records, is named, not believed, and left alone',
  async (t) => {
    const cases: Readonly<Record<string, [spoil: (path: string, folder: string) => void, problem: RegExp]>> =
      {
        'a writable file': [(path) => chmodSync(path, 0o666), /can be written by others than root$/],
        'a writable folder': [(_path, folder) => chmodSync(folder, 0o777), /state can be written by others/],
        'a link': [(path) => inPlaceOf(path, () => symlinkSync('/etc/hostname', path)), /copies is a link$/],
        'a folder': [(path) => inPlaceOf(path, () => mkdirSync(path)), /copies is no file$/],
        'a pipe': [(path) => inPlaceOf(path, () => spawnSync('mkfifo', [path])), /copies is no file$/],
        'a large file': [(path) => writeFileSync(path, '#'.repeat(1 << 21)), /has 2097152 bytes, more than/],
      };
    for (const [name, [spoil, problem]] of Object.entries(cases)) {
      const folder = `${t.testdir({ state: { copies: GOOD } })}/state`;
      chmodSync(folder, 0o755);
      chmodSync(`${folder}/copies`, 0o644);
      spoil(`${folder}/copies`, folder);
      const { records, problem: found } = readRecordFile({ statedir: folder });
      t.same(records.copies, [], name);
      t.match(found?.problem, problem, name);
      t.match(await add(folder, 'a2'), /; run: (?:chmod|chown|mv) /, name);
      chmodSync(folder, 0o755);
    }
  },
);

t.test('a line that is no record is named, passed over, and kept', async (t) => {
  const statedir = t.testdir({ copies: `${GOOD}what is this\n` });
  chmodSync(statedir, 0o755);
  chmodSync(`${statedir}/copies`, 0o644);
  t.match(readRecordFile({ statedir }), {
    records: { copies: [{ dataset: 'vault/a1' }] },
    problem: { problem: /line 3$/, remedy: `mv ${statedir}/copies ${statedir}/copies.old` },
  });
  t.equal(await add(statedir, 'a2'), undefined);
  t.same(names(statedir), ['vault/a1', 'vault/a2']);
  t.match(readFileSync(`${statedir}/copies`, 'utf8'), /\nwhat is this\n$/);
});

t.test('what cannot be written is told, and thrown at nobody', async (t) => {
  t.match(await add('/proc/nowhere', 'a1'), /^\/proc\/nowhere cannot be written to \(E[A-Z]+\)$/);
});
