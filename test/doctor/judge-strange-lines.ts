/** Lines that are not understood are told, and never passed over. */

import t from 'tap';
import { gateLinesIn } from '../../src/doctor/gate-lines.ts';
import { judgeStrangeLines } from '../../src/doctor/judge-strange-lines.ts';
import { KEY, keysOf, ROOT, SOUND, ZREP } from '../fixtures/doctor/lines.ts';

const OTHER = KEY.replace('EXAMPLE', 'ANOTHER');
const MALLORY = { ...ZREP, name: 'mallory', home: '/home/mallory' };

const judge = (root: string, mallory = '') => {
  const files = [keysOf(ROOT, root), keysOf(MALLORY, mallory)];
  return judgeStrangeLines(files, gateLinesIn(files), new Set(['root'])).map(
    ({ code, where, problem }) => `${code} ${where.replace('/.ssh/authorized_keys', '')} ${problem}`,
  );
};

const UNREAD = 'this line is not understood: neither a key nor options and a key';

t.test('what is understood is not told', (t) => {
  t.same(judge(`# a comment\n\n${SOUND} ${KEY}\nno-pty, ${OTHER} another\n`), []);
  t.end();
});

t.test('of the accounts that are looked at, every line; one that means the gate by its own code', (t) => {
  t.same(judge(`nonsense\nrestrict,command="/usr/bin/zrep-gate serve a" ssh-ed25519\n${SOUND} ${KEY}`), [
    `key-line-not-understood /root:1 ${UNREAD}`,
    'key-line-ignored /root:2 is no line that sshd can read',
  ]);
  t.same(judge(`only-at="noon" ${KEY}`), [
    'key-line-not-understood /root:1 this line is not understood: the option "only-at" is not known here',
  ]);
  t.same(judge(`a,b ${KEY}`), [
    'key-line-not-understood /root:1 this line is not understood: the options "a", "b" are not known here',
  ]);
  t.end();
});

t.test("of everybody else, a line with a key of the gate's", (t) => {
  const first = `${SOUND} ${KEY}`;
  t.same(judge(first, `nonsense\nonly-at="noon" ${OTHER}`), []);
  t.same(judge(first, `ssh-x ${KEY.split(' ')[1]}\nonly-at="noon" ${KEY}`), [
    `key-line-not-understood /home/mallory:1 ${UNREAD}`,
    'key-line-not-understood /home/mallory:2 this line is not understood: the option "only-at" is not known here',
  ]);
  t.end();
});
