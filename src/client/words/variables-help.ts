/** `zrep help variables`: what zrep goes by. */

export const VARIABLES = `Variables that zrep goes by. One that is set but empty is as good as unset.

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
  ZREP_SEND_FLAGS      options of zfs send, on the side that sends: "-c --raw".
                       On the side that pulls: -p where streams are to bring
                       properties, -h holds; others have no effect there
  ZREP_INC_FLAG        -I sends every snapshot in between (default), -i none
                       of them (default with a tag other than zrep)
  ZREP_FORCE=-f        as -f

How many snapshots stay:
  ZREP_SAVE_COUNT      what init sets TAG:savecount to; default 5
  ZREP_SKIP_EXPIRE     anything: expire nothing

Of this host:
  ZREP_RUNDIR          the folder of zrep's lock; default /var/run for root,
                       /tmp for others; the same for all zreps of a host
  ZREP_STATEDIR        the folder of the file "copies", by which zrep misses a
                       copy; default /var/lib/zrep-gate. Others than root have
                       to name a folder of their own here to have one
  ZREP_ZFS             zfs, by its path; default where it is installed

What an init that sends gives the copy:
  ZREP_CREATE_FLAGS    options of zfs create, e.g. "-o compression=on"; then no
                       properties of the source go along
  ZREP_INIT_REMOTE_PROPERTIES
                       "property=value ...", set when it is there
  ZREP_RESUME          anything: make the first stream resumable

How long to wait:
  ZREP_WAIT            as --wait of the verbs that have it, e.g. 10min

What a sync does besides:
  ZREP_RESUME          as -r
  ZREP_RESUME_FLAGS    options of zfs send for a stream that is resumed
  ZREP_CHANGEDONLY     as -c
  ZREP_RENAME_UNSENT   what becomes of a snapshot that could not be sent: with
                       yes (default) it is called ..._unsent, otherwise it goes

What is said on standard error:
  ZREP_VERBOSE         as -v
  DEBUG                as -D

What status prints:
  ZREP_DATEFORMAT      its dates, by strftime(3); default %Y/%m/%d-%H:%M:%S

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
