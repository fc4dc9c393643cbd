/** What `zrep --help` and `zrep help VERB` print: enough to set a pair up by, in 80 columns. */

import { quote } from '../printable.ts';
import { USAGE } from './command-line.ts';
import { UsageError } from './usage-error.ts';

const OVERVIEW = `zrep: keeps copies of ZFS file systems up to date, by snapshots, over ssh.
It takes the place of zrep 2.0.2 on the side that pulls, and of its answers on
the other: same commands, same properties, same locks. A fileserver that lets
others pull needs no zrep of its own, but zrep-gate.

Begin a pair, on the backup server, then keep it up to date from cron:
  zrep init --pull root@fileserver:tank/home backup/home
  zrep refresh backup/home

Verbs (zrep help VERB says more):
  refresh      bring copies on this host up to date
  init --pull  set up a copy here of a file system elsewhere
  init         set up a copy elsewhere of a file system here
  snaponly     make the next snapshot of a file system here
  expire       destroy snapshots beyond the save count
  version      print the version
Every other verb of zrep (sync, status, list, failover, ...) is stock zrep's.

Switches, in front of the verb, in any order:
  -R           with the file systems below (stream them whole: zfs send -R)
  -t TAG       another pair of the same file system: snapshots and properties
               begin with TAG instead of zrep
  -D           debugging, as stock has it; says nothing more here yet

Variables, from the environment or /etc/default/zrep (zrep help variables).

Exit codes:
  0  done
  1  failed; what did, and what mends it, is on standard error
  2  wrong usage, or a variable that makes no sense
`;

const VARIABLES = `Variables that zrep goes by. One that is set but empty is as good as unset.

How to reach the other side:
  SSH                  ssh and its options, e.g. "ssh -p 2222 -i /root/pull"
  ZREP_PATH            what zrep is called there; default zrep. May be words:
                       "sudo /usr/local/bin/zrep"
  ZREP_SRC_HOST        what zrep calls this host; default uname -n up to the
                       first dot

What to send, and through what:
  ZREPTAG              as -t TAG
  ZREP_R=-R            as -R
  ZREP_OUTFILTER       what the stream goes through there, e.g. "lz4 -c"
  ZREP_INFILTER        and here, e.g. "lz4 -d"; several with | between them
  ZREP_SEND_FLAGS      options of zfs send, on the side that sends: "-c --raw"
  ZREP_INC_FLAG        -I sends every snapshot in between (default), -i none
                       of them (default with a tag other than zrep)
  ZREP_FORCE=-f        as -f

How many snapshots stay:
  ZREP_SAVE_COUNT      what init sets TAG:savecount to; default 5
  ZREP_SKIP_EXPIRE     anything: expire nothing

Of this host:
  ZREP_RUNDIR          the folder of zrep's lock; default /var/run for root,
                       /tmp for others; the same for all zreps of a host
  ZREP_ZFS             zfs, by its path; default where it is installed

What an init that sends gives the copy:
  ZREP_CREATE_FLAGS    options of zfs create, e.g. "-o compression=on"; then no
                       properties of the source go along
  ZREP_INIT_REMOTE_PROPERTIES
                       "property=value ...", set when it is there
  ZREP_RESUME          anything: receive so that it can be gone on with

Read and checked, but of no effect on the verbs that are here:
  DEBUG, ZREP_VERBOSE, ZREP_RESUME_FLAGS, ZREP_RENAME_UNSENT, ZREP_CHANGEDONLY,
  ZREP_DATEFORMAT

MBUFFER is out of use: write ZREP_OUTFILTER and ZREP_INFILTER. BBCP cannot be
used: it passes no gatekeeper.

/etc/default/zrep holds such variables, a line each, and must be root's alone:
  VAR=value            whatever the environment says
  VAR=\${VAR:-value}    unless the environment says something
  export VAR=value     the same as without export
Quotes are as in a shell, # begins a comment. Nothing is executed: a line with
anything else in it ($(command), if ...) is ignored, with a warning.
No text is read by a shell here: write paths in full, without ~ or $HOME.
`;

const SWITCHES = 'In front of the verb: -R, -t TAG and -D (zrep --help).\n';

/** By topic. */
const TOPICS: Readonly<Record<string, string>> = {
  refresh: `${USAGE.refresh}

Brings each copy up to date: a new snapshot on its source, the stream of what
has changed since the last, marks on both sides, and expiring on both. all is
every copy on this host under the tag. One that fails holds up no other.

  -f      receive over changes that were made in the copy (zfs receive -F)
  -v, -r  as with stock; how far a stream is, is shown on a terminal, and one
          that was cut off is gone on with, without them
  --json  one JSON object a line on standard output, for programs

${SWITCHES}
Examples:
  zrep refresh backup/home
  zrep -t offsite refresh all

Exit codes: 0 all are up to date, 1 one is not, 2 wrong usage.
`,
  init: `${USAGE['init --pull']}

Sets a pair up from the side that pulls: configures SRCFS on HOST, makes its
first snapshot, and receives it into DESTFS, which must not be there yet. HOST
needs zrep-gate, whose policy grants this client init; it never needs to reach
this host. Cut off anywhere, the same command goes on.

  -f         into a file system that is there already, which loses what it has
  -v         as with stock; says nothing more here
  --dry-run  print what would be done on either side, and do nothing

${SWITCHES}
Example:
  zrep init --pull root@fileserver:tank/home backup/home

${USAGE.init}

The same from the side that sends, as stock has it: DESTHOST must let this host
in by ssh, and run zfs there. What fails leaves DESTFS alone.

Exit codes: 0 the copy is there, 1 it is not, 2 wrong usage.
`,
  snaponly: `${USAGE.snaponly}

Makes the next snapshot of each, and prints its name without a newline. all is
every file system that this host is the master of under the tag. The first that
fails ends it.

${SWITCHES}
Exit codes: 0 made, 1 not made (e.g. locked by another zrep), 2 wrong usage.
`,
  expire: `${USAGE.expire}

Destroys the oldest snapshots of the tag beyond TAG:savecount. On a source, the
last one that was sent and all behind it stay; on a copy, the newest do, and the
one that the next refresh goes on from. Held ones always stay. all is every file
system of a pair; without a name, those that this host is the master of.

  -L  here only. Without it, a source's copy is still not expired from here
      (refresh does that there), which is then told, with exit code 1

${SWITCHES}
Exit codes: 0 done, 1 one could not be expired, 2 wrong usage.
`,
  version: `${USAGE.version}\n\nPrints the version.\n`,
  help: `${USAGE.help}\n\nPrints what zrep does, or what VERB does; help variables: what it goes by.\n`,
  variables: VARIABLES,
};

/** Help on a verb, on `variables`, or on all. @throws UsageError where there is none. */
export function helpFor(topic: string | undefined): string {
  if (topic === undefined) return OVERVIEW;
  const text = Object.hasOwn(TOPICS, topic) ? TOPICS[topic] : undefined;
  if (text === undefined)
    throw new UsageError(`there is no help on ${quote(topic)}, but on: ${Object.keys(TOPICS).join(', ')}`);
  return text;
}
