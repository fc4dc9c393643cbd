/** Which variables change what runs before the gate does. */

import t from 'tap';
import { dangersIn, named } from '../../src/doctor/dangerous-variables.ts';

t.test('by name, by pattern, and by how a name begins', (t) => {
  for (const name of [
    'LD_PRELOAD',
    'BASH_ENV',
    'ENV',
    'PATH',
    'NODE_OPTIONS',
    'NODE_V8_COVERAGE',
    'OPENSSL_CONF',
    'PS4',
    'SHELLOPTS',
  ])
    t.same(dangersIn(name), [name]);
  t.same(dangersIn('LD_*'), ['LD_PRELOAD', 'LD_LIBRARY_PATH', 'LD_AUDIT']);
  t.same(dangersIn('BASH_FUNC_*'), ['BASH_FUNC_x%%']);
  t.same(dangersIn('NODE_SOMETHING_NEW'), ['NODE_SOMETHING_NEW']);
  t.ok(dangersIn('*').length > 20);
  for (const name of ['LANG', 'LC_*', 'EDITOR', 'TERM', 'TZ', 'SSH_CONNECTION', 'XPATH'])
    t.same(dangersIn(name), [], name);
  t.end();
});

t.test('a few are named, the others counted', (t) => {
  t.equal(named(['a', 'b']), 'a, b');
  t.equal(named(['a', 'b', 'c', 'd', 'e', 'f']), 'a, b, c, d and 2 more');
  t.end();
});
