/** What a test file becomes before it runs: the same, and it says so. */

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { bundleTests } from '../../lab/bundle-tests.ts';

const FILE = 'test/fixtures/lab/where.ts';

t.test('a bundle takes itself for its source, to find what lies beside it and to name lines', async (t) => {
  const bundles = await bundleTests([FILE]);
  t.teardown(bundles.remove);
  const said = execFileSync(process.execPath, bundles.of(FILE), {
    encoding: 'utf8',
  });
  const [url, place] = said.split('\n');
  t.equal(url, pathToFileURL(FILE).href);
  t.match(place, /\btest\/fixtures\/lab\/where\.ts:4:/);
  bundles.remove();
  t.notOk(existsSync(bundles.of(FILE).at(-1) ?? ''));
});

t.test('what cannot be read is told, and leaves nothing', async (t) => {
  const ours = () => readdirSync('.tests').filter((name) => name.startsWith(`run-${process.pid}-`));
  const before = ours();
  await t.rejects(bundleTests(['test/fixtures/lab/none.ts']), /none\.ts/);
  t.same(ours(), before);
});
