# To be sourced by the tests beside it: what passes and what fails, as TAP.

count=0 failures=0
result() { # WORD SENTENCE [WHAT WAS PRINTED]
  count=$((count + 1))
  if [ "$1" != ok ]; then failures=$((failures + 1)); fi
  echo "$1 $count - $2"
  if [ "$1" != ok ]; then printf '  ---\n  said: |-\n%s\n  ...\n' "$(sed 's/^/    /' <<<"${3:-}")"; fi
}

# SENTENCE COMMAND...: passes if the command succeeds
check() {
  local sentence=$1 printed
  shift
  if printed=$("$@" 2>&1); then result ok "$sentence"; else result 'not ok' "$sentence" "$* ended with $?: $printed"; fi
}

# SENTENCE EXIT PATTERN COMMAND...: passes if the command ends with that code, and prints what the regular expression matches
prints() {
  local sentence=$1 code=$2 pattern=$3 printed ended=0
  shift 3
  printed=$("$@" 2>&1) || ended=$?
  if [ "$ended" = "$code" ] && [[ $printed =~ $pattern ]]; then
    result ok "$sentence"
  else
    result 'not ok' "$sentence" "$* ended with $ended: $printed"
  fi
}

# The doctor, of how the package lies on the host: owners, links, the launcher, node, and the policy. A key has to name the gate.
finds_nothing_wrong_with_programs() {
  local printed code
  printed=$(zrep-gate doctor 2>&1)
  if [[ $printed == *zfs-fails* && $printed != *no-gate-line* ]]; then
    result ok 'the doctor reads keys and policy'
  else
    result 'not ok' 'the doctor reads keys and policy' "$printed"
  fi
  for code in file-not-roots node-old gate-missing gate-not-this gate-not-launcher policy-not-roots policy-unusable; do
    if [[ $printed == *"$code"* ]]; then result 'not ok' "the doctor finds no $code" "$printed"; else result ok "the doctor finds no $code"; fi
  done
}

# The last line.
end() {
  echo "1..$count"
  exit $((failures > 0))
}

echo 'TAP version 14'
