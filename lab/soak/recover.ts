/** The refresh after a death: it has to come to its end by itself. */

import { setTimeout as wait } from 'node:timers/promises';
import { type Refreshed, refresh, type Watcher } from './client.ts';
import type { Setting } from './setting.ts';

/** For how long what was interrupted may take to end, on a busy machine. Milliseconds. */
const PATIENCE = 30_000;

/**
 * What a client may be told meanwhile: that the one before it still holds the lock; that it made a snapshot after ours;
 * that the kernel still clears away what the killed receiver had begun.
 */
const PASSING = /\((?:lock-busy|global-lock-busy|not-latest)\)|dataset is busy/;

export interface Recovered {
  readonly refreshed: Refreshed;
  readonly seconds: number;
  /** What kept it from the first try on. */
  readonly waited: readonly string[];
}

export async function recover(setting: Setting, watcher: Watcher): Promise<Recovered> {
  const started = Date.now();
  const waited: string[] = [];
  for (;;) {
    const tried = Date.now();
    const refreshed = await refresh(setting, watcher);
    const seconds = Math.round((Date.now() - started) / 1000);
    if (refreshed.done || !PASSING.test(refreshed.why) || tried - started > PATIENCE)
      return { refreshed, seconds, waited };
    waited.push(`${refreshed.step} (${PASSING.exec(refreshed.why)?.[0]})`);
    await wait(1000);
  }
}
