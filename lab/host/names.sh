# Who the host is: its name, the names it knows, and who may become whom on it.

own_names() {
  hostname "$LAB_NAME"
  echo "$LAB_NAME" >/etc/hostname
  printf '%s\n' '127.0.0.1 localhost' "$LAB_ADDRESS $LAB_NAME" "$LAB_PEER_ADDRESS $LAB_PEER" >/etc/hosts

  # The machine's rules would speak about the machine's people: begin with what Debian ships.
  rm -rf /etc/sudoers.d
  mkdir -m 0755 /etc/sudoers.d
  install -m 0440 /dev/stdin /etc/sudoers <<'SUDOERS'
Defaults env_reset
Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
root ALL=(ALL:ALL) ALL
@includedir /etc/sudoers.d
SUDOERS
  if [ "${LAB_SUDO:-}" = sudo-rs ]; then only_sudo_rs; fi
}

# sudo-rs under sudo's names, and nothing of sudo's that it does not have.
only_sudo_rs() {
  ln -sfT "$(readlink -f /usr/bin/sudo-rs)" /usr/bin/sudo
  ln -sfT "$(readlink -f /usr/bin/visudo-rs)" /usr/sbin/visudo
  rm -f /usr/bin/cvtsudoers /usr/bin/sudoreplay
}
