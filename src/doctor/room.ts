/** Whether the gate would refuse a new snapshot: the room in each pool, and the snapshots there are, against the grants. */

import { leaves } from '../policy/amounts.ts';
import { findGrant, findGrantBelow } from '../policy/grants.ts';
import { fillsByFloor } from '../policy/limits.ts';
import { makesSnapshots } from '../policy/operations.ts';
import type { Client, Grant, Policy } from '../policy/policy.ts';
import { succeeded } from '../process/pipeline.ts';
import { askForRoom, type Room } from '../replication/limits.ts';
import { isTagged } from '../replication/snapshots.ts';
import { ZfsFailed } from '../replication/step.ts';
import { listArgv } from '../zfs/argv.ts';
import type { Zfs } from '../zfs/run.ts';
import { type Finding, finding, unique } from './findings.ts';
import { grantsOf, type PlacedGrant } from './grants.ts';
import { zfsOf } from './zfs.ts';

/** Asks zfs of every grant of the clients in `names` by which snapshots are made. What it does not answer is told elsewhere. */
export async function lookAtRoom(
  policy: Policy,
  path: string,
  names: ReadonlySet<string>,
): Promise<Finding[]> {
  const zfs = zfsOf(policy);
  const findings: Finding[] = [];
  for (const { client, grant, where } of makingGrants(policy, path, names)) {
    findings.push(
      ...judgeRoom(await roomFor(zfs, grant), grant),
      ...judgeNumbers(await snapshotsOf(zfs, grant), client, grant, where),
    );
  }
  return unique(findings);
}

/** What no zfs need be asked for: limits that expiring cannot keep. */
export function judgeFloors(policy: Policy, path: string, names: ReadonlySet<string>): Finding[] {
  return makingGrants(policy, path, names).flatMap(({ grant, where }) => judgeFloor(grant, where));
}

/** The grants by which snapshots are made. */
function makingGrants(policy: Policy, path: string, names: ReadonlySet<string>): PlacedGrant[] {
  return grantsOf(policy, path, names).filter(({ grant }) => makesSnapshots(grant));
}

async function roomFor(zfs: Zfs, { dataset }: Grant): Promise<Room | undefined> {
  try {
    return await askForRoom({ zfs }, dataset)();
  } catch (error) {
    if (error instanceof ZfsFailed) return undefined;
    throw error;
  }
}

/** The names of the snapshots that the grant could be about. */
async function snapshotsOf(zfs: Zfs, { dataset, subtree, recursive }: Grant): Promise<string[]> {
  const depth = subtree || recursive ? Number.POSITIVE_INFINITY : 1;
  const request = { dataset, snapshot: undefined, scripted: true, parsable: false, depth };
  const { output, ...ended } = await zfs.ask(
    listArgv({ ...request, types: ['snapshot'], columns: ['name'], sort: [] }),
  );
  return succeeded(ended) ? output.split('\n').filter((line) => line !== '') : [];
}

function judgeFloor({ limits }: Grant, where: string): Finding[] {
  if (!fillsByFloor(limits)) return [];
  const { snapshots, keepAtLeast } = limits;
  return [
    finding(
      'limit-below-floor',
      where,
      `snapshots = ${snapshots} is not more than keep-at-least = ${keepAtLeast}`,
      'Raise it in the grant:',
      `snapshots = ${2 * keepAtLeast}`,
    ),
  ];
}

function judgeRoom(room: Room | undefined, { limits: { freeSpace } }: Grant): Finding[] {
  if (room === undefined || leaves(room.free, room.size, freeSpace)) return [];
  const { pool, free, size } = room;
  return [
    finding(
      'pool-under-free-space',
      `pool ${pool}`,
      `has ${gibibytes(free)} free of ${gibibytes(size)}, less than free-space = "${freeSpace.text}"`,
      'See what uses the space:',
      `zfs list -r -o space ${pool}`,
    ),
  ];
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}

function judgeNumbers(names: readonly string[], client: Client, grant: Grant, where: string): Finding[] {
  const { snapshots: most } = grant.limits;
  return grant.tags.flatMap((tag) => {
    const counts = new Map<string, number>();
    for (const name of names) {
      const [dataset = '', snapshot = ''] = name.split('@');
      if (isTagged(snapshot, tag)) counts.set(dataset, (counts.get(dataset) ?? 0) + 1);
    }
    return [...counts]
      .filter(([dataset, count]) => count >= most && speaksFor(client, grant, dataset))
      .map(([dataset, count]) =>
        finding(
          'snapshots-at-limit',
          where,
          `${dataset} has ${count} snapshots of the tag ${tag}, and snapshots = ${most}`,
          'Raise it in the grant, or keep fewer (savecount, keep-at-least, keep-for):',
          `snapshots = ${2 * count}`,
        ),
      );
  });
}

/** Where no grant speaks for what is below, that of the dataset itself does, if it is recursive. */
function speaksFor(client: Client, grant: Grant, dataset: string): boolean {
  const own = findGrant(client, dataset);
  if (own !== undefined || grant.subtree) return own === grant;
  return grant.recursive && findGrantBelow(client, grant, grant.dataset) === grant;
}
