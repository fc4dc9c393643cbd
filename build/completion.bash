# Completion of @NAME@ for bash, made from its help. To be sourced, or to be linked as
# /usr/share/bash-completion/completions/@NAME@

@FUNCTION@() {
  local IFS=$' \t\n' line=${COMP_LINE:0:COMP_POINT} index word current previous verb= quote= head= options= kinds=
  local -a verbs=(@VERBS@) words=() candidates=()
  # Where an administrator's programs are is not on everybody's path.
  local PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

  # bash takes words apart at colons, which hosts and datasets have: what follows without a blank belongs together.
  for ((index = 0; index <= COMP_CWORD; index++)); do
    if ((index == 0)) || [[ $line == [[:blank:]]* ]]; then words+=(''); fi
    line=${line#"${line%%[![:blank:]]*}"}
    word=${COMP_WORDS[index]}
    if ((index == COMP_CWORD)); then word=$line; fi
    words[${#words[@]} - 1]+=$word
    line=${line#"$word"}
  done
  current=${words[${#words[@]} - 1]}
  previous=${words[${#words[@]} - 2]}
  case $current in
    [\"\']*) quote=${current:0:1} current=${current:1} ;;
    *) current=${current//\\/} ;;
  esac

  # The first word that is no option in front of the verb, nor the value of one.
  for ((index = 1; ${#verbs[@]} > 0 && index < ${#words[@]} - 1; index++)); do
    case ${words[index]} in
@SWITCHES@
      *) verb=${words[index]}; break ;;
    esac
  done
  case $verb in
@ALIASES@
  esac

  case $verb in
@PLACES@
    *) return ;;
  esac
  case $verb:$previous in
@VALUES@
  esac
  if [[ $current == -* ]]; then kinds=options; fi

  for word in $kinds; do
    case $word in
      options) candidates+=($options) ;;
      verbs) candidates+=("${verbs[@]}") ;;
      all) candidates+=(all) ;;
      datasets) mapfile -t -O ${#candidates[@]} candidates < <(command zfs list -H -o name -t filesystem 2>/dev/null) ;;
      snapshots)
        if [[ $current != *@* ]]; then continue; fi
        mapfile -t -O ${#candidates[@]} candidates < <(command zfs list -H -o name -t snapshot -d 1 "${current%%@*}" 2>/dev/null)
        ;;
      files)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    esac
  done

  # Of what bash took apart it wants the last part alone.
  if [[ -z $quote && $COMP_WORDBREAKS == *:* ]]; then head=${current%"${current##*:}"}; fi
  COMPREPLY=()
  for word in "${candidates[@]}"; do
    if [[ $word != "$current"* ]]; then continue; fi
    word=${word#"$head"}
    if [[ -z $quote ]]; then
      printf -v word %q "$word"
    elif [[ $word == *[!A-Za-z0-9_.:/@\ -]* ]]; then
      continue
    fi
    COMPREPLY+=("$word")
  done
}
complete -F @FUNCTION@ @NAME@
