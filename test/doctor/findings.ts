/** Findings are printable, told once, and the worst of them is the verdict. */

import fc from 'fast-check';
import t from 'tap';
import { DOCTOR_EXIT, finding, unique, verdictOn } from '../../src/doctor/findings.ts';

const error = finding('gate-missing', 'a', 'b', 'c');
const warning = finding('key-twice', 'a', 'b', 'c');
const unknown = finding('not-looked', 'a', 'b', 'c');
const note = finding('client-without-key', 'a', 'b', 'c');

t.test('the worst is the verdict: an error, what was not looked at, a warning; notes are clean', (t) => {
  t.equal(verdictOn([]), 'clean');
  t.equal(verdictOn([note]), 'clean');
  t.equal(verdictOn([note, warning]), 'warning');
  t.equal(verdictOn([note, warning, unknown]), 'unknown');
  t.equal(verdictOn([note, warning, unknown, error]), 'error');
  t.same(DOCTOR_EXIT, { clean: 0, warning: 1, error: 2, unknown: 3 });
  t.end();
});

t.test('nothing of a file reaches the screen as it is; a line to copy keeps its backslashes', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const { where, problem, remedy } = finding('key-twice', text, text, text, text);
      return [where, problem, remedy.what, ...remedy.lines].every((one) => /^[\x20-\x7e]*$/.test(one));
    }),
  );
  t.same(finding('key-twice', 'a', 'b', 'c', 'x\\,y', 'z\u001b').remedy.lines, ['x\\,y', 'z\\x1b']);
  t.end();
});

t.test('the same finding is told once', (t) => {
  t.same(unique([error, warning, { ...error }]), [error, warning]);
  t.equal(unique([error, { ...error, where: 'b' }]).length, 2);
  t.end();
});
