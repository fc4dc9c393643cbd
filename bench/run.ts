/**
 * `npm run bench`: what the gate costs, side by side in one run, as ratios. `-- --mebibytes N` for a smaller stream; `-- waits` for the waits
 * on OpenZFS alone, in a guest.
 *
 * Ratios hold on other machines, milliseconds do not. Nothing here fails for being slow.
 */

import { installBuild } from '../lab/installation.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { measureExpire } from './expire.ts';
import { measureRefresh } from './refresh.ts';
import { measureStream } from './stream.ts';
import { reportWaits } from './waits.ts';

const MEBIBYTES = Number(process.argv[process.argv.indexOf('--mebibytes') + 1] || 1024) || 1024;
const ROUNDS = 8;

if (process.argv.includes('waits')) process.exit(await reportWaits());

const lab = await startLab({ poolMegabytes: MEBIBYTES * 6 + 1024, loginsAsShipped: true });
try {
  await installBuild(lab.fileserver);
  await lab.sshKey('id_ed25519');
  await reportStart(lab);
  await reportStream(lab);
  await reportRefresh(lab);
  await reportExpire();
} finally {
  await lab.stop();
}

async function reportStart({ fileserver, backup }: Lab): Promise<void> {
  const script = new URL('start.ts', import.meta.url).pathname;
  const server = `${backup.address}:${backup.syslogPort}`;
  const argv = [process.execPath, '--import', import.meta.resolve('tsx'), script, server];
  const { stdout } = await fileserver.run(argv, { timeoutMs: 300_000 });
  const results: { name: string; milliseconds: number }[] = JSON.parse(stdout);
  const bare = results[0]?.milliseconds ?? Number.NaN;
  console.log('Start (median of 40, in turns; ratio to a bare node)');
  for (const { name, milliseconds } of results)
    row(name, `${milliseconds.toFixed(1)} ms`, `${(milliseconds / bare).toFixed(2)} x`);
}

async function reportStream(lab: Lab): Promise<void> {
  const { plain, gate, ratio, peakKibibytes, bytesRead } = await measureStream(lab, MEBIBYTES, ROUNDS);
  console.log(`\nStream of ${MEBIBYTES} MiB over ssh (median of ${ROUNDS}, in turns)`);
  row(
    'zfs send as a plain forced command',
    `${plain.toFixed(2)} s`,
    `${(MEBIBYTES / plain).toFixed(0)} MiB/s`,
  );
  row('zrep _refreshpull through the gate', `${gate.toFixed(2)} s`, `${(MEBIBYTES / gate).toFixed(0)} MiB/s`);
  row('throughput of the second to the first', '', `${ratio.toFixed(3)} x`);
  row('peak memory of the gate', '', `${(peakKibibytes / 1024).toFixed(1)} MiB`);
  row('bytes that the gate has read', '', `${(bytesRead / 1048576).toFixed(2)} MiB`);
}

async function reportRefresh(lab: Lab): Promise<void> {
  console.log("\nzrep refresh beside stock's commands, one ssh each (medians, in turns)");
  for (const { name, stock, ours, ratio } of await measureRefresh(lab, MEBIBYTES, ROUNDS))
    row(name, `${ours.toFixed(2)} s to ${stock.toFixed(2)} s`, `${ratio.toFixed(3)} x`);
}

async function reportExpire(): Promise<void> {
  const results = await measureExpire(2 * ROUNDS);
  const reading = results[0]?.milliseconds ?? Number.NaN;
  console.log('\nzrep-expire over ten thousand snapshots (medians, in turns; ratio to reading them)');
  for (const { name, milliseconds } of results)
    row(name, `${milliseconds.toFixed(1)} ms`, `${(milliseconds / reading).toFixed(2)} x`);
}

function row(name: string, value: string, ratio: string): void {
  console.log(`  ${name.padEnd(52)} ${value.padStart(10)} ${ratio.padStart(12)}`);
}
