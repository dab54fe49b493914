//! What a client says before it listens. No more is understood of the answers than whether the
//! client may listen now.

/// How a client introduces itself.
#[derive(Clone, Debug)]
pub(crate) enum Hello {
    /// A WebSocket at this path.
    WebSocket(String),
    /// An event stream at this path.
    EventStream(String),
    /// Socket.IO on a WebSocket; the text is the `auth` of the connect packet, or empty.
    SocketIo(String),
}

/// What follows from the bytes that have come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// More of them have to.
    Wait,
    /// This is to be said.
    Say(Vec<u8>),
    /// The client may listen.
    Listen,
    /// The server does not want it.
    Refused,
}

impl Hello {
    /// The request.
    pub(crate) fn request(&self) -> Vec<u8> {
        let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        let (path, headers) = match self {
            Self::WebSocket(path) => (path.as_str(), upgrade),
            Self::EventStream(path) => (path.as_str(), "accept: text/event-stream\r\n"),
            Self::SocketIo(_) => ("/socket.io/?EIO=4&transport=websocket", upgrade),
        };
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n").into_bytes()
    }

    /// What to do after `bytes`, which are all that came. `said`: the connect packet is on its way.
    pub(super) fn step(&self, bytes: &[u8], said: bool) -> Step {
        let Some(head) = memchr::memmem::find(bytes, b"\r\n\r\n") else { return Step::Wait };
        let status = bytes.get(9..12).unwrap_or_default();
        let wanted: &[u8] = if matches!(self, Self::EventStream(_)) { b"200" } else { b"101" };
        if status != wanted {
            return Step::Refused;
        }
        let Self::SocketIo(auth) = self else { return Step::Listen };
        let packets = bytes.get(head..).unwrap_or_default();
        let has = |start: &[u8]| memchr::memmem::find(packets, start).is_some();
        match said {
            false if has(b"0{\"") => Step::Say(masked(format!("40{auth}").as_bytes())),
            // The order of what follows is the server's.
            true if has(b"40{\"") => Step::Listen,
            _ => Step::Wait,
        }
    }
}

/// A text frame of a client (RFC 6455 section 5.2), with a mask of zeros, which changes nothing.
pub(crate) fn masked(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u8::try_from(payload.len()) {
        Ok(length) if length < 126 => frame.push(0x80 | length),
        _ => {
            let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
            frame.push(0x80 | 126);
            frame.extend_from_slice(&length.to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    const SWITCHED: &str = "HTTP/1.1 101 Switching Protocols\r\n\r\n";

    #[test]
    fn a_websocket_listens_after_the_head() {
        let hello = Hello::WebSocket("/ws".to_owned());
        assert_eq!(hello.step(b"HTTP/1.1 101 Switch", false), Step::Wait);
        assert_eq!(hello.step(SWITCHED.as_bytes(), false), Step::Listen);
    }

    #[test]
    fn a_refusal_is_seen() {
        let hello = Hello::EventStream("/sse".to_owned());
        assert_eq!(hello.step(b"HTTP/1.1 503 No\r\n\r\n", false), Step::Refused);
    }

    #[test]
    fn socket_io_joins_the_namespace_before_it_listens() {
        let hello = Hello::SocketIo("{}".to_owned());
        let opened = format!("{SWITCHED}\x01\x020{{\"sid\":\"a\"}}");
        assert_eq!(hello.step(opened.as_bytes(), false), Step::Say(masked(b"40{}")));
        assert_eq!(hello.step(opened.as_bytes(), true), Step::Wait);
        for answer in [r#"40{"sid":"b"}"#, r#"40{"pid":"c","sid":"b"}"#] {
            let joined = format!("{opened}\x01\x02{answer}");
            assert_eq!(hello.step(joined.as_bytes(), true), Step::Listen, "{answer}");
        }
    }

    #[test]
    fn a_long_frame_has_a_long_length() {
        assert_eq!(masked(&[b'x'; 300]).get(..4), Some(&[0x81, 0xfe, 1, 44][..]));
    }
}
