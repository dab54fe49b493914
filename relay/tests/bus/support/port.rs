//! Ports for servers that a test starts, ends and starts again.

use std::net::TcpListener;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that the system gives to sockets which do not name one: there, a client of some test may
/// have the port of a server that is away.
const FIRST: u16 = 12_000;

const COUNT: u16 = 20_000;

/// Differs from that of other processes, which look for ports at the same time.
static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| AtomicU16::new(first_of(std::process::id())));

fn first_of(process: u32) -> u16 {
    u16::try_from(process.wrapping_mul(97) % u32::from(COUNT)).unwrap_or_default()
}

/// A port of loopback that nobody listens on, and that no other test of this process gets.
pub fn free_port() -> u16 {
    let next = || FIRST + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
    std::iter::repeat_with(next).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}
