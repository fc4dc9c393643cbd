/** What writes to the client is watched, whatever it is: a listing and a dry run as well as a stream. */

import t from 'tap';
import { parse } from '../../src/command/parse.ts';
import type { Get, List, Pipeline, Send } from '../../src/command/request.ts';
import { datasetLimits } from '../../src/policy/limits.ts';
import { read } from '../../src/replication/read.ts';
import { send } from '../../src/replication/send.ts';

const LIMITS = datasetLimits({ 'stall-seconds': 77 }, {});

const operationIn = (command: string) => (parse(command) as Pipeline).operation;

/** How `command` ends where its output ends with `answer`, and how zfs was told to write it. */
async function written(command: string, answer: object = {}) {
  const told: unknown[] = [];
  const step = {
    ...{ hostName: 'fileserver', rundir: '/nowhere', client: 'backup1', capabilities: new Set<never>() },
    interruption: { signal: undefined, check() {}, onSignal: () => () => {} },
    zfs: {
      binary: 'zfs',
      ask: () => Promise.reject(new Error('nothing else is asked')),
      async stream(...words: unknown[]) {
        told.push(...words);
        return { code: 0, signal: null, message: '', ...answer };
      },
    },
  };
  const operation = operationIn(command);
  const done =
    operation.kind === 'send'
      ? await send(step, operation as Send, [], [], LIMITS)
      : await read(step, operation as List | Get, LIMITS);
  return { done, options: told[2] };
}

const COMMANDS = [
  'zfs list -r tank/home',
  'zfs get -r guid tank/home',
  'zfs list tank/home@zrep_000001',
  'zfs send -nvP tank/home@zrep_000001',
];

t.test('each is watched, also where zfs does not write its streams by itself', async (t) => {
  for (const command of COMMANDS)
    t.strictSame((await written(command)).options, { stallSeconds: 77 }, command);
});

t.test('one that nobody read is refused for that', async (t) => {
  for (const command of COMMANDS) {
    const { done } = await written(command, { code: null, signal: 'SIGKILL', stalled: true });
    t.match(done, { refused: 'stalled', reason: /77 seconds \(stall-seconds = 77\)/ }, command);
  }
});
