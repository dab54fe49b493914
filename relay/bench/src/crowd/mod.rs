//! Thousands of clients in one thread: sockets that connect, listen, and count what they hear.
//!
//! They must cost little, as they share the machine with the server: a client is a socket and a
//! counter, one buffer is read into for all, and frames are not taken apart. A message is known by
//! the [stamp](stamps) in it, on whichever transport it came.

mod hello;
mod member;
mod stamps;

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use mio::{Events, Interest, Poll, Token};

pub(crate) use hello::{Hello, masked};
use member::{Heard, Member};
pub(crate) use stamps::{Stamps, stamp};

/// Handshakes under way at a time: what a crowd that comes back keeps a server busy with.
const AT_ONCE: usize = 64;
/// Time without progress after which connecting has failed.
const STUCK: Duration = Duration::from_secs(20);
/// Bytes that one read takes.
const READ_SIZE: usize = 64 * 1024;

/// Connected clients.
pub(crate) struct Crowd {
    poll: Poll,
    events: Events,
    members: Vec<Member>,
    buffer: Vec<u8>,
    /// What was heard since the last [listening](Self::listen) began.
    heard: Heard,
    /// Whether members keep all that they are sent.
    remembers: bool,
}

impl Crowd {
    /// Nobody.
    ///
    /// # Errors
    /// If the system has no descriptors left.
    pub(crate) fn new(began: Instant) -> io::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            members: Vec::new(),
            buffer: vec![0; READ_SIZE],
            heard: Heard::since(began),
            remembers: false,
        })
    }

    /// Nobody; who comes keeps [all that it is sent](Self::transcripts).
    ///
    /// # Errors
    /// If the system has no descriptors left.
    pub(crate) fn remembering(began: Instant) -> io::Result<Self> {
        Ok(Self { remembers: true, ..Self::new(began)? })
    }

    /// All that each member was sent, the answer to its handshake included.
    pub(crate) fn transcripts(&self) -> impl Iterator<Item = &[u8]> {
        self.members.iter().map(Member::transcript)
    }

    /// Connects one client for each of `hellos`, and waits until all have been answered.
    ///
    /// # Errors
    /// If one of them is refused, or nothing happens for a long time.
    pub(crate) fn dial(&mut self, address: SocketAddr, hellos: impl Iterator<Item = Hello>) -> Result<()> {
        self.dial_at_once(AT_ONCE, address, hellos)
    }

    /// The same with `at_once` handshakes under way at a time.
    ///
    /// # Errors
    /// As [`dial`](Self::dial).
    pub(crate) fn dial_at_once(
        &mut self,
        at_once: usize,
        address: SocketAddr,
        mut hellos: impl Iterator<Item = Hello>,
    ) -> Result<()> {
        let mut pending = 0;
        loop {
            while pending < at_once
                && let Some(hello) = hellos.next()
            {
                self.connect(address, hello)?;
                pending += 1;
            }
            if pending == 0 {
                return Ok(());
            }
            let greeted = self.turn(STUCK)?;
            if greeted == 0 && self.events.is_empty() {
                bail!("{pending} handshakes got no answer");
            }
            pending -= greeted;
        }
    }

    fn connect(&mut self, address: SocketAddr, hello: Hello) -> Result<()> {
        let mut member = Member::connect(address, hello, self.remembers)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(member.stream(), Token(self.members.len()), interest)?;
        self.members.push(member);
        Ok(())
    }

    /// Listens until `deliveries` were heard, or none for the time `quiet`. Gives the latencies in µs.
    ///
    /// # Errors
    /// If a connection ends.
    pub(crate) fn listen(&mut self, deliveries: usize, quiet: Duration) -> Result<Vec<u32>> {
        while self.heard.latencies.len() < deliveries {
            let before = self.heard.latencies.len();
            self.turn(quiet)?;
            if self.events.is_empty() && self.heard.latencies.len() == before {
                break;
            }
        }
        Ok(std::mem::take(&mut self.heard.latencies))
    }

    /// Lets all but the first `count` go, at once and without a goodbye.
    pub(crate) fn keep(&mut self, count: usize) {
        self.members.truncate(count);
    }

    /// Waits for something to happen, and takes it in. Tells how many handshakes are done with it.
    fn turn(&mut self, patience: Duration) -> Result<usize> {
        self.poll.poll(&mut self.events, Some(patience))?;
        let mut greeted = 0;
        for event in &self.events {
            // A member that was let go may have left an event behind.
            let Some(member) = self.members.get_mut(event.token().0) else { continue };
            greeted += usize::from(member.take(event, &mut self.buffer, &mut self.heard)?);
        }
        Ok(greeted)
    }
}
