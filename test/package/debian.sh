#!/bin/bash
# The Debian package, in a fresh Debian: install, run, upgrade while a session runs, remove, purge, nothing left. Prints TAP.
#
#   lab/debian/fresh 12 FOLDER bash /mnt/debian.sh      FOLDER has these files, and the packages old.deb and new.deb: 0.1.0 and a higher version
#
# `npm run test:debian -- 12` does that.
set -uo pipefail

# shellcheck source=/dev/null
source "$(dirname "$0")/tap.sh"

absent() { ! test -e "/usr/bin/$1"; }
not() { ! "$@"; }

version_of() { dpkg-deb -f "$1" Version; }

install() { apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold "$1"; }

# Every path, but for what apt and dpkg write about themselves.
paths() {
  find / /run \( -path /proc -o -path /mnt -o -path /tmp -o -path /dev \) -prune -o -print |
    grep -vE '^/var/(lib/(dpkg|apt)|cache|log/(apt|dpkg\.log|alternatives\.log))' | sort -u
}

serve() { SSH_ORIGINAL_COMMAND=$1 SSH_CONNECTION='192.0.2.10 50000 192.0.2.1 22' zrep-gate serve backup1; }

# A line in the session that runs; prints the head of the answer, and all of it.
ask() {
  local head output message
  echo "$1" >&"${session[1]}"
  IFS= read -r -t 10 -u "${session[0]}" head || return 1
  read -r _ code output message <<<"$head"
  IFS= read -r -t 10 -N $((output + message)) -u "${session[0]}" answer
  printf '%s\n%s\n' "$head" "$answer"
}

old=$(version_of /mnt/old.deb) new=$(version_of /mnt/new.deb)

check 'apt installs it, with all that it needs' install /mnt/old.deb
# What is there without it.
cat $(ls /var/lib/dpkg/info/*.list | grep -v zrep-gate) | sort -u >/tmp/owned
sort /var/lib/dpkg/info/zrep-gate.list | comm -23 - /tmp/owned >/tmp/own && paths | comm -23 - /tmp/own >/tmp/others
echo "# Node $(node --version)"
prints 'zrep runs' 0 "zrep-gate $old" zrep version
prints 'zrep-expire runs' 0 "$old" zrep-expire --version
prints 'zrep-gate runs' 0 "$old" zrep-gate --version
prints 'zrep-expire reads a schedule' 0 'up to 1 hour old' zrep-expire --check
prints 'the policy is valid, and grants nothing' 0 '/etc/zrep-gate/policy.toml: sound: 0 clients, 0 grants' zrep-gate check
prints 'so nobody gets anything' 77 'refused|audit' serve 'zrep snaponly tank/home'
prints 'explain says why' 1 'unknown-client' zrep-gate explain --client backup1 -- 'zrep snaponly tank/home'
for page in zrep zrep-expire zrep-gate; do check "$page has a manual" test -s "/usr/share/man/man8/$page.8.gz"; done
for name in zrep zrep-expire zrep-gate; do check "bash completes $name" bash -n "/usr/share/bash-completion/completions/$name"; done
check 'the documentation is there' test -s /usr/share/doc/zrep-gate/README.md.gz
prints 'the samples name the program in its place' 0 '/usr/bin/zrep refresh all' cat /usr/share/doc/zrep-gate/examples/cron.d/zrep
prints 'and so do the units' 0 'ExecStart=/usr/bin/zrep refresh' cat /usr/lib/systemd/system/zrep-refresh@.service
prints 'nothing is enabled' 0 '^$' find /etc/systemd /var/lib/systemd -name '*zrep*' -type l
check 'nothing runs by cron' not test -e /etc/cron.d/zrep

# An administrator's policy. There is no syslog here.
mkdir -p /var/log/zrep-gate
cat >>/etc/zrep-gate/policy.toml <<'END'
file = "/var/log/zrep-gate/audit.jsonl"
[client.backup1]
from = ["192.0.2.0/24"]
[[client.backup1.grant]]
dataset = "tank/home"
operations = ["pull", "expire", "init"]
END
sed -i 's/^syslog = .*/syslog = "off"/' /etc/zrep-gate/policy.toml
cp /etc/zrep-gate/policy.toml /tmp/policy.toml
prints 'a policy with a grant is valid' 0 'sound: 1 client, 1 grant' zrep-gate check
prints 'the gate refuses what is not granted' 77 'refused \(not-granted\)' serve 'zrep snaponly tank/secret'
ssh-keygen -q -t ed25519 -N '' -f /tmp/key
prints 'authorize names the program in its place' 0 'command="/usr/bin/zrep-gate serve backup1"' zrep-gate authorize backup1 /tmp/key.pub

mkdir -m 700 /root/.ssh
zrep-gate authorize backup1 /tmp/key.pub >/root/.ssh/authorized_keys 2>/dev/null
finds_nothing_wrong_with_programs
rm -r /root/.ssh

# An upgrade while a session runs: it goes on with the version that it began with.
coproc session { serve 'zrep-gate session'; }
gate=$session_PID
IFS= read -r -t 10 -u "${session[0]}" greeting
prints 'a session begins' 0 '^zrep-gate session' echo "$greeting"
prints 'and answers' 0 '^answer 77 .*not-granted' ask 'zrep snaponly tank/secret'
check 'an upgrade succeeds while it runs' install /mnt/new.deb
prints 'new programs are of the new version' 0 "$new" zrep-gate --version
prints 'the session still answers' 0 '^answer 77 .*not-granted' ask 'zrep snaponly tank/secret'
printf '[nonsense' >/etc/zrep-gate/policy.toml
prints 'and still refuses everything if the policy is broken' 0 '^answer 78 .*policy-broken' ask 'zrep snaponly tank/home'
printf '[nonsense]\nx = 1\n' >/etc/zrep-gate/policy.toml
prints 'in whatever way' 0 '^answer 7[08] ' ask 'zrep snaponly tank/home'
cp /tmp/policy.toml /etc/zrep-gate/policy.toml
prints 'and works again if the policy does' 0 '^answer 77 .*not-granted' ask 'zrep snaponly tank/secret'
exec {session[1]}>&-
wait "$gate"
prints 'it ends when its client does' 0 '^0$' echo $?
check 'the upgrade keeps the policy as the administrator wrote it' cmp /tmp/policy.toml /etc/zrep-gate/policy.toml
prints 'nothing of the old version is left' 0 "^$new\$" ls /usr/share/zrep-gate

# As with systemd: what an administrator has enabled, and what programs have left.
mkdir -p /etc/systemd/system/timers.target.wants /var/lib/systemd/timers /var/lib/zrep-gate /run/zrep-gate/sessions
ln -s /usr/lib/systemd/system/zrep-refresh@.timer '/etc/systemd/system/timers.target.wants/zrep-refresh@vault-home.timer'
: >/var/lib/systemd/timers/stamp-zrep-refresh@vault-home.timer
: >/var/lib/zrep-gate/copies

check 'it can be removed' apt-get remove -y zrep-gate
for program in zrep zrep-expire zrep-gate; do check "then there is no $program" absent "$program"; done
check 'the policy stays' cmp /tmp/policy.toml /etc/zrep-gate/policy.toml
check 'what zrep remembers of its copies stays' test -e /var/lib/zrep-gate/copies
check 'what sessions have left in /run does not' not test -e /run/zrep-gate
check 'it can be purged' apt-get purge -y zrep-gate
# This test has made them; systemd keeps them.
rmdir --ignore-fail-on-non-empty /etc/systemd/system/timers.target.wants /var/lib/systemd/timers
prints 'and nothing is left' 0 '^$' comm -13 /tmp/others <(paths)
prints 'nor anything with that name' 0 '^$' find / -xdev -path /mnt -prune -o -path /proc -prune -o -path /tmp -prune -o -name '*zrep*' -print
end
