/** Hosts and file systems as they stand in properties and on command lines. */

import fc from 'fast-check';
import t from 'tap';
import { parseSource, parseSourceHost } from '../../../src/client/words/source.ts';

t.test('a host can have a user in front, and be an address', async (t) => {
  for (const name of ['fileserver', 'zrep@fileserver.example.org', '192.0.2.1', 'root@2001:db8::1', 'h-1_x'])
    t.equal(parseSourceHost(name, 'backup')?.name, name);
});

t.test('what ssh or a shell could take for something else is no host', async (t) => {
  for (const name of [
    '',
    '-oProxyCommand=x',
    'a b',
    'h;id',
    '$(id)',
    'u@-h',
    'h`id`',
    "h'",
    'h\nx',
    'h|x',
    '@h',
    'u@',
  ])
    t.equal(parseSourceHost(name, 'backup'), undefined, name);
});

t.test('localhost and the own name are here', async (t) => {
  t.equal(parseSourceHost('localhost', 'backup')?.here, true);
  t.equal(parseSourceHost('backup', 'backup')?.here, true);
  t.equal(parseSourceHost('root@backup', 'backup')?.here, false);
});

t.test('HOST:FS is split at the colon in front of the file system', async (t) => {
  const found = parseSource('zrep@fileserver:tank/home', 'backup');
  t.same([found?.host.name, found?.dataset], ['zrep@fileserver', 'tank/home']);
  t.equal(parseSource('2001:db8::1:tank/a:b', 'backup')?.dataset, 'tank/a:b');
  t.equal(parseSource('fileserver:tank', 'backup')?.dataset, 'tank');
  for (const text of ['tank/home', ':tank/home', 'fileserver:', 'fileserver:/tank', 'file server:tank'])
    t.equal(parseSource(text, 'backup'), undefined, text);
});

t.test('no host begins with a dash, or has a blank or a quote in it', async () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const host = parseSourceHost(text, 'here');
      return host === undefined || (!text.startsWith('-') && !/[\s'"`$;&|<>\\(){}*?#!~]/.test(text));
    }),
  );
});
