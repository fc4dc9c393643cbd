/**
 * What a read can show: an allowlist of properties, and no output that could name an ungranted dataset.
 *
 * Left out on purpose: origin, clones and encryptionroot name other datasets; mountpoint, share and key
 * properties tell of the host; receive_resume_token is a capability; `all` is whatever a later zfs adds.
 */

import type { Get, List, Operation } from '../command/request.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { carvings } from './grants.ts';
import type { Client, Grant } from './policy.ts';
import { grantsThrough } from './recursion.ts';

/** Native properties, with zfs's own short names. docs/policy.md has the same list, and a test compares them. */
export const READABLE_PROPERTIES: ReadonlySet<string> = new Set([
  'name', 'type', 'creation', 'createtxg', 'guid', 'used', 'usedbysnapshots', 'usedbydataset', 'usedbychildren',
  'usedbyrefreservation', 'usedsnap', 'usedds', 'usedchild', 'usedrefreserv', 'available', 'avail', 'referenced',
  'refer', 'logicalused', 'lused', 'logicalreferenced', 'lrefer', 'written', 'compressratio', 'ratio',
  'refcompressratio', 'refratio', 'compression', 'compress', 'recordsize', 'recsize', 'volsize', 'volblocksize',
  'quota', 'refquota', 'reservation', 'reserv', 'refreservation', 'refreserv', 'readonly', 'rdonly', 'mounted',
  'userrefs', 'defer_destroy', 'encryption', 'keystatus', 'checksum', 'copies', 'version',
]); // biome-ignore format: one table

/** zrep's own, behind the tag and its colon. */
export const READABLE_ZREP: ReadonlySet<string> = new Set([
  'master', 'src-host', 'dest-host', 'savecount', 'sent', 'lastsenttime', 'lock-pid', 'lock-time',
]); // biome-ignore format: one table

/** zrep's own whose value is a dataset: inherited, it would name the parent's, so only what is set here. */
export const READABLE_ZREP_LOCALLY: ReadonlySet<string> = new Set(['src-fs', 'dest-fs', 'lastsent']);

/** Undefined when `operation` may be read under `grant`; else why not. Pure. */
export function judgeRead(client: Client, grant: Grant, operation: List | Get): Refusal | undefined {
  if (namesChildren(operation) && !wholeTreeReadable(client, grant, operation))
    return refuse('names-other-datasets');
  // The source column says "inherited from PARENT".
  if (operation.kind === 'get' && operation.fields.includes('source'))
    return refuse('property-not-readable', 'source');
  const asked =
    operation.kind === 'get'
      ? operation.properties
      : [...operation.columns, ...operation.sort.map((key) => key.property)];
  const grants = namesChildren(operation) ? grantsThrough(client, grant, operation.dataset) : [grant];
  const hidden = asked.find((property) => !grants.every((one) => isReadable(property, one, operation)));
  return hidden === undefined ? undefined : refuse('property-not-readable', hidden);
}

function isReadable(property: string, grant: Grant, operation: List | Get): boolean {
  if (READABLE_PROPERTIES.has(property)) return true;
  // One tag can be the beginning of another.
  const names = grant.tags.flatMap((tag) =>
    property.startsWith(`${tag}:`) ? [property.slice(tag.length + 1)] : [],
  );
  if (names.some((name) => READABLE_ZREP.has(name))) return true;
  const onlyLocal =
    operation.kind === 'get' && operation.sources.length > 0 && operation.sources.every(isOwnSource);
  return onlyLocal && names.some((name) => READABLE_ZREP_LOCALLY.has(name));
}

const isOwnSource = (source: string): boolean => source === 'local' || source === 'received';

/** Depth 1 with snapshots only is the dataset's own snapshots; any other depth walks to children. */
export function namesChildren({ depth, types, snapshot }: List | Get): boolean {
  if (depth === 0 || snapshot !== undefined) return false;
  return !(depth === 1 && types.length > 0 && types.every((type) => type === 'snapshot'));
}

function wholeTreeReadable(client: Client, grant: Grant, operation: Operation): boolean {
  return (
    grant.subtree &&
    carvings(client, grant, operation.dataset).every(
      (part) => part.grant?.subtree && part.grant.operations.includes('read'),
    )
  );
}
