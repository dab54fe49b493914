//! A server's processes, which end with the value that stands for them.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::proc;

/// Time in which a server must listen.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked whether it does, or whether it has ended.
const LOOK: Duration = Duration::from_millis(20);

/// A server that runs.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    _folder: TempDir,
}

/// What a server that is about to start may use: a folder, and a port that is free.
pub(crate) struct Place {
    folder: TempDir,
    pub(crate) port: u16,
}

impl Place {
    /// A new one.
    ///
    /// # Errors
    /// If the system has none left.
    pub(crate) fn new() -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        Ok(Self { folder: TempDir::new()?, port })
    }

    /// The file or folder `name` of it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Server {
    /// Starts `command`, and waits until it listens. What it prints goes to a file, as it would.
    ///
    /// # Errors
    /// If it does not listen in time; the error has what it printed.
    pub(crate) fn start(place: Place, command: &mut Command) -> Result<Self> {
        let log = place.path("output");
        let output = File::create(&log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child =
            command.spawn().with_context(|| format!("{:?} cannot be started", command.get_program()))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, place.port));
        let mut server = Self { child, address, _folder: place.folder };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            if began.elapsed() > PATIENCE || server.child.try_wait()?.is_some() {
                bail!("does not listen: {}", std::fs::read_to_string(&log)?);
            }
            std::thread::sleep(LOOK);
        }
        Ok(server)
    }

    /// Ends it as a crash would: `kill -9`.
    ///
    /// # Errors
    /// If it has ended already.
    pub(crate) fn crash(&mut self) -> Result<()> {
        self.child.kill().context("it has ended already")?;
        self.child.wait()?;
        Ok(())
    }

    /// It and its workers, who may come later than the first connection.
    pub(crate) fn pids(&self) -> Vec<u32> {
        proc::family(self.child.id())
    }
}

impl Drop for Server {
    /// A master process has to be asked, or it leaves its workers behind.
    fn drop(&mut self) {
        if self.pids().len() > 1 {
            let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
            let began = Instant::now();
            while began.elapsed() < PATIENCE && matches!(self.child.try_wait(), Ok(None)) {
                std::thread::sleep(LOOK);
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
