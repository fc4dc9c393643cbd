/**
 * A stream through the gate beside the same `zfs send` as a plain forced command, over ssh between the lab's hosts; and
 * what the gate's process takes while it waits.
 */

import { installPolicy, letInAs } from '../lab/installation.ts';
import type { Lab } from '../lab/lab.ts';
import { makePair, writeData } from '../lab/pair.ts';
import { authorize } from '../lab/ssh.ts';
import { median, seconds } from './timing.ts';

export interface StreamResult {
  /** Seconds, the median of the rounds. */
  readonly plain: number;
  readonly gate: number;
  /** Throughput of the gate to that of the plain command: the median of the rounds' own ratios. */
  readonly ratio: number;
  /** The gate's process: peak resident set, and bytes it has read. */
  readonly peakKibibytes: number;
  readonly bytesRead: number;
}

/** Streams `mebibytes` of noise, `rounds` times each way, in turns. */
export async function measureStream(lab: Lab, mebibytes: number, rounds: number): Promise<StreamResult> {
  const { fileserver, backup } = lab;
  const { source } = await makePair(lab, 'bench');
  await writeData(fileserver, source, 'noise', mebibytes * 1024);
  const [base, latest] = [`${source}@zrep_000000`, `${source}@zrep_000001`];
  await fileserver.run(['zfs', 'snapshot', latest]);

  const grant = `[[client.bench.grant]]\ndataset = "${source}"\noperations = ["pull"]\n`;
  await installPolicy(fileserver, `[audit]\nsyslog = "off"\nrequired = false\n[client.bench]\n${grant}`);
  await letInAs(lab, 'bench', 'root');
  const { publicKey } = await lab.sshKey('plain');
  await authorize(
    fileserver,
    'root',
    `restrict,command="/usr/sbin/zfs send -I ${base} ${latest}" ${publicKey}`,
  );

  const plain = 'ssh -i /root/.ssh/plain -o IdentitiesOnly=yes fileserver x > /dev/null';
  const gate = `ssh fileserver 'zrep _refreshpull ${latest}' > /dev/null`;
  const run = (script: string) => seconds(() => backup.run(['sh', '-c', script], { timeoutMs: 600_000 }));
  // One of each that does not count: the first stream fills caches.
  await run(plain);
  const watching = watchGate(lab);
  await run(gate);
  const process = await watching;
  const times: { plain: number; gate: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Each goes first in turn, so that a machine that slows down slows both.
    const first = await run(round % 2 === 0 ? plain : gate);
    const second = await run(round % 2 === 0 ? gate : plain);
    times.push(round % 2 === 0 ? { plain: first, gate: second } : { plain: second, gate: first });
  }
  return {
    plain: median(times.map(({ plain }) => plain)),
    gate: median(times.map(({ gate }) => gate)),
    ratio: median(times.map(({ plain, gate }) => plain / gate)),
    ...process,
  };
}

/** Reads what /proc says of the gate's process until that has ended; the last reading counts. */
async function watchGate({ fileserver }: Lab): Promise<{ peakKibibytes: number; bytesRead: number }> {
  const script = `
    for _ in $(seq 100); do pid=$(pgrep -o -f '^[^ ]*/node .*serve bench'); [ -n "$pid" ] && break; sleep 0.05; done
    while [ -e /proc/$pid/io ]; do
      new="$(awk '/VmHWM/ { print $2 }' /proc/$pid/status 2>/dev/null) $(awk '/rchar/ { print $2 }' /proc/$pid/io 2>/dev/null)"
      case $new in *[0-9]' '[0-9]*) last=$new ;; esac
      sleep 0.05
    done
    echo $last`;
  const { stdout } = await fileserver.run(['sh', '-c', script], { timeoutMs: 600_000 });
  const [peakKibibytes = 0, bytesRead = 0] = stdout.trim().split(' ').map(Number);
  return { peakKibibytes, bytesRead };
}
