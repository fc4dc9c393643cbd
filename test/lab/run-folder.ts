/** A run's folder in the checkout: its own, and nothing stays of those that were killed. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import t from 'tap';
import { makeRunFolder } from '../../lab/run-folder.ts';

t.test('each is a new one, and empty', (t) => {
  const folders = [makeRunFolder(), makeRunFolder()];
  t.teardown(() => folders.map((folder) => rmSync(folder, { recursive: true })));
  t.not(folders[0], folders[1]);
  t.same(
    folders.map((folder) => readdirSync(folder)),
    [[], []],
  );
  t.end();
});

t.test('what the dead left goes, and what the living have stays', (t) => {
  const { pid } = spawnSync(process.execPath, ['-e', '0']);
  const dead = `.tests/run-${pid}-abcdef/within`;
  const living = `.tests/run-${process.ppid}-abcdef`;
  mkdirSync(dead, { recursive: true });
  mkdirSync(living);
  t.teardown(() => rmSync(living, { recursive: true }));
  const folder = makeRunFolder();
  t.teardown(() => rmSync(folder, { recursive: true }));
  t.match(basename(folder), /^run-\d+-/);
  t.same([existsSync(dead), existsSync(living)], [false, true]);
  t.end();
});
