/** Which file system here can be a copy of which only the pair's properties are missing. */

import t from 'tap';
import { unclaimedSnapshot } from '../../../src/client/set-up/came-whole.ts';
import type { Tag } from '../../../src/zfs/names.ts';
import { listingOf } from '../../fixtures/replication/listing.ts';

const COPY = 'vault/new';
const PAIR = { 'zrep:src-fs': 'tank/new', 'zrep:src-host': 'fs', 'zrep:dest-fs': COPY };
const FIRST = `${COPY} type=filesystem<-\n${COPY}@zrep_000000 guid=7<- createtxg=3<-\n`;

const guidIn = (text: string) => unclaimedSnapshot(listingOf(text), COPY, 'zrep' as Tag, PAIR);

t.test('one with a single unmarked snapshot, and none or some of the properties', async (t) => {
  t.equal(guidIn(FIRST), '7');
  t.equal(guidIn(`${FIRST}${COPY} zrep:src-fs=tank/new\n`), '7', 'killed between two of them');
  t.equal(guidIn(`${FIRST}${COPY} zrep:src-fs=tank/else<inherited\n`), '7', 'of the pair above it');
  t.equal(guidIn(`${FIRST}${COPY}@auto guid=8<- createtxg=4<-\n`), '7', 'another tool has made one');
});

t.test('none that anything else is known of', async (t) => {
  const no = (text: string, why: string) => t.equal(guidIn(text), undefined, why);
  no(`${COPY} type=filesystem<-\n`, 'no snapshot');
  no(`${COPY}@mine guid=7<- createtxg=3<-\n`, 'no snapshot of the tag');
  no(`${FIRST}${COPY}@zrep_000001 guid=8<- createtxg=4<-\n`, 'two');
  no(`${FIRST}${COPY}@zrep_000000 zrep:sent=1700000000\n`, 'marked');
  no(`${FIRST}${COPY} zrep:src-host=else\n`, 'of another pair');
  no(`${FIRST}${COPY} zrep:master=yes\n`, 'a master');
  no(`${FIRST}${COPY}/below type=filesystem<-\n`, 'with something below it');
});
