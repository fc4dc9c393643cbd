/** Copies that were refreshed on this host and are not here now, and those that were retired: what is told of no pair. Pure. */

import type { Untrusted } from '../../policy/ownership.ts';
import type { Tag } from '../../zfs/names.ts';
import type { MissingCopy } from '../copies/find-missing.ts';
import type { RetiredCopy } from '../copies/retirement.ts';
import { fixFor, saySince, sayWhy } from '../copies/say-missing.ts';
import { sayAge } from '../look/ages.ts';
import { zrepFor } from '../words/again.ts';
import { parseSource } from '../words/source.ts';
import type { Code } from './codes.ts';
import { byHand, type Finding, finding, type Mend } from './finding.ts';

/** One that has another name now is looked at as a pair, and told of there: by its new name. */
const CODE: Readonly<Record<Exclude<MissingCopy['why'], 'renamed'>, Code>> = {
  begun: 'set-up-unfinished',
  'no-pool': 'pool-missing',
  destroyed: 'copy-missing',
  replaced: 'copy-missing',
  'no-role': 'copy-unconfigured',
};

export function diagnoseMissing(missing: readonly MissingCopy[], tag: Tag, now: number): Finding[] {
  return missing.flatMap((one) => {
    if (one.why === 'renamed') return [];
    const what = `${sayWhy(one)}; ${saySince(one, now)}`;
    return [finding(CODE[one.why], one.dataset, what, mendOf(one, tag))];
  });
}

function mendOf(missing: MissingCopy, tag: Tag): Mend {
  const { what, line } = fixFor(missing, tag);
  const { dataset, why } = missing;
  if (why === 'begun' && missing.anew) return byHand(what, [line]);
  if (why === 'begun') {
    const undo = line.replace(' --pull ', ' --pull --undo ');
    return byHand('Run the first line to complete it, or the second to take it back:', [line, undo]);
  }
  if (why === 'no-pool') return byHand('Import it; zpool import alone lists what there is:', [line]);
  if (why === 'no-role')
    return byHand('If it is to be refreshed, say where it comes from; if not, have zrep forget it:', [
      line,
      `${zrepFor(tag)} retire ${dataset}`,
    ]);
  const source = parseSource(missing.source ?? '', '');
  if (source === undefined) return byHand(what, [line]);
  const { host } = source;
  return byHand(
    'If that was on purpose, the first line has zrep forget it. If not, the second line copies it anew:',
    [line, `${zrepFor(tag)} init --pull --anew ${host.name}:${source.dataset} ${dataset}`],
  );
}

export function diagnoseRetired({ dataset, since, source }: RetiredCopy, tag: Tag, now: number): Finding {
  const what = `it is retired, since ${sayAge(now - since)}; before, it was the copy of ${source}`;
  const undo = byHand('To take it into service again:', [`${zrepFor(tag)} retire --undo ${dataset}`]);
  return finding('copy-retired', dataset, what, undo);
}

/** The record of copies itself. */
export function diagnoseRecord(path: string, { problem, remedy }: Untrusted): Finding {
  return finding(
    'record-unusable',
    path,
    problem,
    byHand('Run this; the next refresh writes it anew:', [remedy]),
  );
}
