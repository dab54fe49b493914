//! The hub's wire for event streams.

use bytes::Bytes;

use super::{Event, RETRY_MS};
use crate::bus::{Message, Position};
use crate::hub::{CloseCode, Farewell, Frame, Missed, Pulse, Wire};

/// Milliseconds over which clients of a relay that restarts spread their return.
const RETURN_SPREAD_MS: std::ops::RangeInclusive<u32> = 500..=3000;

/// How the body is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// In chunks, by us.
    Chunked,
    /// Not at all: the end of the stream is the end of the body.
    Bare,
}

/// What a profile makes of a message on an event stream.
pub trait Shape: Send + Sync + 'static {
    /// Name of the shape, unique among shapes.
    const NAME: &'static str;
    /// As [`NAME`](Self::NAME), of the form in chunks.
    const CHUNKED_NAME: &'static str;

    /// The text of the event, and whether the stream ends with it.
    fn render(message: &Message) -> (String, bool);

    /// The text of the event that tells a client that messages up to a position are missing, if its
    /// events have positions.
    fn missed(at: Position) -> Option<String> {
        let _ = at;
        None
    }
}

/// A profile's shape on an event stream.
#[derive(Clone, Copy, Debug)]
pub struct SseWire<S> {
    framing: Framing,
    shape: std::marker::PhantomData<fn() -> S>,
}

impl<S: Shape> SseWire<S> {
    /// In chunks.
    pub const CHUNKED: Self = Self { framing: Framing::Chunked, shape: std::marker::PhantomData };
    /// Bare.
    pub const BARE: Self = Self { framing: Framing::Bare, shape: std::marker::PhantomData };

    /// The wire for `framing`.
    pub fn of(framing: Framing) -> &'static Self {
        match framing {
            Framing::Chunked => &Self::CHUNKED,
            Framing::Bare => &Self::BARE,
        }
    }

    /// The first bytes of a body: when to come back.
    pub fn opening(&self) -> Bytes {
        self.framed(Event { retry: Some(RETRY_MS), ..Event::default() }.to_text())
    }

    /// One event that is not a message of a channel.
    pub fn event(&self, event: Event<'_>) -> Bytes {
        self.framed(event.to_text())
    }

    fn framed(&self, text: String) -> Bytes {
        match self.framing {
            Framing::Bare => text.into(),
            Framing::Chunked => format!("{:x}\r\n{text}\r\n", text.len()).into(),
        }
    }
}

impl<S: Shape> Wire for SseWire<S> {
    fn name(&self) -> &'static str {
        match self.framing {
            Framing::Bare => S::NAME,
            Framing::Chunked => S::CHUNKED_NAME,
        }
    }

    fn encode(&self, message: &Message) -> Frame {
        let (text, last) = S::render(message);
        Frame { bytes: self.framed(text), last }
    }

    fn pulse(&self) -> Pulse {
        Pulse::Idle(self.framed(": heartbeat\n\n".to_owned()))
    }

    /// A client that shall come back is told when, each one at another time.
    fn goodbye(&self, farewell: &Farewell) -> Bytes {
        let returns =
            matches!(farewell.code, CloseCode::Restart | CloseCode::GoingAway | CloseCode::TryAgain);
        let retry = returns.then(|| rand::random_range(RETURN_SPREAD_MS));
        let text = retry.map(|ms| Event { retry: Some(ms), ..Event::default() }.to_text());
        let mut bytes = text.map(|text| self.framed(text).to_vec()).unwrap_or_default();
        if self.framing == Framing::Chunked {
            bytes.extend_from_slice(b"0\r\n\r\n");
        }
        bytes.into()
    }

    fn awaits_answer(&self) -> bool {
        false
    }

    fn missed(&self, at: Position) -> Missed {
        S::missed(at).map_or(Missed::Untold, |text| Missed::Told(self.framed(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Plain;

    impl Shape for Plain {
        const NAME: &'static str = "plain";
        const CHUNKED_NAME: &'static str = "plain/chunked";

        fn render(_: &Message) -> (String, bool) {
            ("data: x\n\n".to_owned(), false)
        }
    }

    #[test]
    fn a_stream_begins_with_the_time_of_return() {
        assert_eq!(SseWire::<Plain>::BARE.opening(), "retry: 2000\n\n");
    }

    #[test]
    fn a_chunk_tells_its_length_in_hexadecimal() {
        assert_eq!(SseWire::<Plain>::CHUNKED.opening(), "d\r\nretry: 2000\n\n\r\n");
    }

    #[test]
    fn a_restart_ends_the_stream_with_retry_and_the_final_chunk() {
        let farewell = Farewell::new(CloseCode::Restart, "");
        let bytes = SseWire::<Plain>::CHUNKED.goodbye(&farewell);
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains("retry: ") && text.ends_with("\r\n0\r\n\r\n"), "{text}");
    }
}
