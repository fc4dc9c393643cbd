/** What the first stream of a tree has left. */

import fc from 'fast-check';
import t from 'tap';
import { judgeFirstTree } from '../../src/pair/first-tree.ts';
import { sideOf } from '../../src/pair/side.ts';
import { belowOf } from '../../src/pair/tree.ts';
import type { Tag } from '../../src/zfs/names.ts';
import { listingOf } from '../fixtures/replication/listing.ts';

const ZREP = 'zrep' as Tag;

/** Lines of a file system of `dataset` with its first snapshot; the GUID is of its name below. */
const first = (dataset: string, child = '', more = '') =>
  `${dataset}${child} written=0<- createtxg=2<- ${more}\n${dataset}${child}@zrep_000000 guid=1${child}<- createtxg=5<- clones=<- userrefs=0<-\n`;

const SOURCE = first('tank/t') + first('tank/t', '/c') + first('tank/t', '/c/d');

function judge(copy: string, source = SOURCE) {
  const there = listingOf(source);
  const tree = { top: sideOf(there, 'tank/t', ZREP), below: belowOf(there, 'tank/t', ZREP) };
  return judgeFirstTree(tree, listingOf(copy), 'vault/t', ZREP);
}

const TOP = first('vault/t');
const WHOLE = TOP + first('vault/t', '/c') + first('vault/t', '/c/d');

t.test('all that the source has of the snapshot has come', async (t) => {
  t.equal(judge(WHOLE), 'whole');
  t.equal(judge(`${WHOLE}vault/t@mine guid=9<- createtxg=3<-\n`), 'whole', 'with an older one beside it');
  t.equal(
    judge(WHOLE, `${SOURCE}tank/t/new written=0<- createtxg=7<-\n`),
    'whole',
    'one that was made there later',
  );
});

t.test('a part of it has come', async (t) => {
  t.equal(judge(TOP), 'part');
  t.equal(judge(TOP + first('vault/t', '/c')), 'part');
  t.equal(
    judge(`${TOP}vault/t/c written=8192<- receive_resume_token=1-x<-\n`),
    'part',
    'and a part of a snapshot',
  );
  t.equal(judge('vault/t written=8192<- receive_resume_token=1-x<-\n'), 'part', 'of the top');
  t.equal(judge(TOP + first('vault/t', '/r').replace('1/r', '1/c')), 'part', 'renamed there since');
});

t.test(
  'a stream that was cut within the top leaves what other tools, or an older pair, made of the top alone',
  async (t) => {
    const older = (dataset: string, name: string) =>
      `${dataset} written=0<- createtxg=2<-\n${dataset}@${name} guid=8<- createtxg=3<- clones=<- userrefs=0<-\n`;
    for (const name of ['daily-1', 'zrep_000000'])
      t.equal(
        judge(older('vault/t', name), older('tank/t', name) + SOURCE.replaceAll('000000', '000001')),
        'part',
        name,
      );
    const alone = first('tank/t');
    t.equal(
      judge(TOP, `${alone}tank/t/new written=0<- createtxg=7<-\n`),
      'whole',
      'what was made there since has no such snapshot',
    );
  },
);

t.test('what the source does not have, or somebody needs, is kept', async (t) => {
  const keeps = (copy: string, why: string) => t.same(judge(copy), { keep: why }, why);
  keeps(`${TOP}vault/t@mine guid=9<- createtxg=3<-\n`, 'vault/t@mine is not on the source');
  keeps(`${TOP}vault/t@zrep_000000 zrep:sent=1\n`, 'vault/t@zrep_000000 is marked as sent');
  keeps(TOP.replace('userrefs=0', 'userrefs=1'), 'vault/t@zrep_000000 is held');
  keeps(TOP.replace('clones=', 'clones=vault/x'), 'vault/t@zrep_000000 has a clone');
  keeps(TOP.replace('written=0', 'written=8192'), 'vault/t was changed');
  keeps(`${TOP}vault/t/own written=8192<-\n`, 'vault/t/own did not come with the stream');
});

t.test('where anything is not on the source, what is here is more than the stream left', async () => {
  const names = fc.constantFrom('', '/c', '/c/d', '/own');
  fc.assert(
    fc.property(
      fc.subarray(['/c', '/c/d']),
      names,
      fc.constantFrom('mine', 'zrep_000009'),
      (came, of, name) => {
        if (of !== '' && !came.includes(of)) return true;
        const copy = TOP + came.map((child) => first('vault/t', child)).join('');
        return judge(`${copy}vault/t${of}@${name} guid=77<- createtxg=9<-\n`) !== 'part';
      },
    ),
  );
});
