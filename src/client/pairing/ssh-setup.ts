/** What ssh itself says it would do for a host (`ssh -G`): as whom it logs in, and with which keys. */

import { userInfo } from 'node:os';
import { capture } from '../far/far-side.ts';
import type { Run } from '../run/run.ts';

export interface SshSetup {
  readonly user: string;
  /** The files of private keys, in ssh's order, whether or not they are there. */
  readonly identities: readonly string[];
  /** The socket of the agent that it would ask; undefined where there is none. */
  readonly agent: string | undefined;
}

/** Of this user and `host`. What is no OpenSSH does not answer: then what its default would be. */
export async function askSsh({ settings, step }: Run, host: string): Promise<SshSetup> {
  const { output, code } = await capture([...settings.ssh, '-G', host], step.interruption, 65_536);
  const setup = readSetup(code === 0 ? output : '', host, userInfo().homedir, userInfo().username);
  return { ...setup, agent: agentOf(setup.agent, process.env) };
}

/** From what `ssh -G` prints; `agent` is what the configuration says of it. Pure. */
export function readSetup(output: string, host: string, home: string, own: string): SshSetup {
  const values = (name: string) =>
    output.split('\n').flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(name.length + 1)] : []));
  const [given] = /^[^@]*(?=@)/.exec(host) ?? [];
  // Not those with what only ssh replaces, nor `none`.
  const files = values('identityfile')
    .map((file) => file.replace(/^~(?=\/)/, home))
    .filter((file) => /^\/[^%]*$/.test(file));
  return {
    user: values('user')[0] ?? given ?? own,
    agent: values('identityagent')[0],
    identities: files.length > 0 ? files : [`${home}/.ssh/id_ed25519`],
  };
}

/** `IdentityAgent` (ssh_config(5)) goes before the environment. Pure. */
function agentOf(configured: string | undefined, { SSH_AUTH_SOCK }: NodeJS.ProcessEnv): string | undefined {
  if (configured === 'none') return undefined;
  return (configured === 'SSH_AUTH_SOCK' ? undefined : configured) ?? (SSH_AUTH_SOCK || undefined);
}
