/** What ZFS says of a file system that is to be pushed. */

import t from 'tap';
import { neverSent, readCourse, readMaster, unsentOf } from '../../../src/client/push/master.ts';
import { type Dataset, parseDataset, parseTag, type Tag } from '../../../src/zfs/names.ts';
import { listingOf } from '../../fixtures/replication/listing.ts';

const [HOME, TAG] = [parseDataset('tank/home') as Dataset, parseTag('zrep') as Tag];
const PAIR = 'zrep:src-host=fileserver zrep:dest-host=root@backup zrep:dest-fs=vault/home';
const SNAPSHOTS = `
tank/home@zrep_000000 guid=1<- createtxg=5<- zrep:sent=1700000000
tank/home@zrep_000002 guid=2<- createtxg=9<-
tank/home@zrep_000001 guid=3<- createtxg=7<- zrep:sent=1700000001
tank/home@daily guid=4<- createtxg=8<-
tank/home@zrep_000003_unsent guid=5<- createtxg=10<-`;

const master = (own: string, snapshots = SNAPSHOTS) =>
  readMaster(listingOf(`tank/home ${own}\n${snapshots.trim()}`), HOME, TAG, 'fileserver');

t.test('where it goes, what was sent last, and what was not, the newest first', async (t) => {
  const found = master(`zrep:master=yes ${PAIR}`);
  t.match(found, { host: { name: 'root@backup', here: false }, destination: 'vault/home' });
  const { base } = found;
  if (base === undefined) throw new Error('nothing is marked');
  t.equal(base.name, 'zrep_000001', 'by the pool, not by the order of names');
  t.same(
    unsentOf({ ...found, base }).map(({ name }) => name),
    ['zrep_000003_unsent', 'zrep_000002'],
  );
});

t.test('a mark of the master that was inherited or received is none', async (t) => {
  for (const own of ['zrep:master=yes<received', 'zrep:master=yes<inherited from tank', 'zrep:master=no', ''])
    t.throws(() => master(`${own} ${PAIR}`.trim()), { message: 'tank/home not master. Cannot sync' }, own);
});

t.test('a master that names another host is told what that means', async (t) => {
  for (const name of ['oldname', 'root@fileserver'])
    t.throws(
      () => master(`zrep:master=yes zrep:src-fs=tank/home ${PAIR.replace('=fileserver', `=${name}`)}`),
      {
        message: `we are not master host for tank/home: master is ${name}, we are fileserver; the properties of tank/home name ${name} as its host, which calls itself fileserver; if the host was renamed, tell zrep: zfs set zrep:src-host=fileserver tank/home`,
      },
    );
});

t.test('one that was moved has the line that makes it the source, behind the words of stock', async (t) => {
  const all = `zrep:src-fs=tank/home ${PAIR} zrep:savecount=9`;
  const moved = ['fileserver', 'root@fileserver'].map((name) =>
    all.replace('src-host=fileserver', `src-host=${name}`).split(' '),
  );
  for (const own of moved)
    t.throws(() => master([...own, 'zrep:master=yes'].map((one) => `${one}<received`).join(' ')), {
      message: `tank/home not master. Cannot sync; tank/home has its zrep properties from a stream: it was moved, or restored; if it is what is written to now, make it the source: for p in zrep:src-fs=tank/home zrep:src-host=fileserver zrep:dest-fs=vault/home zrep:dest-host=root@backup zrep:savecount=9 zrep:master=yes; do zfs set $p tank/home; done`,
    });
});

t.test('a copy of a pair on one host is no source that was moved', async (t) => {
  const own = 'zrep:src-fs=p/x zrep:src-host=fileserver zrep:dest-fs=tank/home zrep:dest-host=fileserver';
  t.throws(() => master(own.replaceAll(/(?<==\S+)(?= |$)/g, '<received')), {
    message: 'tank/home not master. Cannot sync',
  });
});

t.test('without a destination, or with one that no ssh may see, nothing goes anywhere', async (t) => {
  for (const own of [
    'zrep:dest-fs=vault/home',
    'zrep:dest-host=backup',
    'zrep:dest-host=-oProxyCommand=x zrep:dest-fs=vault/home',
    'zrep:dest-host=backup zrep:dest-fs=vault/$(x)',
  ])
    t.throws(
      () => readCourse(listingOf(`tank/home ${own}`), HOME, TAG, 'fileserver'),
      { message: /^Problem getting zrep properties for fs tank\/home \(/ },
      own,
    );
});

t.test('a destination that is only inherited is where the file system above goes', async (t) => {
  const own = listingOf(`tank/home zrep:master=yes ${PAIR}`).get(HOME) ?? new Map();
  const inherited = { value: 'vault', source: 'inherited from tank' };
  const read = (name: string) =>
    readCourse(new Map([[HOME, new Map([...own, [name, inherited]])]]), HOME, TAG, 'fileserver');
  t.throws(() => read('zrep:dest-fs'), { message: /zrep:dest-fs is only inherited from tank\)/ });
  t.equal(read('zrep:dest-host').host.name, 'vault', 'a host may be set above');
});

t.test('one that was never sent has no base', async (t) => {
  const found = master(`zrep:master=yes ${PAIR}`, 'tank/home@zrep_000000 guid=1<- createtxg=5<-');
  t.equal(found.base, undefined);
  t.match(neverSent('tank/home', TAG), {
    message: /^You must initialize tank\/home for zrep .*zrep sentsync tank\/home@zrep_hhhhhh$/,
  });
});
