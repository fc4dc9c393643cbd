/** What ZFS says of a copy, and what the client makes of it. */

import t from 'tap';
import { endsWithTagged, readDestination } from '../../../src/client/copy/destination.ts';
import { parseDataset, parseTag } from '../../../src/zfs/names.ts';
import { listingOf } from '../../fixtures/replication/listing.ts';

const HOME = parseDataset('vault/home') as NonNullable<ReturnType<typeof parseDataset>>;
const ZREP = parseTag('zrep') as NonNullable<ReturnType<typeof parseTag>>;
const PAIR = 'zrep:src-fs=tank/home zrep:src-host=fileserver';
const read = (own: string, rest = '') =>
  readDestination(listingOf(`vault/home ${own}\n${rest}`), HOME, ZREP, 'backup');

t.test('a copy knows where it comes from', async (t) => {
  const { source, host, token, snapshots, children } = read(
    `${PAIR} type=filesystem<- receive_resume_token=-<-`,
    `vault/home@zrep_000001 guid=2<- createtxg=9<- zrep:sent=1
     vault/home@zrep_000000 guid=1<- createtxg=5<- zrep:sent=1
     vault/home/child type=filesystem<-`,
  );
  t.same([source, host.name, host.here, token], ['tank/home', 'fileserver', false, undefined]);
  t.same(
    snapshots.map(({ name }) => name),
    ['zrep_000000', 'zrep_000001'],
  );
  t.same(children, ['vault/home/child']);
});

t.test('a snapshot of another tool that is newer than the newest one of the tag is seen', async (t) => {
  const snapshot = (name: string, createtxg: number) =>
    `vault/home@${name} guid=${createtxg}<- createtxg=${createtxg}<-\n`;
  const ends = (...snapshots: string[]) =>
    endsWithTagged(read(`${PAIR} type=filesystem<-`, snapshots.join('')));
  t.equal(ends(snapshot('daily', 4), snapshot('zrep_000000', 5)), true);
  t.equal(ends(snapshot('zrep_000000', 5), snapshot('manual', 9)), false);
  t.equal(ends(snapshot('manual', 9)), false, 'the only one');
  t.equal(ends(), false, 'there is none');
});

t.test('what init has sent along counts as set', async (t) => {
  t.equal(read(PAIR.replaceAll(/(\S+)/g, '$1<received')).source, 'tank/home');
});

t.test('a master is not refreshed', async (t) => {
  t.throws(() => read(`${PAIR} zrep:master=yes`), {
    message: /^Sorry, you cant run refresh on a master mode fs/,
  });
  t.equal(
    read(`${PAIR} zrep:master=yes<received`).source,
    'tank/home',
    'a mark that came with a stream is none',
  );
});

t.test('what is no copy, or only inherits being one, is told how to become one', async (t) => {
  t.throws(() => read('type=filesystem<-'), { message: /zrep init --pull HOST:SOURCE vault\/home/ });
  t.throws(() => read('zrep:src-fs=tank/x<inherited zrep:src-host=fileserver'), {
    message: /that of the file system above it/,
  });
});

t.test('what its properties do not agree on is not refreshed', async (t) => {
  const moved = `${PAIR} zrep:dest-fs=vault/old zrep:dest-host=backup`.replaceAll(/(\S+)/g, '$1<received');
  t.throws(() => read(moved), {
    message: /^vault\/home is not refreshed.*zrep:dest-fs=vault\/old \(received\)/,
  });
  t.equal(
    read(moved.replace('vault/old<received', 'vault/home')).source,
    'tank/home',
    'the line that is printed helps',
  );
});

t.test('a host or a file system that is none is refused before anything is run', async (t) => {
  t.throws(() => read('zrep:src-fs=tank/home zrep:src-host=-oProxyCommand=id'), { message: /src-host/ });
  t.throws(() => read('zrep:src-fs=tank/../x zrep:src-host=fileserver'), { message: /src-fs/ });
});

t.test('properties that a stream has set are kept as they are, but not the mark of a master', async (t) => {
  const { received } = read(
    `${PAIR.replaceAll(/(\S+)/g, '$1<received')} mountpoint=/home<received setuid=on<default zrep:master=yes<received`,
  );
  t.same(received, { mountpoint: '/home', 'zrep:src-fs': 'tank/home', 'zrep:src-host': 'fileserver' });
});
