/** Which ssh gets a connection of ours. */

import t from 'tap';
import { sharable } from '../../../src/client/far/ssh.ts';

t.test("the person's OpenSSH is given a shared connection, with its options", async (t) => {
  for (const words of [['ssh'], ['/usr/bin/ssh', '-p', '2222', '-l', 'zrep'], ['ssh', '-o', 'BatchMode=yes']])
    t.ok(sharable(words), words.join(' '));
});

t.test('what is no ssh, or has something to say about sharing, is left alone', async (t) => {
  for (const words of [
    ['rsh'],
    ['/usr/local/bin/my-ssh-wrapper'],
    ['ssh', '-S', 'none'],
    ['ssh', '-S/run/x'],
    ['ssh', '-M'],
    ['ssh', '-o', 'ControlPath=none'],
    ['ssh', '-oControlMaster=auto'],
    ['ssh', '-o', 'controlpersist 60'],
    [],
  ])
    t.notOk(sharable(words), words.join(' '));
});
