/** Which tests run in other Debians: what depends on their sshd, sudo, rsyslog and Node. */

import { parseArgs } from 'node:util';
import { testFiles } from '../test-files.ts';

const RELEASES = ['12', '13', 'forky'] as const;

/** A Debian that lab/debian/build knows. */
export type Release = (typeof RELEASES)[number];

export interface DebianTest {
  /** A program for bash is run in a fresh Debian, beside our Debian package. */
  readonly file: string;
  readonly release: Release;
  /** sudo-rs is the hosts' sudo, in place of the original. */
  readonly sudoRs: boolean;
}

/** What the Debian package does when it is installed, upgraded and purged. */
const PACKAGE = 'test/package/debian.sh';

/** The one file for hosts without Node: it brings all that is different. */
const STANDALONE = 'test/package/standalone.sh';

/** What is different on Debian 12 is Node: these go by every program, and load what they load on need. */
const ON_12 = [
  STANDALONE,
  'test/system/client-refresh.ts',
  'test/system/zrep-expire.ts',
  'test/system/client-doctor.ts',
];

/** Files and folders. Those that take long are first, so that no core waits for one of them at the end. */
const EVERYWHERE = [
  'test/compliance/launcher.ts',
  'test/system/doctor-keys.ts',
  'test/system/granting.ts',
  'test/system/pairing.ts',
  'test/system/audit.ts',
  'test/compliance/zrep-launcher.ts',
  'test/system/doctor.ts',
  'test/system/lab.ts',
  'test/doctor',
  'test/gate/audit',
  'test/gate/authorize.ts',
];

/** Debian 13's programs run them in the guests with OpenZFS, and its Node is of the series that runs them on this machine. */
const NOT_ON_13 = [
  'test/system/session-stream.ts',
  'test/system/session.ts',
  'test/system/stall.ts',
  'test/client/far',
  'test/process',
];

/** In these somebody logs in by way of sudo, or the subject is sudo. */
const BY_SUDO = [
  'test/system/launcher.ts',
  'test/system/doctor-sudo.ts',
  'test/system/operations.ts',
  'test/system/channel.ts',
];

/** Where sudo-rs is of the version that people are to use in sudo's place; Debian 13's is an early one. */
const WITH_SUDO_RS: readonly Release[] = ['forky'];

/**
 * The tests that the words of `npm run test:debian` ask for: lab/debian/test.ts describes them. @throws Error for what cannot be
 * understood, and for a file that is not there.
 */
export function askedFor(words: string[]): DebianTest[] {
  const options = { 'sudo-rs': { type: 'boolean', default: false } } as const;
  const { values, positionals } = parseArgs({ args: words, options, allowPositionals: true });
  const onlySudoRs = values['sudo-rs'];
  const releases = positionals.filter(isRelease);
  if (releases.length === 0) throw new Error(`say on which Debian: ${RELEASES.join(', ')}`);
  const files = positionals.filter((word) => !isRelease(word)).flatMap(testFiles);
  return releases.flatMap((release) => {
    if (files.length > 0) return files.map((file) => ({ file, release, sudoRs: onlySudoRs }));
    return [
      ...(onlySudoRs ? [] : usual(release)),
      ...(onlySudoRs || WITH_SUDO_RS.includes(release) ? bySudoRs(release) : []),
    ];
  });
}

function isRelease(word: string): word is Release {
  return RELEASES.some((release) => release === word);
}

function usual(release: Release): DebianTest[] {
  const parts =
    release === '12' ? ON_12 : [...BY_SUDO, ...EVERYWHERE, ...(release === '13' ? [] : NOT_ON_13)];
  const files = [PACKAGE, ...parts.flatMap(testFiles)];
  return files.map((file) => ({ file, release, sudoRs: false }));
}

function bySudoRs(release: Release): DebianTest[] {
  return BY_SUDO.flatMap(testFiles).map((file) => ({ file, release, sudoRs: true }));
}
