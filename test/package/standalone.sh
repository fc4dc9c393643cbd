#!/bin/bash
# The one file for hosts without Node, in a fresh Debian, which has none: install, run. Prints TAP.
#
#   lab/debian/fresh 12 FOLDER bash /mnt/standalone.sh      FOLDER has these files, and the one file as "standalone"
set -uo pipefail

# shellcheck source=/dev/null
source "$(dirname "$0")/tap.sh"

file=/mnt/standalone folder=/opt/zrep-gate/1
prints 'there is no node here' 1 '^$' command -v node
prints 'without a word it prints how it is used' 64 '^usage: .* install FOLDER' "$file"
prints 'the first word names a program' 0 'zrep-gate [0-9]' "$file" zrep version
check 'it installs itself into a folder' "$file" install "$folder"
prints 'but not over another version' 1 'nothing may be there yet' "$file" install "$folder"
for program in zrep zrep-expire zrep-gate; do ln -sfT "$folder/bin/$program" "/usr/bin/$program"; done
prints 'zrep runs' 0 'zrep-gate [0-9]' zrep version
prints 'zrep-expire runs' 0 '[0-9]' zrep-expire --version
prints 'zrep-gate runs' 0 '^[0-9]' zrep-gate --version
prints 'zrep-expire reads a schedule' 0 'up to 1 hour old' zrep-expire --check
prints 'zrep loads what it loads on need' 0 'Usage|zrep doctor' zrep doctor --help
check 'a manual is there' test -s "$folder/share/man/man8/zrep-gate.8"

mkdir -p /etc/zrep-gate
cp "$folder/share/policy.toml" /etc/zrep-gate/policy.toml
prints 'the policy grants nothing' 0 'sound: 0 clients, 0 grants' zrep-gate check
cat >>/etc/zrep-gate/policy.toml <<'END'
file = "/var/log/audit.jsonl"
[client.backup1]
from = ["192.0.2.0/24"]
[[client.backup1.grant]]
dataset = "tank/home"
operations = ["pull"]
END
sed -i 's/^syslog = .*/syslog = "off"/' /etc/zrep-gate/policy.toml
serve() { SSH_ORIGINAL_COMMAND=$1 SSH_CONNECTION='192.0.2.10 50000 192.0.2.1 22' zrep-gate serve backup1; }
prints 'the gate refuses what is not granted' 77 'refused \(not-granted\)' serve 'zrep snaponly tank/secret'
prints 'a session answers' 0 'answer 77 ' serve 'zrep-gate session' <<<'zrep snaponly tank/secret'
for variable in NODE_OPTIONS=--require=/nowhere NODE_OPTIONS=--version; do
  prints "$variable does not get through" 77 'refused \(not-granted\)' env "$variable" bash -c "$(declare -f serve); serve 'zrep snaponly tank/secret'"
done
mkdir -m 700 /root/.ssh
echo 'restrict,command="/usr/bin/zrep-gate serve backup1" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB61b3xPIxuftEXQxt6Fds+M7ERiVkhosyB+z7nGYGnz b' >/root/.ssh/authorized_keys
finds_nothing_wrong_with_programs
end
