/**
 * The power cord of one machine: a shell script that waits on its standard input, whose other end the
 * sandbox holds. `off` asks every process of the machine to end and, two seconds later, makes it; the end
 * of file, which also comes when the sandbox is killed, pulls the plug. The script ends when the machine is
 * off. Arguments: the machine's root folder, the id of its first process, which leads a process group, and the
 * id of the user that only the machine's jobs have, or nothing.
 *
 * A process belongs to the machine when it descends from the first one, is in its group, or (on Linux) has
 * the machine's `RUNTIDE_ROOT` in its environment, which finds those that started a session of their own, or
 * has that user, which finds those that hide.
 * The script must not have that variable itself.
 */
export const powerCord = `
root=$1
first=$2
user=$3

processes() {
  if [ -r /proc/self/stat ]; then
    cat /proc/[0-9]*/stat 2>/dev/null | sed 's/^\\([0-9]*\\) (.*) \\(.\\) \\([0-9]*\\) \\([0-9]*\\) .*/\\1 \\3 \\4 \\2/'
  else
    ps -A -o pid= -o ppid= -o pgid= -o stat=
  fi
}

relatives() {
  processes | awk -v first="$first" '
    $4 !~ /^Z/ { parent[$1] = $2; family[$1] = $3 }
    END {
      for (pid in parent) {
        ancestor = pid
        for (hops = 0; hops < 200 && ancestor != first && (ancestor in parent); hops++) ancestor = parent[ancestor]
        if (ancestor == first || family[pid] == first) print pid
      }
    }'
}

bearers() {
  [ -r /proc/self/environ ] || return 0
  grep -lsF -e "RUNTIDE_ROOT=$root" /proc/[0-9]*/environ | sed 's|^/proc/||; s|/environ$||'
}

jobs() {
  [ -n "$user" ] || return 0
  grep -lsE "^Uid:[[:space:]]+$user[[:space:]]" /proc/[0-9]*/status | sed 's|^/proc/||; s|/status$||'
}

members() {
  { relatives; bearers; jobs; } | sort -u
}

signal() {
  for pid in $(members); do kill -s "$1" "$pid" 2>/dev/null; done
}

order=
read -r order
if [ "$order" = off ]; then
  signal TERM
  rounds=0
  while [ -n "$(members)" ] && [ "$rounds" -lt 20 ]; do
    sleep 0.1
    rounds=$((rounds + 1))
  done
fi

rounds=0
while [ -n "$(members)" ] && [ "$rounds" -lt 100 ]; do
  signal KILL
  sleep 0.05
  rounds=$((rounds + 1))
done
[ -z "$(members)" ]
`;
