/** Which forced commands run the gate, and what they run it with. */

import fc from 'fast-check';
import t from 'tap';
import { gateWords, meansGate, parseGateCall } from '../../src/doctor/gate-call.ts';

t.test('the forms that authorize writes', (t) => {
  const call = { sudo: undefined, program: '/usr/bin/zrep-gate', client: 'backup1', policy: undefined };
  t.same(parseGateCall('/usr/bin/zrep-gate serve backup1'), call);
  t.same(parseGateCall('sudo -n /usr/bin/zrep-gate serve backup1'), { ...call, sudo: 'sudo' });
  t.same(parseGateCall('/usr/bin/sudo -n /usr/bin/zrep-gate  serve backup1'), {
    ...call,
    sudo: '/usr/bin/sudo',
  });
  for (const sudo of ['/usr/bin/sudo-rs', 'doas', '/usr/local/bin/doas'])
    t.same(parseGateCall(`${sudo} -n /usr/bin/zrep-gate serve backup1`), { ...call, sudo });
  t.same(parseGateCall('/usr/bin/zrep-gate serve backup1 --policy /etc/p.toml'), {
    ...call,
    policy: '/etc/p.toml',
  });
  t.end();
});

t.test('whatever the gate, or a shell, would make something else of is no call', (t) => {
  for (const command of [
    '',
    'zrep-gate serve backup1',
    '/usr/bin/zrep-gate',
    '/usr/bin/zrep-gate serve',
    '/usr/bin/zrep-gate serve -x',
    '/usr/bin/zrep-gate check',
    '/usr/bin/zrep-gate serve backup1 more',
    '/usr/bin/zrep-gate serve backup1 --policy',
    '/usr/bin/zrep-gate serve backup1 --policy p.toml',
    '/usr/bin/zrep-gate serve backup1 --policy /p x',
    'sudo /usr/bin/zrep-gate serve backup1',
    '/usr/bin/zrep-gate serve backup1; id',
    '/usr/bin/zrep-gate serve $SSH_ORIGINAL_COMMAND',
    '/usr/bin/zrep-gate serve "backup1"',
  ])
    t.equal(parseGateCall(command), undefined, command);
  t.end();
});

t.test('the gate is meant by its name, also where the words are wrong, or by its words', (t) => {
  for (const command of ['zrep-gate', 'env X=1 /usr/bin/zrep-gate serve a', '/opt/gate serve backup1'])
    t.ok(meansGate(command));
  for (const command of ['/usr/bin/rsync --server', 'zrep', '/bin/sh -c serve']) t.notOk(meansGate(command));
  t.end();
});

t.test('the words of a call make the same call', (t) => {
  const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_./+@:%=,-]{0,12}$/);
  const path = word.map((text) => `/${text}`);
  const policy = fc.option(path, { nil: undefined });
  const sudo = fc.constantFrom(undefined, 'sudo', '/usr/bin/sudo', 'sudo-rs', '/usr/bin/doas');
  fc.assert(
    fc.property(fc.record({ sudo, program: path, client: word, policy }), (call) => {
      const words = gateWords(call).join(' ');
      t.same(parseGateCall(call.sudo === undefined ? words : `${call.sudo} -n ${words}`), call);
    }),
  );
  t.end();
});
