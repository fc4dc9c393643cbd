/** What authorize says of open lines in the file that its own line goes into. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { openKeysOf } from '../../src/doctor/open-keys.ts';
import { KEY, ROOT, SOUND, ZREP } from '../fixtures/doctor/lines.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';

const OTHER = KEY.replace('EXAMPLE', 'ANOTHER');

t.test('any open line matters to root, and to an account one for the same key', (t) => {
  const home = makeFolder(t);
  const path = `${home}/.ssh/authorized_keys`;
  t.same(openKeysOf({ ...ROOT, home }, KEY), [], 'there is no file');
  mkdirSync(`${home}/.ssh`);
  const lines = [`${OTHER} admin`, `no-pty, ${KEY} old`, `${SOUND} ${KEY}`, 'nonsense'];
  writeFileSync(path, lines.join('\n'));
  const places = (texts: readonly string[]) => texts.map((text) => text.split(' ')[0]?.slice(path.length));
  t.same(places(openKeysOf({ ...ZREP, home }, KEY)), [':2']);
  const told = openKeysOf({ ...ROOT, home }, KEY);
  t.same(places(told), [':1', ':2']);
  for (const text of told) execFileSync('sh', ['-c', text.split('\n    ')[1] ?? 'false']);
  t.same(readFileSync(path, 'utf8').split('\n'), [`# ${lines[0]}`, `# ${lines[1]}`, lines[2], lines[3]]);
  t.same(openKeysOf({ ...ROOT, home }, KEY), [], 'when that was done, nothing is left to say');
  t.end();
});
