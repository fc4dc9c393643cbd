/** A line for the gate by itself: what it leaves open, and the options to write instead. */

import fc from 'fast-check';
import t from 'tap';
import { openFeatures, parseAuthorizedKeys } from '../../src/doctor/authorized-keys.ts';
import { judgeGateLine, soundOptions } from '../../src/doctor/judge-keys.ts';
import { gateLine, KEY, ROOT, SOUND, ZREP } from '../fixtures/doctor/lines.ts';

const judge = (options: string, account = ROOT) =>
  judgeGateLine(gateLine(account, `${options} ${KEY}`)).map(({ code, problem, remedy }) => [
    code,
    problem,
    ...remedy.lines,
  ]);

t.test('what authorize prints is sound', (t) => {
  t.same(judge(SOUND), []);
  t.same(judge(`${SOUND},from="192.0.2.1",expiry-time="20300101"`), []);
  t.same(judge('restrict,command="/usr/bin/sudo -n /usr/bin/zrep-gate serve backup1"', ZREP), []);
  t.end();
});

t.test('whatever is open is named, and the options that close it are there to write', (t) => {
  const command = SOUND.replace('restrict,', '');
  t.same(judge(command), [
    [
      'key-unrestricted',
      'lacks "restrict", and leaves open: port forwarding, agent forwarding, X11 forwarding, a terminal, ~/.ssh/rc',
      SOUND,
    ],
  ]);
  t.same(judge(`no-pty,no-user-rc,no-agent-forwarding,no-X11-forwarding,no-port-forwarding,${command}`), [
    ['key-unrestricted', 'lacks "restrict", and leaves open: whatever a later sshd can do', SOUND],
  ]);
  t.same(judge(`${SOUND},PTY,from="192.0.2.1"`), [
    ['key-restriction-undone', 'allows a terminal behind "restrict"', `${SOUND},from="192.0.2.1"`],
  ]);
  t.same(judge(`${SOUND},tunnel="0"`), [
    ['key-restriction-undone', 'allows a tunnel device behind "restrict"', SOUND],
  ]);
  t.same(judge(`pty,${SOUND}`), [], 'the last word holds');
  t.end();
});

t.test('a variable in the line, a certificate authority', (t) => {
  t.same(judge(`${SOUND},environment="LD_PRELOAD=/x",environment="A=b"`), [
    ['key-environment', 'sets the dangerous variable LD_PRELOAD', SOUND],
    ['key-environment', 'sets the variable A', SOUND],
  ]);
  t.same(judge(`cert-authority,${SOUND}`), [
    ['key-certificate-authority', 'is for every key with a certificate of this one', SOUND],
  ]);
  t.end();
});

t.test('the command is for the account that it stands at', (t) => {
  const sudo = 'restrict,command="/usr/bin/sudo -n /usr/bin/zrep-gate serve backup1"';
  t.same(judge(SOUND, ZREP), [['key-without-root', 'runs the gate as zrep, without sudo', sudo]]);
  t.same(judge(sudo), [['key-sudo-as-root', 'calls /usr/bin/sudo, as root', SOUND]]);
  for (const way of ['/usr/bin/sudo-rs -n', 'doas -n']) {
    const command = `restrict,command="${way} /usr/bin/zrep-gate serve backup1"`;
    t.same(judge(command, ZREP), [], 'other programs can make it root');
    t.same(judge(command), [['key-sudo-as-root', `calls ${way.split(' ')[0]}, as root`, SOUND]]);
  }
  t.match(judge('restrict,command="zrep-gate serve backup1"'), [
    ['key-command-wrong', 'runs "zrep-gate serve backup1", which is no call of the gate'],
  ]);
  t.end();
});

t.test('the options to write leave nothing open, whatever stood there', (t) => {
  const feature = fc.constantFrom(
    'pty',
    'no-pty',
    'user-rc',
    'restrict',
    'port-forwarding',
    'agent-forwarding',
    'x11-forwarding',
  );
  const other = fc.constantFrom(
    'from="192.0.2.1"',
    'environment="A=b"',
    'tunnel="1"',
    'no-touch-required',
    'command="echo \\"a\\""',
  );
  fc.assert(
    fc.property(fc.uniqueArray(fc.oneof(feature, other), { minLength: 1 }), (options) => {
      const [line] = parseAuthorizedKeys(`${options.join()} ${KEY}`).lines;
      const [sound] = parseAuthorizedKeys(`${soundOptions(line ?? { options: [] })} ${KEY}`).lines;
      t.same(sound && openFeatures(sound), []);
      const kept = options.filter((option) => /^(?:from|command|no-touch)/.test(option)).length;
      t.equal(sound?.options.length, 1 + kept, 'and keep all else');
    }),
  );
  t.end();
});
