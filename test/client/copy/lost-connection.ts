/** Which end of ssh is a connection that was lost. */

import t from 'tap';
import { isLost } from '../../../src/client/copy/lost-connection.ts';

const ended = (code: number | null, message: string) => ({ code, signal: null, message });

t.test("ssh's own failure is a lost connection, whatever it says", async (t) => {
  for (const message of [
    '',
    'Connection to fileserver closed by remote host.\n',
    'client_loop: send disconnect: Broken pipe\r\n',
  ])
    t.equal(isLost(ended(255, message)), true, message);
});

t.test('what zfs over there said is none, though a stock zrep hands its 255 on', async (t) => {
  for (const message of [
    'cannot resume send: checksum mismatch\n',
    "warning: cannot send 'tank/a@b': Broken pipe\n",
    'zfs: error\n',
  ])
    t.equal(isLost(ended(255, message)), false, message);
  t.equal(isLost(ended(1, 'Connection reset')), false);
  t.equal(isLost(ended(null, '')), false);
});
