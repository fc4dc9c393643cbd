/** The authorized_keys line: one that sshd reads as meant, and none for what is no public key. */

import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { type Authorization, authorizedKeysLine, sudoersLines } from '../../src/gate/authorize.ts';
import { makeFolder, policyOf, SAMPLE } from '../fixtures/gate/policy.ts';

const policy = await policyOf(SAMPLE);
const folder = makeFolder(t);

/** A key of each kind that ssh-keygen makes without hardware. */
const keys = [['ed25519'], ['rsa', '2048'], ['ecdsa', '256'], ['ecdsa', '384'], ['ecdsa', '521']].map(
  (kind) => {
    const [type = '', bits] = kind;
    const path = `${folder}/${kind.join('')}`;
    const size = bits ? ['-b', bits] : [];
    execFileSync('ssh-keygen', ['-q', '-t', type, ...size, '-N', '', '-C', 'root@backup', '-f', path]);
    return { path, publicKey: readFileSync(`${path}.pub`, 'utf8') };
  },
);
const [{ path: keyPath, publicKey } = { path: '', publicKey: '' }] = keys;
const [, body = ''] = publicKey.split(' ');

const BASE: Authorization = {
  client: 'backup1',
  publicKey,
  program: '/usr/local/bin/zrep-gate',
  policyPath: undefined,
  sudo: false,
};
const line = (change: Partial<Authorization> = {}) => authorizedKeysLine(policy, { ...BASE, ...change });

t.test('the line restricts, forces the command, and has the addresses of the policy', (t) => {
  const end = `ssh-ed25519 ${body} root@backup`;
  const serve = '/usr/local/bin/zrep-gate serve';
  t.equal(line(), `restrict,command="${serve} backup1" ${end}`);
  t.equal(
    line({ client: 'backup2' }),
    `restrict,command="${serve} backup2",from="192.0.2.0/24,2001:db8::1" ${end}`,
  );
  t.equal(
    line({ policyPath: '/srv/p.toml' }),
    `restrict,command="${serve} backup1 --policy /srv/p.toml" ${end}`,
  );
  t.equal(line({ sudo: true }), `restrict,command="/usr/bin/sudo -n ${serve} backup1" ${end}`);
  t.end();
});

t.test('sshd reads the line as the same key, of every kind', (t) => {
  for (const { path, publicKey } of keys)
    for (const client of ['backup1', 'backup2'])
      for (const sudo of [false, true])
        t.equal(
          fingerprint(line({ publicKey, client, sudo })),
          fingerprintOf(`${path}.pub`),
          `${path} ${client}`,
        );
  t.end();
});

t.test('a key of a type that is new is one, by its form', (t) => {
  const publicKey = readFileSync('test/fixtures/doctor/mldsa44-ed25519-openssh-10.6.pub', 'utf8');
  t.ok(line({ publicKey }).endsWith(` ${publicKey.trim()}`), 'of OpenSSH 10.6');
  const [type = '', body = ''] = publicKey.split(' ');
  const certificate = Buffer.from(`\0\0\0${'\x18'}ssh-mldsa44-ed25519-cert\0\0\0\x01x`, 'latin1').toString(
    'base64',
  );
  for (const wrong of [
    `${type}-2 ${body}`,
    `${type} ${body.slice(0, 20)}`,
    `${type} x${body}`,
    `ssh-mldsa44-ed25519-cert ${certificate}`,
  ])
    t.throws(() => line({ publicKey: wrong }), {
      message: /^the key is (?:not (?:whole|a public key)|a certificate)/,
    });
  t.end();
});

t.test('a comment stays, printable and on the line; where there is none the client stands', (t) => {
  t.match(line({ publicKey: `ssh-ed25519 ${body}\n` }), / backup1$/);
  t.match(line({ publicKey: `ssh-ed25519 ${body} a b\r\n` }), / a b$/);
  t.equal(
    line({ publicKey: `ssh-ed25519 ${body} Ä\t\x1b[0m` })
      .split(' ')
      .at(-1),
    '\\xc4\\t\\x1b[0m',
  );
  t.equal(fingerprint(line({ publicKey: `  ssh-ed25519 ${body} Ä"\\` })), fingerprintOf(`${keyPath}.pub`));
  t.end();
});

t.test('what is not exactly one public key without options is refused', (t) => {
  const [none, several] = [
    /^the key is not a public key; give the .pub file/,
    /^the key does not hold exactly one/,
  ];
  const wrong: [string, string, RegExp][] = [
    ['a private key', readFileSync(keyPath, 'utf8'), /^the key is a private key/],
    ['two keys', publicKey + publicKey, several],
    ['two kinds of keys', keys.map((key) => key.publicKey).join(''), several],
    ['options in front', `command="/bin/sh" ${publicKey}`, /^the key has options in front/],
    ['one option in front', `restrict ${publicKey}`, /^the key has options in front/],
    [
      'a carriage return inside',
      `ssh-ed25519 ${body} x\rssh-ed25519 ${body}`,
      /options in front|not a public key/,
    ],
    ['a certificate', `ssh-ed25519-cert-v01@openssh.com ${body}`, /^the key is a certificate/],
    ['a kind that OpenSSH dropped', `ssh-dss ${body}`, /^the key is not whole/],
    ['no key behind the kind', 'ssh-ed25519', none],
    ['no base64', 'ssh-ed25519 A"A', none],
    ['nothing', '', /^the key is empty/],
  ];
  for (const [name, text, message] of wrong) t.throws(() => line({ publicKey: text }), { message }, name);
  t.end();
});

t.test('a key whose base64 is not of its kind, or cut short, is refused', (t) => {
  for (const text of [`ssh-rsa ${body}`, `ssh-ed25519 ${body.slice(0, -4)}`, 'ssh-ed25519 AAAA'])
    t.throws(() => line({ publicKey: text }), text.slice(0, 20));
  t.end();
});

t.test('a client that the policy does not have is refused, in printable words', (t) => {
  const message = 'the policy has no client "nobody"; add [client.nobody] first';
  t.throws(() => line({ client: 'nobody' }), { message });
  t.throws(() => line({ client: 'no.body' }), { message: /; add \[client."no.body"\] first$/ });
  t.throws(() => line({ client: 'bakcup2' }), {
    message: 'the policy has no client "bakcup2". Did you mean backup2?',
  });
  for (const client of ['', 'backup1 --policy /tmp/x', '__proto__', 'backup1"'])
    t.throws(() => line({ client }), {
      message: /^a client's name has letters, digits and "_.-", such as backup1/,
    });
  t.throws(() => line({ client: 'a\n\x1b' }), { message: /and "a\\n\\x1b" has a blank in it$/ });
  t.end();
});

t.test('a path that would not come through sshd and a shell as one word is refused', (t) => {
  for (const bad of [...' \n\t"\'\\$`é;&|<>()*?[']) {
    const path = `/opt/a${bad}b/gate`;
    t.throws(
      () => line({ program: path }),
      { message: /^a path has a character that a forced command cannot carry: / },
      `program ${JSON.stringify(path)}`,
    );
    t.throws(
      () => line({ policyPath: path }),
      { message: /^a path has a character / },
      `policy ${JSON.stringify(path)}`,
    );
  }
  t.match(line({ program: '/opt/a-b_c.d+e@f:g/h%i=j,k' }), 'command="/opt/a-b_c.d+e@f:g/h%i=j,k serve');
  t.end();
});

t.test('the sudoers rule allows that command alone, and keeps what the gate reads', (t) => {
  t.equal(
    sudoersLines({ ...BASE, client: 'backup-1.x', policyPath: '/srv/p.toml' }, 'zrep'),
    [
      'Cmnd_Alias ZREP_GATE_BACKUP_1_X_8E21A239 = /usr/local/bin/zrep-gate serve backup-1.x --policy /srv/p.toml',
      'Defaults!ZREP_GATE_BACKUP_1_X_8E21A239 env_reset, env_keep = "SSH_ORIGINAL_COMMAND SSH_CONNECTION"',
      'zrep ALL=(root) NOPASSWD: ZREP_GATE_BACKUP_1_X_8E21A239',
    ].join('\n'),
  );
  const aliases = ['a-b', 'a_b', 'A_b', 'a.b'].map(
    (client) => sudoersLines({ ...BASE, client }, 'zrep').split(' ')[1],
  );
  t.equal(new Set(aliases).size, aliases.length, 'each client has an alias of its own');
  t.match(
    aliases.join(),
    /^ZREP_GATE_A_B_[0-9A-F]{8},ZREP_GATE_A_B,ZREP_GATE_A_B_[0-9A-F]{8},ZREP_GATE_A_B_[0-9A-F]{8}$/,
  );
  t.match(
    sudoersLines({ ...BASE, policyPath: '/srv/a:b=c,d' }, 'zrep'),
    'serve backup1 --policy /srv/a\\:b\\=c\\,d\n',
  );
  t.match(
    sudoersLines(BASE, 'zrep'),
    /^Cmnd_Alias ZREP_GATE_BACKUP1 = \/usr\/local\/bin\/zrep-gate serve backup1$/m,
  );
  t.end();
});

/** The fingerprint of the only key that OpenSSH finds in `text`. */
function fingerprint(text: string): string {
  writeFileSync(`${folder}/authorized_keys`, `${text}\n`);
  return fingerprintOf(`${folder}/authorized_keys`);
}

/** Without the comment. */
function fingerprintOf(path: string): string {
  const { stdout } = spawnSync('ssh-keygen', ['-l', '-f', path], { encoding: 'utf8' });
  return /^\d+ SHA256:\S+(?= .*\n$)/.exec(stdout)?.[0] ?? `no key: ${stdout}`;
}
