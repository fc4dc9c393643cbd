# The host's ZFS: a zfs-fuse daemon of its own, or the kernel's, which all hosts share; and one pool on a file, or on a
# device, on which it stays.

pool_file=${LAB_POOL_DEVICE:-/run/lab/pool.img}

start_zfs() {
  if [ -n "$LAB_POOL_DEVICE" ]; then own_device; else truncate -s "${LAB_POOL_MEGABYTES}M" "$pool_file"; fi
  if [ "$LAB_ZFS" = zfs-fuse ]; then start_zfs_fuse; fi
  local device=$pool_file
  # The kernel opens it from a thread of its own, which does not see the host's files.
  if [ "$LAB_ZFS" = kernel ]; then loop_device "$pool_file"; fi
  # No cache file: whoever reads it next would import the pool again.
  if [ -n "$LAB_POOL_EXISTS" ]; then
    zpool import -d "$device" -o cachefile=none "$LAB_POOL"
  else
    zpool create -f -o cachefile=none -m "$LAB_MOUNTPOINT" "$LAB_POOL" "$device"
  fi
}

# The host's /dev has only what every host needs. A loop device goes on top all the same: it holds what was written
# until it is flushed, as a disk's own cache does, so that a power cut takes it.
own_device() {
  local number
  number=$(cat "/sys/class/block/${LAB_POOL_DEVICE##*/}/dev")
  mknod -m 600 "$LAB_POOL_DEVICE" b "${number%:*}" "${number#*:}"
}

# Puts a file behind a loop device, which goes when nothing holds it any more; its name is left in `device`.
loop_device() {
  local attempt
  for attempt in $(seq 50); do
    device=$(losetup --find)
    device=${device%% *} # Debian 13 adds "(lost)" where /dev lacks the node
    [ -e "$device" ] || mknod -m 600 "$device" b 7 "${device#/dev/loop}"
    if losetup "$device" "$1" 2>/dev/null; then return; fi
  done
  echo "there is no loop device to be had after $attempt attempts" >&2
  return 1
}

start_zfs_fuse() {
  # zfs-fuse imports every pool that it finds in here, the machine's too.
  rm -rf /var/lib/zfs
  mkdir -p /var/lib/zfs
  # As a daemon it would leave the shell behind which had started it.
  zfs-fuse --no-daemon --no-kstat-mount </dev/null >/var/log/zfs-fuse.log 2>&1 &
  local attempt
  for attempt in $(seq 200); do
    if zpool list >/dev/null 2>&1; then return; fi
    sleep 0.05
  done
  cat /var/log/zfs-fuse.log >&2
  echo "zfs-fuse does not answer after $attempt attempts" >&2
  return 1
}

# Only the kernel's pools outlive the host; they can go once nothing of the host uses them any more.
stop_zfs() {
  if [ "$LAB_ZFS" != kernel ]; then return; fi
  kill -KILL -1 2>/dev/null || true
  cd /
  local device
  device=$(losetup --noheadings --output NAME --associated "$pool_file")
  if [ -n "$LAB_POOL_DEVICE" ]; then zpool export -f "$LAB_POOL"; else zpool destroy -f "$LAB_POOL"; fi
  losetup --detach "$device"
}
