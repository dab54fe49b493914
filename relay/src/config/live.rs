//! Settings that change while the relay runs and disconnect nobody.

use super::known::{auth, limits, listening, observing, push};
use super::reader::Reader;
use super::{Debug, DualLimits, Invalid, SocketIo, Source, StreamLimits, dual, history, rates, stream};
use crate::auth::{Origins, Proxies};
use crate::bus::History;
use crate::hub::{Overflow, Pace, Paces};
use crate::logs::LogLevel;
use crate::metrics::Aliases;
use crate::per_profile::PerProfile;
use crate::profiles::push::Duplicates;
use crate::rate::Quotas;

/// Accounts that take @mentions by default (requirement 000-21).
const ACCOUNTS: [&str; 4] = ["ci_bot", "email_bot", "notification_bot", "system_bot"];

/// The live settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// Number of the settings file's content.
    pub generation: u64,
    /// Web pages that may use the relay.
    pub origins: Origins,
    /// Proxies whose forwarding headers are believed.
    pub proxies: Proxies,
    /// Least severe level of logs.
    pub log_level: LogLevel,
    /// What is logged in detail, whatever the level.
    pub debug: Debug,
    /// Times of WebSocket pings.
    pub pace: Pace,
    /// Bytes of the largest message from a client.
    pub max_message_size: usize,
    /// TCP connections that this process accepts.
    pub max_total_connections: u64,
    /// Bytes that may wait for one connection.
    pub max_queue_bytes: usize,
    /// Messages that may wait for one connection.
    pub max_queue_items: usize,
    /// What happens beyond these.
    pub overflow: PerProfile<Overflow>,
    /// What a second socket of a user means.
    pub duplicates: Duplicates,
    /// Messages that one system call writes to a connection.
    pub message_batch_size: usize,
    /// Whether figures are on the clients' port.
    pub metrics: bool,
    /// Accounts that take @mentions.
    pub public_accounts: Vec<String>,
    /// Socket.IO.
    pub socketio: SocketIo,
    /// Other names of figures.
    pub metrics_aliases: Aliases,
    /// The stream profile.
    pub stream: StreamLimits,
    /// How much clients and publishers may do.
    pub quotas: Quotas,
    /// What is kept of the classes of channels: those that were kept at the start.
    pub history: History,
    /// The dual profile.
    pub dual: DualLimits,
}

impl Live {
    /// The paces of heartbeats; that of Engine.IO is what clients were told.
    pub fn paces(&self, engineio: Pace) -> Paces {
        Paces { websocket: self.pace, engineio }
    }

    /// Parses the live settings of `source`.
    ///
    /// # Errors
    /// [`Invalid`] with every setting that is wrong.
    pub fn parse(source: &Source) -> Result<Self, Invalid> {
        let mut reader = Reader::new(source);
        let r = &mut reader;
        let debug = Debug::parse(r);
        let own = own_origins(r);
        let level = r.value(observing::LOG_LEVEL, LogLevel::Info);
        let live = Self {
            generation: r.number(listening::CONFIG_GENERATION),
            origins: r.value(auth::CORS_ORIGINS, own),
            proxies: r.value(listening::TRUSTED_PROXIES, Proxies::default()),
            log_level: if debug.all { LogLevel::Debug } else { level },
            debug,
            pace: Pace {
                interval: r.small(limits::WS_PING_INTERVAL),
                timeout: r.small(limits::WS_PING_TIMEOUT),
            },
            max_message_size: r.size(limits::MAX_MESSAGE_SIZE),
            max_total_connections: total_connections(r),
            max_queue_bytes: r.size(limits::MAX_QUEUE_BYTES),
            max_queue_items: r.size(limits::MAX_QUEUE_ITEMS),
            overflow: r.value(limits::OVERFLOW, PerProfile::default()),
            duplicates: r.value(push::DUPLICATE_POLICY, Duplicates::Reject),
            message_batch_size: r.size(limits::MESSAGE_BATCH_SIZE),
            metrics: r.switch(observing::ENABLE_METRICS),
            public_accounts: public_accounts(r.text(push::PUBLIC_ACCOUNTS)),
            socketio: SocketIo::parse(r),
            metrics_aliases: r.value(observing::METRICS_ALIASES, Aliases::default()),
            stream: stream::limits(r),
            quotas: rates::quotas(r),
            history: history::now(r),
            dual: dual::limits(r),
        };
        reader.finish(live)
    }
}

/// A page at this relay's own address may use it.
fn own_origins(r: &mut Reader<'_>) -> Origins {
    Origins::of_this_machine(u16::try_from(r.number(listening::PORT)).ok())
}

fn public_accounts(more: Option<&str>) -> Vec<String> {
    let more = more.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
    ACCOUNTS.into_iter().chain(more).map(str::to_owned).collect()
}

/// 0 derives it from the limit of open files.
fn total_connections(r: &mut Reader<'_>) -> u64 {
    match r.number(limits::MAX_TOTAL_CONNECTIONS) {
        0 => connections_for().map_or(900, |(_, connections)| connections),
        number => number,
    }
}

/// The limit of open files of this process, and the connections that it is enough for with room left
/// for files, Redis and HTTP. `None` where there is no limit.
pub fn connections_for() -> Option<(u64, u64)> {
    open_files().map(|files| (files, files.saturating_sub(files / 10).max(1)))
}

/// The soft limit of open files, as Linux tells it in proc(5).
fn open_files() -> Option<u64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::Boot;

    proptest! {
        #[test]
        fn fuzz_any_settings_file_is_taken_or_refused(
            bytes: Vec<u8>,
            lines in prop::collection::vec("(MAX_MESSAGE_SIZE|CORS_ORIGINS|LOG_LEVEL|PORT|REDIS_URL|OVERFLOW)=.{0,20}", 0..6),
        ) {
            let file = tempfile::NamedTempFile::new().unwrap();
            for content in [bytes, lines.join("\n").into_bytes()] {
                std::fs::write(file.path(), content).unwrap();
                let source = Source::new([("CONFIG_FILE", file.path().to_str().unwrap())]);
                let _ = source.map(|source| (Live::parse(&source).is_ok(), Boot::parse(&source).is_ok()));
            }
        }
    }

    fn parse(settings: &[(&'static str, &'static str)]) -> Result<Live, Invalid> {
        Live::parse(&Source::new(settings.iter().copied()).unwrap())
    }

    #[test]
    fn all_problems_are_told_at_once_with_their_settings() {
        let invalid = parse(&[("CORS_ORIGINS", "localhost"), ("WS_PING_INTERVAL", "soon")]).unwrap_err();
        let names: Vec<_> = invalid.0.iter().map(|problem| problem.setting.as_str()).collect();
        assert_eq!(names, ["CORS_ORIGINS", "WS_PING_INTERVAL"]);
    }

    #[test]
    fn r000_10_a_bad_origin_is_called_by_its_name() {
        let text = parse(&[("CORS_ORIGINS", "localhost,invalid-url")]).unwrap_err().to_string();
        assert!(text.contains("invalid CORS origin format"), "{text}");
    }

    #[test]
    fn r000_11_pings_go_out_every_30_seconds_and_wait_10_by_default() {
        assert_eq!(parse(&[]).unwrap().pace, Pace { interval: 30, timeout: 10 });
    }

    #[test]
    fn r000_13_debug_means_the_level_debug() {
        assert_eq!(parse(&[("DEBUG", "true")]).unwrap().log_level, LogLevel::Debug);
    }

    #[test]
    fn r004_15_and_17_to_19_the_presets_are_those_of_the_guide() {
        let dual = |preset: &'static str| {
            let dual = parse(&[("CONNECTION_PRESET", preset)]).unwrap().dual;
            [dual.max_connections, dual.connection_timeout, dual.health_check_interval, dual.cleanup_interval]
        };
        assert_eq!(dual("default"), [4, 300, 30, 60]);
        assert_eq!(dual("stable"), [4, 600, 15, 30]);
        assert_eq!(dual("tight"), [2, 180, 30, 60]);
    }

    #[test]
    fn x19_what_is_set_by_itself_wins_over_a_preset() {
        let live = parse(&[("CONNECTION_PRESET", "tight"), ("CONNECTION_TIMEOUT", "7")]).unwrap();
        assert_eq!((live.dual.connection_timeout, live.dual.max_connections), (7, 2));
    }

    #[test]
    fn r000_21_public_accounts_are_added_to_the_default_ones() {
        let accounts = parse(&[("PUBLIC_ACCOUNTS", "help, sales")]).unwrap().public_accounts;
        assert_eq!(accounts, ["ci_bot", "email_bot", "notification_bot", "system_bot", "help", "sales"]);
    }
}
