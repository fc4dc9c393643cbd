#!/bin/sh -p
# The way in: starts node on this very file, with a constant environment in which sshd's two variables pass.
#
# Node and its libraries act on variables (NODE_OPTIONS, OPENSSL_CONF) before our first line, and clients can plant
# them where sshd lets them. With -p a bash that is called sh takes neither functions nor settings from there; dash
# takes none. No program is looked up by PATH. Node is the one beside the name that this was started by, which
# authorized_keys and sudoers spell out, or the system's.
for node in "${0%/*}/node" /usr/bin/node /usr/local/bin/node; do
  # env would take a word with = for a variable.
  case $node in *=*) continue ;; esac
  if [ ! -f "$node" ] || [ ! -x "$node" ]; then continue; fi
  # One line, by which lintian sees that this file is not for sh alone.
  exec /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin ${SSH_ORIGINAL_COMMAND+"SSH_ORIGINAL_COMMAND=$SSH_ORIGINAL_COMMAND"} ${SSH_CONNECTION+"SSH_CONNECTION=$SSH_CONNECTION"} "$node" "$0" "$@"
done
printf 'zrep-gate: there is no node beside %s, in /usr/bin or in /usr/local/bin; install Node 18.19 or newer there\n' "$0" >&2
exit 70
