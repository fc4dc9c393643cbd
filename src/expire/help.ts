/** What --help adds to the list of options: how a schedule is written, and how it is looked at. */

export const HELP = `
A schedule, two ways (not both in one section; # begins a comment):

  48 hours : 0 seconds     # up to 48 hours old: all of them
  15 days  : 1 day         # up to 15 days: those at least a day apart
  2 years  : 1 month       # and so on; what is older goes

  every snapshot for 48 hours
  daily for 15 days        # one of each day; hourly, weekly, monthly, yearly
  yearly forever
  time zone Europe/Berlin  # where days begin; default UTC
  newest of each period    # default: oldest

For some file systems only, under a line such as [tank/home], [tank/*] (directly
below) or [tank/**] (all below). What says most counts. "keep everything" is a
schedule, too. Without -a and names, those with a section are expired. A file
with one line that makes no sense destroys nothing.

Whatever a schedule says, these stay: the newest -k; what was never sent; of each
tag the newest, and the newest that was sent; what is held (zfs hold); what a
resume token goes on from. If a snapshot is newer than now, all stay.

Look at it before you trust it:
  zrep-expire --check -c FILE                what does it say?
  zrep-expire --forecast 2y --every 1h -c FILE    how many will that be?
  zrep-expire -n -a -c FILE                  what would go today?
  zrep-expire --explain tank/home@zrep_00000a -c FILE
  55 6 * * * /usr/local/bin/zrep-expire -a -c FILE    then, from cron

Exit codes: 0 done; 1 something was not destroyed that should have been, or the
configuration cannot be used; 2 wrong usage.
`;
