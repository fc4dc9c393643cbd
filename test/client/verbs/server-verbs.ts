/** What other zreps ask of this one: stock's standard output and exit codes, without limits. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t from 'tap';
import type { FarSide } from '../../../src/client/far/far-side.ts';
import { Failure } from '../../../src/client/run/failure.ts';
import type { Run } from '../../../src/client/run/run.ts';
import { createTrace } from '../../../src/client/run/trace.ts';
import { carryOut, type ServerCommand } from '../../../src/client/verbs/server-verbs.ts';
import { type Command, readCommandLine } from '../../../src/client/words/command-line.ts';
import { readSettings } from '../../../src/client/words/settings.ts';
import { UsageError } from '../../../src/client/words/usage-error.ts';
import { type PretendZfs, pretendZfs } from '../../fixtures/replication/pretend-zfs.ts';

const rundir = mkdtempSync(`${tmpdir()}/server-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

const MACHINE = { nodeName: 'fileserver', root: true, zfs: '/sbin/zfs' };

/** tank/home with four snapshots, of which the first two were sent; of the newest three one more than the save count. */
function world(savecount = 1): PretendZfs {
  const zfs = pretendZfs({ savecount });
  for (const name of ['zrep_000000', 'zrep_000001', 'zrep_000002', 'zrep_000003'])
    zfs.snapshot(`tank/home@${name}`);
  for (const name of ['zrep_000000', 'zrep_000001']) zfs.set(`tank/home@${name}`, 'zrep:sent', '1700000000');
  return zfs;
}

/** Every file system with what it was asked for, which the fixture does not list. */
function listingAll(zfs: PretendZfs, argv: readonly string[]): string | undefined {
  const properties =
    argv[0] === 'get' && argv.at(-2) === 'name,property,value,source' ? argv.at(-1)?.split(',') : undefined;
  const names = [...zfs.objects.keys()].filter((name) => !name.includes('@'));
  return (
    properties &&
    names
      .flatMap((name) =>
        properties.map((property) => {
          const { value, source } = zfs.objects.get(name)?.get(property) ?? { value: '-', source: '-' };
          return `${[name, property, value, source].join('\t')}\n`;
        }),
      )
      .join('')
  );
}

interface Ended {
  readonly code: number | Error;
  readonly out: string;
  readonly err: string;
}

/** A backup server that answers with what `answers` has for a command, and notes what it was asked. */
interface Elsewhere {
  readonly asked: string[];
  readonly answers: Readonly<Record<string, string>>;
  /** A verb of zfs that fails here. */
  readonly failing?: string;
}

async function run(
  zfs: PretendZfs,
  text: string,
  variables: Record<string, string> = {},
  elsewhere?: Elsewhere,
): Promise<Ended> {
  const { switches, command } = readCommandLine(text.split(' '));
  const { settings } = readSettings(variables, switches, MACHINE);
  const said = { out: '', err: '' };
  const plain = zfs.step(rundir, 'zrep');
  const ask: typeof plain.zfs.ask = async (argv) => {
    if (argv[0] === elsewhere?.failing)
      return { code: 1, signal: null, message: 'dataset is busy', output: '' };
    const output = listingAll(zfs, argv);
    return output === undefined ? plain.zfs.ask(argv) : { code: 0, signal: null, message: '', output };
  };
  const own: Run = {
    settings,
    step: { ...plain, zfs: { ...plain.zfs, ask } },
    report: {
      print: (text) => (said.out += text),
      line: (text) => (said.out += `${text}\n`),
      warn: (text) => (said.err += `${text}\n`),
      news: () => {},
      far: () => {},
      event: () => {},
    },
    progress: undefined,
    patience: { until: (work) => work() },
    trace: createTrace({ warn: () => {} }, settings),
    far: (host) => {
      const far: Pick<FarSide, 'host' | 'ask'> = {
        host,
        async ask(command) {
          if (elsewhere === undefined) t.bailout('nothing is asked elsewhere');
          elsewhere?.asked.push(command);
          const output = elsewhere?.answers[command];
          return { code: output === undefined ? 1 : 0, signal: null, message: '', output: output ?? '' };
        },
      };
      return far as FarSide;
    },
  };
  const code = await carryOut(own, command as Exclude<Command, { kind: 'help' }> & ServerCommand).catch(
    (error: Error) => error,
  );
  return { code, ...said };
}

t.test('snaponly prints the next name, without a newline', async (t) => {
  const zfs = world();
  t.same(await run(zfs, 'snaponly tank/home'), { code: 0, out: 'tank/home@zrep_000004', err: '' });
  t.equal(zfs.snapshots().at(-1), 'zrep_000004');
  t.notMatch(zfs.asked.join('\n'), /snapshot -r/);
  await run(zfs, '-R snaponly tank/home');
  t.ok(zfs.asked.includes('snapshot -r tank/home@zrep_000005'), 'recursively where that is asked for');
  t.equal(
    (await run(zfs, 'snaponly tank/home tank/home')).out,
    'tank/home@zrep_000006tank/home@zrep_000007',
    'as stock, one behind the other',
  );
});

t.test('any number of snapshots in an hour is allowed, in a pool however full', async (t) => {
  const zfs = pretendZfs({ now: () => Math.floor(Date.now() / 1000) });
  zfs.set('tank', 'available', '0', '-');
  for (let n = 0; n < 150; n += 1) zfs.snapshot(`tank/home@zrep_${n.toString(16).padStart(6, '0')}`);
  t.match(await run(zfs, 'snaponly tank/home'), { code: 0, out: 'tank/home@zrep_000096' });
});

t.test('snaponly all is of what this host is the master of', async (t) => {
  const zfs = world();
  zfs.set('tank/copy', 'zrep:src-host', 'fileserver');
  zfs.set('tank/moved', 'zrep:src-host', 'other');
  zfs.set('tank/moved', 'zrep:master', 'yes');
  zfs.set('tank/home/child', 'zrep:src-host', 'fileserver', 'inherited from tank/home');
  zfs.set('tank/home/child', 'zrep:master', 'yes', 'inherited from tank/home');
  t.same(await run(zfs, 'snaponly all'), { code: 0, out: 'tank/home@zrep_000004', err: '' });
  zfs.set('tank/home', 'zrep:master', 'no');
  t.same(await run(zfs, 'snaponly all'), { code: 0, out: '', err: '' }, 'and nothing where there is none');
});

t.test('snaponly ends at the first that fails, in the words of stock where there are any', async (t) => {
  const zfs = world();
  zfs.set('tank/home', 'zrep:lock-pid', '1');
  const locked = await run(zfs, 'snaponly tank/home');
  t.match(locked, {
    code: { message: /^zrep snaponly failed for tank\/home: cannot get lock \(.*pid 1 / },
    out: '',
  });
  t.ok(locked.code instanceof Failure);
  const copy = world();
  copy.set('tank/home', 'zrep:src-host', 'other');
  t.match(await run(copy, 'snaponly tank/home'), {
    code: { message: /master is "other", this host is "fileserver"/ },
    out: '',
  });
});

t.test(
  '_refreshpull streams from the last sent to the newest, and records it for _refreshcomplete',
  async (t) => {
    const zfs = world();
    const refused = await run(zfs, '_refreshcomplete tank/home@zrep_000003 zrep:sent=1700000000');
    t.match(refused.code, { message: /no stream of tank\/home@zrep_000003 to this client has ended well/ });
    t.same(await run(zfs, '_refreshpull tank/home@zrep_000003'), { code: 0, out: '', err: '' });
    t.ok(zfs.asked.includes('stream send -I tank/home@zrep_000001 tank/home@zrep_000003'));
    t.same(await run(zfs, '_refreshcomplete tank/home@zrep_000003 zrep:sent=1700000000'), {
      code: 0,
      out: '',
      err: '',
    });
    t.match(zfs.objects.get('tank/home@zrep_000003')?.get('zrep:sent'), {
      value: '1700000000',
      source: 'local',
    });
    t.notOk(zfs.objects.get('tank/home')?.has('zrep:lock-pid'), 'and no lock is left behind');
  },
);

t.test('what is streamed is as the variables of the source say', async (t) => {
  const streams: [string, Record<string, string>, string][] = [
    ['', { ZREP_SEND_FLAGS: '-wv --compressed -Le' }, 'send -L -c -e -w -I'],
    ['-R ', { ZREP_SEND_FLAGS: '--verbose' }, 'send -R -I'],
    ['', { ZREP_R: '-R' }, 'send -R -I'],
    ['', { ZREP_INC_FLAG: '-i' }, 'send -i'],
  ];
  for (const [switches, variables, words] of streams) {
    const zfs = world();
    t.equal((await run(zfs, `${switches}_refreshpull tank/home@zrep_000003`, variables)).code, 0);
    t.ok(zfs.asked.includes(`stream ${words} tank/home@zrep_000001 tank/home@zrep_000003`), words);
  }
  const { code } = await run(world(), '_refreshpull tank/home@zrep_000003', { ZREP_SEND_FLAGS: '-cD' });
  t.ok(code instanceof UsageError);
  t.match(code, { message: 'ZREP_SEND_FLAGS: "-D" is not usable here; these are: -L -R -b -c -e -p -w' });
});

t.test('_refreshpull says why not, in the words of stock where there are any', async (t) => {
  const zfs = world();
  t.match((await run(zfs, '_refreshpull tank/home@zrep_000002')).code, {
    message: 'Sync error: tank/home@zrep_000002 is not latest snap for tank/home',
  });
  t.match((await run(zfs, '_refreshpull tank/home@zrep_000009')).code, { message: /does not exist/ });
  zfs.set('tank/home', 'zrep:lock-pid', '1');
  const locked = await run(zfs, '_refreshpull tank/home@zrep_000003');
  t.match(locked.code, { message: /^Could not lock tank\/home \(/ });
  t.ok(locked.code instanceof Failure);
});

t.test('what is on the wire is read as strictly as by the gate', async (t) => {
  for (const text of [
    '_refreshpull tank/home',
    '_refreshpull tank/home@off_000001',
    '_refreshpull tank/home@zrep_000003 token',
    '_refreshcomplete tank/home@zrep_000003 zrep:master=yes',
    '_refreshcomplete tank/home@zrep_000003 mountpoint=/etc',
    '_refreshcomplete tank/home zrep:sent=1',
  ]) {
    const zfs = world();
    t.ok((await run(zfs, text)).code instanceof UsageError, text);
    t.same(zfs.asked, [], 'and zfs is asked nothing');
  }
  const off = world();
  off.set('tank/home', 'off:master', 'yes');
  off.set('tank/home', 'off:src-host', 'fileserver');
  for (const name of ['off_000000', 'off_000001']) off.snapshot(`tank/home@${name}`);
  off.set('tank/home@off_000000', 'off:sent', '1');
  t.match(await run(off, '-t off _refreshpull tank/home@off_000001'), { code: 0 });
  t.ok(off.asked.includes('stream send -i tank/home@off_000000 tank/home@off_000001'));
});

t.test(
  'expire -L of a source leaves the last sent, all behind it, and before it up to the save count',
  async (t) => {
    const zfs = world(1);
    t.same(await run(zfs, 'expire -L tank/home'), {
      code: 0,
      out: 'Expiring zrep snaps on tank/home\n',
      err: '',
    });
    t.same(zfs.snapshots(), ['zrep_000001', 'zrep_000002', 'zrep_000003']);
  },
);

t.test('for what was made below in the same run, everything below is looked at', async (t) => {
  const zfs = world(1);
  await run(zfs, 'expire -L tank/home');
  t.match(
    zfs.asked.find((words) => words.includes('zrep:savecount')),
    /^get -Hp -r -o/,
    'to any depth',
  );
});

t.test('expire -L of a copy goes by its newest', async (t) => {
  const zfs = world(2);
  zfs.objects.get('tank/home')?.delete('zrep:master');
  zfs.set('tank/home', 'zrep:src-host', 'other');
  t.same(await run(zfs, 'expire -L tank/home'), {
    code: 0,
    out: 'Expiring zrep snaps on tank/home\n',
    err: '',
  });
  t.same(zfs.snapshots(), ['zrep_000001', 'zrep_000002', 'zrep_000003'], 'and keeps the common one besides');
  t.equal((await run(zfs, 'expire tank/home')).code, 0, 'with -L or without');
});

t.test('a master whose host has another name is no copy', async (t) => {
  const zfs = world(1);
  zfs.set('tank/home', 'zrep:src-host', 'other');
  const { code, err } = await run(zfs, 'expire -L tank/home');
  t.equal(code, 1);
  t.match(err, /master is "other", this host is "fileserver"/);
  t.equal(zfs.snapshots().length, 4);
});

/** A source whose copy is on `backup`. */
function pair(): PretendZfs {
  const zfs = world();
  zfs.set('tank/home', 'zrep:dest-host', 'backup');
  zfs.set('tank/home', 'zrep:dest-fs', 'vault/home');
  return zfs;
}

const MASTER = 'zfs get -H -o value -s local zrep:master vault/home';
const EXPIRE = 'zrep expire vault/home';

t.test('expire without -L expires the copy as well, in the words and with the lines of stock', async (t) => {
  const zfs = pair();
  const there = { asked: [], answers: { [MASTER]: '', [EXPIRE]: 'Expiring zrep snaps on vault/home\n' } };
  t.same(await run(zfs, 'expire', {}, there), {
    code: 0,
    out: 'Expiring zrep snaps on tank/home\nAlso running expire on backup:vault/home now...\nExpiring zrep snaps on vault/home\n',
    err: '',
  });
  t.same(there.asked, [MASTER, EXPIRE]);
  t.same(zfs.snapshots(), ['zrep_000001', 'zrep_000002', 'zrep_000003']);
});

t.test('a copy that cannot be expired from here is told of, and counts as a failure', async (t) => {
  const { code, out, err } = await run(pair(), 'expire', {}, { asked: [], answers: { [MASTER]: '' } });
  t.match({ code, out }, { code: 1, out: /\nREMOTE expire failed\n$/ });
  t.match(err, /^tank\/home was expired here alone.* zrep expire -L tank\/home\n$/);
});

t.test(
  'bug 8: usage text with exit code 0, of a zrep that does not know the verb, is no expiring',
  async (t) => {
    const usage =
      'ERROR: unrecognized zrep subcommand expire\nzrep v1.2: a program to replicate a zfs filesystem\n';
    const there = { asked: [], answers: { [MASTER]: '', [EXPIRE]: usage } };
    t.match(await run(pair(), 'expire', {}, there), { code: 1, out: /\nREMOTE expire failed\n$/ });
  },
);

t.test('where the other side is a master, too, nothing is expired there', async (t) => {
  const there = { asked: [], answers: { [MASTER]: 'yes\n', [EXPIRE]: '' } };
  const { code, err } = await run(pair(), 'expire', {}, there);
  t.equal(code, 1);
  t.match(err, /Remote side backup also marked as master.*\nError: ERROR: Split brain scenario detected\n/);
  t.same(there.asked, [MASTER]);
});

t.test('a snapshot that cannot be destroyed here does not keep the copy from being expired', async (t) => {
  const there = {
    asked: [],
    answers: { [MASTER]: '', [EXPIRE]: 'Expiring zrep snaps on vault/home\n' },
    failing: 'destroy',
  };
  t.equal((await run(pair(), 'expire', {}, there)).code, 1);
  t.same(there.asked, [MASTER, EXPIRE]);
});

t.test('one that cannot be expired holds up no other', async (t) => {
  const zfs = world(1);
  zfs.set('tank/none', 'zrep:dest-fs', 'tank/none', 'received');
  zfs.set('tank/none/child', 'zrep:dest-fs', 'tank/none', 'inherited from tank/none');
  zfs.set('tank/home', 'zrep:dest-fs', 'pool/home');
  const first = [...zfs.objects].sort(([a], [b]) => b.localeCompare(a));
  zfs.objects.clear();
  for (const [name, own] of first) zfs.objects.set(name, own);
  const { code, out, err } = await run(zfs, 'expire -L all');
  t.equal(code, 1);
  t.equal(
    out,
    'Expiring zrep snaps on tank/none\nWARNING: expire failed for tank/none\nExpiring zrep snaps on tank/home\n',
  );
  t.match(err, /^Error: zrep:savecount on tank\/none set to improper value/);
});

t.test('where ZREP_SKIP_EXPIRE is set, expire is not to be called', async (t) => {
  const { code } = await run(world(), 'expire -L tank/home', { ZREP_SKIP_EXPIRE: '1' });
  t.match(
    code,
    new Failure('ZREP_SKIP_EXPIRE is set, so that nothing expires; unset it to call zrep expire'),
  );
});
