/**
 * The signals that ask this process to end. Work stops at the next step, and what it holds is let go of:
 * running children are told, the lock is released, and only then does the process exit.
 */

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

/** Thrown at a step's start once a signal has come. */
export class Interrupted extends Error {
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

export interface Interruption {
  /** The first signal that came. */
  readonly signal: NodeJS.Signals | undefined;
  /** @throws Interrupted once a signal has come. */
  check(): void;
  /** Calls back when a signal comes; the answer takes the call-back away again. */
  onSignal(callback: (signal: NodeJS.Signals) => void): () => void;
}

/** Starts to listen, for the rest of the process's life. */
export function listenForInterruption(): Interruption {
  let first: NodeJS.Signals | undefined;
  const callbacks = new Set<(signal: NodeJS.Signals) => void>();
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      first ??= signal;
      for (const callback of callbacks) callback(signal);
    });
  }
  return {
    get signal() {
      return first;
    },
    check() {
      if (first !== undefined) throw new Interrupted(first);
    },
    onSignal(callback) {
      callbacks.add(callback);
      return () => callbacks.delete(callback);
    },
  };
}
