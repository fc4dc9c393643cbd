/** What `sshd -T` prints, as settings; where keys lie; and sshd's patterns. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import {
  fitsPattern,
  isOff,
  isOn,
  keysFiles,
  missingSettings,
  parseSettings,
  setting,
} from '../../src/doctor/sshd-settings.ts';
import { ROOT, ZREP } from '../fixtures/doctor/lines.ts';

t.test('settings stand a line each, and some more than once', (t) => {
  const settings = parseSettings(
    'port 22\nusepam yes\nacceptenv LANG\nacceptenv LC_*\nsetenv A=two words\nbanner\n',
  );
  t.equal(setting(settings, 'port'), '22');
  t.same(settings.get('acceptenv'), ['LANG', 'LC_*']);
  t.same(settings.get('setenv'), ['A=two words']);
  t.equal(setting(settings, 'banner'), '');
  t.equal(setting(settings, 'unheardof'), '');
  t.same([isOn(settings, 'usepam'), isOn(settings, 'port')], [true, false]);
  t.end();
});

/** What Debian's sshd printed, without a configuration of its own where it is the old one. */
const printedBy = (version: string) =>
  readFileSync(`test/fixtures/doctor/sshd-T-openssh-${version}.txt`, 'utf8');

t.test('the case of a keyword means nothing: OpenSSH 9.2 and 10.6 say the same', (t) => {
  for (const version of ['9.2', '10.6']) {
    const settings = parseSettings(printedBy(version));
    t.same(missingSettings(settings), [], version);
    t.equal(setting(settings, 'maxsessions'), '10');
    t.match(setting(settings, 'permitrootlogin'), /^(?:without|prohibit)-password$/);
    t.same(keysFiles(settings, ROOT), ['/root/.ssh/authorized_keys', '/root/.ssh/authorized_keys2']);
  }
  t.same(parseSettings(printedBy('10.6')).get('acceptenv'), ['LANG', 'LC_*', 'COLORTERM', 'NO_COLOR']);
  const anyCase = fc.stringMatching(/^[a-zA-Z]{1,20}$/).map((name) => [name, name.toLowerCase()] as const);
  fc.assert(
    fc.property(anyCase, ([name, folded]) => setting(parseSettings(`${name} Value`), folded) === 'Value'),
  );
  t.end();
});

t.test('what an sshd prints in a way that is not known is missed, and on and off have two spellings', (t) => {
  const strange = printedBy('10.6').replace(/^(?=PermitRootLogin|MaxSessions)/gm, 'X-');
  t.same(missingSettings(parseSettings(strange)), ['permitrootlogin', 'maxsessions']);
  const settings = parseSettings('A yes\nB TRUE\nC no\nD False\nE maybe');
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  t.same(
    names.filter((name) => isOn(settings, name)),
    ['a', 'b'],
  );
  t.same(
    names.filter((name) => isOff(settings, name)),
    ['c', 'd'],
  );
  t.end();
});

t.test('keys lie where AuthorizedKeysFile says, below the home or anywhere', (t) => {
  const files = (value: string, account = ZREP) =>
    keysFiles(parseSettings(`authorizedkeysfile ${value}`), account);
  t.same(files('.ssh/authorized_keys .ssh/authorized_keys2', ROOT), [
    '/root/.ssh/authorized_keys',
    '/root/.ssh/authorized_keys2',
  ]);
  t.same(files('/etc/ssh/keys/%u'), ['/etc/ssh/keys/zrep']);
  t.same(files('%h/keys /keys/%U/%%u'), ['/var/lib/zrep/keys', '/keys/999/%u']);
  t.same(files('none'), []);
  t.end();
});

t.test('a pattern fits whole names, by "*" and "?" alone', (t) => {
  const cases: [string, string, boolean][] = [
    ['LANG', 'LANG', true],
    ['LANGUAGE', 'LANG', false],
    ['LC_ALL', 'LC_*', true],
    ['XLC_ALL', 'LC_*', false],
    ['LD_PRELOAD', '*', true],
    ['PS4', 'PS?', true],
    ['PS', 'PS?', false],
    ['a.b', 'a.b', true],
    ['axb', 'a.b', false],
    ['x', '[x]', false],
    ['BASH_FUNC_x%%', 'BASH_FUNC_*', true],
  ];
  for (const [name, pattern, fits] of cases) t.equal(fitsPattern(name, pattern), fits, `${name} ${pattern}`);
  fc.assert(fc.property(fc.string(), (text) => /[*?]/.test(text) || fitsPattern(text, text)));
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      (a, b) => fitsPattern(a, '*') && fitsPattern(a + b, `${a.replace(/[*?]/g, '?')}*`),
    ),
  );
  t.end();
});
