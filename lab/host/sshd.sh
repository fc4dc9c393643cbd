# The host's sshd, with a key made for it and the settings of sshd_config beside this file.

start_sshd() {
  rm -rf /etc/ssh/ssh_host_* /etc/ssh/sshd_config.d
  ssh-keygen -q -t ed25519 -N '' -C "$LAB_NAME" -f /etc/ssh/ssh_host_ed25519_key </dev/null
  sed -e "s/@ADDRESS@/$LAB_ADDRESS/" -e "s/@PORT@/$LAB_SSH_PORT/" "$here/sshd_config" >/etc/ssh/sshd_config
  # Its first choice in Debian 12 takes 80 ms of processor time for each login. A later ssh has a quick one, and warns where it is
  # not taken.
  if [ -n "$LAB_QUICK_LOGINS" ] && [[ $(ssh -Q kex) != *mlkem768x25519-sha256* ]]; then
    echo "KexAlgorithms curve25519-sha256" >>/etc/ssh/sshd_config
  fi
  # OpenSSH 9.8 and later lock out an address that fails a few times, as tests of refusals do.
  if sshd -t -o PerSourcePenalties=no 2>/dev/null; then
    echo "PerSourcePenaltyExemptList $LAB_PEER_ADDRESS,$LAB_ADDRESS" >>/etc/ssh/sshd_config
  fi
  # sshd starts itself anew for each connection, for which it wants its full path.
  "$(command -v sshd)" -D -f /etc/ssh/sshd_config </dev/null >/var/log/sshd.log 2>&1 &
  local attempt
  for attempt in $(seq 200); do
    if [ -s /run/sshd.pid ]; then return; fi
    sleep 0.02
  done
  cat /var/log/sshd.log >&2
  echo "sshd is not listening after $attempt attempts" >&2
  return 1
}
