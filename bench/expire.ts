/** What deciding over ten thousand snapshots takes, beside reading what zfs says of them. No ZFS is needed. */

import { decide } from '../src/expire/decide.ts';
import { snapshotsIn } from '../src/expire/from-zfs.ts';
import { readConfiguration } from '../src/expire/read-config.ts';
import type { Configuration } from '../src/expire/schedule.ts';
import { parseListing } from '../src/zfs/state.ts';
import { median, seconds } from './timing.ts';

export interface ExpireResult {
  readonly name: string;
  readonly milliseconds: number;
}

const SNAPSHOTS = 10_000;
const HOUR = 3600;
const NOW = 1_795_389_060;

const SCHEDULES = {
  'by rules': '48 hours : 0 seconds\n15 days : 1 day\n4 weeks : 1 week\n6 months : 1 month\n3 years : 1 year',
  'by the calendar, UTC':
    'every snapshot for 48 hours\ndaily for 15 days\nweekly for 4 weeks\nmonthly for 6 months\nyearly for 3 years',
  'by the calendar, Europe/Berlin':
    'hourly for 48 hours\ndaily for 15 days\nweekly for 4 weeks\nmonthly for 6 months\nyearly for 3 years\ntime zone Europe/Berlin',
};

/** The reading first, to which the others are compared; medians of `rounds`, in turns. */
export async function measureExpire(rounds: number): Promise<readonly ExpireResult[]> {
  const text = listing();
  const read = () => snapshotsIn({ dataset: 'tank/home', listing: parseListing(text), tags: ['zrep'] });
  const snapshots = read();
  const subjects: [string, () => unknown][] = [[`reading what zfs says of ${SNAPSHOTS}`, read]];
  for (const [name, lines] of Object.entries(SCHEDULES)) {
    // With the file read each time: a zone remembers, and a run is a process of its own.
    const decideOnce = () => {
      const { otherwise } = readConfiguration(lines) as Configuration;
      return decide(otherwise, snapshots, { now: NOW, keep: 5, tags: ['zrep'] });
    };
    subjects.push([`deciding over them ${name}`, decideOnce]);
  }
  const times = subjects.map((): number[] => []);
  for (let round = -1; round < rounds; round += 1)
    for (const [index, [, work]] of subjects.entries()) {
      const time = await seconds(async () => work());
      // The first is slower than all others: it is compiled.
      if (round >= 0) times[index]?.push(time * 1000);
    }
  return subjects.map(([name], index) => ({ name, milliseconds: median(times[index] ?? []) }));
}

/** Hourly snapshots, all sent, as `zfs get` tells of them. */
function listing(): string {
  return Array.from({ length: SNAPSHOTS }, (_, index) => {
    const name = `tank/home@zrep_${index.toString(16).padStart(6, '0')}`;
    const creation = NOW - (SNAPSHOTS - index) * HOUR;
    const native = { guid: 1e15 + index, createtxg: 100 + index, creation, userrefs: 0, used: 8192 };
    const lines = Object.entries(native).map(([property, value]) => `${name}\t${property}\t${value}\t-\n`);
    return `${lines.join('')}${name}\tzrep:sent\t${creation + 5}\tlocal\n${name}\tzrep:lastsent\t-\t-\n`;
  }).join('');
}
