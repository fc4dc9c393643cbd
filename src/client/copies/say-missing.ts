/** What a person is told of missing copies: which, why, since when, and the command for it. Pure. */

import type { Tag } from '../../zfs/names.ts';
import { sayAge } from '../look/ages.ts';
import { strftime } from '../look/strftime.ts';
import { zrepAgain, zrepFor } from '../words/again.ts';
import { parseSource } from '../words/source.ts';
import { type MissingCopy, renamedPart } from './find-missing.ts';
import type { RetiredCopy } from './retirement.ts';

/** Why, as a sentence behind `vault/home is missing: `. */
export function sayWhy(missing: MissingCopy): string {
  const { dataset, why } = missing;
  switch (why) {
    case 'begun':
      return 'its set-up was begun and not completed';
    case 'no-pool':
      return `its pool ${dataset.split('/')[0]} is not imported`;
    case 'destroyed':
      return 'it does not exist any more';
    case 'replaced':
      return 'another file system has its name now, and is no copy';
    case 'no-role':
      return missing.now === dataset
        ? 'it is there, but its zrep properties are gone'
        : `it is called ${missing.now} now, and its zrep properties are gone`;
    case 'renamed':
      return `it is called ${missing.now} now`;
  }
}

/** Since when: `last refreshed 3d 4h ago (2026-11-24 16:03)`. */
export function saySince(missing: MissingCopy, now: number): string {
  if (missing.why === 'begun') return `begun ${sayAge(now - missing.begun)} ago (${sayTime(missing.begun)})`;
  const { refreshed } = missing;
  if (refreshed === undefined) return 'no refresh of it is remembered';
  return `last refreshed ${sayAge(now - refreshed)} ago (${sayTime(refreshed)})`;
}

/** What is to be done: a clause with a colon, and the line behind it. */
export function fixFor(missing: MissingCopy, tag: Tag): { readonly what: string; readonly line: string } {
  const { dataset, why, source } = missing;
  const zrep = zrepFor(tag);
  switch (why) {
    case 'begun': {
      const init = `${zrepAgain({ tag, recursive: missing.recursive })} init --pull`;
      const ends = `${source ?? 'HOST:FS'} ${dataset}`;
      return missing.anew
        ? { what: 'To complete it:', line: `${init} --anew ${ends}` }
        : {
            what: 'To complete it (with --undo behind --pull, to take it back):',
            line: `${init} ${ends}`,
          };
    }
    case 'no-pool':
      return { what: 'Import it:', line: `zpool import ${dataset.split('/')[0]}` };
    case 'renamed': {
      const [from, to] = renamedPart(dataset, missing.now);
      return { what: 'Tell zrep the new name:', line: `${zrep} renamed ${from} ${to}` };
    }
    case 'no-role': {
      const from = parseSource(source ?? '', '');
      return {
        what: 'Set them again:',
        line: `${zrep} changeconfig -d ${missing.now} ${from?.host.name ?? 'HOST'} ${from?.dataset ?? 'FS'}`,
      };
    }
    case 'destroyed':
    case 'replaced':
      return {
        what: `${source === undefined ? '' : `To copy it anew: ${zrep} init --pull --anew ${source} ${dataset}. `}If that was on purpose, have zrep forget it:`,
        line: `${zrep} retire ${dataset}`,
      };
  }
}

/** All of them, each in a line that begins with `word`; behind those that one command is for, the command. */
export function missingLines(word: string, missing: readonly MissingCopy[], tag: Tag, now: number): string[] {
  const groups = new Map<string, string[]>();
  for (const one of missing) {
    const { what, line } = fixFor(one, tag);
    const fix = `${what} ${line}`;
    const said = `${word}: ${one.dataset} is missing: ${sayWhy(one)}; ${saySince(one, now)}`;
    groups.set(fix, [...(groups.get(fix) ?? []), said]);
  }
  return [...groups].flatMap(([fix, lines]) => [...lines, fix]);
}

/** All of it in a clause: why, since when, and the command. */
export function sayMissing(missing: MissingCopy, tag: Tag, now: number): string {
  const { what, line } = fixFor(missing, tag);
  return `${sayWhy(missing)}; ${saySince(missing, now)}. ${what} ${line}`;
}

/** A copy that somebody asks for by name, and that is retired. */
export function sayRetired({ dataset, since }: Omit<RetiredCopy, 'source'>, tag: Tag): string {
  return `${dataset} is retired, since ${sayTime(since)}. To take it into service again: ${zrepFor(tag)} retire --undo ${dataset}`;
}

/** In the zone of who reads it. */
function sayTime(seconds: number): string {
  return strftime('%Y-%m-%d %H:%M', new Date(seconds * 1000)) ?? '';
}
