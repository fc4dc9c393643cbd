/**
 * How long until zfs runs: from the start of the gate's launcher to the first zfs process, beside its bundle without
 * the launcher, and a bare `node -e 0`.
 *
 * Runs on a lab host, where the gate is installed and syslog listens, and prints JSON. The "zfs" of these policies is
 * echo, whose first byte says that it runs. Subjects take turns, so that a slow moment hits all alike.
 */

import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { median } from './timing.ts';

const GATE = '/usr/bin/zrep-gate';
const ROUNDS = 40;
const ENVIRONMENT = {
  PATH: '/usr/bin:/bin',
  SSH_ORIGINAL_COMMAND: 'zfs list -H -o name tank/home',
  SSH_CONNECTION: '192.0.2.10 50000 192.0.2.1 22',
};

const [syslogServer = ''] = process.argv.slice(2);
const sinks = {
  'audit off': 'syslog = "off"',
  'audit to a file': 'syslog = "off"\nfile = "/run/lab/bench.jsonl"',
  'audit to /dev/log': 'syslog = "local"',
  'audit by UDP': `syslog = "udp://${syslogServer}"`,
  'audit by TCP': `syslog = "tcp://${syslogServer}"`,
};

const subjects = new Map<string, () => Promise<number>>([
  ['node -e 0, to its exit', () => untilExit([process.execPath, '-e', '0'])],
  [
    'node spawning echo, to its first byte',
    () => untilFirstByte([process.execPath, '-e', 'child_process.spawn("/bin/echo",{stdio:"inherit"})']),
  ],
]);
for (const [name, lines] of Object.entries(sinks)) {
  const policy = `/etc/zrep-gate/bench-${subjects.size}.toml`;
  mkdirSync('/etc/zrep-gate', { recursive: true });
  const grant = '[[client.bench.grant]]\ndataset = "tank/home"\noperations = ["read"]\n';
  writeFileSync(policy, `zfs = "/bin/echo"\n[audit]\n${lines}\n[client.bench]\n${grant}`, { mode: 0o644 });
  const words = [GATE, 'serve', 'bench', '--policy', policy];
  if (name === 'audit off')
    subjects.set('its bundle without launcher, audit off', () =>
      untilFirstByte([process.execPath, ...words]),
    );
  subjects.set(`the gate, to its first zfs, ${name}`, () => untilFirstByte(words));
}

const times = new Map([...subjects.keys()].map((name) => [name, [] as number[]]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, measure] of subjects) times.get(name)?.push(await measure());
}
console.log(JSON.stringify([...times].map(([name, all]) => ({ name, milliseconds: median(all) }))));

function untilExit([file = '', ...argv]: readonly string[]): Promise<number> {
  const start = process.hrtime.bigint();
  const child = spawn(file, argv, { env: ENVIRONMENT, stdio: 'ignore' });
  return new Promise((resolve) => child.once('exit', () => resolve(since(start))));
}

async function untilFirstByte([file = '', ...argv]: readonly string[]): Promise<number> {
  const start = process.hrtime.bigint();
  const child = spawn(file, argv, { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const time = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', () => resolve(since(start)));
    child.once('close', () => reject(new Error(`${file} ${argv.join(' ')} printed nothing`)));
  });
  await ended;
  return time;
}

function since(start: bigint): number {
  return Number(process.hrtime.bigint() - start) / 1e6;
}
