/** What `sshd -T` prints, as settings; where keys lie; and sshd's patterns. */

import fc from 'fast-check';
import t from 'tap';
import { fitsPattern, isOn, keysFiles, parseSettings, setting } from '../../src/doctor/sshd-settings.ts';
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
