/** Times in figures, beside what date(1) writes. */

import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { formatTimes } from '../../src/client/look/dates.ts';
import { strftime } from '../../src/client/look/strftime.ts';

const LETTERS = [...'CDFGHIMRSTUVWYdegjklmnstuwyz%'];
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'America/St_Johns'];
const conversions = LETTERS.flatMap((letter) => {
  return 'CDFRTnstz%'.includes(letter) && letter !== 'C' && letter !== 's'
    ? [`%${letter}`]
    : ['', '-', '_', '0', '6', '_4', '01', '-3'].map((flags) => `%${flags}${letter}`);
});
/** Beginnings and ends of years, weeks and clock changes among them. */
const times = [
  ...[0, 1, 951_782_400, 1_230_768_000, 1_262_304_000, 1_362_300_000, 1_711_846_800, 1_711_843_199],
  ...[1_729_989_000, 1_729_992_600, 1_735_689_599, 1_735_689_600, 1_795_567_059, 4_102_444_800],
  ...fc.sample(fc.integer({ min: 0, max: 4_102_444_800 }), 150),
];

for (const zone of ZONES)
  t.test(`every conversion, flag and width is as date has it, in ${zone}`, async (t) => {
    const format = conversions.join('|');
    const { stdout } = spawnSync('date', ['-f', '-', `+${format}\x1e`], {
      input: times.map((time) => `@${time}\n`).join(''),
      env: { ...process.env, TZ: zone, LC_ALL: 'C' },
      encoding: 'utf8',
    });
    const theirs = stdout.split('\x1e\n').slice(0, -1);
    t.equal(theirs.length, times.length);
    inZone(zone, () => {
      for (const [index, time] of times.entries()) {
        const ours = strftime(format, new Date(time * 1000)) ?? '';
        const different = conversions.filter(
          (_, at) => ours.split('|')[at] !== theirs[index]?.split('|')[at],
        );
        t.same(different, [], `@${time}`);
      }
    });
  });

t.test(
  'what depends on the locale or names the zone, and what is no conversion, is not for figures',
  async (t) => {
    const date = new Date(0);
    for (const letter of [...'aAbBcEhNOpPrxXZqQ', ''])
      t.equal(strftime(`%Y %${letter}`, date), undefined, letter);
    for (const wide of ['%10T', '%_R', '%-F', '%5z', '%03%']) t.equal(strftime(wide, date), undefined, wide);
  },
);

t.test(
  'that is what date writes, in the locale and zone at hand, with newlines in it and for several at once',
  async (t) => {
    inZone('Europe/Berlin', () => {
      process.env['LC_ALL'] = 'C';
      const texts = formatTimes('%a %d. %b%n%Z', [0, 1_700_000_000, 1_689_000_000, 0]);
      t.same(Object.fromEntries(texts), {
        0: 'Thu 01. Jan\nCET',
        1689000000: 'Mon 10. Jul\nCEST',
        1700000000: 'Tue 14. Nov\nCET',
      });
    });
  },
);

t.test('where there is no date to ask, the form to write is told', async (t) => {
  const path = process.env['PATH'];
  process.env['PATH'] = '/nowhere';
  try {
    t.equal(formatTimes('%d', [0]).get(0), '01', 'figures need none');
    t.throws(() => formatTimes('%A', [0]), { message: /ZREP_DATEFORMAT="%Y-%m-%d %H:%M"$/ });
  } finally {
    process.env['PATH'] = path;
  }
});

function inZone(zone: string, work: () => void): void {
  const before = process.env['TZ'];
  process.env['TZ'] = zone;
  try {
    work();
  } finally {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
}
