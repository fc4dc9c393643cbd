/** What is a public key, by its form alone. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { isCertificate, isPublicKey, readPublicKey } from '../src/public-key.ts';

/** As SSH has strings: their length in four bytes, and they themselves (RFC 4251, 5). */
const string = (bytes: string | Uint8Array): Buffer => {
  const own = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(own.length);
  return Buffer.concat([length, own]);
};
const encoded = (...parts: (string | Uint8Array)[]) => Buffer.concat(parts.map(string)).toString('base64');

t.test('any word is a type that the base64 begins with, and none that it does not', (t) => {
  const word = fc.stringMatching(/^[a-z][a-z0-9@.-]{0,30}$/);
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(word, word, bytes, (type, other, key) => {
      t.ok(isPublicKey(type, encoded(type, key)));
      t.equal(isPublicKey(other, encoded(type, key)), other === type);
      t.notOk(isPublicKey(type, encoded(type)), 'there is more than the name');
    }),
  );
  t.end();
});

t.test('an old type has its parts, to the last byte; a new one may have any', (t) => {
  const [type = '', base64 = ''] = readFileSync(
    'test/fixtures/doctor/mldsa44-ed25519-openssh-10.6.pub',
    'utf8',
  ).split(' ');
  t.ok(isPublicKey(type, base64), 'of OpenSSH 10.6');
  t.ok(isPublicKey('ssh-ed25519', encoded('ssh-ed25519', new Uint8Array(32))));
  for (const wrong of [
    encoded('ssh-ed25519', 'x', 'y'),
    `${encoded('ssh-ed25519', new Uint8Array(32)).slice(0, -4)}`,
    encoded('ssh-ed25519'),
    Buffer.concat([
      Buffer.from(encoded('ssh-ed25519', new Uint8Array(32)), 'base64'),
      Buffer.from('x'),
    ]).toString('base64'),
    'AAAA',
    '',
    'AAAAC3NzaC1lZDI1NTE5',
  ])
    t.notOk(isPublicKey('ssh-ed25519', wrong), wrong);
  t.notOk(isPublicKey('__proto__', encoded('ssh-rsa', 'x', 'y')));
  t.ok(isPublicKey('__proto__', encoded('__proto__', 'x')));
  t.end();
});

t.test('a certificate is known by the name of its type', (t) => {
  for (const type of ['ssh-ed25519-cert-v01@openssh.com', 'ssh-mldsa44-ed25519-cert', 'x-cert-v12@y'])
    t.ok(isCertificate(type), type);
  for (const type of ['ssh-ed25519', 'ssh-certain', 'sk-ssh-ed25519@openssh.com'])
    t.notOk(isCertificate(type), type);
  t.end();
});

t.test('what is no key in a file is named for what it is', (t) => {
  const base64 = encoded('ssh-ed25519', 'x'.repeat(32));
  const line = `ssh-ed25519 ${base64}`;
  for (const text of [line, `${line}\n`, `# mine\r\n\n${line} me@host\r\n`])
    t.match(readPublicKey(text), { key: { type: 'ssh-ed25519', base64 } }, text);
  const cases: [string, RegExp][] = [
    ['', /^is empty/],
    [
      '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz',
      /^is a private key, which must not leave its host; .* \.pub/,
    ],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE', /^is a private key/],
    ['PuTTY-User-Key-File-3: ssh-ed25519', /^is a private key/],
    [
      '---- BEGIN SSH2 PUBLIC KEY ----\nComment: "x"\nAAAA',
      /^is in the form of RFC 4716; .*ssh-keygen -i -f/,
    ],
    [`${line}\n${line}`, /^does not hold exactly one public key/],
    [`ssh-ed25519 ${base64.slice(0, -9)}`, /^is not whole/],
    ['ssh-ed25519 AAAAC3Nz', /^is not whole/],
    [`command="x" ${line}`, /^has options in front/],
    [`ssh-ed25519-cert-v01@openssh.com ${base64}`, /^is a certificate/],
    ['hello', /^is not a public key/],
    [`ssh-rsa ${base64}`, /^is not whole/],
  ];
  for (const [text, problem] of cases) t.match(readPublicKey(text), { problem }, text.slice(0, 40));
  t.end();
});
