
# Starts a sentinel, as soon as there is a primary to watch. What it knows outlives its container, not its pod;
# it has the same identity in each, so that the others do not count it twice. It knows all servers from the start:
# one that asks the primary for its replicas has nobody to promote when that is gone already.
set -u
umask 077
conf=/data/sentinel.conf
if [ ! -f /data/configured ]; then
  while primary=$(known); [ -z "$primary" ]; do sleep 1; done
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
    for server in $SERVERS; do
      if [ "$server" != "$primary" ]; then echo "sentinel known-replica $PRIMARY $server 6379"; fi
    done
  } > "$conf"
  : > /data/configured
fi
unset ADMIN_PASSWORD
exec redis-server "$conf" --sentinel
