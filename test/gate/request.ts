/** What the gate takes from sshd's environment. */

import fc from 'fast-check';
import t from 'tap';
import { readRequest } from '../../src/gate/request.ts';

t.test('a request has the command as it was sent, the address, and an id of time and process', (t) => {
  const command = '  zrep snaponly tank/home \n';
  const SSH_CONNECTION = '2001:db8::10 50022 2001:db8::1 22';
  t.strictSame(
    readRequest('backup1', { SSH_ORIGINAL_COMMAND: command, SSH_CONNECTION }, 1_700_000_000_123, 46655),
    {
      id: 'loyw3v5n-zzz',
      client: 'backup1',
      command,
      address: '2001:db8::10',
      time: 1_700_000_000_123,
    },
  );
  t.end();
});

t.test('without a command it is empty, and without a connection there is no address', (t) => {
  for (const environment of [
    {},
    { SSH_CONNECTION: '' },
    { SSH_CONNECTION: ' 22 ::1 22', SSH_CLIENT: '::1 1 2' },
  ])
    t.match(
      readRequest('a', environment, 0, 1),
      { command: '', address: undefined },
      JSON.stringify(environment),
    );
  t.end();
});

t.test('two requests have two ids, unless they are of one process and one millisecond', (t) => {
  const moment = fc.tuple(fc.nat(2 ** 44), fc.nat(2 ** 22));
  const id = ([time, pid]: readonly [number, number]) => readRequest('a', {}, time, pid).id;
  const property = fc.property(moment, moment, (one, other) => {
    return (id(one) === id(other)) === (one.join() === other.join()) && /^[0-9a-z]+-[0-9a-z]+$/.test(id(one));
  });
  t.doesNotThrow(() => fc.assert(property));
  t.end();
});
