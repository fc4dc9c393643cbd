/** From what was allowed to its outcome, with a stand-in for zfs: each way that running can end. */

import { writeFileSync } from 'node:fs';
import t from 'tap';
import { parse } from '../../src/command/parse.ts';
import type { Pipeline } from '../../src/command/request.ts';
import { run } from '../../src/gate/run.ts';
import { type Allowed, decide } from '../../src/policy/decide.ts';
import { Interrupted, type Interruption } from '../../src/process/interruption.ts';
import type { Capability } from '../../src/zfs/capabilities.ts';
import { ASKER, makeFolder, policyOf, SAMPLE } from '../fixtures/gate/policy.ts';

const QUIET: Interruption = { signal: undefined, check() {}, onSignal: () => () => {} };
const MARK = 'zrep _refreshcomplete tank/home@zrep_00000a zrep:sent=1700000000';
const EACH = [
  ...['zrep _init tank/home backup vault/home 5', 'zrep _initpull tank/home@zrep_00000a'],
  ...['zrep _state tank/home', 'zrep _refreshpull tank/home@zrep_00000a from=7'],
  ...['zrep snaponly tank/home', 'zrep _refreshpull tank/home@zrep_00000a', MARK, 'zrep expire -L tank/home'],
  ...[
    'zfs send tank/home@zrep_00000a',
    'zfs send -nP tank/home@zrep_00000a',
    'zfs list tank/home',
    'zfs get name tank/home',
  ],
];
const policy = await policyOf(SAMPLE);

t.test('what zfs did is done, with its facts', async (t) => {
  const streamed = 'printf "tank/home@zrep_00000a\\tzrep-gate:streamed\\tbackup1@1700000000\\tlocal\\n"';
  const { kind, done } = (await outcome(MARK, streamed)) as { kind: string; done?: { facts: object } };
  t.equal(kind, 'done');
  t.same(done?.facts, { snapshot: 'tank/home@zrep_00000a' });
  t.same(await outcome('zfs list tank/home', 'exit 0'), { kind: 'done', done: { facts: {} } });
});

t.test('a stream has its estimate on record where zfs can tell, and a dry run none of its own', async (t) => {
  const script = 'case "$2 $3" in "-nP -L" | "-nP -nP") printf "size\\t624\\n" ;; *) sleep 0.5 ;; esac';
  const facts = { snapshot: 'tank/home@zrep_00000a' };
  const sent = await outcome('zfs send -L tank/home@zrep_00000a', script, QUIET, ['estimates']);
  t.strictSame(sent, { kind: 'done', done: { facts: { ...facts, estimate: 624 } } });
  const least = await outcome('zfs send -L tank/home@zrep_00000a', script);
  t.strictSame(least, { kind: 'done', done: { facts } });
  const dry = await outcome('zfs send -nP tank/home@zrep_00000a', script, QUIET, ['estimates']);
  t.strictSame(dry, { kind: 'done', done: { facts } });
});

t.test(
  'where zfs fails, every operation has failed, with the code, the message and the dataset',
  async (t) => {
    for (const command of EACH) {
      t.match(
        await outcome(command, 'echo "zfs: no such luck" >&2; exit 9'),
        {
          kind: 'failed',
          dataset: 'tank/home',
          ended: { code: 9, signal: null, message: 'zfs: no such luck\n' },
        },
        command,
      );
    }
  },
);

t.test('a zfs that was killed, or cannot be started, is a failure that says so', async (t) => {
  t.match(await outcome(MARK, 'kill -KILL $$'), { kind: 'failed', ended: { code: null, signal: 'SIGKILL' } });
  const missing = await run({ ...policy, zfs: '/nowhere/zfs' }, allowed(MARK), QUIET);
  t.match(missing, { kind: 'failed', ended: { code: 127, message: 'spawn /nowhere/zfs ENOENT' } });
});

t.test('a dataset that is not there is refused in the words for one that is not granted', async (t) => {
  const script = `echo "cannot open 'tank/home': dataset does not exist" >&2; exit 1`;
  const reason = '"tank/home" is not granted to this client, or does not exist';
  for (const command of EACH)
    t.match(
      await outcome(command, script),
      { kind: 'refused', refusal: { refused: 'not-granted', reason } },
      command,
    );
});

t.test('a signal speaks for whatever it broke off, and before anything began', async (t) => {
  const late: Interruption = { ...QUIET, signal: 'SIGTERM' };
  t.same(await outcome(MARK, 'exit 0', late), { kind: 'interrupted', signal: 'SIGTERM' });
  t.same(await outcome(MARK, 'exit 1', late), { kind: 'interrupted', signal: 'SIGTERM' });
  const throwing: Interruption = {
    ...QUIET,
    check() {
      throw new Interrupted('SIGHUP');
    },
  };
  for (const command of EACH)
    t.same(await outcome(command, 'exit 0', throwing), { kind: 'interrupted', signal: 'SIGHUP' }, command);
});

t.test('an error of ours is an outcome, too', async (t) => {
  const error = new TypeError('a bug');
  const broken: Interruption = {
    ...QUIET,
    check() {
      throw error;
    },
  };
  for (const command of EACH)
    t.strictSame(await outcome(command, 'exit 0', broken), { kind: 'error', error }, command);
});

function allowed(command: string): Allowed {
  return decide(policy, ASKER, parse(command) as Pipeline) as Allowed;
}

/** How `command` ends when zfs is a shell script. */
async function outcome(
  command: string,
  script: string,
  interruption = QUIET,
  capabilities: readonly Capability[] = [],
) {
  const folder = makeFolder(t);
  writeFileSync(`${folder}/zfs`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const sandboxed = { ...policy, zfs: `${folder}/zfs`, zrep: { ...policy.zrep, rundir: folder } };
  return run(sandboxed, allowed(command), interruption, new Set(capabilities));
}
