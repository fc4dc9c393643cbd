/** Every code is documented, with its severity, and says why it matters. */

import { readFileSync } from 'node:fs';
import t from 'tap';
import { CODES } from '../../src/doctor/codes.ts';

t.test('docs/doctor.md has every code with its severity, and no other', (t) => {
  const table = readFileSync('docs/doctor.md', 'utf8').matchAll(/^\| `([a-z-]+)` \| (\w+) \| \S.*\|$/gm);
  const told = [...table].map(([, code, severity]) => `${code} ${severity}`);
  const known = Object.entries(CODES).map(([code, { severity }]) => `${code} ${severity}`);
  t.same(told.sort(), known.sort());
  t.end();
});

t.test('why it matters is a sentence', (t) => {
  for (const [code, { why }] of Object.entries(CODES)) t.match(why, /^[A-Za-z][\x20-\x7e]+\.$/, code);
  t.end();
});
