/** A stock client's strings, each byte as it was recorded, and a stock server's answers to them. */

import t, { type Test } from 'tap';
import { parse } from '../../src/command/parse.ts';
import type { Expire, Pull, Refreshcomplete, Snaponly } from '../../src/command/request.ts';
import { datasetLimits } from '../../src/policy/limits.ts';
import { isRefusal } from '../../src/refusal.ts';
import { expire } from '../../src/replication/expire.ts';
import { refreshcomplete } from '../../src/replication/refreshcomplete.ts';
import { refreshpull } from '../../src/replication/refreshpull.ts';
import { snaponly } from '../../src/replication/snaponly.ts';
import type { Step } from '../../src/replication/step.ts';
import { named } from '../fixtures/command/texts.ts';
import { NOT_PULL, RECORDED } from '../fixtures/compliance/stock-strings.ts';

/** No floors: stock has none. */
const LIMITS = datasetLimits({ 'keep-at-least': 1, 'keep-for': '0 seconds' }, {});

t.test('every recorded string of a refresh is read as what its client means', async (t) => {
  for (const { setting, string, operation, filters } of RECORDED) {
    t.strictSame(parse(string), { operation, filters }, `${setting}: ${named(string)}`);
  }
});

t.test('what a stock client sends for anything but a pull is refused', async (t) => {
  for (const string of NOT_PULL) t.ok(isRefusal(parse(string)), named(string));
});

t.test('snaponly prints the name and no newline, and counts on from the highest number', async (t) => {
  const { step, asked } = server(t, 'zrep', { zrep_00000a: '5' });
  const done = await snaponly(step, operationOf<Snaponly>('zrep snaponly tank/home'), LIMITS);
  t.equal('print' in done && done.print, 'tank/home@zrep_00000b');
  t.ok(asked.includes('snapshot tank/home@zrep_00000b'));
});

t.test('-R makes the snapshot of the children too, also behind -t', async (t) => {
  const { step, asked } = server(t, 'off', {});
  await snaponly(step, operationOf<Snaponly>('zrep -t off -R snaponly tank/home'), LIMITS);
  t.ok(asked.includes('snapshot -r tank/home@off_000000'));
});

t.test(
  'with one in between the stream starts at the last sent snapshot by -I for zrep, and by -i for other tags',
  async (t) => {
    const cases = { zrep: ['zrep', '-I'], off: ['zrep -t off', '-i'] };
    for (const [tag, [words, through]] of Object.entries(cases)) {
      const [sent, between, latest] = [1, 2, 3].map((number) => `${tag}_00000${number}`) as [
        string,
        string,
        string,
      ];
      const { step, asked } = server(t, tag, { [sent]: '5', [between]: '', [latest]: '' });
      const operation = operationOf<Pull>(`${words}  _refreshpull tank/home@${latest}  `);
      const done = await refreshpull(step, operation, [], [], LIMITS);
      t.notOk(isRefusal(done) || done.print, 'and nothing but the stream is on standard output');
      t.ok(asked.includes(`stream send ${through} tank/home@${sent} tank/home@${latest}`), tag);
    }
  },
);

t.test('with none in between -I and -i send the same, and it is -i', async (t) => {
  const { step, asked } = server(t, 'zrep', { zrep_000001: '5', zrep_000002: '' });
  const operation = operationOf<Pull>('zrep  _refreshpull tank/home@zrep_000002  ');
  t.notOk(isRefusal(await refreshpull(step, operation, [], [], LIMITS)));
  t.ok(asked.includes('stream send -i tank/home@zrep_000001 tank/home@zrep_000002'));
});

t.test('completing sets exactly what the client wrote, and prints nothing', async (t) => {
  const { step, asked } = server(t, 'zrep', { zrep_000002: '' }, 'backup1@1795385385');
  const command = 'zrep _refreshcomplete tank/home@zrep_000002 zrep:sent=1795385385';
  const done = await refreshcomplete(step, operationOf<Refreshcomplete>(command));
  t.notOk(isRefusal(done) || done.print);
  t.ok(asked.includes('set zrep:sent=1795385385 tank/home@zrep_000002'));
});

t.test('expire prints its one line and keeps the last sent, and before it savecount less one', async (t) => {
  const marks = { zrep_000001: '5', zrep_000002: '5', zrep_000003: '5', zrep_000004: '' };
  const { step, asked } = server(t, 'zrep', marks);
  const done = await expire(step, operationOf<Expire>('zrep expire -L tank/home'), 'alone', LIMITS);
  t.equal('print' in done && done.print, 'Expiring zrep snaps on tank/home\n');
  const destroyed = asked.filter((line) => line.startsWith('destroy'));
  t.strictSame(destroyed, ['destroy tank/home@zrep_000001']);
});

function operationOf<Operation>(command: string): Operation {
  const pipeline = parse(command);
  if (isRefusal(pipeline)) throw new Error(pipeline.reason);
  return pipeline.operation as Operation;
}

/**
 * A master with these snapshots and sent marks, oldest first, all with the same record of what was streamed, savecount
 * 2, and what zfs was asked for there.
 */
function server(t: Test, tag: string, marks: Readonly<Record<string, string>>, record = '') {
  const local: Record<string, string> = {
    [`${tag}:master`]: 'yes',
    [`${tag}:src-host`]: 'fileserver',
    [`${tag}:savecount`]: '2',
  };
  const asked: string[] = [];
  const listing = (): string => {
    const own = Object.entries(local).map((property) => ['tank/home', ...property]);
    const snapshots = Object.entries(marks).flatMap(([name, sent], index) => [
      [`tank/home@${name}`, 'createtxg', index + 1],
      [`tank/home@${name}`, 'guid', index + 1],
      ...(record ? [[`tank/home@${name}`, 'zrep-gate:streamed', record]] : []),
      ...(sent ? [[`tank/home@${name}`, `${tag}:sent`, sent]] : []),
    ]);
    const pool = ['available', 'used'].map((name) => ['tank', name, 1 << 20]);
    return [...pool, ...own, ...snapshots].map((fields) => `${fields.join('\t')}\tlocal\n`).join('');
  };
  const ended = { code: 0, signal: null, message: '' };
  const step: Step = {
    ...{ hostName: 'fileserver', client: 'backup1', capabilities: new Set() },
    rundir: t.testdir(),
    interruption: { signal: undefined, check() {}, onSignal: () => () => {} },
    zfs: {
      binary: 'zfs',
      async ask(argv) {
        asked.push(argv.join(' '));
        const [verb, first = '', ...rest] = argv;
        if (verb === 'set') local[first.split('=')[0] ?? ''] = first.split('=')[1] ?? '';
        if (verb === 'inherit') delete local[first];
        const output = argv.includes('name,property,value,source')
          ? listing()
          : `${local[rest.at(-2) ?? ''] ?? ''}\n`;
        return { ...ended, output };
      },
      async stream(argv) {
        asked.push(`stream ${argv.join(' ')}`);
        return ended;
      },
    },
  };
  return { step, asked };
}
