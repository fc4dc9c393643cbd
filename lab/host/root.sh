# The host's file system: the machine's own, with every change kept on a tmpfs that only this host can see.

# Folders which begin empty: the machine's sockets, logs, keys and leftovers are none of the host's.
own_folders=(run tmp root var/log var/tmp var/spool)

build_root() {
  mount -t tmpfs -o "mode=0755,size=$((LAB_POOL_MEGABYTES + 768))m" lab /run
  new=/run/root
  mkdir "$new"
  cover /
  # An overlay does not look into file systems mounted on its lower folder.
  local folder
  for folder in /etc /opt /usr /var; do
    if mountpoint -q "$folder"; then cover "$folder"; fi
  done
  for folder in "${own_folders[@]}"; do
    mkdir -p "/run/own/$folder" "$new/$folder"
    mount --bind "/run/own/$folder" "$new/$folder"
  done
  chmod 1777 "$new/tmp" "$new/var/tmp"
  chmod 0700 "$new/root"
  mkdir -p "$new"/run/{lab/commands,lock,sshd,zfs} "$new/run/lock/zfs"

  mount -t proc proc "$new/proc"
  mount -t sysfs -o ro sysfs "$new/sys" 2>/dev/null || mount --bind /sys "$new/sys"
  build_dev
  show "$LAB_PROJECT"
  own_node

  # One path for both: the old root ends up on top of the new one, and is then let go of (pivot_root(2)).
  cd "$new"
  pivot_root . .
  umount -l .
  cd /
}

# Lays the host's own layer over a folder of the machine.
cover() {
  local layer=/run/layers/${1//\//-}
  mkdir -p "$layer"/{upper,work} "$new$1"
  chmod --reference="$1" "$layer/upper"
  mount -t overlay -o "lowerdir=$1,upperdir=$layer/upper,workdir=$layer/work" lab "$new$1"
}

# A /dev of its own, since /dev/log has to be the host's own socket.
build_dev() {
  mount -t tmpfs -o mode=0755,size=1m lab "$new/dev"
  local node
  for node in full fuse loop-control null random tty urandom zero zfs; do
    if [ -c "/dev/$node" ]; then
      : >"$new/dev/$node"
      mount --bind "/dev/$node" "$new/dev/$node"
    fi
  done
  mkdir "$new"/dev/{pts,shm}
  mount -t devpts -o newinstance,gid=5,mode=0620,ptmxmode=0666 devpts "$new/dev/pts"
  mount -t tmpfs -o mode=1777,size=64m lab "$new/dev/shm"
  ln -s pts/ptmx "$new/dev/ptmx"
  ln -s /proc/self/fd "$new/dev/fd"
  ln -s /proc/self/fd/0 "$new/dev/stdin"
  ln -s /proc/self/fd/1 "$new/dev/stdout"
  ln -s /proc/self/fd/2 "$new/dev/stderr"
}

# Lets the host see a folder of the machine where it is, to read: it may lie in a folder hidden above.
show() {
  mkdir -p "$new$1"
  mount --rbind "$1" "$new$1"
  mount -o remount,bind,ro "$new$1"
}

# The host has the node that runs the lab, or that LAB_NODE names to the lab, at the place a package would have put it, and its npm. A copy,
# because whoever owns the machine's (a version manager's user, say) must not own the host's.
own_node() {
  if [ "$LAB_NODE" != /usr/bin/node ] || [ ! -x "$new/usr/bin/node" ]; then
    rm -f "$new/usr/bin/node" "$new/usr/local/bin/node"
    install -m 0755 "$LAB_NODE" "$new/usr/bin/node"
  fi
  if [ -n "$LAB_NPM" ] && [ ! -e "$new$LAB_NPM" ]; then show "$LAB_NPM"; fi
}
