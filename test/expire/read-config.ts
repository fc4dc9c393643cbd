/** Configuration files: what is understood, and what makes a file none. */

import t from 'tap';
import { describeConfiguration } from '../../src/expire/describe.ts';
import { scheduleFor } from '../../src/expire/sections.ts';
import { sayTier } from '../../src/expire/wording.ts';
import { mistakesOf, readGood, readSchedule } from '../fixtures/expire/schedules.ts';

const rulesOf = (text: string) => {
  const schedule = readSchedule(text);
  return schedule.kind === 'rules'
    ? schedule.rules.map(({ age, interval }) => `${age.text}|${interval.text}`)
    : schedule;
};
const tiersOf = (text: string) => {
  const schedule = readSchedule(text);
  return schedule.kind === 'calendar' ? schedule.tiers.map(sayTier) : schedule;
};

t.test('a file of the original, however it was typed', async (t) => {
  const text =
    '\uFEFF# comment\r\n\r\n  48hours : 0 seconds   # all\r\n15 days:1 day\r\n\t4 weeks\t:\t1 week\n2h : 5min';
  t.same(rulesOf(text), ['48 hours|0 seconds', '15 days|1 day', '4 weeks|1 week', '2 hours|5 minutes']);
});

t.test(
  'a line that makes no sense is told by its number, with what to write; and so are all of them',
  async (t) => {
    const mistakes = mistakesOf(
      '1 day : 1 hour\n7am : 1 day\n\nkeep some\n1 day\n1 day : 1 hour : 2 hours\n5 m : 1 h',
    );
    t.same(
      mistakes.map(({ line }) => line),
      [2, 4, 5, 6, 7],
    );
    t.match(mistakes[0], { problem: /"7am ?" is no length of time: write .* 15 days/ });
    for (const text of [
      ':',
      '1 day :',
      ': 1 day',
      '1 day : 1',
      'daily',
      'daily for',
      'daily 15',
      'daily for 15',
      'weekly for ever and a day',
      '[tank',
      '[]',
      '[tank//a]',
      '[/tank]',
      '[tank@a]',
      'time zone Mars/Olympus',
      'time zone',
      'newest 5',
      '; comment',
      'keep 15 daily',
      'every 2 days for 1 month',
      'constructor for 2 days',
    ])
      t.equal(mistakesOf(`1 day : 1 hour\n${text}`).length > 0, true, text);
  },
);

t.test('a word that is mistyped is followed by the one that was meant', async (t) => {
  for (const [text, meant] of [
    ['dayly for 15 days', 'daily'],
    ['wekly: 4 weeks', 'weekly'],
    ['15 dyas : 1 day', 'days'],
    ['evry snapshot for 2 days', 'every'],
    ['montly for 6 moths', 'monthly'],
  ] as const)
    t.match(mistakesOf(text)[0], { problem: new RegExp(`\\. Did you mean ${meant}\\?$`) }, text);
  for (const text of ['keep some', '7am : 1 day', '[dayly', 'time zone Mars/Olympus'])
    t.notMatch(mistakesOf(text)[0]?.problem, 'Did you mean', text);
});

t.test('a file that says nothing is a mistake', async (t) => {
  for (const text of ['', '\n\n', '# all a comment\n']) t.match(mistakesOf(text), [{ line: 0 }]);
  t.match(mistakesOf('[tank/a]\n'), [{ line: 1, problem: /says nothing/ }]);
});

t.test('calendar lines, in any of the words that people take', async (t) => {
  const wanted = [
    'every snapshot for 48 hours',
    'daily for 15 days',
    'weekly for 4 weeks',
    'monthly for 6 months',
    'yearly for 3 years',
  ];
  for (const text of [
    'every snapshot for 48 hours\ndaily for 15 days\nweekly for 4 weeks\nmonthly for 6 months\nyearly for 3 years',
    'keep every snapshot for 48h\nkeep daily for 15d\nkeep weekly for 4w\nkeep monthly for 6mo\nkeep yearly for 3y',
    'yearly: 3 years\nmonthly: 6 months\nweekly: 4 weeks\ndaily: 15 days\nall: 48 hours',
    '48 hours : all\n15 days : daily\n4 weeks : weekly\n6 months : monthly\n3 years : yearly',
    'everything for 48 hours\none per day for 15 days\none a week for 4 weeks\n1 every month for 6 months\neach year for 3 years',
    'Keep All Snapshots For 48 Hours\nDaily = 15 days\nWeekly snapshots for 4 weeks\none monthly for 6 months\nannually for 3 years',
    'every 48 hours\ndaily 15 days\nweekly 4 weeks\nmonthly 6 months\nyearly 3 years',
  ])
    t.same(tiersOf(text), wanted, text);
  t.same(tiersOf('hourly for 2 days\nyearly forever\nmonthly for ever'), [
    'hourly for 2 days',
    'monthly forever',
    'yearly forever',
  ]);
});

t.test('a time zone, and oldest or newest', async (t) => {
  t.match(readSchedule('daily for 2 days'), { zone: { name: 'UTC' }, pick: 'oldest' });
  for (const line of [
    'time zone Europe/Berlin',
    'timezone = Europe/Berlin',
    'Time-Zone: Europe/Berlin',
    'tz Europe/Berlin',
    'zone europe/berlin',
  ])
    t.match(readSchedule(`daily for 2 days\n${line}`), { zone: { name: 'Europe/Berlin' } }, line);
  for (const line of [
    'newest of each period',
    'keep the newest of each period',
    'keep newest',
    'keep: newest',
    'last of each period',
  ])
    t.match(readSchedule(`daily for 2 days\n${line}`), { pick: 'newest' }, line);
  for (const line of ['oldest of each period', 'keep the first of every period'])
    t.match(readSchedule(`daily for 2 days\n${line}`), { pick: 'oldest' }, line);
});

t.test('what contradicts itself is a mistake', async (t) => {
  for (const text of [
    '1 day : 1 hour\ndaily for 15 days',
    'keep everything\ndaily for 15 days',
    'daily for 15 days\ndaily for 16 days',
    'daily for 1 day\ntime zone UTC\ntime zone Europe/Berlin',
    'daily for 1 day\nkeep newest\nkeep oldest',
    '1 day : 1 hour\ntime zone UTC',
    '[tank/a]\ndaily for 1 day\n[tank/b]\n1 day : 1 hour\nkeep newest',
    '[tank/a]\ndaily for 1 day\n[tank/a]\ndaily for 2 days',
    '[tank/a, tank/a]\ndaily for 1 day',
  ])
    t.equal(mistakesOf(text).length, 1, text);
});

t.test('the section that says most is for a file system', async (t) => {
  const file = readGood(`
time zone Europe/Berlin
monthly for 1 year
[tank/**]
daily for 1 day
[tank/*]
daily for 2 days
[ tank/home , tank/home/** ]
daily for 3 days
newest of each period
[tank/home/anna]
keep everything
[*/home]
time zone UTC
daily for 5 days
[tank/vm-*]
daily for 6 days`);
  const said = (dataset: string) => {
    const found = scheduleFor(file, dataset);
    return (
      found &&
      `${found.pattern}: ${found.schedule.kind === 'calendar' ? found.schedule.tiers.map(sayTier) : found.schedule.kind}`
    );
  };
  t.equal(said('tank/a'), 'tank/*: daily for 2 days');
  t.equal(said('tank/a/b'), 'tank/**: daily for 1 day');
  t.equal(said('tank/a/b/c'), 'tank/**: daily for 1 day');
  t.equal(said('tank/home'), 'tank/home: daily for 3 days');
  t.equal(said('tank/home/ben'), 'tank/home/**: daily for 3 days');
  t.equal(said('tank/home/anna'), 'tank/home/anna: all');
  t.equal(said('tank/home/anna/x'), 'tank/home/**: daily for 3 days');
  t.equal(said('vault/home'), '*/home: daily for 5 days');
  t.equal(said('tank/vm-1'), 'tank/vm-*: daily for 6 days');
  t.equal(
    said('tank'),
    'undefined: monthly for 1 year',
    'a pattern for what is below does not mean what is above',
  );
  t.equal(scheduleFor(readGood('[tank.x/a]\ndaily for 1 day'), 'tankyx/a'), undefined);
  t.equal(scheduleFor(readGood('[tank.x/*]\ndaily for 1 day'), 'tankyx/a'), undefined, 'a dot is a dot');
  t.match(scheduleFor(file, 'tank/home')?.schedule, { zone: { name: 'Europe/Berlin' }, pick: 'newest' });
  t.match(scheduleFor(file, 'vault/home')?.schedule, { zone: { name: 'UTC' }, pick: 'oldest' });
});

t.test('a file is explained back in words, with what is hardly meant', async (t) => {
  t.equal(
    describeConfiguration(readGood('2 years : 1 year\n48 hours : 0 seconds\n15 days : 1 day')),
    `Every file system:
  up to 48 hours old: every snapshot
  then, up to 15 days: those at least 1 day apart
  then, up to 2 years: those at least 1 year apart
  older than 2 years: nothing
`,
  );
  t.equal(
    describeConfiguration(
      readGood(
        '[tank/a]\nevery snapshot for 2 days\ndaily for 15 days\nyearly forever\ntime zone Europe/Berlin\nnewest of each period\n[tank/b]\nkeep everything',
      ),
    ),
    `[tank/a] (line 1):
  every snapshot for 2 days
  the newest of each day for 15 days
  the newest of each year for ever
  days begin at midnight in Europe/Berlin, weeks on Monday

[tank/b] (line 7):
  everything is kept, and nothing is destroyed

Every other file system, for which there is no section:
  nothing is destroyed there
`,
  );
  t.match(
    describeConfiguration(readGood('1 hour : 1 day')),
    /note: "1 hour : 1 day" has the longer time on the right/,
  );
  t.match(
    describeConfiguration(readGood('1 day : 1 hour\n1 week : 10 min')),
    /note: .* keeps fewer of the young/,
  );
  t.match(
    describeConfiguration(readGood('7 days : 1 hour\n1 week : 2 hours')),
    /note: two lines are about 7 days/,
  );
  t.match(
    describeConfiguration(readGood('all for 9 days\ndaily for 8 days')),
    /note: "daily for 8 days" adds nothing/,
  );
  t.match(describeConfiguration(readGood('all for 2 days\ndaily for 8 days')), /^(?![\s\S]*note:)/);
});
