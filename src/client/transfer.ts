/**
 * The stream, from ssh into `zfs receive`: each reads what the one before it writes, by the kernel's pipes. Nothing of
 * it passes through here.
 */

import type { ChildProcess } from 'node:child_process';
import type { Interruption } from '../process/interruption.ts';
import { type Ended, endOf, type Stage, startStages } from '../process/pipeline.ts';
import { ENVIRONMENT } from '../zfs/run.ts';

export interface Transfer {
  /** Of what brings the stream: ssh, as a rule. */
  readonly sender: Ended;
  /** Of the filters, in their order. */
  readonly filters: readonly Ended[];
  readonly receiver: Ended;
}

export interface TransferStages {
  readonly sender: readonly string[];
  readonly filters: readonly (readonly string[])[];
  /** zfs and its words. */
  readonly receiver: readonly string[];
}

/** Runs a transfer to its end; a signal ends it. `watch` is told the receiver's process number. */
export async function transfer(
  { sender, filters, receiver }: TransferStages,
  interruption: Interruption,
  watch: (pid: number) => () => void = () => () => {},
): Promise<Transfer> {
  interruption.check();
  const stages: Stage[] = [
    // ssh and filters are the person's own, with their environment; zfs's is constant.
    ...[sender, ...filters].map((argv) => ({ argv, env: process.env })),
    { argv: receiver, env: ENVIRONMENT, cwd: '/' },
  ];
  const children: ChildProcess[] = [];
  const stopListening = interruption.onSignal(() => {
    for (const child of children) child.kill('SIGTERM');
  });
  let stopWatching = () => {};
  try {
    startStages(stages, children, 'ignore');
    const last = children.at(-1)?.pid;
    if (last !== undefined) stopWatching = watch(last);
    const ends = await Promise.all(children.map(endOf));
    return {
      sender: ends[0] as Ended,
      filters: ends.slice(1, -1),
      receiver: ends.at(-1) as Ended,
    };
  } catch (error) {
    for (const child of children) child.kill('SIGKILL');
    throw error;
  } finally {
    stopListening();
    stopWatching();
  }
}
