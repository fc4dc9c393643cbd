/** Streams on their way in: what gets to who receives them is what was sent, and nothing that was not to. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t, { type Test } from 'tap';
import { type Head, isRaw } from '../../../src/client/copy/judge-head.ts';
import { takeFrom, takeIn } from '../../../src/client/copy/take-in.ts';
import { openSession } from '../../../src/client/far/session.ts';
import { GREETING, STREAM } from '../../../src/command/session.ts';
import { listenForInterruption } from '../../../src/process/interruption.ts';
import { RECORD } from '../../../src/zfs/stream-head.ts';
import { recordedHead } from '../../fixtures/zfs/stream-heads.ts';

const PACKAGE = recordedHead('fuse -I');
/** Of the recorded package each stream is a beginning and an end. */
const PART = 2 * RECORD;
const interruption = listenForInterruption();
const asked = {
  source: 'tank/home',
  snapshot: 'tank/home@zrep_000003',
  recursive: false,
  properties: false,
  holds: false,
  excludes: true,
};
const shell = (script: string) => ({ argv: ['sh', '-c', script], env: { PATH: process.env['PATH'] } });

/** Takes in what `sender`, a script, prints; each `receiver`, a script, has a file of its own, whose contents are told. */
async function take(
  t: Test,
  stream: Buffer,
  {
    sender = 'cat "$STREAM"',
    receiver = `dd bs=${RECORD} count=2 iflag=fullblock status=none`,
    filters = [] as string[],
  } = {},
) {
  const folder = mkdtempSync(`${tmpdir()}/take-in-`);
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(`${folder}/stream`, stream);
  const raws: boolean[] = [];
  const receive = (head: Head) => {
    raws.push(isRaw(head));
    return shell(`exec >${folder}/${raws.length}; ${receiver}`);
  };
  const incoming = {
    sender: shell(sender.replaceAll('$STREAM', `${folder}/stream`)),
    writer: undefined,
    filters: filters.map(shell),
  };
  const taken = await takeIn(incoming, receive, asked, interruption);
  const files = readdirSync(folder).filter((name) => name !== 'stream');
  const received = files.sort().map((name) => readFileSync(`${folder}/${name}`));
  return { ...taken, received, raws, codes: taken.receivers.map(({ code }) => code) };
}

t.test('each stream of a package has a receiver of its own, and each gets its own', async (t) => {
  const { received, codes, refused, cut, sender } = await take(t, PACKAGE);
  const parts = [0, 1, 2].map((index) => PACKAGE.subarray(PART * (index + 1), PART * (index + 2)));
  t.same(codes, [0, 0, 0]);
  t.same([refused, cut, sender.code], [undefined, undefined, 0]);
  for (const [index, part] of parts.entries()) t.ok(received[index]?.equals(part), `part ${index}`);
});

t.test('a stream that is no package goes through as it is, however it comes', async (t) => {
  const begin = Buffer.from(recordedHead('fuse').subarray(0, RECORD));
  begin.fill(0, 56).write(asked.snapshot, 56);
  const stream = Buffer.concat([begin, Buffer.alloc(3_000_000, 'some noise, ')]);
  const dribble =
    'head -c 100 "$STREAM"; sleep 0.05; tail -c +101 "$STREAM" | head -c 70000; sleep 0.05; tail -c +70101 "$STREAM"';
  for (const [what, options] of Object.entries({
    'at once': {},
    'in pieces': { sender: dribble },
    'by filters': { filters: ['cat', 'dd bs=1000 status=none'] },
    'to who begins late': { receiver: 'sleep 0.2; cat' },
  })) {
    const { received, codes, sender } = await take(t, stream, { receiver: 'cat', ...options });
    t.same([codes, sender.code], [[0], 0], what);
    t.ok(received[0]?.equals(stream), `${what}: byte for byte`);
  }
});

t.test('what is not to come in gets to nobody', async (t) => {
  const part = PACKAGE.subarray(PART, 2 * PART);
  const other = Buffer.from(part);
  other.write('tank/home/child@zrep_000001\0', 56);
  const head = PACKAGE.subarray(0, PART);
  const cases: [string, Buffer, RegExp, number][] = [
    ['properties', recordedHead('fuse -p -I'), /^carries properties/, 0],
    ['a tree', recordedHead('fuse -R -I'), /^is recursive/, 0],
    ['a tree within', Buffer.concat([head, part, recordedHead('fuse -R -I')]), /^has another package/, 1],
    ['a child within', Buffer.concat([head, other]), /^has a stream of "tank\/home\/child@/, 0],
    ['no list and no end', Buffer.concat([head.subarray(0, RECORD), part]), /should have ended/, 0],
    ['an end', PACKAGE.subarray(-RECORD), /^begins with an end/, 0],
    ['text', Buffer.from('Welcome to fileserver\n'), /^is no stream of zfs send.*Welcome/, 0],
    ['much text', Buffer.alloc(100_000, 'Welcome\n'), /^is no stream of zfs send/, 0],
  ];
  for (const [what, stream, reason, before] of cases) {
    // One that would go on for ever.
    const { refused, codes } = await take(t, stream, {
      sender: 'cat "$STREAM"; exec sleep 100',
      ...(what === 'text' ? { sender: 'cat "$STREAM"' } : {}),
    });
    t.match(refused, reason, what);
    t.equal(codes.length, before);
  }
});

t.test('where nothing comes nobody receives, and a stream that was cut off is told', async (t) => {
  t.match(await take(t, Buffer.alloc(0), { sender: 'echo refused >&2; exit 77' }), {
    sender: { code: 77, message: 'refused\n' },
    receivers: [],
    refused: undefined,
    cut: undefined,
  });
  for (const length of [1, RECORD - 1, RECORD, RECORD + 1, PART, PART + 1, 2 * PART, PACKAGE.length - RECORD])
    t.match(
      await take(t, PACKAGE.subarray(0, length)),
      { refused: undefined, cut: true },
      `after ${length} bytes`,
    );
});

t.test('a receiver that fails ends it all', async (t) => {
  const endless = { sender: 'cat "$STREAM"; exec yes', receiver: 'echo no >&2; exit 3' };
  const { codes, refused, receivers } = await take(t, PACKAGE, endless);
  t.same([codes, refused, receivers[0]?.message], [[3], undefined, 'no\n']);
});

const END = String.raw`printf 'answer 0 0 5\nsaid\n'; read -r line; printf 'answer 0 2 0\nok'; cat`;

/**
 * The far side of a session in one process, as ssh's master is one: the stream, then `behind`, a script. A child that wrote for it
 * would go on writing while it stands still. What goes before reads no byte beyond its line, being dash's `read`.
 */
const sessionWith = (stream: string, behind: string) => `
  echo ${GREETING.trim()}
  read -r line
  echo answer 0 0 0
  read -r line
  echo ${STREAM.trim()}
  exec perl -e '
    open my $stream, "<", shift or die;
    while (my $length = sysread $stream, my $bytes, 65536) {
      for (my $at = 0; $at < $length;) { $at += syswrite(STDOUT, $bytes, $length - $at, $at) || die }
    }
    exec "sh", "-c", shift' ${stream} '${behind.replaceAll("'", String.raw`'\''`)}'`;

/** The same on the channel of a session, behind which `behind`, a script, goes on. */
async function takeOfSession(
  t: Test,
  stream: Buffer,
  {
    behind = END,
    receiver = `dd bs=${RECORD} count=2 iflag=fullblock status=none`,
    received = async () => {},
  } = {},
) {
  const folder = mkdtempSync(`${tmpdir()}/take-from-`);
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(`${folder}/stream`, stream);
  const argv = ['sh', '-c', sessionWith(`${folder}/stream`, behind), 'sh'];
  const session = await openSession(async () => argv, interruption);
  t.teardown(() => session?.kill());
  const begun = await session?.stream('zrep _refreshpull tank/home@zrep_000003');
  if (session === undefined || typeof begun !== 'object' || !('inlet' in begun)) throw new Error('no stream');
  let count = 0;
  const receive = () => {
    count += 1;
    return shell(`exec >${folder}/${count}; ${receiver}`);
  };
  const incoming = { ...begun, writer: begun.pid ?? 0 };
  const taken = await takeFrom(incoming, receive, asked, interruption, { received });
  const files = readdirSync(folder).filter((name) => name !== 'stream');
  const bytes = files.sort().map((name) => readFileSync(`${folder}/${name}`));
  return { ...taken, session, bytes, codes: taken.receivers.map(({ code }) => code) };
}

t.test('behind a stream on its channel a session goes on', async (t) => {
  let told = 0;
  const received = async () => {
    told += 1;
  };
  const { bytes, codes, sender, session } = await takeOfSession(t, PACKAGE, { received });
  t.same(codes, [0, 0, 0]);
  t.same(sender, { code: 0, output: '', signal: null, message: 'said\n' });
  for (const [index, part] of bytes.entries())
    t.ok(part.equals(PACKAGE.subarray(PART * (index + 1), PART * (index + 2))), `part ${index}`);
  t.equal(told, 1);
  t.match(await session.ask('zrep expire -L tank/home'), { code: 0, output: 'ok' });
});

t.test('a pipe full of what follows loses none of it', async (t) => {
  const parts = Array.from({ length: 400 }, () => PACKAGE.subarray(PART, 2 * PART));
  const stream = Buffer.concat([PACKAGE.subarray(0, PART), ...parts, PACKAGE.subarray(-RECORD)]);
  const { codes, sender, session } = await takeOfSession(t, stream);
  t.same([codes.length, sender.code], [400, 0]);
  t.match(await session.ask('zrep expire -L tank/home'), { output: 'ok' });
});

t.test('a stream that is refused, or cut off, or fails here, is the end of its session', async (t) => {
  let told = 0;
  const received = async () => {
    told += 1;
  };
  const refused = await takeOfSession(t, recordedHead('fuse -R -I'), { behind: 'exec yes', received });
  t.match([refused.refused, refused.codes.length], [/^is recursive/, 0]);
  const cut = await takeOfSession(t, PACKAGE.subarray(0, PART + 1), {
    behind: 'echo "zfs failed" >&2; exit 1',
    received,
  });
  t.match(cut, { cut: true, sender: { code: 1, message: 'zfs failed\n' } });
  const failed = await takeOfSession(t, PACKAGE, {
    receiver: 'echo no >&2; exit 3',
    behind: 'exec yes',
    received,
  });
  t.match(failed, { codes: [3], sender: { signal: 'SIGPIPE' } });
  t.equal(told, 0, 'and nothing has come');
  for (const { session } of [refused, cut, failed]) t.type(await session.ask('one'), 'string');
});

t.test('what is wrong with what came is told when the far side has ended', async (t) => {
  const received = () => Promise.reject(new Error('not what it should be'));
  await t.rejects(takeOfSession(t, PACKAGE, { received }), /not what it should be/);
});
