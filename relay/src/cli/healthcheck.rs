//! Asks the relay on this machine for `GET /health`, as container runtimes do (requirement 002-16).

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::Context;
use relay::config::{Boot, Source};

/// Time for each step.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Bytes of the answer that are read.
const ANSWER: u64 = 64 * 1024;

pub(super) fn check() -> anyhow::Result<()> {
    let (source, _) = Source::from_process();
    let address = reachable(Boot::parse(&source)?.listen);
    let status = status(address).with_context(|| format!("no answer from {address}"))?;
    anyhow::ensure!(status == "200", "{address} answered {status}");
    Ok(())
}

/// An address to connect to, for one that is listened on.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn status(address: SocketAddr) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    write!(stream, "GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(ANSWER).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    answer.split_whitespace().nth(1).map(str::to_owned).context("an empty answer")
}
