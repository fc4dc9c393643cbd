/**
 * Everything that the doctor of pairs can find: one closed set of codes, with how bad each is and why it matters.
 * docs/doctor-pairs.md has the same list, and a test compares them.
 */

import { error, type Kind, NOT_LOOKED, note, warning } from '../../severity.ts';

const CONFIGURATION = {
  'no-such-dataset': error('What is not there cannot be refreshed.'),
  'not-a-pair': error('zrep does nothing with it.'),
  'configuration-inherited': error(
    'These are the settings of the pair above it: zrep does not take it for a pair, and refreshes the one above alone.',
  ),
  'configuration-incomplete': error('zrep finds a pair, and its other side, by these properties alone.'),
  'configuration-unusable': error('zrep hands it to ssh and zfs, and refuses what could be an option there.'),
  'copy-renamed': warning('zrep refresh all passes over a copy whose dest-fs is another file system.'),
  'role-unclear': warning(
    'zrep does not touch it: what is right for one side of a pair destroys data on the other.',
  ),
  'other-pair': error(
    "Two copies that are refreshed under one tag take each other's marks away: at some time neither has a base.",
  ),
  'savecount-wrong': error('Nothing expires, until the pool is full.'),
} satisfies Record<string, Kind>;

const HERE = {
  'pool-missing': error('A copy that is not here is not refreshed, and nothing can be restored from it.'),
  'copy-missing': error('A copy that is not here is not refreshed, and nothing can be restored from it.'),
  'set-up-unfinished': error('There is no copy yet, and the source keeps a snapshot for it.'),
  'copy-unconfigured': error('zrep does not know any more that it is a copy, and does not refresh it.'),
  'copy-retired': note('Nothing refreshes it, nothing is destroyed on it, and no monitoring looks at it.'),
  'record-unusable': warning('By this file zrep misses copies that are not here any more.'),
} satisfies Record<string, Kind>;

const MASTER = {
  'two-masters': error(
    'Both sides are written to, or could be, and neither takes what the other has (split brain).',
  ),
  'copy-is-master': error('A copy that is marked as the master is not refreshed.'),
  'no-master': error('A source that is not marked as the master is not pulled from.'),
  'source-unconfigured': error('Without them it is no source, and nothing is sent.'),
  'source-received': error('Nobody has made it the source on this host, so nothing is sent.'),
  'source-renamed': error('It is taken for the source on another host, and nothing is sent.'),
  'refused-there': error('Nothing is sent as long as it does.'),
} satisfies Record<string, Kind>;

const SNAPSHOTS = {
  'first-stream': error('An increment needs a snapshot that both sides have.'),
  'no-common-snapshot': error('An increment needs a snapshot that both sides have.'),
  parted: error('zfs receive overwrites no snapshot, and no changes.'),
  'newer-snapshots': error('zfs receive overwrites no changes since the common snapshot.'),
  'name-taken': error('zfs receive overwrites no snapshot.'),
  'blocked-below': error('zfs receive stops at the first file system below that it cannot take.'),
  'base-destroyed': error('zfs receive takes what came with a destroyed snapshot for changes of the copy.'),
  'names-diverge': warning(
    'A stream that carries it under the other name can be refused, or brings it a second time.',
  ),
  'mark-missing': warning(
    'It was received, and its completion lost. A stock zrep begins with an older one, and fails; this one goes by what both sides have.',
  ),
  'mark-missing-here': warning('Expiring here does not know that the next refresh needs it.'),
  'mark-wrong': warning('A stock zrep begins with it, and fails; this one goes by what both sides have.'),
  'mark-differs': warning('The two sides tell different times of the last refresh.'),
  'mark-nonsense': warning('zrep status reads from it when the last refresh was.'),
  'never-marked': warning(
    'A stock zrep has nothing to begin with; this one needs a common snapshot, and the copy was not seen.',
  ),
} satisfies Record<string, Kind>;

const STATE = {
  'copy-modified': error('zfs receive overwrites no changes since the common snapshot.'),
  'copy-writable': warning('Whatever changes it, be it a look that updates an atime, ends its refreshes.'),
  'copy-mountpoint': warning('At the next boot, or now, it lies over what this host has there.'),
  'partial-receive': warning('zrep refresh resumes it; a stock zrep cannot refresh until it is gone.'),
  'partial-receive-dead': warning('Nothing can resume it, and it takes up room.'),
  'key-not-loaded': error('zfs send of an encrypted file system needs its key, unless the stream is raw.'),
  'copy-key-not-loaded': error('zfs receive encrypts what comes with the key of the copy.'),
  'lock-stale': warning(
    'The next zrep takes it over; but a stock one waits for ever when the number belongs to another process by then.',
  ),
  'at-work': note('What changes just now was not judged.'),
  'clock-skew': warning('Marks tell the wrong time, and zrep-gate refuses one that is a day ahead.'),
  'global-lock-stale': warning(
    'This zrep breaks it when it needs it, but a stock one gives up after ten seconds, each time.',
  ),
  'global-lock-unreadable': error('Nobody can tell whether its holder lives, so every zrep here gives up.'),
  'not-backed-up': warning('If it is lost, it is lost: this host may pull it, and does not.'),
  'not-looked': NOT_LOOKED,
} satisfies Record<string, Kind>;

export const CODES = { ...CONFIGURATION, ...HERE, ...MASTER, ...SNAPSHOTS, ...STATE };

export type Code = keyof typeof CODES;
