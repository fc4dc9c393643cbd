/** zrep as it was called, for a command that somebody is to type. Pure. */

import type { Tag } from '../../zfs/names.ts';
import type { Settings } from './settings.ts';

/** `zrep -R -t offsite`: the switches that another command on the pair needs as well. */
export function zrepAgain({ tag, recursive }: Pick<Settings, 'tag' | 'recursive'>): string {
  return ['zrep', ...(recursive ? ['-R'] : []), ...(tag === 'zrep' ? [] : ['-t', tag])].join(' ');
}

/** `zrep -t offsite`: for a command that goes by no other switch. */
export function zrepFor(tag: Tag): string {
  return tag === 'zrep' ? 'zrep' : `zrep -t ${tag}`;
}

/** `zrep -R init --pull root@fileserver:tank/home vault/home`, with `options` behind --pull. */
export function initPullLine(
  settings: Pick<Settings, 'tag' | 'recursive'>,
  {
    host,
    source,
    destination,
  }: { readonly host: string; readonly source: string; readonly destination: string },
  options: readonly string[] = [],
): string {
  const words = ['init', '--pull', ...options, `${host}:${source}`, destination];
  return [zrepAgain(settings), ...words].join(' ');
}
