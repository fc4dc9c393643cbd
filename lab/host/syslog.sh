# The host's rsyslogd: its own /dev/log, and port 514 (or the lab's choice) of the host's address.

start_syslog() {
  mkdir -p /var/spool/rsyslog
  # The paths are those of Debian's package, which an AppArmor profile may hold rsyslogd to.
  sed -e "s/@ADDRESS@/$LAB_ADDRESS/" -e "s/@PORT@/$LAB_SYSLOG_PORT/" "$here/rsyslog.conf" >/etc/rsyslog.conf
  rm -rf /etc/rsyslog.d
  rsyslogd -n -f /etc/rsyslog.conf -i /run/rsyslogd.pid </dev/null >/var/log/rsyslogd.log 2>&1 &
  local attempt
  for attempt in $(seq 200); do
    if [ -S /dev/log ]; then return; fi
    sleep 0.02
  done
  cat /var/log/rsyslogd.log >&2
  echo "rsyslogd has not opened /dev/log after $attempt attempts" >&2
  return 1
}
