/** The words of a session: what is whole is read as it was written, however it comes; what is not is nothing. */

import fc from 'fast-check';
import t from 'tap';
import { parse } from '../../src/command/parse.ts';
import {
  createLineReader,
  FAREWELL,
  formatAnswer,
  GREETING,
  KEEP,
  LET_GO,
  LONGEST_ANSWER,
  LONGEST_LINE,
  readLine,
  readSaid,
  SESSION,
  STREAM,
} from '../../src/command/session.ts';

/** `bytes` in pieces, as a network may bring them. */
const inPieces = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
};

t.test('an answer is read as it was written, whatever it holds and whatever follows', async () => {
  const bytes = fc.string({ unit: 'binary-ascii', maxLength: 200 });
  const texts = fc.oneof(bytes, fc.constantFrom(FAREWELL, GREETING, STREAM, 'answer 0 0 0\n'));
  fc.assert(
    fc.property(fc.nat(255), texts, texts, texts, (code, output, message, rest) => {
      const written = formatAnswer({ code, output, message });
      const said = readSaid(Buffer.concat([written, Buffer.from(rest)]));
      return (
        said.kind === 'answer' &&
        said.length === written.length &&
        JSON.stringify(said.answer) === JSON.stringify({ code, output, message })
      );
    }),
  );
});

t.test('who reads no more than lacks reads exactly what was said, and nothing of what follows', async (t) => {
  const texts = fc.string({ unit: 'binary-ascii', maxLength: 50 });
  const answers = fc
    .record({ code: fc.nat(255), output: texts, message: texts })
    .map((answer) => formatAnswer(answer));
  const said = fc.oneof(answers, fc.constantFrom(FAREWELL, STREAM).map(Buffer.from));
  fc.assert(
    fc.property(said, texts, (written, rest) => {
      const bytes = Buffer.concat([written, Buffer.from(rest)]);
      let length = 0;
      for (;;) {
        const heard = readSaid(bytes.subarray(0, length));
        if (heard.kind !== 'part')
          return heard.kind !== 'nonsense' && heard.length === length && length === written.length;
        length += heard.lacks;
      }
    }),
  );
  t.same(readSaid(Buffer.from(STREAM)), { kind: 'stream', length: STREAM.length });
  t.same(readSaid(Buffer.from(FAREWELL)), { kind: 'farewell', length: FAREWELL.length });
});

t.test('a line is a command, with or without its lock to be kept, or lets go of one', async (t) => {
  t.same(readLine('zrep snaponly tank/home'), { command: 'zrep snaponly tank/home', keep: false });
  t.same(readLine(`${KEEP}zrep snaponly tank/home`), { command: 'zrep snaponly tank/home', keep: true });
  t.equal(readLine(LET_GO), 'let go');
  for (const line of [
    ` ${LET_GO}`,
    `${LET_GO} `,
    `${KEEP}${LET_GO}`,
    `${KEEP}${KEEP}x`,
    'keep',
    'Keep x',
    '',
  ])
    t.match(parse((readLine(line) as { command: string }).command), { refused: /./ }, JSON.stringify(line));
});

t.test('everything else is nonsense, as soon as that can be told', async (t) => {
  for (const text of [
    'bash: zrep-gate: command not found\n',
    'answer 0 0\n',
    'answer 256 0 0\n',
    'answer -1 0 0\n',
    'answer 0 0 0 \n',
    ' answer 0 0 0\n',
    'Answer 0 0 0\n',
    `answer 0 ${LONGEST_ANSWER + 1} 0\n`,
    'answer 0 0 999999999\n',
    'endless\n',
    'streams\n',
    'nons',
    'ansver',
    'x',
    '\0\0\0\0',
    'x'.repeat(32),
  ])
    t.same(readSaid(Buffer.from(text)), { kind: 'nonsense' }, text);
});

t.test('lines are parted at newlines alone, however they come, and nothing is added or lost', async () => {
  const byte = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(10, 32, 97) }, fc.nat(255));
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 300 }), fc.array(fc.nat(400), { maxLength: 8 }), (all, cuts) => {
      const bytes = Buffer.from(all);
      const read = createLineReader();
      const lines = inPieces(bytes, cuts).flatMap((piece) => read(piece).whole);
      const expected = bytes.toString('latin1').split('\n').slice(0, -1);
      return JSON.stringify(lines) === JSON.stringify(expected);
    }),
  );
});

t.test('half a command is no command', async (t) => {
  const read = createLineReader();
  t.same(read(Buffer.from('zrep expire -L tank/home')), { whole: [] });
  t.same(read(Buffer.from('/alice\nzrep')), { whole: ['zrep expire -L tank/home/alice'] });
});

t.test('of a line that is longer than any command its beginning is told, which is refused', async (t) => {
  for (const start of ['', KEEP]) {
    const read = createLineReader();
    t.same(read(Buffer.from(start.padEnd(LONGEST_LINE, 'x'))), { whole: [] });
    const { whole, overlong = '' } = read(Buffer.from('x'));
    t.same(whole, []);
    t.match(parse((readLine(overlong) as { command: string }).command), { refused: 'too-long' });
  }
});

t.test('what no command has, a line has not either', async (t) => {
  const read = createLineReader();
  const { whole } = read(
    Buffer.from('zrep snaponly tank/home\0\nzrep snaponly tank/home\r\nzrep snap\xe9\n', 'latin1'),
  );
  t.equal(whole.length, 3);
  for (const line of whole) t.match(parse(line), { refused: 'unprintable' });
});

t.test('a session is asked for in one spelling, which is no command to anything else', async (t) => {
  t.match(parse(SESSION), { refused: 'unknown-program' });
});
