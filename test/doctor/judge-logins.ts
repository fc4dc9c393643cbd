/** Keys that sshd does not let through to the gate, and keys that are in the way of others. */

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { gateLinesIn } from '../../src/doctor/gate-lines.ts';
import {
  commentOut,
  judgeExpiry,
  judgeKeyTypes,
  judgeOpenRootKeys,
  openLinesIn,
} from '../../src/doctor/judge-logins.ts';
import { parseSettings } from '../../src/doctor/sshd-settings.ts';
import { KEY, keysOf, ROOT, SOUND } from '../fixtures/doctor/lines.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';

const OTHER = KEY.replace('EXAMPLE', 'ANOTHER');
const MLDSA = readFileSync('test/fixtures/doctor/mldsa44-ed25519-openssh-10.6.pub', 'utf8').trim();
const settingsOf = (version: string, permit: string) =>
  parseSettings(
    readFileSync(`test/fixtures/doctor/sshd-T-openssh-${version}.txt`, 'utf8').replace(
      /^(permitrootlogin) .*/im,
      `$1 ${permit}`,
    ),
  );

t.test('an open key of root beside the gate is in its way where root needs a forced command', (t) => {
  const judge = (text: string, permit = 'forced-commands-only', version = '10.6', everywhere = true) => {
    const files = [keysOf(ROOT, `${SOUND} ${KEY}\n${text}`)];
    const settings = settingsOf(version, permit);
    return judgeOpenRootKeys(openLinesIn(files), gateLinesIn(files), settings, everywhere);
  };
  for (const version of ['9.2', '10.6'])
    for (const line of [`${OTHER} old`, `no-pty, ${OTHER}`, `from="192.0.2.9" ${OTHER}`])
      t.match(judge(line, 'forced-commands-only', version), [
        { code: 'root-open-key', severity: 'warning', where: '/root/.ssh/authorized_keys:2' },
      ]);
  for (const permit of ['yes', 'no', 'prohibit-password', 'without-password'])
    t.same(judge(OTHER, permit), []);
  t.same(judge(`command="uptime" ${OTHER}`), [], 'it has a command');
  t.same(judge(KEY), [], 'the same key is found for itself');
  t.same(judge(`cert-authority ${OTHER}`), [], 'a certificate may have a command');
  t.match(judge(MLDSA), [{ code: 'root-open-key' }]);
  t.same(judge(MLDSA, 'forced-commands-only', '9.2'), [], 'sshd does not know this key');
  t.match(judge(OTHER)[0]?.remedy.what, /^No login works by this key/);
  t.match(judge(OTHER, 'forced-commands-only', '10.6', false)[0]?.remedy.what, /^If nobody logs in/);
  t.end();
});

t.test(
  'in a folder of another user root changes nothing by itself: that user could have a link there',
  (t) => {
    const file = { ...keysOf(ROOT, `${OTHER} old`), path: '/home/mallory/.ssh/authorized_keys' };
    const [own, others] = [file, { ...file, editor: 'mallory' }].map(
      (one) => openLinesIn([one]).map(commentOut)[0] ?? '',
    );
    t.match(own, /^sed -i .* \/home\/mallory\/\.ssh\/authorized_keys$/);
    t.equal(others, `runuser -u mallory -- ${own}`);
    t.end();
  },
);

t.test('a key whose time is over is named, with a line that takes the time away', (t) => {
  const path = `${makeFolder(t)}/keys`;
  const line = (expires: string) =>
    `${SOUND.replace('restrict,', `restrict,expiry-time="${expires}",`)} ${KEY}`;
  const judge = (text: string, now: string) => {
    const files = [{ ...keysOf(ROOT, text), path }];
    return judgeExpiry(gateLinesIn(files), new Date(now));
  };
  const codes = (expires: string, now: string) => judge(line(expires), now).map(({ code }) => code);
  t.same(codes('20261201Z', '2026-12-01T00:00:00Z'), ['key-expired']);
  t.same(codes('20261201Z', '2026-11-30T23:59:59Z'), []);
  t.same(
    codes('202612011230', new Date(2026, 11, 1, 12, 30).toISOString()),
    ['key-expired'],
    'in the zone of this host',
  );
  t.same(codes('20261201123005Z', '2026-12-01T12:30:04Z'), []);
  t.same(judge(`${SOUND} ${KEY}`, '2026-12-01T00:00:00Z'), []);
  writeFileSync(path, `${line('20200101')}\n`);
  const [found] = judge(line('20200101'), '2026-12-01T00:00:00Z');
  execFileSync('sh', ['-c', found?.remedy.lines[0] ?? 'false']);
  t.equal(readFileSync(path, 'utf8'), `${SOUND} ${KEY}\n`);
  t.end();
});

t.test('the line to run makes a comment of that line alone, in any order, and twice', (t) => {
  const path = `${makeFolder(t)}/keys`;
  const lines = [`${OTHER} old`, `${SOUND} ${KEY}`, `no-pty, ${MLDSA}`, `command="x" ${OTHER}`, '# mine'];
  writeFileSync(path, `${lines.join('\n')}\n`);
  const open = openLinesIn([{ ...keysOf(ROOT, lines.join('\n')), path }]);
  t.equal(open.length, 2);
  for (const one of [...open].reverse().concat(open)) execFileSync('sh', ['-c', commentOut(one)]);
  t.same(readFileSync(path, 'utf8').split('\n'), [
    `# ${lines[0]}`,
    lines[1],
    `# ${lines[2]}`,
    ...lines.slice(3),
    '',
  ]);
  t.end();
});

t.test('for any key, each of these commands changes its line alone', (t) => {
  const path = `${makeFolder(t)}/my keys`;
  const string = (bytes: Uint8Array) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const typed = (type: string) => (bytes: Uint8Array) =>
    `${type} ${Buffer.concat([string(Buffer.from(type)), string(bytes)]).toString('base64')}`;
  // Where many bits are set, base64 has many a "/" and "+".
  const byte = fc.oneof(fc.constantFrom(0xff, 0xfb, 0xef), fc.integer({ min: 0, max: 255 }));
  const bytes = (length: object) => fc.array(byte, length).map((some) => Uint8Array.from(some));
  const key = fc.oneof(
    bytes({ minLength: 32, maxLength: 32 }).map(typed('ssh-ed25519')),
    bytes({ minLength: 1, maxLength: 70 }).map(typed("x';false;'")),
    bytes({ minLength: 1, maxLength: 70 }).map(typed('x')),
  );
  const end = fc.constantFrom('', ' me', '\r');
  fc.assert(
    fc.property(fc.uniqueArray(key, { minLength: 2, maxLength: 4 }), end, ([own = '', ...more], end) => {
      const others = more.flatMap((other) => [
        `${other}${end}`,
        `restrict,expiry-time="20200101",command="/usr/bin/zrep-gate serve x" ${other}${end}`,
      ]);
      const run = (line: string, command: (file: ReturnType<typeof keysOf>) => string) => {
        const lines = [...others, line, ...others];
        writeFileSync(path, lines.join('\n'), 'latin1');
        const own = { ...keysOf(ROOT, `${'\n'.repeat(others.length)}${line}`), path };
        execFileSync('sh', ['-c', command(own)]);
        const changed = readFileSync(path, 'latin1').split('\n');
        t.same(
          [...changed.slice(0, others.length), ...changed.slice(others.length + 1)],
          [...others, ...others],
        );
        return changed[others.length];
      };
      const open = (file: ReturnType<typeof keysOf>) => openLinesIn([file]).map(commentOut).join('\n');
      t.equal(run(`${own}${end}`, open), `# ${own}${end}`);
      const expired = (file: ReturnType<typeof keysOf>) =>
        judgeExpiry(gateLinesIn([file]), new Date('2026-12-01'))[0]?.remedy.lines[0] ?? 'false';
      const [first, last] = ['restrict,', `command="/usr/bin/zrep-gate serve y" ${own}${end}`];
      t.equal(run(`${first}expiry-time="20200101",${last}`, expired), `${first}${last}`);
    }),
    { numRuns: 60 },
  );
  t.end();
});

t.test('a key for the gate whose type sshd does not accept is told', (t) => {
  const judge = (key: string, settings = settingsOf('9.2', 'no')) =>
    judgeKeyTypes(gateLinesIn([keysOf(ROOT, `${SOUND} ${key}`)]), settings);
  t.same(judge(KEY), []);
  t.match(judge(MLDSA), [
    { code: 'key-type-refused', problem: 'ssh-mldsa44-ed25519 is not in PubkeyAcceptedAlgorithms' },
  ]);
  t.same(judge(MLDSA, settingsOf('10.6', 'no')), []);
  t.same(judge(MLDSA, parseSettings('port 22')), [], 'nor is it told where sshd does not say');
  const rsa = ['ssh-rsa', ...['ssh-rsa', 'x', 'y']] as const;
  const blob = Buffer.concat(
    rsa.slice(1).map((text) => Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)])),
  );
  t.same(judge(`ssh-rsa ${blob.toString('base64')}`), [], 'RSA signs by other names than its own');
  t.end();
});
