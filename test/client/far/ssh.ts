/** Which ssh gets a connection of ours. */

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t from 'tap';
import { createSsh, sharable } from '../../../src/client/far/ssh.ts';
import { eventually } from '../../fixtures/eventually.ts';

t.test("the person's OpenSSH is given a shared connection, with its options", async (t) => {
  for (const words of [['ssh'], ['/usr/bin/ssh', '-p', '2222', '-l', 'zrep'], ['ssh', '-o', 'BatchMode=yes']])
    t.ok(sharable(words), words.join(' '));
});

t.test('what is no ssh, or has something to say about sharing, is left alone', async (t) => {
  for (const words of [
    ['rsh'],
    ['/usr/local/bin/my-ssh-wrapper'],
    ['ssh', '-S', 'none'],
    ['ssh', '-S/run/x'],
    ['ssh', '-M'],
    ['ssh', '-o', 'ControlPath=none'],
    ['ssh', '-oControlMaster=auto'],
    ['ssh', '-o', 'controlpersist 60'],
    [],
  ])
    t.notOk(sharable(words), words.join(' '));
});

/** A connection that is a file and a process; what it was asked last is its program's to know. */
const SCRIPT = `#!/bin/sh
case "$*" in *"-O exit"*) exec kill "$(cat "$0.pid")" ;; esac
for word; do case $word in ControlPath=*) socket=\${word#*=} ;; esac; done
sleep 1000 &
echo $! >"$0.pid"
: >"$socket"
wait
`;

/** False for one that has ended and that nobody has asked yet how. */
function isAtWork(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

t.test(
  'where a script is called ssh, who writes is not certain, and what it has started ends as well',
  async (t) => {
    const folder = mkdtempSync(`${tmpdir()}/ssh-`);
    t.teardown(() => rmSync(folder, { recursive: true }));
    const program = `${folder}/ssh`;
    writeFileSync(program, SCRIPT);
    chmodSync(program, 0o755);
    const ssh = createSsh([program]);
    t.match(await ssh.to('fileserver'), [program, '-o']);
    t.equal(ssh.writer('fileserver'), undefined);
    const pid = Number(readFileSync(`${program}.pid`, 'latin1'));
    t.ok(isAtWork(pid));
    await ssh.close();
    // A signal is sent, not answered: the process that gets it ends when it next has a processor.
    t.notOk(
      await eventually(
        () => isAtWork(pid),
        (atWork) => !atWork,
      ),
    );
  },
);
