# Starts a sentinel, as soon as there is a primary to watch. What it knows outlives its container, not its pod;
# it has the same identity in each, so that the others do not count it twice.

# Whether the primary has its replicas. A sentinel asks for them when it starts and then every 10 s: one that
# starts before they are there has nobody to promote when the primary ends meanwhile.
followed() {
  reply=$(timeout 2 redis-cli -e -h "$1" info replication 2>/dev/null) || return
  case $reply in
    *connected_slaves:"$REPLICAS"*) ;;
    *) return 1 ;;
  esac
}

set -u
umask 077
conf=/data/sentinel.conf
if [ ! -f /data/configured ]; then
  waited=0
  while primary=$(known); ! { [ -n "$primary" ] && { followed "$primary" || [ "$waited" -ge 20 ]; }; }; do
    if [ -n "$primary" ]; then waited=$((waited + 1)); fi
    sleep 1
  done
  echo "watches $primary"
  {
    echo "port 26379"
    echo "dir /data"
    echo "aclfile /etc/redis-acl/sentinel.acl"
    echo "sentinel myid $IDENTITY${POD_NAME##*-}"
    echo "sentinel resolve-hostnames yes"
    echo "sentinel announce-hostnames yes"
    echo "sentinel announce-ip $ME"
    echo "sentinel sentinel-user admin"
    echo "sentinel sentinel-pass $ADMIN_PASSWORD"
    echo "sentinel monitor $PRIMARY $primary 6379 2"
    echo "sentinel auth-user $PRIMARY admin"
    echo "sentinel auth-pass $PRIMARY $ADMIN_PASSWORD"
    echo "sentinel down-after-milliseconds $PRIMARY $DOWN_AFTER"
    echo "sentinel failover-timeout $PRIMARY $FAILOVER_TIMEOUT"
  } > "$conf"
  : > /data/configured
fi
unset ADMIN_PASSWORD
exec redis-server "$conf" --sentinel
