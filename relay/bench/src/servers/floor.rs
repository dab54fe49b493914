//! The floor: what a delivery costs when nothing but `send()` is done for it.
//!
//! It answers every request as if it were a handshake, and sends what comes on `/publish` to all
//! other sockets, one after the other.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::Result;

use super::process::{Place, Server};
use super::{FILLER, Subject};
use crate::crowd::Hello;
use crate::publisher::Way;

/// Bytes of a message.
const SIZE: usize = 120;

/// A loop of `send()`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Floor;

impl Subject for Floor {
    fn name(&self) -> &'static str {
        "floor"
    }

    fn start(&self) -> Result<Server> {
        let place = Place::new()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("floor").arg(place.port.to_string());
        Server::start(place, &mut command)
    }

    fn user(&self, _: usize) -> Option<Hello> {
        None
    }

    fn to_user(&self, _: usize, _: &str) -> Vec<u8> {
        Vec::new()
    }

    fn subscriber(&self) -> Hello {
        Hello::WebSocket("/subscribe".to_owned())
    }

    fn way(&self) -> Way {
        Way::Frames("/publish".to_owned())
    }

    fn to_all(&self, stamp: &str) -> Vec<u8> {
        let mut message = format!("{stamp} {FILLER}").into_bytes();
        message.resize(SIZE, b'.');
        message
    }
}

/// Serves for ever.
///
/// # Errors
/// If the port is taken.
pub(crate) fn serve(port: u16) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let sockets = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for stream in listener.incoming().flatten() {
            let sockets = &sockets;
            // The look whether it listens says nothing.
            let Ok(path) = greet(&stream) else { continue };
            if path.starts_with("GET /publish") {
                scope.spawn(move || send_all(stream, sockets));
            } else {
                sockets.lock().unwrap_or_else(PoisonError::into_inner).push(stream);
            }
        }
    });
    Ok(())
}

fn greet(mut stream: &TcpStream) -> std::io::Result<String> {
    stream.set_nodelay(true)?;
    let mut request = [0; 1024];
    let count = stream.read(&mut request)?;
    stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")?;
    Ok(String::from_utf8_lossy(request.get(..count).unwrap_or_default()).into_owned())
}

fn send_all(mut publisher: TcpStream, sockets: &Mutex<Vec<TcpStream>>) {
    let mut message = [0; SIZE];
    while publisher.read_exact(&mut message).is_ok() {
        for mut socket in &*sockets.lock().unwrap_or_else(PoisonError::into_inner) {
            // Some have gone, which is not looked for.
            let _ = socket.write_all(&message);
        }
    }
}
