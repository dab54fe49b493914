# Starts a server, as a replica of the primary if there is one. It begins as the primary only
# - when nobody knows of one, and it was the primary when it last ran, or is the first of new servers;
# - when it is the one that the sentinels name, and they did not find another while they could not reach it, but
#   could have: what it has forgotten, the others would forget, too.

# Whether the sentinels could choose another primary: a majority of them sees each other.
decide() {
  for sentinel in $SENTINELS; do
    timeout 2 redis-cli -e -h "$sentinel" -p 26379 sentinel ckquorum "$PRIMARY" > /dev/null 2>&1 && return
  done
  return 1
}

set -u
umask 077
conf=/data/redis.conf
kept=$FIRST
if [ -f "$conf" ]; then
  kept=$ME
  while read -r word host _; do [ "$word" = replicaof ] && kept=$host; done < "$conf"
fi
silent=0
named=0
while :; do
  follow=$(known)
  if [ -z "$follow" ]; then
    silent=$((silent + 1))
    if [ "$silent" -ge 5 ]; then follow=$kept; break; fi
  elif [ "$follow" != "$ME" ]; then
    break
  elif decide; then
    named=$((named + 1))
    if [ "$named" -ge "$PATIENCE" ]; then break; fi
  fi
  sleep 1
done
echo "follows $follow"
{
  echo "port 6379"
  echo "dir /data"
  echo 'save ""'
  echo "appendonly $APPEND"
  echo "aclfile /etc/redis-acl/users.acl"
  echo "masteruser admin"
  echo "masterauth $ADMIN_PASSWORD"
  echo "replica-announce-ip $ME"
  echo "min-replicas-to-write 1"
  echo "min-replicas-max-lag 5"
  echo "repl-backlog-size 8mb"
  echo "repl-diskless-sync-delay 1"
  if [ "$follow" != "$ME" ]; then echo "replicaof $follow 6379"; fi
} > "$conf"
unset ADMIN_PASSWORD
exec redis-server "$conf"
