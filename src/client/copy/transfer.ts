/**
 * A stream from one process into another, with filters between: each reads what the one before it writes, by the
 * kernel's pipes. Nothing of it passes through here.
 */

import type { ChildProcess } from 'node:child_process';
import type { Interruption } from '../../process/interruption.ts';
import { type Ended, endOf, type Stage, startStages } from '../../process/pipeline.ts';
import { ENVIRONMENT } from '../../zfs/run.ts';

export interface Transfer {
  /** Of what brings the stream. */
  readonly sender: Ended;
  /** Of the filters, in their order. */
  readonly filters: readonly Ended[];
  readonly receiver: Ended;
  /** How many bytes the sender wrote; undefined where that is not certain. */
  readonly written?: number | undefined;
}

export interface TransferStages {
  readonly sender: Stage;
  readonly filters: readonly Stage[];
  readonly receiver: Stage;
}

/** ssh or a filter: the person's own, with their environment. */
export function ownStage(argv: readonly string[]): Stage {
  return { argv, env: process.env };
}

/** zfs, whose environment is constant. */
export function zfsStage(argv: readonly string[]): Stage {
  return { argv, env: ENVIRONMENT, cwd: '/' };
}

/** Runs a transfer to its end; a signal ends it. `watch` is told the receiver's process number, and the sender's. */
export async function transfer(
  { sender, filters, receiver }: TransferStages,
  interruption: Interruption,
  watch: (receiver: number, sender: number) => () => void = () => () => {},
): Promise<Transfer> {
  interruption.check();
  const children: ChildProcess[] = [];
  const stopListening = interruption.onSignal(() => {
    for (const child of children) child.kill('SIGTERM');
  });
  let stopWatching = () => {};
  try {
    const written = startStages([sender, ...filters, receiver], children, 'ignore');
    const [first, last] = [children[0]?.pid, children.at(-1)?.pid];
    if (first !== undefined && last !== undefined) stopWatching = watch(last, first);
    const ends = await Promise.all(children.map(endOf));
    return {
      sender: ends[0] as Ended,
      filters: ends.slice(1, -1),
      receiver: ends.at(-1) as Ended,
      written: written(),
    };
  } catch (error) {
    for (const child of children) child.kill('SIGKILL');
    throw error;
  } finally {
    stopListening();
    stopWatching();
  }
}
