/** The collection of attacks and controls: each verdict, by the very function behind `explain --batch`. */

import { readFileSync } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { explainBatch } from '../../src/gate/batch.ts';
import type { Explanation } from '../../src/gate/explain.ts';
import { buildPolicy } from '../../src/policy/build.ts';
import { type RefusalCode, refusalCodes } from '../../src/refusal.ts';
import { named } from '../fixtures/command/texts.ts';

interface Attack {
  readonly class: string;
  readonly command: string;
  readonly verdict: 'allow' | 'deny';
}

const folder = new URL('../fixtures/attacks/', import.meta.url);
const attacks = JSON.parse(readFileSync(new URL('commands.json', folder), 'utf8')) as Attack[];
/** The datasets of the policy's grants. */
const GRANTED = /^tank\/(?:home|vm|enc)$/;
const now = 1795385385;
const asker = { client: 'backup1', address: undefined, now };

async function verdictsOn(commands: readonly string[]): Promise<Explanation[]> {
  const built = await buildPolicy(readFileSync(new URL('policy.toml', folder), 'utf8'));
  if (!('policy' in built)) throw new Error(JSON.stringify(built.mistakes));
  const output = new PassThrough();
  const lines = text(output);
  const input = commands.map((command) => `${JSON.stringify(command.replaceAll('{NOW}', String(now)))}\n`);
  await explainBatch(built.policy, asker, Readable.from(input), output);
  output.end();
  return (await lines)
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Explanation);
}

const verdicts = await verdictsOn(attacks.map(({ command }) => command));

t.test('each command has the verdict that the collection gives it', async (t) => {
  t.equal(verdicts.length, attacks.length, 'one line each');
  for (const [index, { command, verdict, ...attack }] of attacks.entries()) {
    t.equal(verdicts[index]?.verdict, verdict, `${named(attack.class)}: ${named(command)}`);
  }
});

t.test('every refusal is of the closed set, in one printable line, and plans nothing', async (t) => {
  const denied = verdicts.filter(({ verdict }) => verdict === 'deny');
  t.ok(denied.length > 0);
  for (const { code, reason, grant = 'tank/home', ...rest } of denied) {
    t.ok(refusalCodes.includes(code as RefusalCode), code);
    t.match(reason, /^[\x20-\x7e]+$/, code);
    t.match(grant, GRANTED, code);
    t.strictSame(rest, { verdict: 'deny', plan: [], conditions: [] }, code);
  }
});

t.test(
  'what is allowed names the grant that allows it, and runs nothing but zfs and the filters',
  async (t) => {
    const allowed = verdicts.filter(({ verdict }) => verdict === 'allow');
    t.ok(allowed.length > 0);
    for (const { code, grant, plan, conditions } of allowed) {
      t.equal(code, 'allowed');
      t.match(grant, GRANTED);
      t.ok(conditions.length > 0);
      for (const { argv, reads } of plan) {
        t.equal(argv[0], reads === 'previous' ? '/usr/bin/lz4' : '/usr/sbin/zfs');
      }
    }
  },
);

t.test('no allowed plan has a word that names a dataset outside the grants', async (t) => {
  for (const { plan } of verdicts) {
    for (const { argv } of plan) {
      for (const word of argv.filter((word) => word.startsWith('tank'))) {
        t.match(word, /^tank\/(?:home|vm|vm\/[^/@]+|enc)(?:@.*)?$/);
      }
    }
  }
});
