/** One death in one refresh: who, by which signal, in which step, how far into it. */

import { setTimeout as wait } from 'node:timers/promises';
import type { StepName, Watcher } from './client.ts';
import { processesOn, VICTIMS, type Victim } from './processes.ts';
import type { Random } from './random.ts';
import type { Setting } from './setting.ts';

export interface Plan {
  readonly victim: Victim;
  readonly signal: NodeJS.Signals;
  readonly step: StepName;
  /** Of the time that the step took the last time. */
  readonly fraction: number;
}

const REMOTE: readonly StepName[] = ['snaponly', 'pull', 'mark there', 'expire there'];

export function makePlan(random: Random, victim: Victim): Plan {
  const streaming = victim.startsWith('zfs');
  // Half of all deaths are in the stream: it is the longest part of a refresh of a real size.
  const step = streaming || random.number() < 0.5 ? 'pull' : random.pick(REMOTE);
  return { victim, step, signal: random.pick(['SIGKILL', 'SIGTERM']), fraction: random.number() * 0.9 };
}

export class Assassin implements Watcher {
  /** How long each step took; of the last refresh that came to its end. */
  static readonly #durations = new Map<StepName, number>();
  readonly #setting: Setting;
  readonly #plan: Plan | undefined;
  #step: StepName | undefined;
  #started = 0;
  #dead = false;
  /** Milliseconds into the step at which the victim was struck. */
  struck: number | undefined;

  /** Without a plan it watches only. */
  constructor(setting: Setting, plan?: Plan) {
    this.#setting = setting;
    this.#plan = plan;
  }

  onStart(step: StepName): void {
    this.#step = step;
    this.#started = Date.now();
    if (this.#plan?.step === step) void this.#lieInWait(this.#plan);
  }

  onEnd(step: StepName): void {
    this.#step = undefined;
    if (this.#plan === undefined) Assassin.#durations.set(step, Date.now() - this.#started);
  }

  /** In seconds. */
  static describeDurations(): string {
    return [...Assassin.#durations].map(([step, ms]) => `${step} ${(ms / 1000).toFixed(1)}`).join(', ');
  }

  alone(step: StepName): boolean {
    return this.#plan?.step === step;
  }

  dead(): boolean {
    return this.#dead;
  }

  /** Waits for its moment, then for the victim if that is not there yet; gives up when the step ends. */
  async #lieInWait({ victim, signal, step, fraction }: Plan): Promise<void> {
    await wait(fraction * (Assassin.#durations.get(step) ?? 0));
    while (this.#step === step) {
      if (this.#strike(victim, signal)) {
        this.struck = Date.now() - this.#started;
        this.#dead = victim === 'client';
        return;
      }
      await wait(20);
    }
  }

  #strike(victim: Victim, signal: NodeJS.Signals): boolean {
    const { on, is } = VICTIMS[victim];
    let struck = false;
    for (const { pid, words } of processesOn(this.#setting[on])) {
      if (!is(words) || this.#setting.spared.has(pid)) continue;
      try {
        process.kill(pid, signal);
        struck = true;
      } catch {
        // It was faster.
      }
    }
    return struck;
  }
}
