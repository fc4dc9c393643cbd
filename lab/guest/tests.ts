/** Which system tests are for a guest with OpenZFS. */

import { basename } from 'node:path';
import { testFiles } from '../test-files.ts';
import type { GuestTest } from './run-tests.ts';

/**
 * What these look at is sshd, sudo, syslog, the policy or the lab itself, and the same on every ZFS. client-at-once.ts wants more
 * than a guest's one core, and stall.ts could not run in a guest: its kernel does not tell in what a process waits, so that a
 * writer whose pipe is full looks like any other.
 */
const NOT_OF_ZFS = [
  'attacks',
  'audit',
  'channel',
  'client-at-once',
  'doctor',
  'doctor-host',
  'doctor-keys',
  'doctor-sudo',
  'lab',
  'launcher',
  'operations',
  'policy',
  'stall',
];

/** What depends on how zfs receives, resumes and delegates, which changed between the series. */
const ON_EVERY_SERIES = [
  'allow',
  'client-doctor-partial',
  'client-hostile',
  'client-recursive',
  'flags',
  'raw',
  'resume',
  'resume-token',
];

/** The first file that is begun should not be the one that takes longest: these are begun first. */
const LONG = [
  'client-doctor-settings',
  'client-doctor-snapshots',
  'client-sync-marks',
  'client-refresh',
  'client-cut',
];

/** Whether a test file has to do with ZFS, so that it is run on OpenZFS where there is a guest. */
export function isOfZfs(file: string): boolean {
  return file.includes('test/system/') && !NOT_OF_ZFS.includes(basename(file, '.ts'));
}

/** What is run in guests: all of it on OpenZFS 2.4, and what can differ on 2.3, too. Those that take long come first. */
export function guestTests(): GuestTest[] {
  const files = testFiles('test/system').filter(isOfZfs);
  const all = [
    ...files.map((file): GuestTest => ({ file, zfs: '2.4' })),
    ...files
      .filter((file) => ON_EVERY_SERIES.includes(basename(file, '.ts')))
      .map((file): GuestTest => ({ file, zfs: '2.3' })),
  ];
  const isLong = ({ file }: GuestTest) => LONG.includes(basename(file, '.ts'));
  return [...all.filter(isLong), ...all.filter((test) => !isLong(test))];
}
