/** What the doctor makes of a copy by itself. */

import t from 'tap';
import { diagnose } from '../../../src/client/doctor/diagnose.ts';
import { parseZrepSnapshot, type ZrepSnapshot } from '../../../src/zfs/names.ts';
import { formatResumeToken } from '../../../src/zfs/resume-token.ts';
import { type PairOptions, pairOf } from '../../fixtures/client/scene.ts';

const GUID_OF_0 = BigInt(pairOf('0+', '0+').here.snapshots[0]?.guid ?? 0);

const all = (options: PairOptions) => diagnose(pairOf('0+ 1#4711', '0+', options));
const mends = (options: PairOptions) => {
  const [only, ...more] = all(options);
  return only && more.length === 0
    ? [only.code, only.mend.by, only.mend.on, ...only.mend.lines]
    : all(options).map(({ code }) => code);
};

t.test('a copy is readonly', async (t) => {
  const line = 'zfs set readonly=on vault/home';
  for (const value of ['off', 'off<default', 'off<inherited from vault', 'off<temporary'])
    t.same(mends({ here: { readonly: value } }), ['copy-writable', 'force', undefined, line], value);
  const fuse = { believesReadonly: false };
  t.same(
    mends({ here: { readonly: 'off<temporary' }, scene: fuse }),
    [],
    'zfs-fuse says so of all that is mounted',
  );
  t.same(mends({ role: 'source', here: { readonly: 'off' } }), [], 'and a source need not be');
});

t.test('a copy is not mounted where a stream, or nobody, can have meant it', async (t) => {
  const [quiet, unmount] = ['zfs set canmount=noauto vault/home', 'zfs unmount vault/home'];
  const at = (mountpoint: string, more = {}) => mends({ here: { mountpoint, ...more } });
  t.same(at('/data<received'), ['copy-mountpoint', 'force', undefined, quiet]);
  t.same(at('/etc', { mounted: 'yes' }), ['copy-mountpoint', 'force', undefined, quiet, unmount]);
  for (const place of ['/', '/usr/local', '/home', '/var']) t.equal(at(place)[0], 'copy-mountpoint', place);
  for (const place of ['/srv/backup', '/home/old', '/mnt', 'none', 'legacy', 'none<received'])
    t.same(at(place), [], place);
  t.same(at('/etc', { canmount: 'noauto' }), [], 'it is not mounted, nor will be');
  const scene = { sharingMountpoint: ['vault/other'] };
  t.match(all({ scene })[0]?.what, /would be mounted at "\/vault\/home": so is vault\/other$/);
});

t.test('a copy that was written to goes back with -f', async (t) => {
  const line = 'zrep refresh -f vault/home';
  const [first] = all({ here: { written: '512<-' } });
  t.match(first?.mend.acts, [{ kind: 'zfs', argv: ['rollback', '-r', 'vault/home@zrep_000000'] }]);
  t.same(mends({ here: { written: '512<-' } }), ['copy-modified', 'force', undefined, line]);
  t.same(mends({ here: { written: '', referenced: '1001<-' } }), ['copy-modified', 'force', undefined, line]);
  t.same(mends({ here: { written: '', referenced: '1000<-' } }), []);
  t.same(mends({ here: { written: '512<-' }, unseen: true }), ['copy-modified', 'not-looked']);
  t.match(all({ here: { written: '512<-' }, unseen: true })[0]?.mend, { by: 'force', lines: [line] });
  const ahead = diagnose(pairOf('0+', '0+ by-hand', { here: { written: '512<-' } }));
  t.same(
    ahead.map(({ code }) => code),
    ['newer-snapshots'],
    'once, with what else is in the way',
  );
});

const token = (name: string, guids: { toguid?: bigint; fromguid?: bigint | undefined } = {}) =>
  formatResumeToken({
    snapshot: parseZrepSnapshot(name) as ZrepSnapshot,
    ...{ object: 1n, offset: 2n, bytes: 3n, toguid: 4711n, fromguid: GUID_OF_0, features: [], ...guids },
  });
const cut = (receive_resume_token: string, options: PairOptions = {}) =>
  mends({ here: { receive_resume_token: `${receive_resume_token}<-` }, ...options });

t.test('a stream that was cut off is gone on with, and not given up', async (t) => {
  const dead = ['partial-receive-dead', 'safe', undefined, 'zfs receive -A vault/home'];
  t.same(cut(token('tank/home@zrep_000001')), [
    'partial-receive',
    'hand',
    undefined,
    'zrep refresh vault/home',
  ]);
  t.same(cut(token('tank/home@zrep_000001', { toguid: 4712n })), dead, 'its snapshot is gone');
  t.same(cut(token('tank/else@zrep_000001')), dead, 'of another file system');
  t.same(cut(token('tank/home@other_000001')), dead, 'of another tag');
  t.same(cut('1-2-3-4'), dead, 'no token');
  t.same(cut(token('tank/home@zrep_000001', { fromguid: 99n })), dead, 'its base is not here');
  const receive_resume_token = `${token('tank/home@zrep_000001')}<-`;
  const covered = diagnose(
    pairOf('0+ 1#4711', '0+ autosnap_hourly', { here: { receive_resume_token } }),
  ).find(({ code }) => code === 'partial-receive-dead');
  t.match(covered, {
    code: 'partial-receive-dead',
    mend: { by: 'safe', lines: ['zfs receive -A vault/home'] },
  });
  t.match(covered?.what, /autosnap_hourly was made on this host since\. A tool/);
  const unseen = {
    unseen: true,
    here: { receive_resume_token: token('tank/home@zrep_000001', { toguid: 4712n }) },
  };
  t.same(mends(unseen), ['partial-receive', 'not-looked'], 'nobody knows');
});

t.test('the first stream is gone on with by init', async (t) => {
  const text = token('tank/home@zrep_000001', { fromguid: undefined });
  t.same(cut(text), [
    'partial-receive',
    'hand',
    undefined,
    'zrep init --pull fileserver:tank/home vault/home',
  ]);
});

t.test('a recursive stream is cut off below', async (t) => {
  const scene = { tokensBelow: new Map([['vault/home/a', token('tank/home/a@zrep_000001')]]) };
  t.match(all({ scene }), [
    {
      code: 'partial-receive-dead',
      where: 'vault/home/a',
      mend: { by: 'safe', lines: ['zfs receive -A vault/home/a'] },
    },
  ]);
});
