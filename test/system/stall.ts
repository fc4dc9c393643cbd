/** Streams that nobody reads end; those that somebody reads, however slowly, do not. */

import t, { type Test } from 'tap';
import { writeData } from '../../lab/pair.ts';
import { eventually } from '../fixtures/eventually.ts';
import { loggedOn } from '../fixtures/system/audit-log.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { type GateLab, inGateLab } from '../fixtures/system/gate-lab.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';

const POLICY = `
[limits]
stall-seconds = 10
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["pull", "send"]
filters = ["mbuffer"]
`;

// All at once, since each waits for a clock.
t.jobs = 3;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup } = gate;
  await fileserver.run(['zfs', 'create', `${gate.tank}/home`]);
  const testNeeding = await testsNeeding(t, fileserver, ['kill stops the stream']);

  for (const [name, filter] of [
    ['plain', ''],
    ['buffered', ' | mbuffer -q -m 64M'],
  ] as const) {
    testNeeding(
      ['kill stops the stream'],
      `a ${name} stream that nobody reads ends, and its lock with it`,
      async (t) => {
        const source = await bigSource(gate, name, 96);
        const argv = ['ssh', 'fileserver', `zrep _refreshpull ${zrepName(source, 1)}${filter}`];
        const also = filter === '' ? '' : '|/usr/bin/mbuffer .*';
        const { child } = backup.spawn(argv, { stdio: ['ignore', 'pipe', 'pipe'] });
        try {
          const streams = () => streamsOf(gate, source, also);
          t.not(await eventually(streams, (found) => found !== ''), '', 'it streams');
          const results = async () => {
            const logged = await loggedOn(fileserver);
            const ids = logged
              .filter(({ fields }) => fields['dataset'] === source)
              .map(({ fields }) => fields['id']);
            return logged.filter(({ fields }) => fields['code'] === 'stalled' && ids.includes(fields['id']));
          };
          const [found] = await eventually(results, (records) => records.length > 0);
          t.match(found?.fields, {
            event: 'result',
            outcome: 'refused',
            exit: '75',
            reason: /stall-seconds = 10/,
          });
          await nothingLeft(t, gate, source, also);
          t.equal(await propertyOf(fileserver, 'zrep-gate:streamed', zrepName(source, 1)), '-', 'no record');
        } finally {
          child.kill('SIGKILL');
        }
      },
    );
  }

  t.test('a stream that somebody reads slowly comes to its end', async (t) => {
    const source = await bigSource(gate, 'slow', 16);
    // A MiB a second: longer than a stall in all, and ssh asks for more at each MiB. One process reads, however busy the machine is.
    const slowly = 'mbuffer -q -s 64k -m 1M -r 1M >/dev/null';
    const script = `ssh fileserver "zrep _refreshpull ${zrepName(source, 1)}" | ${slowly}`;
    const { code, stderr } = await backup.run(['bash', '-o', 'pipefail', '-c', script], { allowFail: true });
    t.equal(code, 0, 'streamed', { said: stderr });
    t.match(await propertyOf(fileserver, 'zrep-gate:streamed', zrepName(source, 1)), /^backup1@/);
    await nothingLeft(t, gate, source);
  });
});

/** A file system with so many MiB to send. */
async function bigSource({ fileserver, tank }: GateLab, name: string, mebibytes: number): Promise<string> {
  const source = await makeSource(fileserver, `${tank}/home/${name}`);
  await writeData(fileserver, source, 'much', mebibytes * 1024);
  await fileserver.run(['zfs', 'snapshot', zrepName(source, 1)]);
  return source;
}

/** The processes that stream it, and those that the pattern `also` finds. */
async function streamsOf({ fileserver }: GateLab, source: string, also: string): Promise<string> {
  const argv = ['pgrep', '-fx', `/usr/sbin/zfs send .*${source}@.*${also}`];
  return (await fileserver.run(argv, { allowFail: true })).stdout;
}

async function nothingLeft(t: Test, gate: GateLab, source: string, also = ''): Promise<void> {
  const streams = () => streamsOf(gate, source, also);
  t.equal(await eventually(streams, (found) => found === ''), '', 'no zfs send is left');
  t.equal(await propertyOf(gate.fileserver, 'zrep:lock-pid', source), '-', 'and no lock');
}
