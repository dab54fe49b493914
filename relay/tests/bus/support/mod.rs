//! What the tests of the bus share: a real `redis-server` on loopback, nodes, and waiting.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use relay::bus::{
    self, Bus, Channel, Config, History, Inbox, Login, Message, Password, Policy, PoolSize, Secret,
};
use relay_contract::admin::BusState;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

pub use self::account::Guarded;
pub use self::banish::{admit, banish, each, two_accounts};
pub use self::cluster::Cluster;
pub use self::port::free_port;
pub use self::sentinels::Sentinels;
pub use self::site::Site;

mod account;
mod banish;
#[allow(dead_code, reason = "the tests of each topology use what they need")]
mod cluster;
mod port;
#[allow(dead_code, reason = "the tests of each topology use what they need")]
mod sentinels;
mod site;

/// Longest that a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// A `redis-server` that ends with its test.
pub struct Redis {
    child: Child,
    port: u16,
    args: Vec<String>,
    dir: TempDir,
    /// That of the default account, if it has one.
    password: Option<String>,
}

impl Redis {
    /// Starts one, with more command-line options such as `--requirepass`.
    pub fn start(args: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), args)
    }

    /// Starts one in a folder with files for it. An option `PORT` becomes the number of its port.
    pub fn start_in(dir: TempDir, args: &[&str]) -> Self {
        let port = free_port();
        let memory = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let all = ["--port", "PORT"].iter().chain(&memory).chain(args);
        let args = all.map(|&arg| arg.replace("PORT", &port.to_string())).collect();
        Self::spawn(dir, port, args)
    }

    /// Starts one that has the data of `primary`, and gets what that gets.
    pub fn replica_of(primary: &Self, args: &[&str]) -> Self {
        let port = primary.port.to_string();
        Self::start(&[&["--replicaof", "127.0.0.1", &port, "--repl-diskless-sync-delay", "0"], args].concat())
    }

    /// Starts `redis-server` with these arguments, which make it listen on `port`.
    fn spawn(dir: TempDir, port: u16, args: Vec<String>) -> Self {
        let mut after = args.iter().skip_while(|arg| *arg != "--requirepass");
        let password = after.nth(1).cloned();
        Self { child: spawn(port, &args, &dir), port, args, dir, password }
    }

    /// Whether it says that it is a primary.
    pub fn is_primary(&self) -> bool {
        self.cli(&["ROLE"]).starts_with("master")
    }

    /// A port of loopback on which nobody listens, as a bus to nowhere.
    pub fn url_of(port: u16) -> String {
        format!("redis://127.0.0.1:{port}")
    }

    /// Its URL.
    pub fn url(&self) -> String {
        Self::url_of(self.port)
    }

    /// A bus on it.
    pub fn config(&self) -> Config {
        config_of(&self.url(), None, "default")
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A bus on the Redis at `url`, which has the login.
    pub fn config_of(url: &str) -> Config {
        config_of(url, None, "default")
    }

    /// Kills it (SIGKILL); it keeps no data.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again on the same port, empty.
    pub fn revive(&mut self) {
        self.child = spawn(self.port, &self.args, &self.dir);
    }

    /// Stops it without closing its sockets: a black hole.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// Runs `redis-cli` against it and answers what it printed.
    pub fn cli(&self, args: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &self.port.to_string()]).args(args);
        if let Some(password) = &self.password {
            command.env("REDISCLI_AUTH", password);
        }
        let output = command.output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The keys of one kind, such as `lease`, of all relays.
    pub fn keys(&self, kind: &str) -> Vec<String> {
        self.cli(&["KEYS", &format!("relay:*:{kind}:*")]).lines().map(str::to_owned).collect()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Answers once it accepts connections: until then a bus would see a refused dial first.
fn spawn(port: u16, args: &[String], dir: &TempDir) -> Child {
    let child = Command::new("redis-server")
        .args(args)
        .current_dir(dir.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(start.elapsed() < PATIENCE, "redis-server does not start");
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

/// An inbox that keeps what it gets.
#[derive(Default)]
pub struct Kept(Mutex<Vec<Message>>, Mutex<Vec<String>>);

impl Inbox for Kept {
    fn receive(&self, message: Message) {
        self.0.lock().unwrap().push(message);
    }

    fn lost(&self, name: &str) {
        self.1.lock().unwrap().push(name.to_owned());
    }
}

/// One relay, as far as the bus is concerned.
pub struct Node {
    pub bus: Arc<dyn Bus>,
    pub kept: Arc<Kept>,
    pub shutdown: CancellationToken,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// A bus on the Redis at `url`.
pub fn config_of(url: &str, password: Option<&str>, namespace: &str) -> Config {
    Config::Redis {
        url: url.parse().unwrap(),
        url_file: None,
        password: password.map(Secret::new).map(Password::Fixed),
        namespace: namespace.parse().unwrap(),
        authorities: None,
        sentinel: Login::default(),
        max_retries: 0,
        pool: PoolSize::default(),
    }
}

impl Node {
    /// Starts a node on the Redis at `url`, which may not be there.
    pub fn start(name: &str, url: &str, password: Option<&str>) -> Self {
        Self::in_namespace("default", name, url, password)
    }

    /// Starts a node of the cluster that has this namespace.
    pub fn in_namespace(namespace: &str, name: &str, url: &str, password: Option<&str>) -> Self {
        Self::with(name, config_of(url, password, namespace))
    }

    /// Starts a node on the bus that `config` names.
    pub fn with(name: &str, config: Config) -> Self {
        Self::that_keeps(name, config, "")
    }

    /// Starts a node that keeps what `history` says, as the setting has it.
    pub fn that_keeps(name: &str, config: Config, history: &str) -> Self {
        let history: History = history.parse().unwrap();
        Self::by_policy(name, config, history.into())
    }

    /// Starts a node that keeps what `policy` says.
    pub fn by_policy(name: &str, config: Config, policy: Policy) -> Self {
        let (kept, shutdown) = (Arc::new(Kept::default()), CancellationToken::new());
        let bus = bus::connect(config, policy, Arc::clone(&kept) as _, name.to_owned(), shutdown.clone());
        Self { bus, kept, shutdown }
    }

    /// Starts a node and waits until its bus works.
    pub async fn ready(name: &str, redis: &Redis) -> Self {
        let node = Self::start(name, &redis.url(), None);
        node.reaches(BusState::Ok).await;
        node
    }

    /// Waits for a state of the bus.
    pub async fn reaches(&self, state: BusState) {
        until(&format!("the bus is {state:?}"), || self.bus.status().state == state).await;
    }

    /// Publishes a message with this id to this user.
    pub async fn publish(&self, user: &str, id: impl ToString) {
        self.bus.publish(Arc::new(message(user, id))).await.unwrap();
    }

    /// Ids of the messages that it got for `user`, in order.
    pub fn got(&self, user: &str) -> Vec<String> {
        self.got_on(&Channel::user(user))
    }

    /// Ids of the messages that it got on `channel`, in order.
    pub fn got_on(&self, channel: &Channel) -> Vec<String> {
        let kept = self.kept.0.lock().unwrap();
        kept.iter().filter(|message| message.channel == *channel).map(|message| message.id.clone()).collect()
    }

    /// The messages that it got for `user`, in order.
    pub fn messages(&self, user: &str) -> Vec<Message> {
        let channel = Channel::user(user);
        self.kept.0.lock().unwrap().iter().filter(|message| message.channel == channel).cloned().collect()
    }

    /// Names that other nodes turned out to have.
    pub fn lost(&self) -> Vec<String> {
        self.kept.1.lock().unwrap().clone()
    }

    /// The last message that it got.
    pub fn last(&self) -> Option<Message> {
        self.kept.0.lock().unwrap().last().cloned()
    }

    /// Waits until it has `count` messages for `user`.
    pub async fn gets(&self, user: &str, count: usize) {
        until(&format!("{count} messages came"), || self.got(user).len() >= count).await;
    }
}

/// A Redis, and a node on it whose bus works.
pub async fn one_node() -> (Redis, Node) {
    let redis = Redis::start(&[]);
    let node = Node::ready("a", &redis).await;
    (redis, node)
}

/// A Redis, and two nodes on it whose buses work.
pub async fn two_nodes() -> (Redis, Node, Node) {
    let (redis, a) = one_node().await;
    let b = Node::ready("b", &redis).await;
    (redis, a, b)
}

/// A message with this id for this user.
pub fn message(user: &str, id: impl ToString) -> Message {
    Message {
        id: id.to_string(),
        channel: Channel::user(user),
        position: None,
        timestamp: 1_700_000_000_000,
        kind: "message".to_owned(),
        payload: Bytes::from_static(b"{\"text\":\"hi\"}"),
    }
}

/// Ids `from` up to `to`, as [`Node::got`] shows them.
pub fn ids(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|id| id.to_string()).collect()
}

/// Waits until `condition` holds.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    until_answered(what, async || condition()).await;
}

/// Waits until `condition`, which itself takes a while, holds.
pub async fn until_answered(what: &str, condition: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !condition().await {
        assert!(start.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
