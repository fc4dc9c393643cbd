/** This user's ssh key: the one that ssh would offer, or a new one where there is none. */

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { type PublicKey, readPublicKey } from '../../public-key.ts';
import { capture } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import type { SshSetup } from './ssh-setup.ts';

/** The public key. Never writes over a key. @throws Failure where none can be had. */
export async function ownKey(run: Run, { identities }: SshSetup): Promise<PublicKey> {
  const there = identities.filter((file) => existsSync(file));
  // The one that we would make, of several.
  const found = there.find((file) => file.endsWith('/id_ed25519')) ?? there[0];
  if (found !== undefined) return publicKeyOf(run, found);
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
  return publicKeyOf(run, file);
}

async function publicKeyOf({ step }: Run, file: string): Promise<PublicKey> {
  const text = existsSync(`${file}.pub`)
    ? readFileSync(`${file}.pub`, 'latin1')
    : (await capture(['ssh-keygen', '-y', '-P', '', '-f', file], step.interruption, 65_536)).output;
  const read = readPublicKey(text);
  if ('key' in read) return read.key;
  throw new Failure(
    `${file}.pub ${read.problem}. To make it anew of the key: ssh-keygen -y -f ${file} >${file}.pub`,
  );
}
