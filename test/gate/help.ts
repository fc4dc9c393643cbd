/** What --help says of exit codes is what the program and its documentation hold to. */

import { readFileSync } from 'node:fs';
import t from 'tap';
import { DOCTOR_EXIT } from '../../src/doctor/findings.ts';
import { DOCTOR_HELP, SERVE_HELP } from '../../src/gate/help.ts';

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

t.test('the help of doctor has the exit codes of docs/doctor.md, and fits a terminal', (t) => {
  const table = readFileSync('docs/doctor.md', 'utf8').matchAll(/^\| (\d) \| /gm);
  const codes = Object.values(DOCTOR_EXIT).map(String).sort();
  t.same(
    [...table].map(([, code]) => code),
    codes,
  );
  const [, told = ''] = DOCTOR_HELP.split('Exit codes');
  t.same(
    [...told.matchAll(/\b(\d) [a-z]/g)].map(([, code]) => code),
    codes,
  );
  for (const line of DOCTOR_HELP.split('\n')) t.ok(line.length <= 88, line);
  t.end();
});
