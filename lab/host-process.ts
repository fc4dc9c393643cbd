/** A command that runs on a host, and how it is reached from outside: by nsenter, which stays in front of it. */

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface HostProcess {
  /** The `nsenter` in front of the command: its stdio is the command's, its exit tells the command's. */
  readonly child: ChildProcess;
  /** The command's process number as seen from outside the host; undefined before it runs and after it ended. */
  pid(): number | undefined;
  /** Signals the command itself, and says whether it was there. (`child.kill` would only reach `nsenter`.) */
  kill(signal?: NodeJS.Signals): boolean;
}

/** `argv` are nsenter's words: the namespaces, and the command, which becomes a session of its own. */
export function startHostProcess(
  argv: readonly string[],
  env: Record<string, string>,
  stdio: StdioOptions,
): HostProcess {
  // A session of its own: Ctrl-C at the terminal is for node.
  const child = spawn('nsenter', argv, { cwd: '/', env, stdio, detached: true });
  const alive = () => child.exitCode === null && child.signalCode === null;
  const pid = () => (child.pid !== undefined && alive() ? childOf(child.pid) : undefined);
  return {
    child,
    pid,
    kill(signal = 'SIGTERM') {
      const target = pid();
      return target !== undefined && signalled(target, signal);
    },
  };
}

/** The only child of a process that forks once: unshare, nsenter. */
export function childOf(pid: number): number | undefined {
  try {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ');
    return child === undefined || child === '' ? undefined : Number(child);
  } catch {
    return undefined;
  }
}

function signalled(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
