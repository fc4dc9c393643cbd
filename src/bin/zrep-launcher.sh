#!/bin/sh -p
# The way into zrep: starts node on this very file, in the environment of whoever calls, which ssh needs (SSH_AUTH_SOCK)
# and zrep is told by (ZREP_*), without the variables by which node runs other code, trusts other certificates, or writes
# files. With -p a bash that is called sh takes neither functions nor settings from there. Node is the one beside the name
# that this was started by, or the system's: the same as for zrep-gate.
unset NODE_OPTIONS NODE_EXTRA_CA_CERTS NODE_PATH NODE_V8_COVERAGE NODE_COMPILE_CACHE NODE_DEBUG NODE_DEBUG_NATIVE \
  NODE_REDIRECT_WARNINGS NODE_REPL_EXTERNAL_MODULE NODE_ICU_DATA NODE_PENDING_DEPRECATION NODE_PRESERVE_SYMLINKS \
  NODE_PRESERVE_SYMLINKS_MAIN NODE_CHANNEL_FD NODE_TLS_REJECT_UNAUTHORIZED NODE_USE_ENV_PROXY OPENSSL_CONF
for node in "${0%/*}/node" /usr/bin/node /usr/local/bin/node; do
  if [ ! -f "$node" ] || [ ! -x "$node" ]; then continue; fi
  exec "$node" "$0" "$@"
done
printf '%s: there is no node beside %s, in /usr/bin or in /usr/local/bin; install Node 18.19 or newer there\n' "${0#"${0%/*}"/}" "$0" >&2
exit 1
