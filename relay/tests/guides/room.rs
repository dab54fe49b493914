//! A network of a test's own, in which a relay has the ports and the names of the guides.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::packages;
use crate::terminal::Terminal;

/// Time in which whatever a test waits for must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// The guides' names of servers.
const HOSTS: &str = "127.0.0.1 localhost yourserver yourdomain.com\n";
/// The guides' ports, and that of addresses without one.
const LISTEN: &str = ":8000,:8080,:80";

/// Programs that share a network and a folder. All end when it is dropped.
pub(crate) struct Room {
    /// Keeps the network there.
    holder: Child,
    programs: Vec<Child>,
    folder: TempDir,
}

impl Room {
    /// A room with a relay in it.
    pub(crate) async fn with_relay(settings: &[(&str, &str)]) -> Self {
        let mut room = Self::empty().await;
        room.start_relay(settings).await;
        room
    }

    /// As [`with_relay`](Self::with_relay), with a Redis at its usual port behind it.
    pub(crate) async fn with_redis(settings: &[(&str, &str)]) -> Self {
        let mut room = Self::empty().await;
        room.start("exec redis-server --save '' --appendonly no > /dev/null", &[]);
        room.shows("redis-cli ping", &["PONG"]).await;
        let redis = ("REDIS_URL", "redis://localhost:6379");
        room.start_relay(&[&[redis], settings].concat()).await;
        room.shows("curl -s -o /dev/null -w '%{http_code}' http://localhost:9090/readyz", &["200"]).await;
        room
    }

    /// A room with nothing in it.
    pub(crate) async fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hosts = folder.path().join("hosts");
        std::fs::write(&hosts, HOSTS).unwrap();
        let mut unshare = Command::new("unshare");
        unshare.args(["--net", "--mount"]);
        if !is_root() {
            unshare.args(["--user", "--map-root-user"]);
        }
        let furnish = "ip link set lo up && mount --bind \"$0\" /etc/hosts && echo ready && exec sleep 600";
        let mut holder = unshare
            .args(["bash", "-c", furnish])
            .arg(hosts)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
        assert_eq!(line, "ready\n", "namespaces of its own are what a test needs");
        Self { holder, programs: Vec::new(), folder }
    }

    async fn start_relay(&mut self, settings: &[(&str, &str)]) {
        let relay = format!("exec {} > relay.log", env!("CARGO_BIN_EXE_relay"));
        self.start(&relay, &[&[("LISTEN", LISTEN)], settings].concat());
        self.shows("curl -s http://localhost:8080/health", &["healthy"]).await;
    }

    /// Starts a program that runs as long as the room is there.
    fn start(&mut self, command: &str, environment: &[(&str, &str)]) {
        let mut program = self.command("bash", command);
        let program = program.envs(environment.iter().copied()).stdin(Stdio::null()).stdout(Stdio::null());
        self.programs.push(program.spawn().unwrap());
    }

    /// Ends the relay as a crash would, and starts it again.
    pub(crate) async fn restart_relay(&mut self) {
        let mut relay = self.programs.pop().expect("a relay");
        relay.kill().await.unwrap();
        self.start_relay(&[]).await;
    }

    /// The folder that commands are typed in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A shell in the room that is about to take `command`.
    fn command(&self, shell: &str, command: &str) -> Command {
        let mut nsenter = Command::new("nsenter");
        nsenter.args(["--target", &self.holder.id().unwrap().to_string(), "--net", "--mount"]);
        if !is_root() {
            nsenter.args(["--user", "--preserve-credentials"]);
        }
        nsenter.arg("--").args(shell.split(' ')).args(["-c", &format!("cd \"$ROOM\"; {command}")]);
        let path = std::env::var("PATH").unwrap_or_default();
        let programs = packages::npm().join(".bin");
        nsenter
            .env_clear()
            .env("PATH", format!("{}:{path}", programs.display()))
            .env("NODE_PATH", packages::npm())
            .env("PYTHONPATH", packages::pip())
            .env("HOME", self.folder())
            .env("ROOM", self.folder())
            .kill_on_drop(true);
        nsenter
    }

    /// What typing `command` shows, and how it ends.
    pub(crate) async fn run(&self, command: &str) -> Output {
        let output = self.command("bash", command).stdin(Stdio::null()).output();
        tokio::time::timeout(PATIENCE, output).await.expect("the command must end").unwrap()
    }

    /// Types `command` until it shows all of `expected`: what is looked for may be on its way.
    pub(crate) async fn shows(&self, command: &str, expected: &[&str]) {
        let begin = Instant::now();
        loop {
            let output = self.run(command).await;
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8_lossy(&text);
            if expected.iter().all(|expected| text.contains(expected)) {
                return;
            }
            assert!(begin.elapsed() < PATIENCE, "{command}\nshows\n{text}\nand not {expected:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Types `command` on a terminal, and leaves it there.
    pub(crate) fn terminal(&self, command: &str) -> Terminal {
        // `script` gives it a terminal, so that it behaves as it does for a person.
        let mut script = self.command("script --quiet --flush --return", command);
        Terminal::of(script.arg("/dev/null").env("TERM", "dumb"), command)
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|itself| itself.uid() == 0)
}
