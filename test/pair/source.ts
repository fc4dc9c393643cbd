/** What a gate's refusal means, by the properties that the source has. */

import t from 'tap';
import { sideOf } from '../../src/pair/side.ts';
import { judgeSource } from '../../src/pair/source.ts';
import type { Tag } from '../../src/zfs/names.ts';
import { listingOf } from '../fixtures/replication/listing.ts';

const ZREP = 'zrep' as Tag;
const COPY = 'zrep:dest-host=backup zrep:savecount=9';
const ALL = [
  'zrep:src-fs=tank/home',
  'zrep:src-host=fileserver',
  'zrep:dest-fs=vault/home',
  'zrep:dest-host=backup',
  'zrep:savecount=9',
  'zrep:master=yes',
];

function judged(
  own: string,
  { code = 'not-master', host = 'fileserver', copy = COPY, snapshot = 'zrep_000001' } = {},
) {
  const side = (dataset: string, properties: string, name: string) =>
    sideOf(
      listingOf(
        `${dataset} type=filesystem<- ${properties}\n${dataset}@${name} guid=${name}<- createtxg=1<- creation=1<-`,
      ),
      dataset,
      ZREP,
    );
  const sides = { source: side('tank/home', own, snapshot), copy: side('vault/home', copy, 'zrep_000001') };
  return judgeSource({ tag: ZREP, ...sides }, { code, reason: 'so it is', host });
}

t.test('a source without any property is given all of them, or is another file system', async (t) => {
  t.same(judged(''), { obstacle: 'source-unconfigured', settings: ALL });
  t.same(judged('', { snapshot: 'anew' }), { obstacle: 'no-common-snapshot' });
});

t.test('one whose properties came with a stream was moved, or restored', async (t) => {
  const moved = ALL.map((one) => `${one}<received`).join(' ');
  t.same(judged(moved, { code: 'not-marked-master' }), { obstacle: 'source-received', settings: ALL });
  const restored = moved.replace(' zrep:master=yes<received', '');
  t.same(judged(restored, { code: 'not-marked-master' }), { obstacle: 'source-received', settings: ALL });
  t.same(
    judged(moved.replace('=fileserver', '=root@fileserver')),
    { obstacle: 'source-received', settings: ALL },
    'also by a name with an account, which the line puts right',
  );
});

t.test('a master of a host of another name is told its name', async (t) => {
  t.same(judged('zrep:src-host=former zrep:master=yes'), {
    obstacle: 'source-renamed',
    former: 'former',
    local: 'fileserver',
    settings: ['zrep:src-host=fileserver'],
  });
  t.match(
    judged('zrep:src-host=root@fileserver zrep:master=yes'),
    { obstacle: 'source-renamed', former: 'root@fileserver' },
    'an account in front of its name is no part of that',
  );
});

t.test('everything else is what the gate says', async (t) => {
  const plain = (code: string) => ({ obstacle: 'refused-there', code, reason: 'so it is' });
  t.same(judged('', { code: 'pool-full' }), plain('pool-full'));
  t.same(judged('zrep:src-host=backup'), plain('not-master'), 'the other side has taken over');
  t.same(judged('zrep:src-host=fileserver', { code: 'not-marked-master' }), plain('not-marked-master'));
  t.same(judged('zrep:src-host=x<inherited_from_tank zrep:master=yes<received'), plain('not-master'));
  t.same(
    judged('', { copy: 'zrep:dest-host=-oProxyCommand=x' }),
    plain('not-master'),
    'no line from what is no host',
  );
  t.same(judged('', { host: '$(reboot)' }), plain('not-master'), 'nor from what the other side makes up');
});

t.test('a save count that is none is the usual one', async (t) => {
  const found = judged('', { copy: 'zrep:dest-host=backup zrep:savecount=many' });
  t.ok('settings' in found && found.settings.includes('zrep:savecount=5'));
});
