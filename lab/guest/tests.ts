/** Which system tests run in guests with OpenZFS, and on which. */

import { basename } from 'node:path';
import { testFiles } from '../test-files.ts';
import type { GuestTest } from './run-tests.ts';

/**
 * What these look at is sshd, sudo, syslog, the policy or the lab itself, and the same on every ZFS; and client-at-once.ts wants
 * more than a guest's one core.
 */
const NOT_IN_GUESTS = [
  'attacks',
  'audit',
  'channel',
  'client-at-once',
  'doctor',
  'doctor-host',
  'doctor-keys',
  'doctor-sudo',
  'granting',
  'granting-beside',
  'lab',
  'launcher',
  'operations',
  'pairing-hostile',
  'policy',
  'revoking',
];

/**
 * Guests have a kernel that does not name what a process waits in; this machine's does. On a full pool zfs-fuse sets no property, and
 * it receives onto fewer copies than OpenZFS. What is in the way of an increment has other words from every zfs.
 */
const HERE_TOO = [
  'client-histories',
  'client-obstacles',
  'client-obstacles-both',
  'client-obstacles-there',
  'full-pool',
  'stall',
];

/** How zfs receives, resumes, sends raw and delegates, and what it says of a copy: where 2.3 and 2.4 may differ, as far as is known. */
const ON_EVERY_SERIES = [
  'allow',
  'client-bookmarks',
  'client-doctor-partial',
  'client-hostile',
  'programs',
  'client-obstacles',
  'client-obstacles-both',
  'client-obstacles-there',
  'client-sync-obstacles',
  'raw',
  'resume',
];

/** These take longest. They are begun first, so that no core waits for one of them at the end. */
const LONG = [
  'client-recursive-base',
  'client-missing',
  'client-cut',
  'client-base',
  'client-doctor-snapshots',
  'client-anew',
  'client-doctor-settings',
  'client-tells',
  'client-bookmarks',
  'client-obstacles-both',
  'client-force',
  'client-begin',
  'client-histories',
  'client-sync-marks',
];

/** Whether a test file need not run on this machine, if there are guests. */
export function runsOnlyInGuests(file: string): boolean {
  return runsInGuests(file) && !HERE_TOO.includes(nameOf(file));
}

/** All that runs in guests: on OpenZFS 2.4 all of it, on 2.3 what is on every series. @throws Error for a name that no file has. */
export function guestTests(): GuestTest[] {
  const files = testFiles('test/system');
  const names = files.map(nameOf);
  const unknown = [NOT_IN_GUESTS, HERE_TOO, ON_EVERY_SERIES, LONG]
    .flat()
    .filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new Error(`lab/guest/tests.ts names what is not in test/system: ${unknown.join(', ')}`);
  const onAll = files.filter(runsInGuests).map((file): GuestTest => ({ file, zfs: '2.4' }));
  const onOld = files
    .filter((file) => ON_EVERY_SERIES.includes(nameOf(file)))
    .map((file): GuestTest => ({ file, zfs: '2.3' }));
  const isLong = ({ file }: GuestTest) => LONG.includes(nameOf(file));
  const long = LONG.flatMap((name) => onAll.filter(({ file }) => nameOf(file) === name));
  return [...long, ...onAll.filter((test) => !isLong(test)), ...onOld];
}

function runsInGuests(file: string): boolean {
  return file.includes('test/system/') && !NOT_IN_GUESTS.includes(nameOf(file));
}

function nameOf(file: string): string {
  return basename(file, '.ts');
}
