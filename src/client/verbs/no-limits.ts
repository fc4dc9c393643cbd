/** Limits that limit nothing, for the steps that have some: a zrep that somebody runs by themselves has none. */

import type { DatasetLimits } from '../../policy/limits.ts';

export const NO_LIMITS: DatasetLimits = {
  ...{ streamsPerDataset: Number.POSITIVE_INFINITY, snapshotsPerHour: Number.POSITIVE_INFINITY },
  snapshots: Number.POSITIVE_INFINITY,
  freeSpace: { text: '0%', part: 0 },
  // As long as a timer can be: 200 days.
  stallSeconds: 200 * 86_400,
  ...{ keepAtLeast: 1, keepFor: 0, bookmarks: true },
};
