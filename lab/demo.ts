/**
 * `npm run demo`: what the gate is for, done for real, with every command as a person would type it.
 *
 * The commands, their output and the log lines are what the two hosts printed; nothing is staged. Exit codes: 0 all
 * went as told, 1 something did not, 3 the machine lacks something, 128 + N ended by signal N.
 */

import { constants } from 'node:os';
import type { Host } from './host.ts';
import { installBuild, installPolicy, letInAs } from './installation.ts';
import { type Lab, startLab } from './lab.ts';
import { missing } from './missing.ts';
import { snapshotsOf, writeData } from './pair.ts';

const POLICY = `[client.backup1]

[[client.backup1.grant]]
dataset = "tank/home"
operations = ["init", "pull", "expire"]
keep-at-least = 2           # by default 5, and each for a week:
keep-for = "0 seconds"      # a demo cannot wait so long
`;

/** What a stolen key would be tried with. */
const ATTACKS = [
  'zrep snaponly tank/secret',
  'zrep snaponly tank/nosuch',
  'zrep snaponly tank/home; cat /etc/shadow',
  'zrep _refreshcomplete tank/home@zrep_000001 mountpoint=/etc',
  'zfs send tank/home@zrep_000001',
  'zfs destroy -r tank/home',
  '/bin/sh',
];

let failures = 0;
let lab: Lab | undefined;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, async () => {
    print(`\n${signal}: taking both hosts down`);
    await lab?.stop();
    process.exit(128 + constants.signals[signal]);
  });
}

process.exitCode = await demo();

async function demo(): Promise<number> {
  const lacks = await missing();
  if (lacks.length > 0) {
    print(
      `The demo needs what this machine does not have:\n${lacks.map((sentence) => `  - ${sentence}`).join('\n')}`,
    );
    return 3;
  }
  print(
    'Bringing up a fileserver and a backup server, each with its own name, users, sshd, syslog and ZFS ...',
  );
  lab = await startLab();
  try {
    await prepare(lab);
    await grant(lab);
    await pull(lab);
    await attack(lab);
    await readLog(lab);
  } finally {
    await lab.stop();
  }
  title('Done');
  print(
    failures === 0
      ? 'Both hosts are gone, with their pools, users and keys. README.md tells how to install it on your own.'
      : `${failures} of the steps above did not go as they should.`,
  );
  return failures === 0 ? 0 : 1;
}

async function prepare({ fileserver, backup }: Lab): Promise<void> {
  if (!lab) return;
  await lab.sshKey('id_ed25519');
  await installBuild(fileserver);
  await installBuild(backup, { program: 'zrep' });
  // So that the second refresh has something to expire.
  await backup.writeFile('/etc/default/zrep', 'ZREP_SAVE_COUNT=2\n');
  for (const name of ['home', 'secret']) {
    await fileserver.run(['zfs', 'create', `${fileserver.pool}/${name}`]);
    await writeData(fileserver, `${fileserver.pool}/${name}`, 'data', 512);
  }
  print(
    `${fileserver.name} has ${fileserver.pool}/home and ${fileserver.pool}/secret; ${backup.name} has nothing yet.`,
  );
}

async function grant(lab: Lab): Promise<void> {
  title('On the fileserver: what the backup server may do');
  await installPolicy(lab.fileserver, named(lab, POLICY));
  await show(lab.fileserver, ['cat', '/etc/zrep-gate/policy.toml']);
  await show(lab.fileserver, ['zrep-gate', 'check']);
  await letInAs(lab, 'backup1', 'root');
  await show(lab.fileserver, ['cat', '/root/.ssh/authorized_keys']);
}

async function pull(lab: Lab): Promise<void> {
  const { fileserver, backup } = lab;
  const [source, destination] = [`${fileserver.pool}/home`, `${backup.pool}/home`];
  title('On the backup server: a new pair');
  await show(backup, ['zrep', 'init', '--pull', `root@fileserver:${source}`, destination]);
  for (const round of [1, 2]) {
    title(round === 1 ? 'What cron does from now on' : 'And once more: now there is something to expire');
    await writeData(fileserver, source, `news${round}`, 512);
    await show(backup, ['zrep', 'refresh', destination]);
  }
  title('Both sides now');
  const [here, there] = [await snapshotsOf(fileserver, source), await snapshotsOf(backup, destination)];
  for (const { name, guid, sent } of here) {
    const copy = there.find((other) => other.name === name);
    print(
      `  ${name}  guid ${guid}  ${sent ? 'marked as sent' : ''}  ${copy?.guid === guid ? 'the same on both sides' : 'NOT THE SAME'}`,
    );
    expect(copy?.guid === guid);
  }
  expect(here.length === 2);
}

async function attack({ fileserver, backup }: Lab): Promise<void> {
  title('The same key in the wrong hands');
  const state = ['zfs', 'get', '-H', '-r', '-o', 'name,value', 'guid', fileserver.pool];
  const before = await fileserver.run(state);
  for (const command of ATTACKS) {
    await show(backup, ['ssh', 'fileserver', command.replaceAll('tank', fileserver.pool)], 77);
  }
  await show(backup, ['ssh', '-T', 'fileserver'], 77);
  const after = await fileserver.run(state);
  expect(after.stdout === before.stdout);
  print(
    after.stdout === before.stdout
      ? 'On the fileserver nothing has changed.'
      : 'SOMETHING HAS CHANGED on the fileserver.',
  );
}

async function readLog({ fileserver }: Lab): Promise<void> {
  title('On the fileserver: what rsyslog has written');
  await showScript(fileserver, 'grep zrep-gate /var/log/auth.log');
}

/** Runs a command on `host`, as a person sees it; an exit code other than `code` is a failure of the demo. */
async function show(host: Host, argv: readonly string[], code = 0) {
  print(`\n${host.name}# ${argv.map(quoted).join(' ')}`);
  const result = await host.run(argv, { allowFail: true });
  const output = `${result.stdout}${result.stderr}`.trimEnd();
  if (output !== '') print(output);
  if (code !== 0) print(`(exit code ${result.code})`);
  expect(result.code === code);
  return result;
}

async function showScript(host: Host, script: string): Promise<void> {
  print(`\n${host.name}# ${script}`);
  const result = await host.run(['bash', '-o', 'pipefail', '-c', script], { allowFail: true });
  const output = `${result.stdout}${result.stderr}`.trimEnd();
  if (output !== '') print(output);
  expect(result.code === 0);
}

function expect(fact: boolean): void {
  if (!fact) failures += 1;
}

function named({ fileserver }: Lab, text: string): string {
  return text.replaceAll('"tank/', `"${fileserver.pool}/`);
}

function quoted(word: string): string {
  return /^[\w./:=@-]+$/.test(word) ? word : `'${word}'`;
}

function title(text: string): void {
  print(`\n== ${text} ${'='.repeat(Math.max(0, 76 - text.length))}`);
}

function print(text: string): void {
  console.log(text);
}
