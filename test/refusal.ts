/** The refusals: codes that monitoring can rely on, and sentences that no client can forge. */

import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { isRefusal, refusalCodes, refuse } from '../src/refusal.ts';
import { anyText, isSound } from './fixtures/command/texts.ts';

t.test('codes are short words with dashes, each once', async (t) => {
  for (const code of refusalCodes) t.match(code, /^[a-z]+(?:-[a-z]+)*$/);
  t.equal(new Set(refusalCodes).size, refusalCodes.length);
});

t.test('a refusal has its code, and its facts in one sentence without a full stop', async (t) => {
  t.strictSame(refuse('too-long', 9000, 8192), {
    refused: 'too-long',
    reason: 'the command has 9000 characters, more than the 8192 allowed',
  });
  t.strictSame(refuse('bad-usage', 'zrep snaponly DATASET', 'exactly one dataset is needed'), {
    refused: 'bad-usage',
    reason: 'exactly one dataset is needed; the form is: zrep snaponly DATASET',
  });
  for (const code of refusalCodes) {
    const { reason } = (refuse as (code: string, ...facts: unknown[]) => { reason: string })(
      code,
      'a',
      'b',
      'c',
      'd',
    );
    t.match(reason, /^(?!\s)[\x20-\x7e]+[^.\s]$/, code);
    t.notMatch(reason, /undefined|\[object/, code);
  }
});

t.test('a command of zrep in a sentence has the tag that was asked about', async (t) => {
  t.match(refuse('never-sent', 'off').reason, /run zrep -t off init again, or zrep -t off sentsync on /);
  t.match(refuse('never-sent', 'zrep').reason, /run zrep init again, or zrep sentsync on /);
});

t.test(
  "a dataset that is not granted and one that is not there are refused in one code's words",
  async (t) => {
    t.match(refuse('not-granted', 'tank/x').reason, /is not granted to this client, or does not exist$/);
  },
);

t.test("whatever a client's word holds, its refusal is one printable line", async () => {
  const fromClient = fc.constantFrom(
    'unknown-program', 'unknown-client', 'not-granted', 'operation-not-granted', 'tag-not-granted',
    'filter-not-granted', 'property-not-readable',
  ); // biome-ignore format: one list
  fc.assert(fc.property(fromClient, anyText, (code, text) => isSound(refuse(code, text))));
  fc.assert(
    fc.property(anyText, (text) =>
      [
        refuse('unknown-verb', 'zfs', text),
        refuse('bad-name', 'a tag', text),
        refuse('filter-arguments', text, '-c'),
      ].every(isSound),
    ),
  );
});

t.test('only refusals are taken for refusals', async (t) => {
  t.ok(isRefusal(refuse('wrong-address')));
  for (const value of [undefined, null, 'refused', 77, [], {}, { kind: 'snaponly' }]) {
    t.notOk(isRefusal(value), JSON.stringify(value));
  }
});

t.test('every code is in use somewhere in src', async (t) => {
  const source = new URL('../src/', import.meta.url);
  const names = readdirSync(source, { recursive: true, encoding: 'utf8' });
  const text = names
    .filter((name) => name.endsWith('.ts') && name !== 'refusal.ts')
    .map((name) => readFileSync(new URL(name, source), 'utf8'))
    .join('\n');
  for (const code of refusalCodes) t.ok(text.includes(`'${code}'`), code);
});
