/** What ZFS says of a dataset, as snapshots: marks, and what protects one. */

import t from 'tap';
import { neededProperties, otherTags, pairRoot, snapshotsIn, usedBy } from '../../src/expire/from-zfs.ts';
import { formatResumeToken } from '../../src/zfs/resume-token.ts';
import { listingOf } from '../fixtures/replication/listing.ts';

const reading = (text: string, tags = ['zrep']) => ({ dataset: 'tank/a', listing: listingOf(text), tags });
const row = (name: string, more = '') =>
  `tank/a@${name} guid=${name.length + 1000}<- createtxg=7<- creation=1700000000<- ${more}`;
const guardsOf = (text: string, tags?: string[]) =>
  Object.fromEntries(snapshotsIn(reading(text, tags)).map(({ name, guards }) => [name, guards]));

t.test('a mark counts when it is on the snapshot itself', async (t) => {
  const text = `tank/a zrep:sent=1
${row('zrep_000000', 'zrep:sent=1')}
${row('zrep_000001', 'zrep:sent=1<received')}
${row('zrep_000002', 'zrep:sent=1<inherited_from_tank/a')}
${row('zrep_000003', 'zrep:sent=-<-')}
tank/a/b@zrep_000000 creation=1<- zrep:sent=1`;
  const snapshots = snapshotsIn(reading(text.replace('inherited_from_', 'inherited from ')));
  t.same(
    snapshots.map(({ name, sentAs }) => [name, [...sentAs]]),
    [
      ['zrep_000000', ['zrep']],
      ['zrep_000001', ['zrep']],
      ['zrep_000002', []],
      ['zrep_000003', []],
    ],
  );
  t.match(snapshots[0], { dataset: 'tank/a', creation: 1_700_000_000, createtxg: 7, guards: [] });
});

t.test('held ones, what lastsent names, and what the gate has streamed last are guarded', async (t) => {
  const text = `tank/a zrep:lastsent=other/x@zrep_000001
${row('zrep_000000', 'userrefs=2<- zrep-gate:streamed=b1@5')}
${row('zrep_000001', 'userrefs=0<-')}
${row('zrep_000002', 'zrep-gate:streamed=b1@9').replace('createtxg=7', 'createtxg=9')}
${row('zrep_000003', 'zrep-gate:streamed=b1@9<received').replace('createtxg=7', 'createtxg=11')}`;
  t.same(guardsOf(text), {
    zrep_000000: [{ kind: 'held' }],
    zrep_000001: [{ kind: 'lastsent', tag: 'zrep' }],
    zrep_000002: [{ kind: 'streamed', tag: 'zrep' }],
    zrep_000003: [],
  });
});

t.test(
  'all of a retired copy is guarded, but not the snapshots of another pair, nor for a mark from a stream',
  async (t) => {
    const rows = ['zrep_000000', 'off_000000', 'by-hand'].map((name) => row(name)).join('\n');
    const retired = [{ kind: 'retired', tag: 'zrep' }];
    t.same(guardsOf(`tank/a zrep:retired=5 zrep:src-fs=x/y\n${rows}`, ['zrep', 'off']), {
      ...{ zrep_000000: retired, off_000000: [], 'by-hand': retired },
    });
    const none = { zrep_000000: [], off_000000: [], 'by-hand': [] };
    t.same(guardsOf(`tank/a zrep:retired=5<received\n${rows}`), none);
    const above = (root: string) => {
      const listing = listingOf(`tank/a zrep:retired=5<inherited_from_tank zrep:src-fs=x/y<${root}\n${rows}`);
      const spaced = [...listing].map(([name, own]) => {
        const properties = [...own].map(([property, { value, source }]) => {
          return [property, { value, source: source.replaceAll('_', ' ') }] as const;
        });
        return [name, new Map(properties)] as const;
      });
      const found = snapshotsIn({ dataset: 'tank/a', listing: new Map(spaced), tags: ['zrep'] });
      return Object.fromEntries(found.map(({ name, guards }) => [name, guards]));
    };
    t.same(above('inherited_from_tank')['zrep_000000'], retired, 'it belongs to the pair above');
    t.same(above('local'), none, 'it is a pair of its own');
  },
);

t.test('what a resume token goes on from is guarded; where it tells nothing, all are', async (t) => {
  const snapshot = { dataset: 'tank/a', tag: 'zrep', sequence: 2 } as Parameters<
    typeof formatResumeToken
  >[0]['snapshot'];
  const token = formatResumeToken({
    ...{ snapshot, object: 1n, offset: 0n, bytes: 5n, toguid: 77n },
    fromguid: 1011n,
    features: [],
  });
  const rows = `${row('zrep_000000')}\n${row('by-hand')}`;
  const resume = [{ kind: 'resume' }];
  t.same(guardsOf(`tank/a receive_resume_token=${token}<-\n${rows}`), { zrep_000000: resume, 'by-hand': [] });
  t.same(guardsOf(`tank/a receive_resume_token=1-abc<-\n${rows}`), {
    zrep_000000: resume,
    'by-hand': resume,
  });
  t.same(guardsOf(`tank/a receive_resume_token=-<-\n${rows}`), { zrep_000000: [], 'by-hand': [] });
});

t.test('a recursive refresh from above guards the child snapshot of the same name', async (t) => {
  const [one, two] = snapshotsIn(reading(`${row('zrep_000000')}\n${row('zrep_000001')}`), [
    { dataset: 'tank', tag: 'zrep', name: 'zrep_000001' },
  ]);
  t.same([one?.guards, two?.guards], [[], [{ kind: 'base-above', dataset: 'tank', tag: 'zrep' }]]);
});

t.test('a pair is that of the file system from which src-fs is inherited, and only from there', async (t) => {
  const root = (source: string) => pairRoot(reading(`tank/a zrep:src-fs=tank<${source}`), 'zrep');
  t.same(['local', 'received', '-'].map(root), ['tank/a', 'tank/a', 'tank/a']);
  const listing = new Map([
    ['tank/a', new Map([['zrep:src-fs', { value: 'tank', source: 'inherited from tank' }]])],
  ]);
  t.equal(pairRoot({ dataset: 'tank/a', listing }, 'zrep'), 'tank');
});

t.test('tags nobody asked about, the space each takes, and what is asked of which zfs', async (t) => {
  const text = `${row('zrep_000000', 'used=5<-')}\n${row('off_000000', 'used=7<-')}\n${row('by-hand', 'used=9<-')}`;
  t.same(otherTags(reading(text)), ['off']);
  t.equal(usedBy(reading(text), snapshotsIn(reading(text)).slice(0, 2)), 12);
  t.notOk(neededProperties(new Set(), ['zrep']).includes('receive_resume_token'), 'zfs-fuse has none');
  t.ok(neededProperties(new Set(['resume']), ['zrep']).includes('receive_resume_token'));
});

t.test('a creation that is not told is not taken for an old one', async (t) => {
  const [one] = snapshotsIn(reading('tank/a@zrep_000000 guid=1<- createtxg=1<-'));
  t.ok(Number.isNaN(one?.creation));
});
