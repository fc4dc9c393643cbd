/** What list, status and getlastsent print, beside what stock zrep 2.0.2 was recorded to print of the same pairs. */

import { readFileSync } from 'node:fs';
import t from 'tap';
import { looking, type State } from '../fixtures/client/looking.ts';

interface Recorded {
  readonly state: State;
  readonly answers: readonly { words: string; code: number; stdout: string; stderr: string }[];
}

/** Recorded on zfs-fuse, on both sides of pairs that stock had made: plain, recursive, with a tag, and several. */
const RECORDED: Readonly<Record<string, Recorded>> = JSON.parse(
  readFileSync('test/fixtures/compliance/look-stock.json', 'utf8'),
);

const look = looking(t);

// No word of ours comes from the locale, but for dates; so all in one, and some in the other.
const LOCALES = { 'en_US.UTF-8': 1, C: 5 };

for (const [host, { state, answers }] of Object.entries(RECORDED))
  for (const [locale, every] of Object.entries(LOCALES))
    t.test(`on the ${host}, in ${locale}, byte for byte what stock prints`, async (t) => {
      for (const { words, code, stdout, stderr } of answers.filter((_, index) => index % every === 0)) {
        const ours = look(host, state, words, { LC_ALL: locale });
        t.same(
          { code: ours.code, stdout: ours.stdout, stderr: ours.stderr },
          { code, stdout, stderr },
          words,
        );
      }
    });
