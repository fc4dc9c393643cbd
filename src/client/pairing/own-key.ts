/** This user's ssh key: the one that ssh would offer, or a new one where there is none. */

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { inShell } from '../../printable.ts';
import { type PublicKey, readPublicKey } from '../../public-key.ts';
import { capture } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import type { SshSetup } from './ssh-setup.ts';

/** The public key. Never writes over a key. @throws Failure where none can be had. */
export async function ownKey(run: Run, { identities, agent }: SshSetup): Promise<PublicKey> {
  const there = identities.filter((file) => existsSync(file));
  // The one that we would make, of several.
  const found = there.find((file) => file.endsWith('/id_ed25519')) ?? there[0];
  if (found !== undefined) return publicKeyOf(run, found, agent);
  const file = identities.find((one) => one.endsWith('/id_ed25519')) ?? identities[0] ?? '';
  if (existsSync(`${file}.pub`))
    throw new Failure(`there is ${file}.pub, but not ${file}, which is the key: move the .pub file away`);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const argv = [
    'ssh-keygen',
    '-q',
    '-t',
    'ed25519',
    '-N',
    '',
    '-C',
    `${userInfo().username}@${run.settings.hostName}`,
    '-f',
    file,
  ];
  const made = await capture(argv, run.step.interruption, 65_536);
  if (made.code !== 0) throw new Failure(`ssh-keygen made no key: ${farLines(made.message).join('; ')}`);
  run.report.line(`Made the key ${file}`);
  return publicKeyOf(run, file, agent);
}

/** The public key of the private one in `file`, from that itself: a .pub beside it may be missing, broken, or another's. */
async function publicKeyOf(
  { step, report }: Run,
  file: string,
  agent: string | undefined,
): Promise<PublicKey> {
  const beside = publicKeyBeside(file);
  const argv = ['ssh-keygen', '-y', '-P', '', '-f', file];
  const { code, output, message } = await capture(argv, step.interruption, 65_536);
  if (code !== 0) {
    const why = farLines(message).join('; ');
    if (!/passphrase/.test(why)) throw new Failure(`ssh-keygen cannot read ${file}: ${why}`);
    const problem = `${file} has a passphrase, which nobody types under cron or systemd. To take it away: ssh-keygen -p -N '' -f ${inShell(file)}`;
    // Whether the agent has this key shows when ssh tries it.
    if (agent === undefined || beside === undefined) throw new Failure(problem);
    report.warn(`${problem}; until then an ssh-agent must have the key`);
    return beside;
  }
  const read = readPublicKey(output);
  if (!('key' in read)) throw new Failure(`what ssh-keygen -y prints of ${file} ${read.problem}`);
  if (beside === undefined) return read.key;
  if (beside.type === read.key.type && beside.base64 === read.key.base64) return beside;
  const name = inShell(file);
  throw new Failure(
    `${file}.pub is not the public key of ${file}, and ssh would offer it. To make it anew: ssh-keygen -y -f ${name} >${inShell(`${file}.pub`)}`,
  );
}

/** What the .pub file has; undefined where there is none, or what ssh passes over. */
function publicKeyBeside(file: string): PublicKey | undefined {
  if (!existsSync(`${file}.pub`)) return undefined;
  const read = readPublicKey(readFileSync(`${file}.pub`, 'latin1'));
  return 'key' in read ? read.key : undefined;
}
