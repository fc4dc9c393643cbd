/** What every round of the soak stands on: the gate with a policy on the fileserver, and a pair that it may pull. */

import { installPolicy, letInAs, provideBuild } from '../installation.ts';
import { type Lab, startLab } from '../lab.ts';
import { makePair, type Pair } from '../pair.ts';
import { processesOn } from './processes.ts';

/** Few, so that every refresh has something to expire. */
export const SAVECOUNT = 3;

export interface Setting extends Lab {
  readonly pair: Pair;
  /** The processes of a connection that stays up, whose sessions need no handshake. */
  readonly spared: ReadonlySet<number>;
}

/** Words of ssh for a session of that connection. */
export const SHARED = ['-o', 'ControlPath=/run/lab/shared'];

export interface SettingOptions {
  /** The zfs that the gate is to use. */
  readonly zfs?: string;
}

/** Brings up a lab on pools of its own, with a new pair. */
export async function startSetting(): Promise<Setting> {
  const lab = await startLab();
  await installGateOn(lab);
  const pair = await makePair(lab, 'home', { savecount: SAVECOUNT });
  return { ...lab, pair, spared: await shareConnection(lab) };
}

/** What is not to be killed shares a connection, so that its handshake is not among what dies. */
export async function shareConnection({ fileserver, backup }: Lab): Promise<Set<number>> {
  backup.spawn(['ssh', ...SHARED, '-M', '-N', fileserver.name]);
  const check = ['ssh', ...SHARED, '-O', 'check', fileserver.name];
  for (let attempt = 0; (await backup.run(check, { allowFail: true })).code !== 0; attempt += 1)
    if (attempt === 100) throw new Error('the shared connection is not there');
  return new Set([fileserver, backup].flatMap(processesOn).map(({ pid }) => pid));
}

/** The gate on the fileserver, and the backup server's key let in. */
export async function installGateOn(lab: Lab, { zfs = '/usr/sbin/zfs' }: SettingOptions = {}): Promise<void> {
  await provideBuild(lab.fileserver);
  await installPolicy(
    lab.fileserver,
    `zfs = "${zfs}"
[limits]
snapshots-per-hour = 3600
keep-at-least = ${SAVECOUNT}
keep-for = "0 seconds"
[client.backup1]
[[client.backup1.grant]]
dataset = "${lab.fileserver.pool}/home"
operations = ["pull", "expire"]
`,
  );
  await letInAs(lab, 'backup1', 'root');
}
