/** File systems that the gate on the fileserver would let this host back up, and of which there is no copy here. */

import { succeeded } from '../../process/pipeline.ts';
import { isBelow, parseDataset, type Tag } from '../../zfs/names.ts';
import { type Listing, ownValue } from '../../zfs/state.ts';
import { readRecordFile } from '../copies/record-file.ts';
import { MOST_OF_LISTING } from '../far/answer.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { zrepFor } from '../words/again.ts';
import { parseSource, type SourceHost } from '../words/source.ts';
import { byHand, type Finding, finding } from './finding.ts';
import type { Scene } from './scene.ts';

/** A pair that was seen, whose copy is here. */
export interface Pulled {
  readonly source: string;
  readonly copy: string;
}

/** One of a host's file systems, and whether there is more in it than hardly anything. */
export interface Listed {
  readonly name: string;
  readonly isFull: boolean;
}

/** Asks each gate that has sources of copies here; `listing` has every file system of this host. One that may not tell is passed over. */
export async function lookAtUncovered(
  run: Run,
  listing: Listing,
  scenes: readonly Scene[],
): Promise<Finding[]> {
  const hosts = new Map<string, { host: SourceHost; pulled: Pulled[] }>();
  for (const { role, peer, there, dataset } of scenes) {
    if (role !== 'copy' || peer === undefined || !('side' in there) || !there.isGate) continue;
    const known = hosts.get(peer.host.name) ?? { host: peer.host, pulled: [] };
    known.pulled.push({ source: peer.dataset, copy: dataset });
    hosts.set(peer.host.name, known);
  }
  const known = otherSources(run, listing);
  const findings: Finding[] = [];
  for (const { host, pulled } of hosts.values()) {
    const found = uncovered(await listThere(run, host, pulled), pulled, (name) => listing.has(name));
    const news = found.filter((name) => !known.has(name));
    findings.push(...news.map((name) => tell(name, host, pulled, run.settings.tag)));
  }
  return findings;
}

/** The sources of copies that are retired or missing, which other findings are about. */
function otherSources({ settings }: Run, listing: Listing): Set<string> {
  const own = [...listing.values()].map((one) => ownValue(one, `${settings.tag}:src-fs`) ?? '');
  const recorded = readRecordFile(settings).records.copies.map(
    ({ source }) => parseSource(source, '')?.dataset ?? '',
  );
  return new Set([...own, ...recorded]);
}

/** What lies beside and below the sources; where nobody may list what is beside, what is below. */
async function listThere(run: Run, host: SourceHost, pulled: readonly Pulled[]): Promise<Listed[]> {
  const far = run.far(host);
  const found = new Map<string, Listed>();
  const list = async (dataset: string): Promise<boolean> => {
    if (found.has(dataset)) return true;
    const command = `zfs list -H -r -t filesystem,volume -o name,referenced ${dataset}`;
    const answer = await far.ask(command, MOST_OF_LISTING);
    if (!succeeded(answer)) return false;
    for (const one of parseList(answer.output)) found.set(one.name, one);
    return true;
  };
  try {
    for (const { source } of pulled) {
      const parent = source.slice(0, Math.max(source.lastIndexOf('/'), 0));
      if ((parent === '' || !(await list(parent))) && !(await list(source))) break;
    }
  } catch (error) {
    // The look at the pairs reports a host that is gone meanwhile.
    if (!(error instanceof Failure)) throw error;
  }
  return [...found.values()];
}

/** Lines of NAME and a size such as `31K`: what is less than a mebibyte only holds others together. */
export function parseList(output: string): Listed[] {
  return output.split('\n').flatMap((line) => {
    const [name = '', size = ''] = line.split('\t');
    return parseDataset(name) === undefined ? [] : [{ name, isFull: /[MGTPEZ]$/.test(size) }];
  });
}

/**
 * Those of `listed` that are the source of no copy here, and did not come along with one above. One that is nearly empty and lies
 * above a source only holds it.
 */
export function uncovered(
  listed: readonly Listed[],
  pulled: readonly Pulled[],
  isHere: (dataset: string) => boolean,
): string[] {
  const isCovered = (name: string) =>
    pulled.some(
      ({ source, copy }) =>
        name === source || (isBelow(name, source) && isHere(copy + name.slice(source.length))),
    );
  const holdsOthers = ({ name, isFull }: Listed) =>
    !isFull && pulled.some(({ source }) => isBelow(source, name));
  return listed.filter((one) => !isCovered(one.name) && !holdsOthers(one)).map(({ name }) => name);
}

function tell(name: string, host: SourceHost, pulled: readonly Pulled[], tag: Tag): Finding {
  const beside = pulled[0]?.copy ?? '';
  // A copy that is a pool has its neighbours below it.
  const parent = beside.includes('/') ? beside.slice(0, beside.lastIndexOf('/')) : beside;
  const copy = `${parent}/${name.slice(name.lastIndexOf('/') + 1)}`;
  return finding(
    'not-backed-up',
    `${host.name}:${name}`,
    'it is granted to this host, and there is no copy of it here',
    byHand(
      `To begin one (its grant needs "init"); or except it in the policy on ${host.name} (except = ["${name}"]):`,
      [`${zrepFor(tag)} init --pull ${host.name}:${name} ${copy}`],
    ),
  );
}
