/**
 * The other side of a pair, as it tells of itself. Our gate answers one question with all of it; a stock far side, and an older
 * gate, answer `zfs get`. What they say can be hostile: a name that is none is left out, for names end up in lines to copy.
 */

import { type Side, sideOf } from '../../pair/side.ts';
import type { Refused } from '../../pair/source.ts';
import { belowOf, type Tree } from '../../pair/tree.ts';
import { printable } from '../../printable.ts';
import { succeeded } from '../../process/pipeline.ts';
import type { Role } from '../../replication/role.ts';
import { SNAPSHOT_PROPERTIES } from '../../replication/snapshots.ts';
import { isListedName, parseDataset, type Tag } from '../../zfs/names.ts';
import type { Listing, Properties } from '../../zfs/state.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { zrepFor } from '../words/again.ts';
import type { SourceHost } from '../words/source.ts';
import { type Answer, MOST_OF_LISTING, NO_CONNECTION, refusedByGate } from './answer.ts';
import { stateCommand } from './far-commands.ts';
import type { FarSide } from './far-side.ts';
import { sideCommand } from './push-commands.ts';
import { reasonOf } from './ssh-failure.ts';

export type TheirSide = Seen | Unseen;

export interface Seen {
  readonly side: Side;
  /** What is below it, where that was asked, and the host tells. */
  readonly below?: Tree['below'] | undefined;
  /** Why its gate would send nothing now; undefined where it would, or there is none that says so. */
  readonly refused: Refused | undefined;
  /** Our gate's own answer: it can be told where a stream is to begin. */
  readonly isGate: boolean;
  /** Of a copy all that it said, with what is below where that was asked. */
  readonly said?: Said;
}

interface Said {
  readonly listing: Listing;
  /** File systems with names that zrep cannot use; they are not in `listing`. Not for a terminal as they stand. */
  readonly unread: readonly string[];
}

export interface Unseen {
  /** The host answered, and would not tell. */
  readonly isReached: boolean;
  /** Nothing could be pulled, either. */
  readonly isCertain: boolean;
  /** Why: a sentence without its full stop. */
  readonly unseen: string;
  /** What a person can do; lines to run where `on` says, or here. */
  readonly mend: { readonly what: string; readonly lines: readonly string[]; readonly on?: string };
}

/** Asks `host` for `dataset` there, of which the one here is `role`; with an infinite `depth` for all below it as well. */
export async function readTheirSide(
  run: Run,
  host: SourceHost,
  dataset: string,
  role: Role,
  depth = 1,
): Promise<TheirSide> {
  const far = run.far(host);
  try {
    // A copy has no gate that could tell of it.
    if (role === 'source') return await askCopy(run, far, dataset, depth);
    const isTree = !Number.isFinite(depth);
    const told = host.here ? undefined : await askGate(run, far, dataset, isTree);
    if (told === undefined || !('barred' in told)) return told ?? (await askZfs(run, far, dataset, isTree));
    // It may be read all the same.
    const seen = await askZfs(run, far, dataset, isTree);
    return 'side' in seen ? { ...seen, refused: told.barred } : notGranted(host.name, dataset);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return {
      ...{ isReached: false, isCertain: true },
      unseen: error.message.replace(/\.$/, ''),
      mend: {
        what: 'Make it reachable, and look again; or look there:',
        lines: [`${zrepFor(run.settings.tag)} doctor`],
        on: host.name,
      },
    };
  }
}

async function askGate(
  run: Run,
  far: FarSide,
  dataset: string,
  isTree: boolean,
): Promise<TheirSide | { readonly barred: Refused } | undefined> {
  const { settings } = run;
  const answer = await far.ask(stateCommand(settings, dataset, isTree), MOST_OF_LISTING);
  if (answer.code === NO_CONNECTION) return unseen(far.host.name, dataset, answer);
  const code = refusedByGate(answer);
  const barred = code !== undefined && {
    code,
    reason: /refused \([a-z-]+\): (.*)/.exec(reasonOf(answer) ?? '')?.[1] ?? code,
    host: far.host.name,
  };
  // A gate of before takes no -R here.
  if (isTree && code === 'bad-usage') return askGate(run, far, dataset, false);
  if (barred && isTree && code?.startsWith('recursive-')) {
    const alone = await askGate(run, far, dataset, false);
    return alone !== undefined && 'side' in alone ? { ...alone, refused: barred } : alone;
  }
  if (barred && (code === 'operation-not-granted' || code === 'tag-not-granted')) return { barred };
  if (!succeeded(answer) || !answer.output.startsWith('{')) return undefined;
  const { parseState } = await import('./their-state.ts');
  const state = parseState(answer.output, dataset, settings.tag);
  if (state === undefined) return undefined;
  const { listing, refused, isWhole } = state;
  const below = isTree && isWhole ? belowOf(listing, dataset, settings.tag) : undefined;
  return { side: sideOf(listing, dataset, settings.tag), below, refused, isGate: true };
}

async function askZfs(run: Run, far: FarSide, dataset: string, isTree: boolean): Promise<TheirSide> {
  const { tag } = run.settings;
  const { name } = far.host;
  const properties = pairProperties(tag).join(',');
  const get = (words: string) => far.ask(`zfs get -Hp ${words} ${dataset}`, MOST_OF_LISTING);
  const local = await get(`-s local -o name,property,value ${properties}`);
  if (!succeeded(local)) return unseen(name, dataset, local);
  const wanted = ['guid', 'createtxg', 'creation', `${tag}:sent`].join(',');
  const form = `-s local,none -o name,property,value ${wanted}`;
  const reach = isTree ? '-r' : '-r -d 1';
  let snapshots = await get(`${reach} -t snapshot ${form}`);
  // zfs-fuse does not know -t; a gate lets a whole subtree's grant do without.
  if (!succeeded(snapshots) && !refusedByGate(snapshots)) snapshots = await get(`${reach} ${form}`);
  // This client may not read what is below.
  if (!succeeded(snapshots) && isTree && refusedByGate(snapshots)) return askZfs(run, far, dataset, false);
  if (!succeeded(snapshots)) return unseen(name, dataset, snapshots);
  // No gate tells of them to who may read alone, and a zfs that knows none says so: then there are none.
  const bookmarks = await get(`-r -d 1 -t bookmark ${form}`);
  // Only where zfs here knows of encryption.
  const all = isTree ? '-r -t filesystem,volume ' : '';
  const key = run.step.capabilities.has('excludes')
    ? await get(`${all}-o name,property,value keystatus`)
    : undefined;
  // One that has no snapshot as well.
  const types = isTree ? await typesBelow(get) : '';
  const listing = merged(
    parseFar(types ?? '', 'local'),
    parseFar(key && succeeded(key) ? key.output : '', 'local'),
    parseFar(succeeded(bookmarks) ? bookmarks.output : '', 'local'),
    parseFar(snapshots.output, 'local'),
    parseFar(local.output, 'local'),
  );
  // A stock zrep gives numbers by snapshots alone.
  const side = { ...sideOf(listing, dataset, tag), reserved: [] };
  const below = isTree && types !== undefined ? belowOf(listing, dataset, tag) : undefined;
  return { side, below, refused: undefined, isGate: false };
}

/** What all below are, as zfs prints it, where it does. */
async function typesBelow(get: (words: string) => Promise<Answer>): Promise<string | undefined> {
  const form = '-o name,property,value type';
  let types = await get(`-r -t filesystem,volume ${form}`);
  if (!succeeded(types) && !refusedByGate(types)) types = await get(`-r ${form}`);
  return succeeded(types) ? types.output : undefined;
}

function pairProperties(tag: Tag): string[] {
  const names = ['master', 'src-host', 'src-fs', 'dest-host', 'dest-fs', 'savecount', 'lastsent'];
  return names.map((one) => `${tag}:${one}`);
}

/** What not every zfs has: a single name that it does not know, and it names none. */
const NEWER = ['written', 'clones', 'receive_resume_token', 'encryption', 'keystatus'];

/** A copy is asked for everything at once: whether anything was changed on it as well, and what it has by a stream. */
async function askCopy(
  { settings: { tag } }: Run,
  far: FarSide,
  dataset: string,
  depth: number,
): Promise<TheirSide> {
  const known = [...SNAPSHOT_PROPERTIES, 'referenced', 'used', ...pairProperties(tag), `${tag}:sent`];
  const ask = (properties: readonly string[]) =>
    far.ask(sideCommand(properties, dataset, depth), MOST_OF_LISTING);
  let answer = await ask([...known, ...NEWER]);
  if (!succeeded(answer) && answer.message.includes('invalid property')) answer = await ask(known);
  const listing = parseFar(answer.output);
  if (!succeeded(answer) || !listing.has(dataset)) return unseen(far.host.name, dataset, answer);
  const said = { listing, unread: unreadIn(answer.output) };
  return { side: sideOf(listing, dataset, tag), refused: undefined, isGate: false, said };
}

/** Whose rows `parseFar` leaves out for their names. */
function unreadIn(output: string): string[] {
  const rows = output.split('\n').filter((line) => line.split('\t').length > 2);
  const datasets = new Set(rows.map((line) => /^[^\t@#]*/.exec(line)?.[0] ?? ''));
  return [...datasets].filter((name) => parseDataset(name) === undefined);
}

/**
 * What `zfs get -o name,property,value` printed, with `asked` as the source that the command had asked for; without it that is
 * a fourth column. Pure.
 */
export function parseFar(output: string, asked?: 'local'): Listing {
  const listing = new Map<string, Map<string, { value: string; source: string }>>();
  for (const line of output.split('\n')) {
    const [name = '', property = '', value, told = '-'] = line.split('\t');
    const source = asked ?? told;
    if (value === undefined || (parseDataset(name) === undefined && !isListedName(name))) continue;
    if (property === 'guid' && !/^\d{1,20}$/.test(value)) continue;
    const properties = listing.get(name) ?? new Map();
    // What is not set at all, and what is zfs's own, has no source.
    properties.set(property, { value, source: property.includes(':') && value !== '-' ? source : '-' });
    listing.set(name, properties);
  }
  return listing;
}

/** Of several listings one, the later one's word before the earlier one's. Pure. */
export function merged(...listings: readonly Listing[]): Listing {
  const all = new Map<string, Properties>();
  for (const listing of listings) {
    for (const [name, properties] of listing)
      all.set(name, new Map([...(all.get(name) ?? []), ...properties]));
  }
  return all;
}

/** Nothing may be read, and nothing pulled. */
function notGranted(host: string, dataset: string): Unseen {
  return {
    ...{ isReached: true, isCertain: true },
    unseen: `${host} does not let this client pull ${dataset}`,
    mend: {
      what: `In the grant for ${dataset} in its policy, put "pull" among the operations:`,
      lines: ['operations = ["pull", "expire"]'],
      on: host,
    },
  };
}

function unseen(host: string, dataset: string, answer: Answer): Unseen {
  const refused = refusedByGate(answer);
  const said = reasonOf(answer);
  if (refused === 'names-other-datasets')
    return {
      ...{ isReached: true, isCertain: false },
      unseen: `the zfs on ${host} lists snapshots only with what is below, and this client may not read that`,
      mend: { what: `In the grant for ${dataset} in its policy:`, lines: ['subtree = true'], on: host },
    };
  if (refused === 'operation-not-granted' || refused === 'property-not-readable')
    return {
      ...{ isReached: true, isCertain: false },
      unseen: `${host} does not let this client read ${dataset}`,
      mend: {
        what: `In the grant for ${dataset} in its policy, put "read" among the operations:`,
        lines: ['operations = ["pull", "expire", "read"]'],
        on: host,
      },
    };
  const gone = refused === 'not-granted' || answer.message.includes('does not exist');
  if (gone)
    return {
      ...{ isReached: true, isCertain: true },
      unseen: `${host} says that ${dataset} is not there, or not for us`,
      mend: {
        what: 'See whether it is there, by that name, and granted to this client:',
        lines: [`zfs list ${dataset}`],
        on: host,
      },
    };
  const lost = answer.code === NO_CONNECTION || answer.signal !== null;
  return {
    ...{ isReached: !lost, isCertain: lost },
    unseen: `${host} did not answer zfs get: ${printable(said ?? '') || `it ended with ${answer.signal ?? answer.code}`}`,
    mend: {
      what: 'See what it says to this, from here:',
      lines: [`ssh ${host} zfs get -Hp guid ${dataset}`],
    },
  };
}
