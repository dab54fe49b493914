//! Reverse proxies, as Debian has them, with a configuration that a guide gives.

use std::path::Path;
use std::process::{Command as Blocking, Stdio};

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::{free_port, packages, until};

/// A running proxy; killed when dropped.
pub(crate) struct Proxy {
    _child: Child,
    folder: TempDir,
    /// `host:port`.
    pub(crate) address: String,
}

impl Proxy {
    /// Debian's nginx. `configuration` is what belongs into `http`, where `LISTEN` stands for the
    /// address.
    pub(crate) async fn nginx(configuration: &str) -> Self {
        Self::start("nginx.conf", configuration, |folder, file| {
            let mut nginx = Command::new("/usr/sbin/nginx");
            nginx.arg("-p").arg(folder).arg("-c").arg(file).args(["-e", "error.log"]);
            nginx
        })
        .await
    }

    /// Debian's Apache. `configuration` is what belongs to its one site.
    pub(crate) async fn apache(configuration: &str) -> Self {
        Self::start("apache2.conf", configuration, |folder, file| {
            let mut apache = Command::new("/usr/sbin/apache2");
            // One process: none that it forked could outlive it.
            apache.arg("-X").arg("-d").arg(folder).arg("-f").arg(file);
            apache
        })
        .await
    }

    /// `frame` is a file that the configuration goes into.
    async fn start(frame: &str, configuration: &str, command: impl FnOnce(&Path, &Path) -> Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let frame = std::fs::read_to_string(packages::source("proxies").join(frame)).unwrap();
        let whole = frame.replace("CONFIGURATION", configuration).replace("LISTEN", &address);
        let file = folder.path().join("proxy.conf");
        std::fs::write(&file, whole).unwrap();
        let mut child = command(folder.path(), &file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the proxy must be installed");
        until("a listening proxy", async || {
            assert!(child.try_wait().unwrap().is_none(), "{}", log(folder.path(), "error.log"));
            TcpStream::connect(&address).await.is_ok()
        })
        .await;
        Self { _child: child, folder, address }
    }

    /// The lines of its access log that hold `text`, by `grep`.
    pub(crate) fn grep(&self, text: &str) -> String {
        let file = self.folder.path().join("access.log");
        let output = Blocking::new("grep").arg(text).arg(file).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

fn log(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_default()
}
