/** Which side of a pair a file system is, by its own properties. */

import fc from 'fast-check';
import t from 'tap';
import { roleOf, roleProperties } from '../../src/replication/role.ts';
import type { Tag } from '../../src/zfs/names.ts';
import { listingOf } from '../fixtures/replication/listing.ts';

const ZREP = 'zrep' as Tag;

t.test('which side it is, is told by its properties, also where both have one name', async (t) => {
  const role = (properties: string, host: string) =>
    roleOf(listingOf(`tank/home ${properties}`).get('tank/home'), 'tank/home', ZREP, host);
  const twins =
    'zrep:src-fs=tank/home zrep:src-host=root@one zrep:dest-fs=tank/home zrep:dest-host=two zrep:savecount=5';
  t.equal(role(twins, 'one'), 'source');
  t.equal(role(twins, 'two'), 'copy');
  t.equal(role(`${twins} zrep:master=yes`, 'one'), 'source');
  t.equal(role(twins, 'root@one'), 'source', 'where ZREP_SRC_HOST has an account, too');
  t.equal(role(`${twins} zrep:master=yes`, 'two'), 'copy', 'marked by mistake');
  t.equal(role(`${twins} zrep:master=yes`, 'renamed'), 'source', 'neither name fits, and it is the master');
  const pair = 'zrep:src-fs=tank/home zrep:src-host=one zrep:dest-fs=vault/home zrep:dest-host=two';
  t.equal(role(pair, 'one'), 'source');
  t.equal(role(`${pair} zrep:master=yes`, 'renamed'), 'source');
  t.equal(role('zrep:src-fs=else/home zrep:dest-fs=tank/home', 'two'), 'copy');
});

const PAIR = 'zrep:src-fs=tank/x zrep:src-host=fileserver zrep:dest-fs=vault/x zrep:dest-host=backup';
const received = (properties: string) => properties.replaceAll(/(\S+)/g, '$1<received');
const role = (dataset: string, properties: string, host: string) =>
  roleOf(listingOf(`${dataset} ${properties}`).get(dataset), dataset, ZREP, host);

t.test('a source that was moved, and a copy that was restored elsewhere, are neither', async (t) => {
  t.equal(role('tank/new/x', received(`${PAIR} zrep:master=yes`), 'fileserver'), 'unclear', 'moved');
  t.equal(role('vault/restored', received(PAIR), 'backup'), 'unclear', 'restored');
  t.equal(role('pool/test', received(PAIR), 'vm'), 'unclear', 'on a third host');
  t.equal(role('tank/x', received(PAIR), 'new-host'), 'unclear', 'moved to another host, under its name');
  t.equal(role('tank/x', received(PAIR), 'fileserver'), 'source', 'restored where it was');
  t.equal(role('pool/test', PAIR, 'vm'), 'unclear', 'neither name nor host');
  t.equal(role('tank/y', PAIR, 'fileserver'), 'unclear', 'a source that was renamed, and is no master');
});

t.test('what says its own name is clear, however that came there', async (t) => {
  t.equal(role('vault/x', received(PAIR), 'backup'), 'copy', "stock's init sends all properties along");
  t.equal(role('vault/x', received(PAIR), 'backup.example.com'), 'copy', 'by another name of the host');
  t.equal(role('vault/y', PAIR, 'backup.example.com'), 'copy', 'the same, by another name of the host');
  t.equal(role('vault/y', PAIR, 'backup'), 'copy', 'a copy that was renamed on its host');
});

t.test(
  'whatever the properties, a name that is in none of them and a received one make no role',
  async () => {
    const source = fc.constantFrom('local', 'received', 'inherited from vault');
    fc.assert(
      fc.property(
        fc.tuple(source, source, source, source),
        fc.constantFrom('fileserver', 'backup', 'vm'),
        (sources, host) => {
          const text = PAIR.split(' ')
            .map((one, index) => `${one}<${sources[index]}`)
            .join(' ');
          const found = role('else/where', text, host);
          const whole = !sources.includes('inherited from vault');
          if (whole && sources.includes('received') && found !== 'unclear')
            throw new Error(`${text}: ${found}`);
        },
      ),
    );
  },
);

t.test('a person is shown what there is, and where it is from', async (t) => {
  const own = listingOf(
    `vault/x zrep:src-fs=tank/x<received zrep:dest-fs=vault/x zrep:master=yes<inherited from vault`,
  );
  t.same(roleProperties(own.get('vault/x'), ZREP), [
    'zrep:src-fs=tank/x (received)',
    'zrep:dest-fs=vault/x (local)',
  ]);
});
