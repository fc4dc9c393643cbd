/** The lines of authorized_keys that let a client in, and files without them. */

import { gateWords } from '../../doctor/gate-call.ts';
import { type GateLine, placeOf } from '../../doctor/gate-lines.ts';
import { readScene } from '../../doctor/scene.ts';
import { CannotPair } from './cannot-pair.ts';
import { lookAtTarget, type Target } from './target.ts';

interface KeyRemoval {
  readonly target: Target;
  readonly text: string;
  readonly lines: readonly string[];
}

export interface KeyLook {
  readonly removals: readonly KeyRemoval[];
  /** Why a file is not changed, with the command to do it. */
  readonly left: readonly string[];
  /** The words that sudo runs for it, where an account of its lines needs that. */
  readonly sudoCommands: readonly string[];
}

/** Looks at the keys of every account. */
export async function keyLinesOf(client: string, sshdConfig: string): Promise<KeyLook> {
  const options = { policy: undefined, clients: [], accounts: [], sshdConfig, program: '' };
  const { gates, unread } = await readScene(options);
  const own = gates.filter(({ call }) => call?.client === client);
  const removals: KeyRemoval[] = [];
  const left = unread.map(
    ({ where, problem }) => `${where} ${problem}: see yourself whether a line in it is for "${client}"`,
  );
  for (const path of new Set(own.map((gate) => gate.path))) {
    const lines = own.filter((gate) => gate.path === path);
    const removal = removalFrom(path, lines);
    if ('problem' in removal)
      left.push(
        `${removal.problem}. By hand: sed -i '${lines.map(({ line }) => `${line.number}d`).join(';')}' ${path}`,
      );
    else removals.push(removal);
  }
  return {
    removals,
    left,
    sudoCommands: own.flatMap(({ call }) => (call?.sudo === undefined ? [] : [gateWords(call).join(' ')])),
  };
}

function removalFrom(path: string, gates: readonly GateLine[]): KeyRemoval | { readonly problem: string } {
  try {
    const target = lookAtTarget(path);
    const numbers = new Set(gates.map(({ line }) => line.number));
    const all = target.text.split('\n');
    const lines = all.filter((_, index) => numbers.has(index + 1));
    // Between the two looks somebody may have written.
    if (lines.length !== gates.length || !lines.every((line) => line.includes('serve')))
      return { problem: `${gates.map(placeOf).join(', ')} changed meanwhile` };
    return { target, text: all.filter((_, index) => !numbers.has(index + 1)).join('\n'), lines };
  } catch (error) {
    if (!(error instanceof CannotPair)) throw error;
    return { problem: error.message };
  }
}
