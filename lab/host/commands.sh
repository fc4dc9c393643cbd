# Commands that the lab wants run, as lab/host-commands.ts writes them. They are started from here, since this shell is small and on
# the host already: node, forked for each, would take several times as long.

commands=/run/lab/commands

# Reads, a line each: "run NUMBER" and "kill NUMBER". Says "ended NUMBER CODE".
serve_commands() {
  # Each becomes a process group of its own, by which it can be killed with its children.
  set -m
  set +E
  trap - ERR
  unset OLDPWD SHLVL
  export -n PWD
  local word number
  while read -r word number; do
    case $word in
      run) run_command "$number" 2>/dev/null & ;;
      kill) kill_command "$number" ;;
    esac
  done
}

run_command() {
  local code=0
  echo "$BASHPID" >"$commands/$1.group"
  # shellcheck source=/dev/null
  (. "$commands/$1.command") <"$commands/$1.input" >"$commands/$1.output" 2>"$commands/$1.errors" || code=$?
  echo "ended $1 $code"
}

# The group may just have ended by itself.
kill_command() {
  local group code=0
  group=$(cat "$commands/$1.group") || return 0
  kill -KILL -- "-$group" || return 0
  wait "$group" || code=$?
  echo "ended $1 $code"
}
