/** The words of the side that sends. */

import t from 'tap';
import { Failure } from '../../../src/client/run/failure.ts';
import { readCommandLine } from '../../../src/client/words/command-line.ts';
import { UsageError } from '../../../src/client/words/usage-error.ts';

const read = (text: string) => readCommandLine(text.split(' ').filter((word) => word !== ''));

function refusal(text: string): unknown {
  try {
    return read(text);
  } catch (error) {
    return error;
  }
}

t.test('sync, in both spellings, of names or of all', async (t) => {
  const plain = { kind: 'sync', all: false, quietSeconds: undefined, changedOnly: false };
  t.match(read('sync tank/home tank/mail').command, { ...plain, datasets: ['tank/home', 'tank/mail'] });
  t.match(read('-S all').command, { ...plain, datasets: [], all: true });
  t.match(read('sync -q 600 -c --json tank/home').command, {
    quietSeconds: 600,
    changedOnly: true,
    json: true,
  });
  const { switches } = read('-D -t off -R sync -f -v -r tank/home');
  t.match(switches, { debug: true, tag: 'off', recursive: true, force: true, verbose: true, resume: true });
});

t.test('a snapshot in the place of a file system is to be rolled back to', async (t) => {
  t.match(read('sync -f tank/home@zrep_000001').command, {
    kind: 'sync-to',
    dataset: 'tank/home',
    name: 'zrep_000001',
  });
  for (const text of ['sync tank/home@zrep_000001 tank/mail', 'sync tank/home@'])
    t.ok(refusal(text) instanceof UsageError, text);
});

t.test('synconly and sentsync', async (t) => {
  t.match(read('synconly -r tank/home').command, { kind: 'synconly', datasets: ['tank/home'] });
  t.match(read('synconly all').command, { kind: 'synconly', all: true });
  t.match(read('sentsync tank/home@zrep_000001').command, {
    kind: 'sentsync',
    dataset: 'tank/home',
    name: 'zrep_000001',
    local: false,
  });
  t.match(read('sentsync -L tank/home@zrep_000001').command, { local: true });
  for (const text of ['sentsync', 'sentsync tank/home', 'sentsync tank/a@zrep_000001 tank/b@zrep_000001'])
    t.ok(refusal(text) instanceof UsageError, text);
});

t.test('what stock refuses in words of its own is refused in them, with its exit code', async (t) => {
  t.throws(() => read('sync'), new Failure('No fileystem specified for sync'));
  t.throws(() => read('synconly'), new Failure('No fileystem specified for synconly'));
  for (const text of ['sync -q 29 tank/home', 'sync -q soon tank/home', 'sync -q -5 tank/home'])
    t.throws(() => read(text), new Failure('-q must use value greater than 30'), text);
});
