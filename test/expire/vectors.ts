/** The same decisions as the original's: forty recorded cases, and the ones that its protocol notes name. */

import { readFileSync } from 'node:fs';
import t from 'tap';
import { decide } from '../../src/expire/decide.ts';
import { readListing } from '../../src/expire/listing.ts';
import { DEFAULT_CONFIGURATION } from '../../src/expire/read-config.ts';
import type { Snapshot } from '../../src/expire/snapshot.ts';
import { readSchedule } from '../fixtures/expire/schedules.ts';

interface Vector {
  readonly now: number;
  readonly rules: readonly string[];
  readonly keep: number;
  readonly tags: readonly string[];
  readonly snapshots: readonly (readonly [string, string, number])[];
  readonly destroyed: readonly string[];
}

const vectors: Vector[] = JSON.parse(readFileSync('test/fixtures/expire/retention.json', 'utf8'));

const namesOf = (verdicts: readonly { action: string; snapshot: Snapshot }[]) =>
  verdicts.flatMap(({ action, snapshot }) => (action === 'destroy' ? [snapshot.name] : [])).sort();

t.test('every recorded decision of the original is made', async (t) => {
  t.equal(vectors.length, 40);
  t.ok(vectors.filter(({ destroyed }) => destroyed.length > 0).length > 20);
  for (const [index, { now, rules, keep, tags, snapshots, destroyed }] of vectors.entries()) {
    const text = snapshots.map((row) => `tank/a@${row.join('\t')}\n`).join('');
    const listing = readListing(text, tags) as Snapshot[];
    const verdicts = decide(readSchedule(rules.join('\n')), listing, { now, keep, tags });
    t.same(namesOf(verdicts), [...destroyed].sort(), `vector ${index}`);
  }
});

/** Ages in minutes, with `u` for one that was never sent and another tag or none in front of `:`. */
function listingOf(text: string, now: number, seconds = 60): Snapshot[] {
  const lines = text.split(' ').map((word, index) => {
    const [, tag = 'zrep', age = '', unsent = ''] = /^(?:(\w*):)?(\d+)(u?)$/.exec(word) ?? [];
    const name = tag === 'manual' ? `manual-${age}` : `${tag}_${String(index).padStart(6, '0')}`;
    return `tank/a@${name}\t${unsent || tag === 'manual' ? '-' : '1'}\t${now - Number(age) * seconds}\n`;
  });
  return readListing(lines.join(''), ['zrep']) as Snapshot[];
}

/** The places, from 0, of what goes. */
function destroyedOf(text: string, question: object = {}, seconds = 60): number[] {
  const now = 1_795_389_060;
  const listing = listingOf(text, now, seconds);
  const verdicts = decide(readSchedule('1 day : 1 hour'), listing, {
    ...{ now, keep: 1, tags: ['zrep'], ...question },
  });
  return verdicts.flatMap(({ action }, index) => (action === 'destroy' ? [index] : []));
}

t.test('the cases of the protocol notes', async (t) => {
  t.same(destroyedOf('300 290 240 200 0'), [1, 3], 'A');
  t.same(destroyedOf('120 60 1 0u'), [], 'Q: exactly an hour apart stay, and 1 is the last sent here');
  t.same(destroyedOf('120 60 1 0'), [2], 'Q, with a newer one that was sent');
  t.same(destroyedOf('200 150u 120 85 0'), [2], 'E: one that was never sent counts as a neighbour');
  t.same(destroyedOf('50 40 30u 20u 10u', { keep: 2 }), [], 'C: the original destroyed the last sent one');
  t.same(destroyedOf('5000 4000 30u'), [0], 'D: and here, too');
  t.same(
    destroyedOf('50 40 30 manual:20 manual:10', { keep: 2 }),
    [1],
    'B: and here; others are among the newest',
  );
  t.same(destroyedOf('1441 1440 0'), [0], 'exactly as old as the longest age stays');
  t.same(destroyedOf('200 manual:190 off:180 0', { zrepIgnore: true }), [1], 'F: but for the last of a tag');
});

t.test('the default rules are the original ones', async (t) => {
  const { otherwise } = DEFAULT_CONFIGURATION;
  t.match(otherwise, { kind: 'rules' });
  const said =
    otherwise?.kind === 'rules'
      ? otherwise.rules.map(({ age, interval }) => `${age.text} : ${interval.text}`)
      : [];
  t.same(said, [
    '1 hour : 1 minute',
    '12 hours : 5 minutes',
    '8 days : 1 hour',
    '32 days : 1 day',
    '1 year : 1 week',
    '5 years : 1 month',
  ]);
});
