#!/bin/bash
# The first process of a lab host, in namespaces of its own (unshare --pid --mount --uts [--net]).
#
# Makes the host out of the machine it runs on: own name, /run, /dev/log, users, configuration, programs, ZFS,
# sshd and syslog. Everything that it writes is on a tmpfs in its own mount namespace, so when this process ends
# nothing is left. It ends when its standard input does, which the lab holds open: also a killed lab tidies up.
#
# From the environment: NAME, POOL, POOL_MEGABYTES, ADDRESS, SSH_PORT, HOSTS (lines for /etc/hosts), NETWORK
# (veth or loopback), ZFS (zfs-fuse or kernel), NODE (path of node).
set -euo pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C

hostname "$NAME"
mount -t tmpfs -o mode=755,size="$((POOL_MEGABYTES + 512))m" tmpfs /run
mkdir -p /run/lab /run/sshd /run/zfs /run/lock/zfs /run/systemd/journal

# /usr for programs that are installed here, /etc for accounts and configuration, /var for what daemons keep.
for folder in etc usr var; do
  mkdir -p "/run/lab/$folder/upper" "/run/lab/$folder/work"
  mount -t overlay overlay -o "lowerdir=/$folder,upperdir=/run/lab/$folder/upper,workdir=/run/lab/$folder/work" "/$folder"
done
# A second zfs-fuse otherwise imports the first one's pools from zpool.cache.
mkdir -p /run/lab/zpool /var/lib/zfs
mount --bind /run/lab/zpool /var/lib/zfs

# A /dev of its own, for the sake of /dev/log. Devices are bound, since not every container may make them.
mkdir /run/lab/dev
mount -t tmpfs -o mode=755,size=1m tmpfs /run/lab/dev
for device in null zero full random urandom tty fuse zfs; do
  [ -e "/dev/$device" ] || continue
  touch "/run/lab/dev/$device"
  mount --bind "/dev/$device" "/run/lab/dev/$device"
done
mkdir /run/lab/dev/pts /run/lab/dev/shm
mount --bind /dev/pts /run/lab/dev/pts
ln -s pts/ptmx /run/lab/dev/ptmx
ln -s /proc/self/fd /run/lab/dev/fd
mount --move /run/lab/dev /dev

# root's home is not the machine's, whose keys are no business of the lab.
mkdir -p -m 700 /run/lab/root/.ssh
sed -i 's#^root:[^:]*:0:0:[^:]*:[^:]*:.*#root:*:0:0:root:/run/lab/root:/bin/bash#' /etc/passwd
printf '127.0.0.1 localhost\n%s\n' "$HOSTS" >/etc/hosts
ln -sf "$NODE" /usr/local/bin/node

if [ "$NETWORK" = veth ]; then
  ip link set lo up
  listen=0.0.0.0
else
  listen=$ADDRESS
fi

if [ "$ZFS" = zfs-fuse ]; then
  # Not as a daemon: that would leave a process whose end this one would have to wait for.
  zfs-fuse --no-daemon --no-kstat-mount </dev/null >/run/lab/zfs-fuse.log 2>&1 &
  for _ in $(seq 100); do
    zpool list >/dev/null 2>&1 && break
    sleep 0.1
  done
fi
truncate -s "${POOL_MEGABYTES}m" /run/lab/pool.img
zpool create -m "/run/lab/$POOL" "$POOL" /run/lab/pool.img >/run/lab/zpool.log

cat >/etc/rsyslog.conf <<CONF
module(load="imuxsock" SysSock.Use="off")
module(load="imudp")
module(load="imtcp")
global(workDirectory="/run/lab" maxMessageSize="16k")
input(type="imuxsock" Socket="/dev/log")
input(type="imudp" address="$listen" port="514")
input(type="imtcp" address="$listen" port="514")
template(name="records" type="list") {
  constant(value="{")
  property(outname="input" name="inputname" format="jsonf")
  constant(value=",")
  property(outname="program" name="programname" format="jsonf")
  constant(value=",")
  property(outname="facility" name="syslogfacility-text" format="jsonf")
  constant(value=",")
  property(outname="severity" name="syslogseverity-text" format="jsonf")
  constant(value=",")
  property(outname="data" name="structured-data" format="jsonf")
  constant(value=",")
  property(outname="message" name="msg" format="jsonf")
  constant(value="}\n")
}
authpriv.* action(type="omfile" file="/var/log/auth.log" template="RSYSLOG_TraditionalFileFormat" asyncWriting="off")
*.* action(type="omfile" file="/var/log/records.jsonl" template="records" asyncWriting="off")
CONF
: >/var/log/auth.log
: >/var/log/records.jsonl
rsyslogd -i /run/lab/rsyslogd.pid </dev/null >/run/lab/rsyslogd.log 2>&1

rm -f /etc/ssh/ssh_host_*
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
cat >/etc/ssh/sshd_config <<CONF
ListenAddress $listen:$SSH_PORT
HostKey /etc/ssh/ssh_host_ed25519_key
PidFile /run/lab/sshd.pid
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin forced-commands-only
StrictModes yes
ClientAliveInterval 15
CONF
/usr/sbin/sshd </dev/null >/run/lab/sshd.log 2>&1

echo ready
# bash reaps whatever is left to it while it waits: a zombie would look like a live holder of a lock.
while read -r _; do :; done
if [ "$ZFS" = kernel ]; then zpool destroy -f "$POOL"; fi
