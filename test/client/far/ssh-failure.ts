/** What is said of a connection that failed, from what ssh really printed (OpenSSH 9.2 and 10.6). */

import fc from 'fast-check';
import t from 'tap';
import { mayPass } from '../../../src/client/far/ask-again.ts';
import { farLines } from '../../../src/client/far/far-text.ts';
import { explained, reasonOf } from '../../../src/client/far/ssh-failure.ts';

const WARNING = `** WARNING: connection is not using a post-quantum key exchange algorithm.\r
** This session may be vulnerable to "store now, decrypt later" attacks.\r
** The server may need to be upgraded. See https://openssh.com/pq.html\r
`;
const DENIED = 'root@192.0.2.1: Permission denied (publickey,password,keyboard-interactive).';
const RESET = 'Read from remote host 192.0.2.1: Connection reset by peer\r\n';
const BROKEN = 'client_loop: send disconnect: Broken pipe\r\n';
const CLOSED = 'Connection closed by 192.0.2.1 port 22\r\n';

const ended = (message: string, code = 255) => ({ code, signal: null, message, output: '' });

t.test('the reason is the last line of ssh, behind its warnings and a banner', (t) => {
  t.equal(reasonOf(ended(`${WARNING}${DENIED}\r\n`)), DENIED);
  t.equal(reasonOf(ended(`${WARNING}Authorized use only\n${DENIED}\r\n`)), DENIED);
  t.equal(reasonOf(ended('')), undefined);
  t.equal(
    reasonOf(ended(`${WARNING}cannot open 'x'\nusage: zfs\n`, 1)),
    "cannot open 'x'",
    'of zfs it is the first',
  );
  t.end();
});

t.test('warnings of ssh are left out, and nothing else is', (t) => {
  t.same(farLines(`${WARNING}Error: no\n`), ['Error: no']);
  t.same(farLines(`before\n${WARNING}${WARNING}after\n`), ['before', 'after']);
  t.same(farLines('** Authorized use only **\n*** x\n'), ['** Authorized use only **', '*** x']);
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', '** b', 'c ** WARNING: d', ''), { maxLength: 20 }), (lines) => {
      const kept = lines.filter((line) => line !== '');
      t.same(farLines(lines.join('\n')), kept);
      t.same(farLines(WARNING + ['x', ...kept].join('\n')), ['x', ...kept]);
    }),
  );
  t.end();
});

t.test(
  'a connection that sshd dropped gets a word on open keys, one that it refused a word on penalties',
  (t) => {
    for (const message of [RESET + BROKEN, BROKEN, `Connection reset by 192.0.2.1 port 22\r\n`])
      t.match(
        farLines(explained(ended(WARNING + message), 'root@fileserver').message).at(-1),
        /(?:Broken pipe|port 22) \(if sshd there has PermitRootLogin forced-commands-only, .* on fileserver names that key\)$/,
      );
    const before = 'kex_exchange_identification: read: Connection reset by peer\r\n';
    for (const message of [CLOSED, `${before}Connection reset by 192.0.2.1 port 22\r\n`])
      t.match(
        farLines(explained(ended(message), 'fileserver').message).at(-1),
        /^Connection (?:closed|reset) by 192\.0\.2\.1 port 22 \(.*PerSourcePenalties.* on fileserver says so\)$/,
      );
    t.end();
  },
);

t.test('whatever else there is stays as it is', (t) => {
  for (const one of [
    ended(DENIED),
    ended(''),
    ended('ssh: Could not resolve hostname nosuch.invalid: Name or service not known\r\n'),
    ended(BROKEN, 1),
    ended(CLOSED, 0),
  ])
    t.same(explained(one, 'fileserver'), one);
  t.end();
});

t.test('a login that was refused is not tried again: each try counts against the address', (t) => {
  t.ok(mayPass(ended('')));
  t.ok(mayPass(ended(CLOSED)));
  t.ok(mayPass(ended('locked', 75)));
  t.notOk(mayPass(ended(`${WARNING}${DENIED}\n`)));
  t.notOk(mayPass(ended('x\r\nHost key verification failed.\r\n')));
  t.notOk(mayPass(ended('Error: no', 1)));
  t.end();
});
