//! A primary, its replicas, and three real sentinels that watch them.

use super::{Redis, free_port, until};

/// The name under which the sentinels know the primary.
pub const MASTER: &str = "relay-master";

/// Time after which a silent primary is down for a sentinel, in milliseconds.
const DOWN_AFTER: u32 = 1000;

/// Redis with Sentinel; all of its processes end with their test.
pub struct Sentinels {
    /// The first one is the primary at the start.
    pub servers: Vec<Redis>,
    pub sentinels: Vec<Redis>,
    /// More lines of the configuration of each sentinel.
    lines: String,
}

impl Sentinels {
    /// Starts a primary, `replicas` of it and three sentinels, and waits until these know all.
    pub async fn start(replicas: usize) -> Self {
        Self::start_with(replicas, &[], "").await
    }

    /// The same with more options for each server and more lines for each sentinel, which may name
    /// the primary as `MASTER`.
    pub async fn start_with(replicas: usize, args: &[&str], lines: &str) -> Self {
        let primary = Redis::start(args);
        let replicas: Vec<Redis> = (0..replicas).map(|_| Redis::replica_of(&primary, args)).collect();
        let servers = std::iter::once(primary).chain(replicas).collect();
        let lines = lines.replace("MASTER", MASTER);
        let mut all = Self { servers, sentinels: Vec::new(), lines };
        all.sentinels = (0..3).map(|_| all.sentinel()).collect();
        until("the sentinels know each other and the replicas", || all.complete()).await;
        all
    }

    fn sentinel(&self) -> Redis {
        let (dir, port) = (tempfile::tempdir().unwrap(), free_port());
        let primary = self.servers[0].port();
        let text = format!(
            "port {port}\nbind 127.0.0.1\n\
             sentinel monitor {MASTER} 127.0.0.1 {primary} 2\n\
             sentinel down-after-milliseconds {MASTER} {DOWN_AFTER}\n\
             sentinel failover-timeout {MASTER} 4000\n{}\n",
            self.lines
        );
        std::fs::write(dir.path().join("sentinel.conf"), text).unwrap();
        let mut sentinel =
            Redis::spawn(dir, port, ["sentinel.conf", "--sentinel"].map(str::to_owned).to_vec());
        let password = self.lines.lines().find_map(|line| line.strip_prefix("requirepass "));
        sentinel.password = password.map(str::to_owned);
        sentinel
    }

    /// Whether each sentinel knows both others and all replicas.
    fn complete(&self) -> bool {
        let replicas = self.servers.len() - 1;
        let knows = |sentinel: &Redis| {
            let text = sentinel.cli(&["INFO", "sentinel"]);
            text.contains(&format!("slaves={replicas},sentinels=3"))
        };
        self.sentinels.iter().all(knows)
            && self
                .servers
                .iter()
                .skip(1)
                .all(|replica| replica.cli(&["INFO", "replication"]).contains("master_link_status:up"))
    }

    /// The URL with all three sentinels.
    pub fn url(&self) -> String {
        let hosts: Vec<String> =
            self.sentinels.iter().map(|sentinel| format!("127.0.0.1:{}", sentinel.port())).collect();
        format!("redis+sentinel://{}/0?master={MASTER}", hosts.join(","))
    }

    /// Index of the server that the first sentinel names as the primary, and that is one.
    pub fn primary(&self) -> Option<usize> {
        let named = self.sentinels[0].cli(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER]);
        let port: u16 = named.lines().nth(1)?.parse().ok()?;
        self.servers.iter().position(|server| server.port() == port && server.is_primary())
    }

    /// Waits until another server than `former` is the primary, and answers which.
    pub async fn promoted(&self, former: usize) -> usize {
        until("another was promoted", || self.primary().is_some_and(|now| now != former)).await;
        self.primary().unwrap()
    }

    /// Has the sentinels make another server the primary, while this one lives.
    pub fn switch(&self) {
        self.sentinels[0].cli(&["SENTINEL", "FAILOVER", MASTER]);
    }
}
