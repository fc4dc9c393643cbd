/** What --help says of exit codes is what the program and its documentation hold to. */

import { readFileSync } from 'node:fs';
import t from 'tap';
import { SERVE_HELP } from '../../src/gate/help.ts';

t.test('the help of serve has the exit codes of docs/exit-codes.md, and fits a terminal', (t) => {
  const told = [...SERVE_HELP.matchAll(/^ *(\d+|128\+N|other) {2}\S/gm)].map(([, code]) => code);
  const table = readFileSync('docs/exit-codes.md', 'utf8').matchAll(/^\| (\d+|128 \+ N|other) \|/gm);
  t.same(told, ['0', '64', '70', '74', '75', '77', '78', '128+N', 'other']);
  t.same(
    [...table].map(([, code]) => code?.replaceAll(' ', '')),
    told,
  );
  for (const line of SERVE_HELP.split('\n')) t.ok(line.length <= 80, line);
  t.end();
});
