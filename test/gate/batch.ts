/** Many commands at once: one JSON verdict a line, in order, whatever the lines are. */

import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import t from 'tap';
import { explainBatch } from '../../src/gate/batch.ts';
import { ASKER, policyOf, SAMPLE } from '../fixtures/gate/policy.ts';

const policy = await policyOf(SAMPLE);

const ALLOWED = JSON.stringify('zfs list -H -o name tank/home');
const VERDICT =
  '{"verdict":"allow","code":"allowed","reason":"the grant for \\"tank/home\\" allows it","grant":"tank/home",' +
  '"plan":[{"argv":["/sbin/zfs","list","-H","-o","name","tank/home"]}],"conditions":["the dataset exists"]}';
const BAD =
  '{"verdict":"deny","code":"bad-input","reason":"this line is not one JSON string","plan":[],"conditions":[]}';

t.test('each line is answered by one line, in order', async (t) => {
  const lines = [ALLOWED, '"zrep snaponly tank/other"', ALLOWED];
  t.same(await answers(lines.join('\n')), [
    VERDICT,
    '{"verdict":"deny","code":"not-granted","reason":"\\"tank/other\\" is not granted to this client, or does not exist","plan":[],"conditions":[]}',
    VERDICT,
  ]);
});

t.test('a line that is no JSON string is denied in its place', async (t) => {
  const bad = [
    '',
    ' ',
    'zrep snaponly tank/home',
    '{"command":"zfs list tank/home"}',
    '["zfs list tank/home"]',
    'null',
    '1',
  ];
  bad.push(
    '"unterminated',
    '"two" "strings"',
    '"raw\ttab"',
    '\0',
    '\ufeff',
    '['.repeat(100_000),
    'x'.repeat(1_000_000),
  );
  const lines = bad.flatMap((line) => [line, ALLOWED]);
  const found = await answers(`${lines.join('\n')}\n`);
  t.equal(found.length, lines.length);
  for (const [index, line] of bad.entries())
    t.same(found.slice(2 * index, 2 * index + 2), [BAD, VERDICT], JSON.stringify(line.slice(0, 40)));
});

t.test('lines may end as they do on Windows, and the last one without an end', async (t) => {
  t.same(await answers(`${ALLOWED}\r\nx\r\n${ALLOWED}`), [VERDICT, BAD, VERDICT]);
  t.same(await answers(''), []);
  t.same(await answers('\n'), [BAD]);
});

t.test('a character that is a line end elsewhere is none inside a JSON string', async (t) => {
  for (const character of ['\u2028', '\u2029', '\x85', '\u{1f600}'])
    t.match(
      await answers(`"zfs ${character}"\n`),
      [/"code":"unprintable"/],
      `U+${character.codePointAt(0)?.toString(16)}`,
    );
});

t.test('a command of any size and content has its verdict', async (t) => {
  const commands = ['x'.repeat(1_000_000), '\n\r\0\u2028\ud800', '"\\'];
  const found = await answers(commands.map((command) => JSON.stringify(command)).join('\n'));
  t.same(
    found.map((line) => JSON.parse(line).code),
    ['too-long', 'unprintable', 'not-understood'],
  );
});

t.test('for any lines there are as many answers, all of them JSON', async (t) => {
  const line = fc.oneof(
    fc.string({ unit: 'binary' }).map((any) => any.replace(/[\r\n\u2028\u2029]/g, '')),
    fc.string({ unit: 'binary' }).map((any) => JSON.stringify(any).replace(/[\u2028\u2029]/g, '')),
    fc.json({ noUnicodeString: true }),
  );
  const property = fc.asyncProperty(fc.array(line, { maxLength: 20 }), async (lines) => {
    const found = await answers(lines.map((one) => `${one}\n`).join(''));
    return (
      found.length === lines.length &&
      found.every((one) => ['allow', 'deny'].includes(JSON.parse(one).verdict))
    );
  });
  await t.resolves(fc.assert(property, { numRuns: 200 }));
});

t.test('an output that takes little at a time is waited for, and gets all', async (t) => {
  const output = new PassThrough({ highWaterMark: 16 });
  const count = 5000;
  const done = explainBatch(policy, ASKER, Readable.from([`${ALLOWED}\n`.repeat(count)]), output);
  let most = 0;
  let all = '';
  for (let ended = false; !ended; ) {
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, output.writableLength + output.readableLength);
    all += output.read()?.toString() ?? '';
    ended = all.length === count * (VERDICT.length + 1);
  }
  await done;
  t.equal(all, `${VERDICT}\n`.repeat(count));
  t.ok(most < 2 ** 18, 'without holding back more than a few chunks');
});

async function answers(input: string): Promise<string[]> {
  const output = new PassThrough();
  const [found] = await Promise.all([
    text(output),
    explainBatch(policy, ASKER, Readable.from([Buffer.from(input)]), output).finally(() => output.end()),
  ]);
  return found.split('\n').slice(0, -1);
}
