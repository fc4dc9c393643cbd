/** The words of retire and renamed, and of list --retired. */

import t from 'tap';
import { readCommandLine } from '../../../src/client/words/command-line.ts';
import { UsageError } from '../../../src/client/words/usage-error.ts';

const read = (text: string) => readCommandLine(text.split(' ')).command;

t.test('each is read in its forms', async (t) => {
  t.same(read('retire vault/a'), { kind: 'retire', dataset: 'vault/a', undo: false });
  t.same(read('retire --undo vault/a'), { kind: 'retire', dataset: 'vault/a', undo: true });
  t.same(read('renamed vault new'), { kind: 'renamed', host: undefined, from: 'vault', to: 'new' });
  t.same(read('renamed -f root@b.example:vault/a new/a'), {
    ...{ kind: 'renamed', host: 'root@b.example', from: 'vault/a', to: 'new/a' },
  });
  t.match(read('list --retired'), { kind: 'list', retired: true });
  t.equal(readCommandLine(['retire', '-f', 'vault/a']).switches.force, true);
});

t.test('what makes no sense is told with the form', async (t) => {
  const wrong: Readonly<Record<string, RegExp>> = {
    retire: /^one copy is needed; the form is: zrep retire \[-f\] FS$/,
    'retire --undo': /the form is: zrep retire --undo FS$/,
    'retire a/b c/d': /^one copy is needed/,
    'retire a/b@c': /is not the name of a file system/,
    'renamed vault': /^the old name and the new name are needed/,
    'renamed vault vault': /is both the old name and the new one/,
    'renamed b:vault vault/$x': /is not the name of a file system/,
    'renamed -o:vault vault': /is no option of zrep renamed/,
    'list --retired -v': /^--retired stands alone/,
    'list --retired vault/a': /^--retired stands alone/,
  };
  for (const [text, message] of Object.entries(wrong)) {
    try {
      read(text);
      t.fail(text);
    } catch (error) {
      t.ok(error instanceof UsageError && message.test(error.message), text, { error });
    }
  }
});
