# Prints the primary as the sentinels know it. When none of them answers: the server that says it is one, or
# the one that a server follows which has had its data.
known() {
  for sentinel in $SENTINELS; do
    reply=$(timeout 2 redis-cli -e -h "$sentinel" -p 26379 sentinel get-master-addr-by-name "$PRIMARY" 2>/dev/null) || continue
    for word in $reply; do echo "$word"; return; done
  done
  follows=
  for server in $SERVERS; do
    [ "$server" = "$ME" ] && continue
    reply=$(timeout 2 redis-cli -e -h "$server" info replication 2>/dev/null) || continue
    case $reply in
      *role:master*) echo "$server"; return ;;
      *slave_repl_offset:[01][!0-9]*) ;;
      *master_host:*) follows=${reply#*master_host:}; follows=${follows%%[!a-zA-Z0-9.-]*} ;;
    esac
  done
  echo "$follows"
}

