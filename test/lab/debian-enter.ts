/** Another Debian in this one's place: what runs there sees that and no more, and is gone however it ends. */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { PROJECT } from '../../lab/start-host.ts';

const ENTER = join(PROJECT, 'lab/debian/enter');

const root = process.getuid?.() === 0;
const notRoot = root ? false : 'it takes root to make namespaces';

/** Where this machine's own / is the other Debian. */
const tree = mkdtempSync('/var/tmp/zrep-gate-tree-');
t.teardown(() => rmdirSync(tree));

/** The words that run a command there; only they see the folder filled. */
function words(command: readonly string[]): [string, string[]] {
  const script = 'mount --bind / "$2" && exec "$@"';
  return ['unshare', ['--mount', '--', 'sh', '-c', script, 'sh', ENTER, tree, ...command]];
}

t.test(
  'the command has the checkout, node and npm, and its exit code is handed on',
  { skip: notRoot },
  (t) => {
    const script =
      'pwd; head -n 1 package.json; node -p 1+1; npm --version >/dev/null; echo "$HOME $LAB_X"; exit 7';
    const [program, argv] = words(['sh', '-ec', script]);
    const env = { ...process.env, LAB_X: 'a b' };
    const { status, stdout } = spawnSync(program, argv, { encoding: 'utf8', env });
    t.same({ status, stdout }, { status: 7, stdout: '/mnt/project\n{\n2\n/root a b\n' });
    t.end();
  },
);

t.test('it can write where a test does, and nothing of that is outside', { skip: notRoot }, (t) => {
  const script = `
    for folder in /etc /usr/bin /mnt/project; do ! touch $folder/${'zrep-gate-written'} 2>/dev/null; done
    for folder in /tmp /run /root /var/tmp .tap; do touch $folder/zrep-gate-written; done`;
  const [program, argv] = words(['sh', '-ec', script]);
  t.equal(execFileSync(program, argv, { encoding: 'utf8' }), '');
  const find = ['/etc', '/usr/bin', '.', '/tmp', '/run', '/root', '/var/tmp', '.tap'];
  const found = spawnSync('find', [...find, '-maxdepth', '1', '-name', 'zrep-gate-written'], {
    encoding: 'utf8',
  });
  t.equal(found.stdout, '');
  t.end();
});

t.test('killed, it takes along whatever runs there, and its mounts', { skip: notRoot }, async (t) => {
  const [program, argv] = words(['sh', '-c', 'setsid sleep 1000 & echo begun; sleep 1000']);
  const child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  await said(child);
  child.kill('SIGKILL');
  // All that runs there holds its standard output.
  await once(child, 'close');
  t.equal(child.signalCode, 'SIGKILL');
  t.notMatch(readFileSync('/proc/self/mounts', 'utf8'), tree);
});

t.test('without a tree and a command it says how it is called', (t) => {
  const { status, stderr } = spawnSync(ENTER, ['/'], { encoding: 'utf8' });
  t.equal(status, 64);
  t.match(stderr, /^lab\/debian\/enter TREE COMMAND/);
  t.end();
});

async function said({ stdout }: ChildProcess): Promise<void> {
  if (stdout !== null) await once(stdout, 'data');
}
