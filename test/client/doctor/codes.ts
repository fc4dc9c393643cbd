/** Every code of the doctor of pairs is documented, and says why it matters. */

import { readFileSync } from 'node:fs';
import t from 'tap';
import { CODES } from '../../../src/client/doctor/codes.ts';

t.test('docs/doctor-pairs.md has every code with its severity, and no other', async (t) => {
  const table = readFileSync('docs/doctor-pairs.md', 'utf8').matchAll(
    /^\| `([a-z-]+)` \| (\w+) \| \S.*\|$/gm,
  );
  const told = [...table].map(([, code, severity]) => `${code} ${severity}`);
  const known = Object.entries(CODES).map(([code, { severity }]) => `${code} ${severity}`);
  t.same(told.sort(), known.sort());
});

t.test('why it matters is a sentence', async (t) => {
  for (const [code, { why }] of Object.entries(CODES)) t.match(why, /^[A-Za-z][\x20-\x7e]+\.$/, code);
});
