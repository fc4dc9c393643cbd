/** passwd and shadow, as useradd, usermod and passwd leave them. */

import t from 'tap';
import { hasPassword, isLocked, parsePasswd, parseShadow } from '../../src/doctor/accounts.ts';

t.test('an account is a line of passwd; what has no numbers is none', (t) => {
  t.same(
    parsePasswd(
      'zrep:x:999:995:Backup,,,:/var/lib/zrep:\n+::::::\nbroken:x\n\nroot:x:0:0::/root:/bin/bash\n',
    ),
    [
      { name: 'zrep', uid: 999, gid: 995, home: '/var/lib/zrep', shell: '/bin/sh' },
      { name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/bash' },
    ],
  );
  t.end();
});

t.test('shadow tells the hash, the day of the last change, and the day of the end', (t) => {
  const passwords = parseShadow('a:$y$j9T$abc$def:19000:0:99999:7::20000:\nb:*:::::::\nc:!:0:0:99999:7:::\n');
  t.same(passwords.get('a'), { hash: '$y$j9T$abc$def', changed: 19000, expires: 20000 });
  t.same(passwords.get('b'), { hash: '*', changed: undefined, expires: undefined });
  t.same(passwords.get('c'), { hash: '!', changed: 0, expires: undefined });
  t.end();
});

t.test('locked is what begins with "!"; a password is a hash, or nothing at all', (t) => {
  const cases: [string, boolean, boolean][] = [
    ['*', false, false],
    ['!', true, false],
    ['!!', true, false],
    ['!$y$j9T$abc$def', true, false],
    ['*NP*', false, false],
    ['x', false, false],
    ['', false, true],
    ['$y$j9T$abcdefgh$ijkl', false, true],
    ['$6$salt$hashhashhash', false, true],
    ['abJnggxhB/yWI', false, true],
  ];
  for (const [hash, locked, open] of cases) {
    const password = { hash, changed: undefined, expires: undefined };
    t.same([isLocked(password), hasPassword(password)], [locked, open], hash);
  }
  t.end();
});
