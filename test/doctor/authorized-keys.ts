/** authorized_keys is read as OpenSSH reads it: by its manual, and by what ssh-keygen makes of the same lines. */

import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import {
  hasOption,
  openFeatures,
  optionValue,
  parseAuthorizedKeys,
  unknownOptions,
} from '../../src/doctor/authorized-keys.ts';
import { KEY, SOUND } from '../fixtures/doctor/lines.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';

t.test('a line is its options, its key and its comment', (t) => {
  const text = `# comment\n\n  ${SOUND},from="192.0.2.1,2001:db8::/32" ${KEY} root@backup 1\n${KEY}\n`;
  const { lines, ignored } = parseAuthorizedKeys(text);
  t.same(ignored, []);
  t.same(lines, [
    {
      number: 3,
      options: [
        { name: 'restrict', value: undefined },
        { name: 'command', value: '/usr/bin/zrep-gate serve backup1' },
        { name: 'from', value: '192.0.2.1,2001:db8::/32' },
      ],
      key: KEY,
      comment: 'root@backup 1',
    },
    { number: 4, options: [], key: KEY, comment: '' },
  ]);
  t.end();
});

t.test('names of options know no case, and a quote in a value stands behind a backslash', (t) => {
  const [line] = parseAuthorizedKeys(`Restrict,COMMAND="echo \\"a, b\\"" ${KEY}`).lines;
  t.ok(line && hasOption(line, 'restrict'));
  t.equal(line && optionValue(line, 'command'), 'echo "a, b"');
  t.equal(line && optionValue(line, 'from'), undefined);
  t.end();
});

t.test('what sshd passes over is told apart', (t) => {
  const wrong = [
    'restrict',
    `command="x ${KEY}`,
    `command=uptime ${KEY}`,
    `command ${KEY}`,
    `restrict="yes" ${KEY}`,
    `command="a",command="b" ${KEY}`,
    `from="a",pty,FROM="b" ${KEY}`,
    `expiry-time="tomorrow" ${KEY}`,
    `expiry-time="20301301" ${KEY}`,
    `permitopen="host" ${KEY}`,
    `environment="A B" ${KEY}`,
    `tunnel="here" ${KEY}`,
    'ssh-ed25519',
    'nonsense here',
    KEY.slice(0, -4),
    KEY.replace('ssh-ed25519', 'ssh-rsa'),
    `restrict ${KEY.replace(' ', ' x')}`,
    // The first quote ends nowhere.
    `command="\\",from="\\" ${KEY}`,
  ];
  t.same(parseAuthorizedKeys(wrong.join('\n')), {
    lines: [],
    ignored: wrong.map((text, index) => ({ number: index + 1, text })),
  });
  t.end();
});

t.test('there may be commas too many, and what C calls a space in a key', (t) => {
  const names = (text: string) =>
    parseAuthorizedKeys(`${text} ${KEY}`).lines.map(({ options }) => options.map(({ name }) => name).join());
  for (const text of ['command="a",no-pty,', 'command="a",,no-pty', ',command="a",no-pty,,'])
    t.same(names(text), ['command,no-pty'], text);
  const spaced = KEY.replace('EXAMPLE', '\fEX\vAMP\rLE');
  t.match(parseAuthorizedKeys(`pty, ${spaced}`).lines, [{ key: KEY, comment: '' }]);
  t.match(parseAuthorizedKeys(`pty ${KEY}\0 x`).lines, [{ key: KEY, comment: '' }], 'a line ends at a NUL');
  t.end();
});

t.test('a type is any word before a base64 that begins with it', (t) => {
  const key = readFileSync('test/fixtures/doctor/mldsa44-ed25519-openssh-10.6.pub', 'utf8').trim();
  const [type = '', base64 = '', comment = ''] = key.split(' ');
  t.match(parseAuthorizedKeys(`restrict,command="x", ${key}\n${key}`).lines, [
    { number: 1, key: `${type} ${base64}`, comment },
    { number: 2, options: [] },
  ]);
  t.equal(parseAuthorizedKeys(`${type}-2 ${base64}`).ignored.length, 1, 'that is its own name, and no other');
  t.end();
});

t.test('an option that is not known leaves the line a key, and is named', (t) => {
  const [line] = parseAuthorizedKeys(`command="a",Only-At="noon",no-restrict,no-X11-forwarding ${KEY}`).lines;
  t.same(line && unknownOptions(line), ['only-at', 'no-restrict']);
  t.end();
});

t.test('lines are keys for ssh-keygen where they are keys here', (t) => {
  const folder = makeFolder(t);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', `${folder}/key`]);
  const key = readFileSync(`${folder}/key.pub`, 'utf8').trim();
  // ssh-keygen looks for the end of the options, and not into them: of these nothing is wrong but perhaps the end.
  const value = fc.stringMatching(/^[ab",= \t]{0,12}$/).map((text) => text.replaceAll('"', '\\"'));
  const line = fc
    .tuple(fc.constantFrom('"', '', '\\"'), value)
    .map(([end, text]) => `command="${text}${end} ${key}`);
  let both = 0;
  fc.assert(
    fc.property(fc.array(line, { minLength: 30, maxLength: 30 }), (texts) => {
      const theirs = texts.filter((text) => {
        writeFileSync(`${folder}/keys`, `${text}\n`);
        return spawnSync('ssh-keygen', ['-l', '-f', `${folder}/keys`]).status === 0;
      });
      t.same(
        texts.filter((text) => parseAuthorizedKeys(text).lines.length > 0),
        theirs,
      );
      both += theirs.length;
    }),
    { numRuns: 5 },
  );
  t.ok(both > 20 && both < 130, 'some are and some are not');
  t.end();
});

const VALUED = /^(?:command|from|environment)$/;

t.test('whatever is written as options is read as the same options', (t) => {
  const name = fc.constantFrom('restrict', 'pty', 'no-pty', 'command', 'from', 'environment');
  const value = fc.option(
    fc.stringMatching(/^[\x20-\x7e]{0,20}$/).filter((text) => !text.endsWith('\\') && !text.includes('\\"')),
    { nil: undefined },
  );
  fc.assert(
    fc.property(fc.array(fc.record({ name, value }), { minLength: 1 }), (any) => {
      // sshd passes over a line with two commands, or with an option in a form that it does not take.
      const options = any.filter(
        (one, index) =>
          VALUED.test(one.name) === (one.value !== undefined) &&
          (one.name !== 'environment' || /^\w+=/.test(one.value ?? '')) &&
          any.findIndex((other) => other.name === one.name) === index,
      );
      if (options.length === 0) return;
      const written = options.map((one) =>
        one.value === undefined ? one.name : `${one.name}="${one.value.replaceAll('"', '\\"')}"`,
      );
      const { lines } = parseAuthorizedKeys(`${written.join()} ${KEY}`);
      t.same(lines[0]?.options, options);
    }),
  );
  t.end();
});

t.test('of what is allowed and closed again the last word holds', (t) => {
  const open = (options: string) =>
    openFeatures(parseAuthorizedKeys(`${options} ${KEY}`).lines[0] ?? ({ options: [] } as never));
  t.equal(open('command="x"').length, 5);
  t.same(open('restrict'), []);
  t.same(open('restrict,pty'), ['pty']);
  t.same(open('pty,restrict'), []);
  t.same(open('restrict,X11-forwarding,no-X11-forwarding'), []);
  t.same(open('no-pty,no-user-rc,no-agent-forwarding,no-X11-forwarding'), ['port-forwarding']);
  t.same(open('no-port-forwarding,restrict,port-forwarding,user-rc'), ['port-forwarding', 'user-rc']);
  t.end();
});
