/** Taking a copy out of service and back: cut off before any call of zfs, the same command goes on, and nothing is lost. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t from 'tap';
import { retireOne } from '../../../src/client/verbs/retire.ts';
import { TwoHosts } from '../../fixtures/client/two-hosts.ts';

const rundir = mkdtempSync(`${tmpdir()}/retire-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

const NAMES = ['src-fs', 'src-host', 'dest-fs', 'dest-host', 'savecount', 'retired', 'retired-src-host'];
const own = (hosts: TwoHosts) => NAMES.map((name) => hosts.get('backup', 'vault/home', `zrep:${name}`));
const IN_SERVICE = ['tank/home', 'fileserver', 'vault/home', 'backup', '5', undefined, undefined];
const isRetired = (values: readonly (string | undefined)[]) =>
  values.slice(1, 3).every((value) => value === undefined) &&
  /^\d+$/.test(values[5] ?? '') &&
  values[6] === 'fileserver';

for (const can of [[], ['batches']] as const) {
  t.test(`cut off anywhere it goes on: a zfs that ${can[0] ?? 'sets one property a call'}`, async (t) => {
    for (let left = 0; ; left += 1) {
      const hosts = new TwoHosts(rundir, can);
      const snapshots = hosts.snapshots('backup');
      hosts.left = left;
      const { ended } = await hosts.run('backup', 'retire -f vault/home', retireOne);
      hosts.left = Number.POSITIVE_INFINITY;
      t.match(
        await hosts.run('backup', 'retire -f vault/home', retireOne),
        { ended: 0 },
        `cut off at ${left}`,
      );
      t.ok(isRetired(own(hosts)), `retired after it was cut off at ${left}`, { found: own(hosts) });
      hosts.left = left;
      await hosts.run('backup', 'retire --undo vault/home', retireOne);
      hosts.left = Number.POSITIVE_INFINITY;
      await hosts.run('backup', 'retire --undo vault/home', retireOne);
      t.same(own(hosts), IN_SERVICE, `in service after it was cut off at ${left}`);
      t.same(hosts.snapshots('backup'), snapshots);
      t.equal(hosts.get('backup', 'vault/home@zrep_000001', 'zrep:sent'), '1700000000');
      if (ended === 0) break;
    }
  });
}

t.test('what was asked for and cut off is not asked for again', async (t) => {
  const hosts = new TwoHosts(rundir);
  hosts.set('backup', 'vault/home', 'zrep:retired', '5');
  const { ended } = await hosts.run('backup', 'retire vault/home', retireOne);
  t.equal(ended, 0);
  t.ok(isRetired(own(hosts)));
  t.equal(hosts.get('backup', 'vault/home', 'zrep:retired'), '5', 'since when it was asked for');
});

t.test('a mark that came with a stream retires nothing', async (t) => {
  const hosts = new TwoHosts(rundir);
  hosts.set('backup', 'vault/home', 'zrep:retired', '5', 'received');
  const { ended } = await hosts.run('backup', 'retire --undo vault/home', retireOne);
  t.match(ended, { message: /is not retired; what is: zrep list --retired/ });
});

t.test('a master, and what is no copy, cannot be retired', async (t) => {
  const hosts = new TwoHosts(rundir);
  hosts.set('backup', 'vault/none', 'type', 'filesystem', '-');
  const { ended: master } = await hosts.run('fileserver', 'retire -f tank/home', retireOne);
  t.match(master, { message: /is the master of its pair: only a copy can be retired/ });
  const { ended: none } = await hosts.run('backup', '-t off retire -f vault/none', retireOne);
  t.match(none, { message: /is no copy under the tag off; what there is: zrep -t off list/ });
  const { ended: nowhere } = await hosts.run('backup', 'retire -f vault/nowhere', retireOne);
  t.match(nowhere, { message: /vault\/nowhere: it does not exist here/ });
});
