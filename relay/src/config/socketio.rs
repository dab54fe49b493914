//! Settings of Socket.IO, by the names of the reference server's options (rows 002-02 to 002-06).

use std::time::Duration;

use super::known::socketio as known;
use super::reader::Reader;
use crate::hub::Pace;
use crate::transport::engineio::Options;

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketIo {
    /// Those of the sessions; the number of sessions is not among them.
    pub options: Options,
    /// How long a client may be away and have its session back.
    pub max_disconnection: Duration,
    /// Whether requests of another node's sessions are forwarded to it.
    pub forward: bool,
    /// The user that chat messages of clients go to.
    pub chat_worker: String,
}

impl SocketIo {
    pub(super) fn parse(r: &mut Reader<'_>) -> Self {
        let (polling, websocket) = transports(r);
        let options = Options {
            ping_interval: r.milliseconds(known::SOCKETIO_PING_INTERVAL),
            ping_timeout: r.milliseconds(known::SOCKETIO_PING_TIMEOUT),
            upgrade_timeout: r.milliseconds(known::SOCKETIO_UPGRADE_TIMEOUT),
            max_payload: r.size(known::SOCKETIO_MAX_HTTP_BUFFER_SIZE),
            allow_v3: r.switch(known::SOCKETIO_ALLOW_EIO3),
            polling,
            websocket,
            lenient: r.switch(known::SOCKETIO_LENIENT_HANDSHAKE),
            max_sessions: u64::MAX,
        };
        let chat_worker = r.text_or_default(known::SOCKETIO_CHAT_WORKER).to_owned();
        let max_disconnection = r.milliseconds(known::SOCKETIO_MAX_DISCONNECTION_DURATION);
        Self { options, max_disconnection, forward: r.switch(known::FORWARD_POLLS), chat_worker }
    }

    /// The pace of pings in whole seconds, in which the hub counts: a client never waits for less
    /// than it was told.
    pub fn pace(&self) -> Pace {
        let seconds = |time: Duration| u32::try_from(time.as_millis().div_ceil(1000)).unwrap_or(u32::MAX);
        Pace { interval: seconds(self.options.ping_interval), timeout: seconds(self.options.ping_timeout) }
    }
}

/// Whether sessions may poll, and whether they may be on a WebSocket.
fn transports(r: &mut Reader<'_>) -> (bool, bool) {
    let text = r.text_or_default(known::SOCKETIO_TRANSPORTS);
    let (mut polling, mut websocket) = (false, false);
    for name in text.split(',').map(str::trim) {
        match name {
            "polling" => polling = true,
            "websocket" => websocket = true,
            other => {
                r.problem(known::SOCKETIO_TRANSPORTS, format!("{other:?} is neither websocket nor polling"));
            }
        }
    }
    (polling, websocket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Live, Source};

    fn socketio(settings: &[(&'static str, &'static str)]) -> Result<SocketIo, String> {
        let live = Live::parse(&Source::new(settings.iter().copied()).unwrap());
        live.map(|live| live.socketio).map_err(|invalid| invalid.to_string())
    }

    #[test]
    fn r002_03_r002_04_r002_05_the_defaults_are_those_of_the_guide() {
        let options = socketio(&[]).unwrap().options;
        let times = [options.ping_interval, options.ping_timeout, options.upgrade_timeout];
        assert_eq!(times.map(|time| time.as_millis()), [25_000, 60_000, 30_000]);
        assert_eq!(options.max_payload, 100_000_000);
    }

    #[test]
    fn r002_02_transports_are_a_setting() {
        let options = socketio(&[("SOCKETIO_TRANSPORTS", "websocket")]).unwrap().options;
        assert_eq!((options.polling, options.websocket), (false, true));
    }

    #[test]
    fn r002_02_an_unknown_transport_is_told() {
        assert!(
            socketio(&[("SOCKETIO_TRANSPORTS", "pigeon")]).unwrap_err().starts_with("SOCKETIO_TRANSPORTS")
        );
    }

    #[test]
    fn r002_06_version_2_can_be_switched_off() {
        assert!(socketio(&[]).unwrap().options.allow_v3);
        assert!(!socketio(&[("SOCKETIO_ALLOW_EIO3", "false")]).unwrap().options.allow_v3);
    }
}
