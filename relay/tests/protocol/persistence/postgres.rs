//! A PostgreSQL of a test's own, on loopback, run by a user who is nobody.

use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::{Child, Command};

use crate::support::{free_port, until};

/// Its user and its password.
const USER: &str = "mythos_user";
pub(super) const PASSWORD: &str = "s3cret-pass";
/// Its database.
const DATABASE: &str = "mythos_prod";

/// PostgreSQL refuses to be run by root; this user exists everywhere.
const NOBODY: u32 = 65_534;

/// The server; killed when dropped.
pub(super) struct Postgres {
    folder: tempfile::TempDir,
    port: u16,
    server: Option<Child>,
}

impl Postgres {
    /// A server with an empty database.
    pub(super) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let password = folder.path().join("password");
        std::fs::write(&password, PASSWORD).unwrap();
        let mut postgres = Self { folder, port: free_port(), server: None };
        let mut initdb = postgres.command("initdb");
        initdb.args(["--no-sync", "--auth=scram-sha-256", "--username", USER, "--pwfile"]).arg(password);
        let output = initdb.arg(postgres.data()).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        postgres.run().await;
        postgres.psql("postgres", &format!("CREATE DATABASE {DATABASE};")).await;
        postgres
    }

    /// Starts the server, and waits until it answers.
    pub(super) async fn run(&mut self) {
        let mut server = self.command("postgres");
        server.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
        server.args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]);
        let server = server.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        self.server = Some(server);
        until("PostgreSQL", async || self.psql("postgres", "SELECT 1;").await.contains("(1 row)")).await;
    }

    /// Ends the server, and waits until it is gone.
    pub(super) async fn stop(&mut self) {
        let server = self.server.as_mut().unwrap();
        // SIGINT is a fast shutdown: clients are disconnected.
        let pid = server.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().await.unwrap().success());
        server.wait().await.unwrap();
    }

    /// Its address, as the guide writes it.
    pub(super) fn url(&self) -> String {
        format!("postgresql://{USER}:{PASSWORD}@localhost:{}/{DATABASE}", self.port)
    }

    /// What the guide's `psql -h localhost -U mythos_user -d mythos_prod -c STATEMENT` prints.
    pub(super) async fn query(&self, statement: &str) -> String {
        self.psql(DATABASE, statement).await
    }

    async fn psql(&self, database: &str, statement: &str) -> String {
        let mut psql = Command::new("psql");
        psql.args(["-h", "localhost", "-U", USER, "-d", database, "-c", statement]);
        let psql = psql.env("PGPASSWORD", PASSWORD).env("PGPORT", self.port.to_string());
        let output = psql.output().await.expect("psql must be installed (Debian's postgresql)");
        String::from_utf8(output.stdout).unwrap()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(program(name));
        command.current_dir(self.folder.path());
        let owner = std::fs::metadata(self.folder.path()).unwrap().uid();
        if owner == 0 || owner == NOBODY {
            chown(self.folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
            chown(self.folder.path().join("password"), Some(NOBODY), Some(NOBODY)).unwrap();
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }
}

/// A program of the server, which Debian keeps apart from those of people.
fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("Debian's postgresql must be installed");
    let path = |version: std::fs::DirEntry| Path::new(&version.path()).join("bin").join(name);
    versions.flatten().map(path).find(|path| path.exists()).unwrap()
}
