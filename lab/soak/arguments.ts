/** `--rounds N --seed S`, of the soak's programs. */

import { parseArgs } from 'node:util';

export interface SoakArguments {
  readonly rounds: number;
  readonly seed: number;
}

/** And of one boot between two power cuts: which, and what there was on the fileserver before. */
interface BootArguments extends SoakArguments {
  readonly boot: number;
  readonly history: string;
}

/** @throws Error for anything else than whole numbers. */
export function soakArguments(argv: readonly string[], rounds: number): SoakArguments {
  const { rounds: asked = String(rounds), seed = String(Date.now() % 1_000_000) } = read(argv);
  return { rounds: wholeNumber('--rounds', asked), seed: wholeNumber('--seed', seed) };
}

/** @throws Error for anything else than whole numbers. */
export function bootArguments(argv: readonly string[]): BootArguments {
  const { boot = '0', history = '[]' } = read(argv);
  return { ...soakArguments(argv, 3), boot: wholeNumber('--boot', boot), history };
}

function read(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  return parseArgs({ args: [...argv], options: { rounds: text, seed: text, boot: text, history: text } })
    .values;
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${option} takes a whole number, not ${text}`);
  return Number(text);
}
