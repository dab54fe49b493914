//! One client.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use mio::event::Event;
use mio::net::TcpStream;
use socket2::SockRef;

use super::hello::Step;
use super::{Hello, Stamps};

/// What all clients together have heard.
pub(super) struct Heard {
    began: Instant,
    /// µs from publishing to the client, for each delivery.
    pub(super) latencies: Vec<u32>,
}

impl Heard {
    /// Nothing; stamps count from `began`.
    pub(super) fn since(began: Instant) -> Self {
        Self { began, latencies: Vec::new() }
    }

    fn take(&mut self, stamps: &mut Stamps, bytes: &[u8]) {
        let now = self.began.elapsed();
        stamps.scan(bytes, |sent| {
            let latency = now.saturating_sub(Duration::from_nanos(sent));
            self.latencies.push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
        });
    }
}

/// Where a client is in its life.
enum State {
    /// It has something to say and the socket is not connected yet.
    Connecting(Hello),
    /// It waits for answers; the bytes are all that came.
    Greeting { hello: Hello, said: bool, bytes: Vec<u8> },
    /// It listens.
    Listening(Stamps),
}

/// One client.
pub(super) struct Member {
    stream: TcpStream,
    state: State,
    /// All that came, if it is to be kept.
    transcript: Option<Vec<u8>>,
}

impl Member {
    /// Begins to connect; `remembers`: keeps all that it will be sent.
    pub(super) fn connect(address: SocketAddr, hello: Hello, remembers: bool) -> Result<Self> {
        let stream = TcpStream::connect(address).context("connect")?;
        // Its end is a reset: thousands of closed sockets that linger would use all ports up.
        SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
        Ok(Self { stream, state: State::Connecting(hello), transcript: remembers.then(Vec::new) })
    }

    /// All that it was sent; empty, if it does not remember.
    pub(super) fn transcript(&self) -> &[u8] {
        self.transcript.as_deref().unwrap_or_default()
    }

    pub(super) fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Takes in what happened. Tells whether the client listens now and did not before.
    pub(super) fn take(&mut self, event: &Event, buffer: &mut [u8], heard: &mut Heard) -> Result<bool> {
        if let State::Connecting(hello) = &self.state {
            if !event.is_writable() {
                return Ok(false);
            }
            // A socket that has just connected has room for a request.
            self.stream.write_all(&hello.request()).context("request")?;
            self.state = State::Greeting { hello: hello.clone(), said: false, bytes: Vec::new() };
        }
        if !event.is_readable() {
            return Ok(false);
        }
        loop {
            match self.stream.read(buffer) {
                Ok(0) => bail!("the server ended a connection"),
                Ok(count) => {
                    let listens = self.read(buffer.get(..count).unwrap_or_default(), heard)?;
                    // Less than there is room for is all: more makes another event.
                    if listens || count < buffer.len() {
                        return Ok(listens);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error).context("read"),
            }
        }
    }

    fn read(&mut self, new: &[u8], heard: &mut Heard) -> Result<bool> {
        if let Some(transcript) = &mut self.transcript {
            transcript.extend_from_slice(new);
        }
        match &mut self.state {
            State::Connecting(_) => {}
            State::Listening(stamps) => heard.take(stamps, new),
            State::Greeting { hello, said, bytes } => {
                bytes.extend_from_slice(new);
                match hello.step(bytes, *said) {
                    Step::Wait => {}
                    Step::Say(words) => {
                        self.stream.write_all(&words)?;
                        *said = true;
                    }
                    Step::Refused => bail!("refused: {}", String::from_utf8_lossy(bytes)),
                    Step::Listen => {
                        // Messages may have come with the answer.
                        let mut stamps = Stamps::default();
                        heard.take(&mut stamps, bytes);
                        self.state = State::Listening(stamps);
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }
}
