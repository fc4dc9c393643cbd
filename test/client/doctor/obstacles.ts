/** What keeps the next increment from coming: the doctor says what a refresh and --verify say. */

import fc from 'fast-check';
import t from 'tap';
import { diagnose } from '../../../src/client/doctor/diagnose.ts';
import { bothSides } from '../../../src/client/doctor/scene.ts';
import { tell } from '../../../src/pair/obstacle.ts';
import { planIncrement } from '../../../src/pair/plan.ts';
import { type Dataset, parseZrepSnapshot, type ZrepSnapshot } from '../../../src/zfs/names.ts';
import { formatResumeToken } from '../../../src/zfs/resume-token.ts';
import { codes, found, mends } from '../../fixtures/client/diagnoses.ts';
import { pairOf } from '../../fixtures/client/scene.ts';

const NAMES = { zrep: 'zrep', copy: 'vault/home', source: 'tank/home', host: 'fileserver' };
/** Of a first stream. */
const TOKEN = formatResumeToken({
  ...{ object: 1n, offset: 2n, bytes: 3n, toguid: 4n, fromguid: undefined, features: [] },
  snapshot: parseZrepSnapshot('tank/home@zrep_000000') as ZrepSnapshot,
});
const REFRESH = 'zrep refresh -f vault/home';

t.test(
  'an obstacle is the one error, in the same words; where there is none, nothing is an error',
  async () => {
    const word = fc.tuple(
      fc.constantFrom('0', '1', '2', '3', 'a', 'b', 'off_000001'),
      fc.constantFrom('', '#7', '#8'),
      fc.constantFrom('', '=0', '=512'),
      fc.constantFrom('', '+'),
    );
    const side = fc.uniqueArray(word, { selector: ([name]) => name, maxLength: 6 });
    const text = (words: readonly (readonly string[])[]) => words.map((one) => one.join('')).join(' ');
    const pair = fc.record({
      source: side,
      bookmarks: fc.uniqueArray(fc.constantFrom('0', '1', 'a#7'), { maxLength: 2 }),
      copy: side,
      role: fc.constantFrom('copy' as const, 'source' as const),
      written: fc.constantFrom('0<-', '7<-', ''),
      referenced: fc.constantFrom('1000<-', '2000<-'),
      encryption: fc.constantFrom('', 'off<-', 'aes-256-gcm<-'),
      keystatus: fc.constantFrom('', 'available<-', 'unavailable<-'),
    });
    fc.assert(
      fc.property(pair, ({ source, bookmarks, copy, role, written, referenced, encryption, keystatus }) => {
        const [ofSource, ofCopy] = [{ keystatus }, { written, referenced, encryption }];
        const [here, there] =
          role === 'copy' ? [ofCopy, ofSource] : [ofSource, { ...ofCopy, readonly: 'on' }];
        const marked = [...bookmarks.map((one) => `:${one}`), text(source)].join(' ');
        const scene = pairOf(marked, text(copy), { role, here, there });
        const sides = bothSides(scene);
        if (sides === undefined) return false;
        const planned = planIncrement({ tag: scene.tag, ...sides, all: true, isRefused: false });
        const errors = diagnose(scene).filter(({ severity }) => severity === 'error');
        if (!('obstacle' in planned)) return errors.length === 0;
        return (
          errors.length === 1 &&
          errors[0]?.code === planned.obstacle &&
          errors[0].what === tell(planned, NAMES).what
        );
      }),
      { numRuns: 1000 },
    );
  },
);

t.test('its lines are those of a refresh, for the host that they are for', async (t) => {
  const changed = { written: '512<-' };
  const locked = { keystatus: 'unavailable<-' };
  t.same(mends('0+ 1+', '0+ 1+', { here: changed }), ['copy-modified', 'force', undefined, REFRESH]);
  t.same(mends('0+', '0+', { there: changed, role: 'source' }), ['copy-modified', 'hand', 'backup', REFRESH]);
  t.same(
    mends('0+', '0+ :1', { here: changed }).slice(0, 2),
    ['copy-modified', 'hand'],
    'a bookmark is in the way',
  );
  t.same(
    mends('0+', '0+ :zrep_000001_7#7', { here: changed }).slice(0, 2),
    ['copy-modified', 'force'],
    'one of its own, from when it was the source, is not',
  );
  const load = 'zfs load-key -r $(zfs get -H -o value encryptionroot tank/home)';
  t.same(mends('0+', '0+', { there: locked }), ['key-not-loaded', 'hand', 'fileserver', load]);
  t.same(mends('0+', '0+', { here: locked, role: 'source' }), ['key-not-loaded', 'hand', undefined, load]);
  const begun = { receive_resume_token: TOKEN };
  t.same(mends('0#4', '', { here: begun }), [
    'first-stream',
    'hand',
    undefined,
    'zrep init --pull fileserver:tank/home vault/home',
  ]);
  t.same(mends('0#4', '', { role: 'source', there: begun }).slice(0, 3), ['first-stream', 'hand', 'backup']);
  t.same(codes('0', ''), ['no-common-snapshot'], 'into an empty copy no first stream can come');
  t.same(mends('0+ weekly', 'weekly#old 0+'), [
    'name-taken',
    'hand',
    undefined,
    'zfs rename vault/home@weekly vault/home@weekly_old',
  ]);
});

t.test('a source whose properties came with a stream says so by itself, and nothing else', async (t) => {
  const moved = Object.fromEntries(
    Object.entries({
      'src-fs': 'tank/home',
      'src-host': 'fileserver',
      'dest-fs': 'vault/home',
      'dest-host': 'backup',
      savecount: '5',
      master: '',
    }).map(([name, value]) => [`zrep:${name}`, value && `${value}<received`]),
  );
  const line =
    'for p in zrep:src-fs=tank/home zrep:src-host=fileserver zrep:dest-fs=vault/home zrep:dest-host=backup zrep:savecount=5 zrep:master=yes; do zfs set $p tank/home; done';
  const options = { role: 'source', here: moved, there: { readonly: 'on' } } as const;
  t.same(mends('0 1', '0+ 1+', options), ['source-received', 'hand', undefined, line]);
  const unseen = found('0 1', '', { ...options, unseen: true });
  t.match(unseen[0], { code: 'source-received', mend: { lines: [line] } });
  t.notOk(unseen.some(({ code }) => code === 'no-master'));
});

t.test('lines have the name that the copy has for the source, and -R, from either side', async (t) => {
  const peer = { host: { name: 'root@nas', here: false }, dataset: 'tank/home' as Dataset };
  const options = { scene: { recursive: true, peer } };
  t.same(mends('0', '', options).at(-1), 'zrep -R init --pull --anew root@nas:tank/home vault/home');
  const there = {
    role: 'source',
    there: { 'zrep:src-host': 'root@nas' },
    scene: { recursive: true },
  } as const;
  t.same(mends('0', '', there).at(-1), 'zrep -R init --pull --anew root@nas:tank/home vault/home');
});

t.test('what the gate would refuse is an error, but for a source that is not the master', async (t) => {
  const refusing = (code: string) => {
    const scene = pairOf('0+', '0+');
    if (!('side' in scene.there)) throw new Error('not seen');
    return diagnose({
      ...scene,
      there: { ...scene.there, refused: { code, reason: 'it is so', host: 'fileserver' } },
    });
  };
  t.match(refusing('not-granted'), [
    {
      code: 'refused-there',
      what: 'the gate on fileserver would refuse (not-granted): it is so',
      mend: { by: 'hand', on: 'fileserver', lines: ['zrep-gate doctor'] },
    },
  ]);
  t.same(refusing('not-marked-master'), []);
  t.match(refusing('key-not-loaded'), [{ code: 'refused-there' }], 'of a copy that does not show why');
});

t.test('no snapshot in common: the pair is begun anew beside the old copy', async (t) => {
  t.same(mends('3+ 4+', '0+ 1+ 2+'), [
    'no-common-snapshot',
    'hand',
    undefined,
    'zrep init --pull --anew fileserver:tank/home vault/home',
  ]);
  t.same(
    codes('old 3+', 'old 1+=0'),
    ['mark-wrong'],
    'one that is not of the tag is in common: that will do',
  );
  t.same(codes('0 1 :2 3+', '2#2'), ['no-common-snapshot'], 'a bookmark of another one of that name');
  t.same(codes('0+ :1 2', '0+ 1'), [], 'a bookmark of what the source destroyed');
  t.same(
    codes('0', '', { here: { receive_resume_token: 'x' } }),
    ['partial-receive-dead'],
    'not where what is left of the first stream is of no use',
  );
});

t.test('changed snapshots of the copy are listed, and go with -f', async (t) => {
  const [first, ...more] = found('0+ 1+ 2', '0+ 1+ by-hand=512 7=0', { here: { written: '4096' } });
  t.same(more, []);
  t.match(first, {
    code: 'newer-snapshots',
    what: 'the copy vault/home has 2 snapshots of its own since the newest common snapshot, @zrep_000001: @by-hand, @zrep_000007',
    mend: {
      by: 'force',
      lines: [REFRESH],
      losses: [
        /^vault\/home@by-hand, made /,
        /^vault\/home@zrep_000007, made /,
        /^changes in vault\/home since @zrep_000007: .* \(zfs diff vault\/home@zrep_000001\)$/,
      ],
      acts: [{ kind: 'zfs', argv: ['rollback', '-r', 'vault/home@zrep_000001'] }],
    },
  });
  t.same(mends('0+ 1+', '0+ 1+ by-hand=512', { role: 'source' }), [
    'newer-snapshots',
    'hand',
    'backup',
    REFRESH,
  ]);
});

t.test('snapshots of the copy that hold no changes are not in the way', async (t) => {
  for (const role of ['copy', 'source'] as const)
    t.same(codes('0+ 1+', '0+ 1+ by-hand=0', { role }), [], role);
});

t.test('a snapshot that was destroyed on the copy is told, since what came with it is left', async (t) => {
  const here = { written: '512<-' };
  t.same(mends('0+ 1+ 2', '0+', { here }), ['base-destroyed', 'force', undefined, REFRESH]);
  t.match(found('0+ 1+ 2', '0+', { here })[0]?.what, /^the copy vault\/home has no @zrep_000001, /);
  t.same(codes('0+ 1 2', '0+', { here }), ['copy-modified'], 'one that was never sent was not destroyed');
});

t.test('two snapshots of one name are two, however the numbers go', async (t) => {
  t.same(mends('0+ 1+ 2#88', '0+ 1+ 2#99'), ['parted', 'force', undefined, REFRESH]);
  t.same(mends('0+ 1+', '0+ 1+ 2#99'), ['parted', 'force', undefined, REFRESH], 'the next one has that name');
});

t.test("a rollback that would take what another tag begins with is nobody's fix", async (t) => {
  const [found] = diagnose(pairOf('0+', '0+ off_000003=512'));
  t.match(found, { code: 'newer-snapshots', mend: { by: 'hand', lines: [], acts: [] } });
  t.match(found?.mend.what, /other streams or people need: vault\/home@off_000003 \(of the tag off/);
  const [plain] = diagnose(pairOf('0+', '0+ by-hand=512'));
  t.match(plain, { code: 'newer-snapshots', mend: { by: 'force' } });
});

/** Of a pair that a sync has sent, from the fileserver. */
const PUSHED = { role: 'source', here: { 'zrep:pushed': '1700000000' } } as const;

t.test('the lines of a pair that is pushed are those of a sync, and for its host', async (t) => {
  const sync = 'zrep sync -f tank/home';
  t.same(mends('0+ 1+', '0+ 1+ by-hand=512', PUSHED), ['newer-snapshots', 'hand', undefined, sync]);
  t.same(mends('0+', '0+', { ...PUSHED, there: { written: '512<-' } }), [
    'copy-modified',
    'hand',
    undefined,
    sync,
  ]);
  t.same(mends('0+ weekly', 'weekly#old 0+', PUSHED), [
    'name-taken',
    'hand',
    'backup',
    'zfs rename vault/home@weekly vault/home@weekly_old',
  ]);
  const anew = [
    'ssh backup zfs rename vault/home vault/home_old',
    'zrep clear tank/home',
    'zrep init tank/home backup vault/home',
  ];
  t.same(mends('3+ 4+', '0+ 1+ 2+', PUSHED), ['no-common-snapshot', 'hand', undefined, ...anew]);
  t.same(found('', '', { ...PUSHED, unseen: true })[0]?.mend.lines, anew, 'also where the copy is not seen');
  t.same(mends('0+ 1+', 'a', PUSHED)[0], 'no-common-snapshot');
});

t.test('what an interrupted stream has left is in the way of a sync, and resumed by -r', async (t) => {
  const there = { receive_resume_token: `${TOKEN}<-` };
  t.same(mends('0+ 1', '0+', { ...PUSHED, there }), [
    'partial-receive',
    'hand',
    undefined,
    'zrep sync -r tank/home',
  ]);
  t.same(codes('0+ 1', '0+', { role: 'source', there }), [], 'a refresh does that by itself');
});
