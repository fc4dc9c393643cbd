/** What a new grant takes the place of: only the most specific one decides, and it has nothing of the wider one. Pure. */

import { parseSpan } from '../../policy/amounts.ts';
import { covers } from '../../policy/grants.ts';
import type { DatasetLimits } from '../../policy/limits.ts';
import type { Client, Grant } from '../../policy/policy.ts';
import { isBelow } from '../../zfs/names.ts';

/** Sentences, some with lines of a policy below them, on `added`, a new grant among the client's; `name` is the client's. */
export function widerGrantWarnings({ grants }: Pick<Client, 'grants'>, name: string, added: Grant): string[] {
  const { dataset } = added;
  const [wider] = grants
    .filter((one) => one !== added && one.subtree && isBelow(dataset, one.dataset))
    .sort((a, b) => b.dataset.length - a.dataset.length);
  if (wider === undefined) return [];
  if (wider.except.some((excepted) => covers(excepted, dataset)))
    return [
      `the policy excepts ${dataset} from the grant for ${wider.dataset}: until now "${name}" gets nothing of it.`,
    ];
  const more = added.operations.filter((one) => !wider.operations.includes(one));
  const kept = added.operations.filter((one) => wider.operations.includes(one));
  const flag = kept.length > 0 ? ` To leave that out: --operations ${kept.join(',')}.` : '';
  const widened = more.length > 0 ? ` It does not allow ${more.join(', ')}.${flag}` : '';
  const trees = wider.recursive
    ? ` zrep -R on ${wider.dataset} then needs recursive = true in the new grant, too.`
    : '';
  const lines = lostLines(wider, added);
  return [
    `until now the grant for ${wider.dataset} decides for ${dataset} (operations: ${wider.operations.join(', ')}). The new one decides alone.${widened}${trees}`,
    ...(lines.length > 0
      ? [
          `the grant for ${wider.dataset} protects ${dataset} by what the new one does not have. To keep that, write the new one into the policy yourself, with:\n${lines.map((line) => `    ${line}`).join('\n')}`,
        ]
      : []),
  ];
}

/** What the wider grant has and `added` lacks, as it stands in a policy. */
function lostLines(wider: Grant, added: Grant): string[] {
  const [was, now] = [wider.limits, added.limits];
  const isRaw = wider.raw !== 'optional' && added.raw !== wider.raw;
  const atMost = (key: 'streamsPerDataset' | 'snapshotsPerHour' | 'snapshots' | 'stallSeconds') =>
    now[key] > was[key] ? [`${NAMES[key]} = ${was[key]}`] : [];
  return [
    ...(isRaw ? [`raw = "${wider.raw}"`] : []),
    ...(now.keepAtLeast < was.keepAtLeast ? [`keep-at-least = ${was.keepAtLeast}`] : []),
    ...(now.keepFor < was.keepFor ? [`keep-for = "${span(was.keepFor)}"`] : []),
    ...(was.bookmarks && !now.bookmarks ? ['bookmarks = true'] : []),
    ...(now.freeSpace.text === was.freeSpace.text ? [] : [`free-space = "${was.freeSpace.text}"`]),
    ...atMost('snapshots'),
    ...atMost('snapshotsPerHour'),
    ...atMost('streamsPerDataset'),
    ...atMost('stallSeconds'),
  ];
}

const NAMES = {
  streamsPerDataset: 'streams-per-dataset',
  snapshotsPerHour: 'snapshots-per-hour',
  snapshots: 'snapshots',
  stallSeconds: 'stall-seconds',
} satisfies Partial<Record<keyof DatasetLimits, string>>;

/** Seconds as a policy has them, in the largest unit that leaves no rest; weeks are seldom meant. */
function span(seconds: number): string {
  const units = ['days', 'hours', 'minutes', 'seconds'];
  const fitting = units.find((unit) => seconds % (parseSpan(`1 ${unit}`) ?? 1) === 0) ?? 'seconds';
  return `${seconds / (parseSpan(`1 ${fitting}`) ?? 1)} ${fitting}`;
}
