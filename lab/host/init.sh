#!/bin/bash
# The first process of one lab host. It has just been given namespaces of its own for mounts, processes,
# host name and (where there is a veth pair) network; everything it makes lives in them and ends with it.
#
# It is steered by its standard input, a pipe that the lab's node process holds:
#   "joined"     the network cable is in, go on
#   "run …"      a command to run, see commands.sh
#   end of file  node has ended, in whatever way: so does this host
# It says "unshared" and "ready" on standard output. The host's settings come as LAB_… variables (host.ts).
#
# bash, because a first process has to reap orphans, which bash does while it sits in `read`: an unreaped
# zombie would look like a live holder to zrep's locks.
set -Eeuo pipefail
umask 022

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
for part in root names network zfs syslog sshd commands; do
  # shellcheck source=/dev/null
  source "$here/$part.sh"
done

# What runs on the host is not to see the lab's settings in its environment.
export -n "${!LAB_@}"

fail() {
  echo "host $LAB_NAME: failed at: $1" >&2
  exit 1
}
trap 'fail "$BASH_COMMAND"' ERR

trap 'trap - ERR; stop_zfs || true' EXIT

main() {
  echo unshared
  build_root
  own_names
  start_zfs &
  local zfs=$!
  if ! read -r word || [ "$word" != joined ]; then exit 1; fi
  join_network
  start_syslog
  start_sshd
  wait "$zfs"
  echo ready
  serve_commands
}

main
