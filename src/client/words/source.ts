/** Where a file system comes from: the host and the file system in TAG:src-host and TAG:src-fs. Pure. */

import { type Dataset, parseDataset } from '../../zfs/names.ts';

/** A host as ssh takes it, or this one. */
export interface SourceHost {
  /** As zrep has it: `[user@]host`. */
  readonly name: string;
  /** Without ssh: it is this very host, as stock zrep has it. */
  readonly here: boolean;
}

/**
 * `user@host`, of characters that mean nothing to a shell: ssh puts them into a ProxyCommand (CVE-2023-51385), and
 * takes a leading dash for an option.
 */
const HOST = /^(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9][A-Za-z0-9._:%-]*$/;

/** The host that `text` names, seen from the host that zrep calls `local`; undefined when it is none. */
export function parseSourceHost(text: string, local: string): SourceHost | undefined {
  if (text.length > 255 || !HOST.test(text)) return undefined;
  return { name: text, here: text === 'localhost' || text === local };
}

/** HOST:FS, as a person writes it. */
export function parseSource(text: string, local: string): { host: SourceHost; dataset: Dataset } | undefined {
  // The last colon that leaves a dataset behind it: a pool's name can hold none in front of a slash, an address can.
  const slash = text.indexOf('/');
  const colon = text.lastIndexOf(':', slash < 0 ? text.length : slash);
  const host = colon < 0 ? undefined : parseSourceHost(text.slice(0, colon), local);
  const dataset = parseDataset(text.slice(colon + 1));
  return host && dataset ? { host, dataset } : undefined;
}
