/** What is checked of a new copy's place, each with what to do; and that nothing else is refused. */

import t from 'tap';
import {
  above,
  judgeFirstStream,
  judgeMountPoint,
  judgeName,
  judgePlace,
  mountPathOf,
  type Place,
} from '../../../src/client/set-up/place.ts';
import type { Dataset, Tag } from '../../../src/zfs/names.ts';
import { listingOf } from '../../fixtures/replication/listing.ts';

const ZREP = 'zrep' as Tag;
const COPY = 'vault/home/new' as Dataset;
const HERE =
  'vault type=filesystem<-\nvault/home type=filesystem<- available=1000<- mountpoint=/vault/home<default\n';
const NAMES = ['vault', 'vault/home', 'vault/mail', 'vault/home/old', 'tank'];

const placeOf = (listing: string, more: Partial<Place> = {}): Place => ({
  dataset: COPY,
  listing: listingOf(listing),
  names: NAMES,
  isPoolReadonly: false,
  hides: undefined,
  ...more,
});
const judge = (listing: string, more: Partial<Place> = {}) =>
  judgePlace(placeOf(listing, more), (dataset) => `zrep init --pull fs:tank/new ${dataset}`);

t.test('where pool and parent are here, a copy can be begun', async (t) => {
  t.equal(judge(HERE), undefined);
  t.equal(judge('vault type=filesystem<-\n', { dataset: 'vault/new' as Dataset }), undefined);
});

t.test('a pool that is not here is to be imported, or is a typo', async (t) => {
  t.equal(
    judge('', { dataset: 'other/new' as Dataset }),
    'there is no pool other here. If it is not imported: zpool import other',
  );
  t.equal(
    judge('', { dataset: 'valt/home/new' as Dataset }),
    'there is no pool valt here. Did you mean vault? Then: zrep init --pull fs:tank/new vault/home/new',
  );
  t.match(judge('', { dataset: 'other' as Dataset }), /^there is no pool other here/);
});

t.test('a parent that is not here is to be created, or is a typo', async (t) => {
  t.equal(
    judge('vault type=filesystem<-\n', { dataset: 'vault/a/b/new' as Dataset }),
    'vault/a does not exist here. To create it: zfs create -p vault/a/b',
  );
  t.equal(
    judge('vault type=filesystem<-\n', { dataset: 'vault/hmoe/new' as Dataset }),
    'vault/hmoe does not exist here. Did you mean vault/home? Then: zrep init --pull fs:tank/new vault/home/new',
  );
});

t.test('nothing is below a volume, nor written to a read-only pool', async (t) => {
  t.match(
    judge(HERE.replace('vault/home type=filesystem', 'vault/home type=volume')),
    /vault\/home is a volume/,
  );
  t.match(judge(HERE, { isPoolReadonly: true }), /read-only.*zpool export vault && zpool import vault$/);
});

t.test('what its mount point would hide is named', async (t) => {
  const hides = { path: '/vault/home/new', what: 'which is not empty' };
  const begun = `${HERE}${COPY} type=filesystem<-\n`;
  t.equal(judgeMountPoint(placeOf(begun, { hides })), undefined, 'begun before');
  t.equal(judgeMountPoint(placeOf(HERE)), undefined);
  t.equal(
    judgeMountPoint(placeOf(HERE, { hides })),
    'vault/home/new would be mounted on /vault/home/new, which is not empty, and hide what is there. Take another name for the copy',
  );
});

t.test('its mount point is below that of its parent, if that has one', async (t) => {
  const at = (mountpoint: string) =>
    mountPathOf(listingOf(`rpool/root type=filesystem<- mountpoint=${mountpoint}`), 'rpool/root/etc');
  t.equal(at('/'), '/etc', 'a root file system');
  t.equal(at('/backup'), '/backup/etc');
  for (const none of ['none', 'legacy', '-']) t.equal(at(none), undefined, none);
  t.equal(mountPathOf(listingOf(HERE), 'vault'), undefined);
});

t.test('a name has room for the snapshots behind it', async (t) => {
  const named = (length: number, tag = ZREP) => judgeName(`p/${'x'.repeat(length - 2)}` as Dataset, tag);
  t.equal(named(255 - '@zrep_000000_unsent'.length), undefined);
  t.match(
    named(256 - '@zrep_000000_unsent'.length),
    /has 237 characters, and can have 236: .* no more than 255/,
  );
  t.match(named(236, 'offsite' as Tag), /can have 233/);
  t.equal(judgeName(Array(50).fill('a').join('/') as Dataset, ZREP), undefined);
  t.match(judgeName(Array(51).fill('a').join('/') as Dataset, ZREP), /more than 50 levels/);
});

t.test('the first stream has to fit, as far as both sides tell', async (t) => {
  const fits = (referenced: string | undefined, listing = HERE) =>
    judgeFirstStream(
      listingOf(listing),
      COPY,
      { referenced, isEncrypted: false },
      (option) => `zrep ${option}`,
    );
  t.equal(fits('1000'), undefined);
  t.equal(fits(undefined), undefined);
  t.equal(fits('a lot'), undefined, 'a fileserver can say anything');
  t.equal(fits('1001', 'vault type=filesystem<-\n'), undefined);
  t.equal(
    fits('2048'),
    'the first stream has about 2.0 KiB, and vault/home has room for 1000 B. Nothing was changed. If it is enough, since this side compresses better: zrep --ignore-room',
  );
});

t.test('a parent whose key is not loaded takes no stream that it would have to encrypt', async (t) => {
  const locked = `${HERE.trim()} keystatus=unavailable<- encryptionroot=vault<-\n`;
  const judgeKey = (isEncrypted: boolean | undefined, listing = locked) =>
    judgeFirstStream(listingOf(listing), COPY, { referenced: '1', isEncrypted }, (option) => option);
  t.equal(
    judgeKey(false),
    'the copy would be encrypted with the key of vault/home, which is not loaded. Load it: zfs load-key vault',
  );
  t.equal(judgeKey(true), undefined, 'a raw stream brings its own');
  t.equal(judgeKey(undefined), undefined, 'nobody knows');
  t.equal(judgeKey(false, locked.replace('unavailable', 'available')), undefined);
});

t.test('what is above a file system begins with its pool', async (t) => {
  t.same(above('a/b/c'), ['a', 'a/b']);
  t.same(above('a'), []);
});
