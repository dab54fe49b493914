//! The faults: how each begins and ends, and what a relay says meanwhile.

use tokio::process::Command;

use super::fleet::Fleet;
use crate::cluster::Redis;
use crate::support::until;

/// What happens to Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is stopped, with its sockets open.
    Frozen,
    /// It is gone: dials are refused. It comes back empty.
    Refused,
    /// It is gone, and there again at once, empty.
    Restarted,
    /// Packets to it are dropped.
    BlackHole,
    /// It forgets everything at once.
    Flushed,
    /// It ends the connections that subscribe.
    SubscribersKilled,
    /// It ends the connections for commands.
    CommandsKilled,
    /// It ends a subscription that does not keep up.
    Overflow,
    /// It asks for a password that the relays do not have.
    Password,
    /// It became a replica.
    ReadOnly,
    /// Its memory is full.
    OutOfMemory,
    /// Its last snapshot could not be written.
    DiskFull,
}

impl Kind {
    /// What a table calls it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Frozen => "stopped (SIGSTOP)",
            Self::Refused => "gone, dials refused, back empty",
            Self::Restarted => "killed, back at once, empty",
            Self::BlackHole => "packets dropped",
            Self::Flushed => "`FLUSHALL`",
            Self::SubscribersKilled => "`CLIENT KILL TYPE pubsub`",
            Self::CommandsKilled => "`CLIENT KILL TYPE normal`",
            Self::Overflow => "output buffer overflow",
            Self::Password => "wrong password",
            Self::ReadOnly => "read-only (`REPLICAOF`)",
            Self::OutOfMemory => "out of memory",
            Self::DiskFull => "disk full",
        }
    }

    /// What the reason of a degraded bus has in it; nothing, where all goes on.
    pub(super) fn reason(self) -> Option<&'static str> {
        match self {
            Self::Frozen | Self::BlackHole => Some("no answer within"),
            Self::Refused => Some("refused"),
            Self::Flushed => None,
            Self::Restarted | Self::SubscribersKilled | Self::CommandsKilled | Self::Overflow => {
                Some("closed")
            }
            Self::Password => Some("NOAUTH"),
            Self::ReadOnly => Some("READONLY"),
            Self::OutOfMemory => Some("OOM"),
            Self::DiskFull => Some("MISCONF"),
        }
    }

    /// Whether it is over as soon as it has happened.
    pub(super) fn is_a_moment(self) -> bool {
        matches!(
            self,
            Self::Restarted | Self::Flushed | Self::SubscribersKilled | Self::CommandsKilled | Self::Overflow
        )
    }

    /// Whether messages that no history keeps cross nevertheless.
    pub(super) fn lets_messages_through(self) -> bool {
        matches!(self, Self::Flushed | Self::ReadOnly | Self::OutOfMemory | Self::DiskFull)
    }

    /// Whether it is the link that is silent or gone, which a relay has three seconds to notice.
    pub(super) fn is_silence(self) -> bool {
        matches!(self, Self::Frozen | Self::Refused | Self::BlackHole)
    }

    /// A Redis that it can happen to.
    pub(super) fn redis(self) -> Redis {
        match self {
            Self::DiskFull => on_a_small_disk(),
            Self::Overflow => Redis::with(&["--client-output-buffer-limit", "pubsub 256kb 0 0"]),
            _ => Redis::start(),
        }
    }

    /// Lets it happen.
    pub(super) async fn strike(self, fleet: &mut Fleet) {
        let redis = &mut fleet.redis;
        match self {
            Self::Frozen => redis.signal("-STOP").await,
            Self::Refused => redis.kill().await,
            Self::Restarted => {
                redis.kill().await;
                redis.revive();
            }
            Self::BlackHole => drop_packets("-I", redis.port()).await,
            Self::Flushed => says_ok(redis, &["FLUSHALL"]).await,
            Self::SubscribersKilled => kill(redis, "pubsub").await,
            Self::CommandsKilled => kill(redis, "normal").await,
            Self::Overflow => overflow(fleet).await,
            Self::Password => {
                says_ok(redis, &["CONFIG", "SET", "requirepass", "other"]).await;
                let killed = ["--no-auth-warning", "-a", "other", "CLIENT", "KILL", "TYPE"];
                for kind in ["pubsub", "normal"] {
                    redis.cli(&[&killed[..], &[kind]].concat()).await;
                }
            }
            // Nobody listens there: the link to its primary stays down, and it keeps what it has.
            Self::ReadOnly => says_ok(redis, &["REPLICAOF", "127.0.0.1", "1"]).await,
            Self::OutOfMemory => says_ok(redis, &["CONFIG", "SET", "maxmemory", "1"]).await,
            Self::DiskFull => fill_disk(redis).await,
        }
    }

    /// Ends it.
    pub(super) async fn heal(self, fleet: &mut Fleet) {
        let redis = &mut fleet.redis;
        match self {
            Self::Frozen => redis.signal("-CONT").await,
            Self::Refused => redis.revive(),
            Self::BlackHole => drop_packets("-D", redis.port()).await,
            Self::Restarted
            | Self::Flushed
            | Self::SubscribersKilled
            | Self::CommandsKilled
            | Self::Overflow => {}
            Self::Password => {
                let words = ["--no-auth-warning", "-a", "other", "CONFIG", "SET", "requirepass", ""];
                says_ok(redis, &words).await;
            }
            Self::ReadOnly => says_ok(redis, &["REPLICAOF", "NO", "ONE"]).await,
            Self::OutOfMemory => says_ok(redis, &["CONFIG", "SET", "maxmemory", "0"]).await,
            Self::DiskFull => {
                resize_disk(redis, "16m").await;
                snapshot(redis, "ok").await;
            }
        }
    }
}

async fn says_ok(redis: &Redis, words: &[&str]) {
    assert_eq!(redis.cli(words).await, "OK", "{words:?}");
}

async fn kill(redis: &Redis, kind: &str) {
    redis.cli(&["CLIENT", "KILL", "TYPE", kind]).await;
}

/// Stops the other relay and publishes until Redis has given up on its subscription.
async fn overflow(fleet: &mut Fleet) {
    fleet.far.signal("-STOP").await;
    let subscribers =
        async |redis: &Redis| redis.cli(&["CLIENT", "LIST", "TYPE", "pubsub"]).await.lines().count();
    while subscribers(&fleet.redis).await == 2 {
        for _ in 0..10 {
            fleet.publish_bulk().await;
        }
    }
    fleet.far.signal("-CONT").await;
}

/// Drops or lets through what goes to `port`, in the namespace of this process.
async fn drop_packets(how: &str, port: u16) {
    let port = port.to_string();
    let rule = ["-w", how, "INPUT", "-p", "tcp", "--dport", &port, "-j", "DROP"];
    assert!(Command::new("iptables").args(rule).status().await.unwrap().success());
}

/// A Redis that alone sees a file system in memory, in which it works.
fn on_a_small_disk() -> Redis {
    let user = ["--user", "--map-root-user"];
    let user = if is_root() { &user[..0] } else { &user[..] };
    let furnish = "mount -t tmpfs -o size=64k tmpfs /mnt && cd /mnt && exec redis-server \"$@\"";
    Redis::by(&[&["unshare", "--mount"], user, &["bash", "-c", furnish, "--"]].concat())
}

/// Whether namespaces can be made without one of users around them.
pub(super) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// Lets it try a snapshot of more than its disk has room for.
async fn fill_disk(redis: &Redis) {
    says_ok(redis, &["CONFIG", "SET", "rdbcompression", "no"]).await;
    // A snapshot that is wanted, but not in the time of a test.
    says_ok(redis, &["CONFIG", "SET", "save", "86400 1000000"]).await;
    says_ok(redis, &["SET", "ballast", &"x".repeat(100_000)]).await;
    snapshot(redis, "err").await;
}

async fn resize_disk(redis: &Redis, size: &str) {
    let user = ["--user", "--preserve-credentials"];
    let user = if is_root() { &user[..0] } else { &user[..] };
    let pid = redis.pid().to_string();
    let size = format!("remount,size={size}");
    let words = [&["--target", &pid, "--mount"], user, &["--", "mount", "-o", &size, "/mnt"]].concat();
    assert!(Command::new("nsenter").args(words).status().await.unwrap().success());
}

/// Lets it write a snapshot, which ends with this status.
async fn snapshot(redis: &Redis, status: &str) {
    redis.cli(&["BGSAVE"]).await;
    let expected = format!("rdb_last_bgsave_status:{status}");
    until(&expected, async || redis.cli(&["INFO", "persistence"]).await.contains(&expected)).await;
}
