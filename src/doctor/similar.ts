/** Which name somebody may have meant. Pure. */

import { lettersApart } from '../did-you-mean.ts';

/** The one of `names` that is `wrong` but for a slip of the hand; undefined where there is none, or several. */
export function similarTo(wrong: string, names: readonly string[]): string | undefined {
  const last = wrong.slice(wrong.lastIndexOf('/') + 1);
  const most = last.length < 6 ? 1 : 2;
  const near = names.filter((name) => name !== wrong && lettersApart(name, wrong) <= most);
  return near.length === 1 ? near[0] : undefined;
}
