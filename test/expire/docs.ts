/** The schedules that the documentation shows are schedules. */

import { readFileSync } from 'node:fs';
import t from 'tap';
import { scheduleFor } from '../../src/expire/sections.ts';
import { readGood } from '../fixtures/expire/schedules.ts';

t.test('docs/expire.md', async (t) => {
  const text = readFileSync('docs/expire.md', 'utf8');
  const blocks = [...text.matchAll(/^```\n([^`]*)^```$/gm)].map(([, block = '']) => readGood(block));
  t.same(
    blocks.map(({ otherwise, sections }) => [otherwise?.kind, sections.length]),
    [
      ['rules', 0],
      ['calendar', 0],
      [undefined, 3],
    ],
  );
  const [, , sections] = blocks as [unknown, unknown, (typeof blocks)[number]];
  t.match(scheduleFor(sections, 'tank/home/anna')?.schedule, { kind: 'calendar' });
  t.match(scheduleFor(sections, 'tank/x')?.schedule, { kind: 'rules' });
  t.match(scheduleFor(sections, 'tank/scratch')?.schedule, { kind: 'all' });
});

t.test('the README', async (t) => {
  const [, lines = ''] =
    /printf '%s\\n' (.*) >\/etc\/zfs\/zrep-expire\.conf/.exec(readFileSync('README.md', 'utf8')) ?? [];
  const words = [...lines.matchAll(/'([^']*)'/g)].map(([, line]) => line);
  t.match(readGood(words.join('\n')).otherwise, { kind: 'calendar', tiers: { length: 4 } });
});
