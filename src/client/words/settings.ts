/**
 * What zrep runs with: variables (environment and /etc/default/zrep) and switches, checked and typed. Pure, but for
 * what `thisMachine` looks up.
 *
 * Stock zrep hands these texts to a shell. Here they are words: none is run, expanded or cut by anything but
 * command/lex.ts, and what would need a shell is refused with the form to write instead. As with stock, a variable that
 * is set but empty is as good as unset.
 */

import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { quote } from '../../printable.ts';
import { parseSavecount } from '../../replication/snapshots.ts';
import { parseTag, type Tag } from '../../zfs/names.ts';
import { UsageError } from './usage-error.ts';
import {
  readAbsolutePath,
  readCommand,
  readDuration,
  readFlags,
  readLine,
  readProperties,
  readStages,
  readSwitch,
  readWords,
} from './variable-texts.ts';

export interface Settings {
  /** ZREPTAG, -t. */
  readonly tag: Tag;
  /** ZREP_PATH, as it goes on the wire; with a tag other than zrep `-t TAG` is behind it. */
  readonly zrepPath: string;
  /** SSH: the program and its options. */
  readonly ssh: readonly string[];
  /** ZREP_R=-R, -R. */
  readonly recursive: boolean;
  /** DEBUG, -D. */
  readonly debug: boolean;
  /** ZREP_FORCE=-f, -f. */
  readonly force: boolean;
  /** ZREP_VERBOSE, -v. */
  readonly verbose: boolean;
  /** ZREP_RESUME, -r. */
  readonly resume: boolean;
  /** ZREP_OUTFILTER, as it goes on the wire: what the far side sends its stream through. */
  readonly outFilter: string | undefined;
  /** ZREP_INFILTER: what the stream goes through here. */
  readonly inFilter: readonly (readonly string[])[];
  /** ZREP_INC_FLAG; zrep's own tag ships every snapshot in between. */
  readonly incrementFlag: '-i' | '-I';
  /** ZREP_SEND_FLAGS. */
  readonly sendFlags: readonly string[];
  /** ZREP_RESUME_FLAGS. */
  readonly resumeFlags: readonly string[];
  /** ZREP_SKIP_EXPIRE. */
  readonly skipExpire: boolean;
  /** What zrep calls this host: ZREP_SRC_HOST, or `uname -n` up to the first dot. */
  readonly hostName: string;
  /** ZREP_RUNDIR: the folder of the global lock. */
  readonly rundir: string;
  /** ZREP_STATEDIR: the folder of what zrep remembers of its copies. */
  readonly statedir: string;
  /** Whether it is written to: by root, and by whoever names a folder. */
  readonly remembers: boolean;
  /** ZREP_SAVE_COUNT: what `init` writes to TAG:savecount. */
  readonly saveCount: number;
  /** Whether ZREP_SAVE_COUNT was set at all. */
  readonly saveCountGiven: boolean;
  /** ZREP_CREATE_FLAGS. */
  readonly createFlags: readonly string[];
  /** ZREP_INIT_REMOTE_PROPERTIES: `name=value` each. */
  readonly initRemoteProperties: readonly string[];
  /** ZREP_RENAME_UNSENT, `yes` unless said otherwise. */
  readonly renameUnsent: boolean;
  /** ZREP_CHANGEDONLY. */
  readonly changedOnly: boolean;
  /** ZREP_DATEFORMAT, for strftime(3). */
  readonly dateFormat: string;
  /** ZREP_WAIT, --wait: how long the verbs that have --wait wait for what is busy, each time. */
  readonly waitSeconds: number;
  /** Absolute path of zfs: ZREP_ZFS, or where this machine has it. */
  readonly zfs: string;
}

/** What a command line says to the settings; it speaks louder than any variable. */
export interface Switches {
  /** -t TAG. */
  readonly tag?: string;
  /** -R. */
  readonly recursive?: boolean;
  /** -D. */
  readonly debug?: boolean;
  /** -f. */
  readonly force?: boolean;
  /** -v. */
  readonly verbose?: boolean;
  /** -r. */
  readonly resume?: boolean;
  /** --wait T, of the verbs that have it. */
  readonly wait?: string;
}

export type Variables = Readonly<Record<string, string | undefined>>;

/** Of this machine and process, what defaults depend on. */
export interface Machine {
  /** `uname -n`. */
  readonly nodeName: string;
  readonly root: boolean;
  /** Where zfs is; undefined where it is not installed. */
  readonly zfs: string | undefined;
}

const ZFS_PLACES = ['/usr/sbin/zfs', '/sbin/zfs', '/usr/local/sbin/zfs'];

export function thisMachine(): Machine {
  return {
    nodeName: hostname(),
    root: process.geteuid?.() === 0,
    zfs: ZFS_PLACES.find((place) => existsSync(place)),
  };
}

/**
 * The settings, and warnings for a person.
 *
 * @throws UsageError when one of `variables` or `switches` makes no sense.
 */
export function readSettings(
  variables: Variables,
  switches: Switches,
  machine: Machine = thisMachine(),
): { settings: Settings; warnings: readonly string[] } {
  const text = (name: string) => variables[name] || undefined;
  const isSet = (name: string) => text(name) !== undefined;
  if (isSet('BBCP'))
    throw new UsageError(
      'BBCP is set, but this zrep streams through ssh alone, since no gatekeeper can tell what bbcp does; unset BBCP, also in /etc/default/zrep, and use ZREP_OUTFILTER and ZREP_INFILTER (mbuffer, lz4) for speed',
    );
  const tag = readTag(
    switches.tag ?? text('ZREPTAG') ?? 'zrep',
    switches.tag === undefined ? 'ZREPTAG' : '-t',
  );
  const filters = readFilters(text);
  const settings: Settings = {
    tag,
    zrepPath: readZrepPath(text('ZREP_PATH') ?? 'zrep', tag),
    ssh: readCommand('SSH', text('SSH') ?? 'ssh', 'SSH="ssh -p 2222 -i /root/.ssh/backup"'),
    recursive: (switches.recursive ?? false) || readSwitch(text('ZREP_R'), 'ZREP_R', '-R'),
    debug: (switches.debug ?? false) || isSet('DEBUG'),
    force: (switches.force ?? false) || readSwitch(text('ZREP_FORCE'), 'ZREP_FORCE', '-f'),
    verbose: (switches.verbose ?? false) || isSet('ZREP_VERBOSE'),
    resume: (switches.resume ?? false) || isSet('ZREP_RESUME'),
    outFilter: filters.out,
    inFilter: filters.in,
    incrementFlag: readIncrementFlag(text('ZREP_INC_FLAG') ?? (tag === 'zrep' ? '-I' : '-i')),
    sendFlags: readFlags('ZREP_SEND_FLAGS', text('ZREP_SEND_FLAGS')),
    resumeFlags: readFlags('ZREP_RESUME_FLAGS', text('ZREP_RESUME_FLAGS')),
    skipExpire: isSet('ZREP_SKIP_EXPIRE'),
    hostName: readHostName(text('ZREP_SRC_HOST'), machine.nodeName),
    rundir: readAbsolutePath('ZREP_RUNDIR', text('ZREP_RUNDIR') ?? (machine.root ? '/var/run' : '/tmp')),
    statedir: readAbsolutePath('ZREP_STATEDIR', text('ZREP_STATEDIR') ?? '/var/lib/zrep-gate'),
    remembers: machine.root || isSet('ZREP_STATEDIR'),
    saveCount: readSaveCount(text('ZREP_SAVE_COUNT') ?? '5'),
    saveCountGiven: isSet('ZREP_SAVE_COUNT'),
    createFlags: readWords('ZREP_CREATE_FLAGS', text('ZREP_CREATE_FLAGS'), '-o compression=on'),
    initRemoteProperties: readProperties(text('ZREP_INIT_REMOTE_PROPERTIES')),
    renameUnsent: (text('ZREP_RENAME_UNSENT') ?? 'yes') === 'yes',
    changedOnly: isSet('ZREP_CHANGEDONLY'),
    dateFormat: readLine('ZREP_DATEFORMAT', text('ZREP_DATEFORMAT') ?? '%Y/%m/%d-%H:%M:%S'),
    waitSeconds: readWait(switches.wait, text('ZREP_WAIT')),
    zfs: readZfs(text('ZREP_ZFS'), machine.zfs),
  };
  return { settings, warnings: filters.warnings };
}

function readTag(text: string, where: string): Tag {
  const tag = parseTag(text);
  if (tag === undefined)
    throw new UsageError(
      `${where}: ${quote(text)} cannot be a zrep tag; take lower-case letters, digits, and _ . : - behind the first, at most 64 characters, e.g. zrep-offsite`,
    );
  return tag;
}

/** Verbatim, since gatekeepers compare bytes. A far side's shell reads it, so it must mean one thing to any. */
function readZrepPath(text: string, tag: Tag): string {
  const [first = ''] = readCommand('ZREP_PATH', text, 'ZREP_PATH="sudo /usr/local/bin/zrep"');
  // To ssh's own reader it would be an option of ssh, and to lex no program.
  if (first.startsWith('-'))
    throw new UsageError(`ZREP_PATH begins with an option; write e.g. ZREP_PATH=/usr/local/bin/zrep`);
  return tag === 'zrep' ? text : `${text} -t ${tag}`;
}

interface Filters {
  readonly out: string | undefined;
  readonly in: readonly (readonly string[])[];
  readonly warnings: readonly string[];
}

/** Which processes the stream goes through. MBUFFER is what one wrote before there were two variables. */
function readFilters(text: (name: string) => string | undefined): Filters {
  const buffer = text('MBUFFER');
  const [out, into] = [text('ZREP_OUTFILTER'), text('ZREP_INFILTER')];
  if (buffer !== undefined && (out !== undefined || into !== undefined))
    throw new UsageError(
      'MBUFFER is set besides ZREP_OUTFILTER or ZREP_INFILTER; unset it, and write all stages there, e.g. ZREP_INFILTER="mbuffer -q -m 1G | lz4 -d"',
    );
  const own = into ?? buffer;
  return {
    // Behind the blank, as stock puts it together.
    out: buffer === undefined ? out && readLine('ZREP_OUTFILTER', out) : readLine('MBUFFER', ` ${buffer}`),
    in:
      own === undefined
        ? []
        : readStages(into === undefined ? 'MBUFFER' : 'ZREP_INFILTER', own, 'ZREP_INFILTER="lz4 -d"'),
    warnings:
      buffer === undefined
        ? []
        : [
            'WARNING: MBUFER variable deprecated in zrep',
            'WARNING: use ZREP_OUTFILTER and ZREP_INFILTER instead',
          ],
  };
}

function readIncrementFlag(text: string): '-i' | '-I' {
  if (text !== '-i' && text !== '-I')
    throw new UsageError(
      `ZREP_INC_FLAG is ${quote(text)}, but can only be -I (every snapshot in between) or -i (none)`,
    );
  return text;
}

function readHostName(given: string | undefined, nodeName: string): string {
  const name = given ?? nodeName.replace(/\..*/, '');
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/.test(name))
    throw new UsageError(
      `this host is called ${quote(name)}, which is no host name; set ZREP_SRC_HOST to the name that its pairs have in TAG:src-host or TAG:dest-host`,
    );
  return name;
}

function readSaveCount(text: string): number {
  const count = parseSavecount(text);
  if (count === undefined)
    throw new UsageError(
      `ZREP_SAVE_COUNT is ${quote(text)}; write a whole number of at least 1, e.g. ZREP_SAVE_COUNT=5`,
    );
  return count;
}

function readWait(option: string | undefined, variable: string | undefined): number {
  if (option !== undefined) return readDuration('--wait', option);
  return variable === undefined ? 0 : readDuration('ZREP_WAIT', variable);
}

function readZfs(given: string | undefined, found: string | undefined): string {
  if (given !== undefined) return readAbsolutePath('ZREP_ZFS', given);
  if (found === undefined)
    throw new UsageError(
      `there is no zfs in ${ZFS_PLACES.join(', ')}; install it (Debian: apt install zfsutils-linux), or set ZREP_ZFS to its path`,
    );
  return found;
}
