//! Settings that a process starts with and keeps.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::known::{dual as known, limits, listening, observing, tokens};
use super::reader::Reader;
use super::setting::{Number, Setting};
use super::{Advertise, Invalid, Problem, Source, bus, dual, history, sessions, stream};
use crate::auth::{Asks, AuthSettings, check_exposure};
use crate::bus::{Config, History};
use crate::logs::LogFormat;
use crate::persistence::Storage;
use crate::profiles::Enabled;
use crate::profiles::stream::Options;
use crate::server::SocketBuffers;

/// The settings of a process.
#[derive(Clone, Debug)]
pub struct Boot {
    /// Where clients are served.
    pub listen: SocketAddr,
    /// Where they are served, too (conflict X-07).
    pub also_listen: Vec<SocketAddr>,
    /// Where the admin API is served.
    pub admin_listen: SocketAddr,
    /// Name among peers.
    pub node: String,
    /// Where they reach it.
    pub advertise: Advertise,
    /// Whether anonymous clients are fine on an address that others can reach.
    pub insecure: bool,
    /// File with the token of the admin API.
    pub admin_token_file: Option<PathBuf>,
    /// File with the key of the publish API.
    pub publish_key_file: Option<PathBuf>,
    /// Whether chunks of conversations have their text in `chunk`, too.
    pub tokens_compat: bool,
    /// Who clients are.
    pub auth: AuthSettings,
    /// What carries messages between relays.
    pub bus: Config,
    /// Which messages are kept for clients who come back.
    pub history: History,
    /// How long the drain after SIGTERM may take.
    pub drain_timeout: Duration,
    /// Connections that it ends per second.
    pub drain_rate: u32,
    /// Shape of log lines.
    pub log_format: LogFormat,
    /// File that log lines are added to, besides standard output.
    pub log_file: Option<PathBuf>,
    /// Bytes that may wait for all connections of this node.
    pub node_queue_bytes: u64,
    /// Whether `/debug/*` is on the clients' port.
    pub debug_endpoints: bool,
    /// Whether there is a page at `/`.
    pub page: bool,
    /// Which profiles are on.
    pub profiles: Enabled,
    /// Players that there is room for from the start.
    pub pool_size: usize,
    /// Where the sessions of players are kept.
    pub sessions: Storage,
    /// For how long, once a player is gone.
    pub session_ttl: Duration,
    /// Seconds of silence after which TCP asks for the peer.
    pub tcp_keepalive: Duration,
    /// Bytes that the system keeps for each connection.
    pub buffers: SocketBuffers,
    /// How events are processed.
    pub stream: Options,
}

impl Boot {
    /// Parses the settings of `source`.
    ///
    /// # Errors
    /// [`Invalid`] with every setting that is wrong.
    pub fn parse(source: &Source) -> Result<Self, Invalid> {
        let (boot, problems) = Self::read(source);
        if problems.is_empty() { Ok(boot) } else { Err(Invalid(problems)) }
    }

    /// The same with defaults in place of what is wrong, which is told beside it.
    pub(super) fn read(source: &Source) -> (Self, Vec<Problem>) {
        let mut reader = Reader::new(source);
        let r = &mut reader;
        let (listen, also_listen) = addresses(r);
        let metrics_port = port(r, observing::METRICS_PORT);
        let boot = Self {
            listen,
            also_listen,
            admin_listen: r.value(listening::ADMIN_LISTEN, (Ipv4Addr::LOCALHOST, metrics_port).into()),
            node: r.text(listening::NODE_NAME).map_or_else(generated_name, str::to_owned),
            advertise: Advertise::parse(r),
            insecure: r.switch(listening::INSECURE),
            admin_token_file: r.path(listening::ADMIN_TOKEN_FILE),
            publish_key_file: r.path(listening::PUBLISH_KEY_FILE),
            tokens_compat: r.switch(tokens::TOKENS_COMPAT),
            auth: super::auth::parse(r),
            bus: bus::config(r),
            history: history::at_start(r),
            sessions: sessions::storage(r),
            session_ttl: r.seconds(known::SESSION_TTL),
            drain_timeout: r.seconds(listening::DRAIN_TIMEOUT_SECONDS),
            drain_rate: r.small(listening::DRAIN_RATE),
            log_format: r.value(observing::LOG_FORMAT, LogFormat::Json),
            node_queue_bytes: r.number(limits::MAX_NODE_QUEUE_BYTES),
            debug_endpoints: r.switch(observing::DEBUG_ENDPOINTS),
            page: r.switch(listening::PAGE),
            profiles: r.value(listening::PROFILES, Enabled::default()),
            pool_size: dual::pool(r),
            log_file: r.path(observing::LOG_FILE),
            tcp_keepalive: r.seconds(listening::TCP_KEEPALIVE),
            buffers: buffers(r),
            stream: stream::options(r),
        };
        check_open_doors(r, &boot);
        (boot, reader.problems())
    }
}

fn host(r: &mut Reader<'_>) -> IpAddr {
    match r.text(listening::HOST) {
        Some("localhost") => Ipv4Addr::LOCALHOST.into(),
        _ => r.value(listening::HOST, Ipv4Addr::LOCALHOST.into()),
    }
}

/// `LISTEN` is a comma list of `host:port` or `:port`; it wins over `HOST` and `PORT`, which most
/// people have enough of.
fn addresses(r: &mut Reader<'_>) -> (SocketAddr, Vec<SocketAddr>) {
    let (host, port) = (host(r), port(r, listening::PORT));
    let mut addresses = Vec::new();
    let entries = r.text(listening::LISTEN).unwrap_or_default().split(',').map(str::trim);
    for entry in entries.filter(|entry| !entry.is_empty()) {
        let parsed = match entry.strip_prefix(':') {
            Some(port) => port.parse().ok().map(|port| SocketAddr::new(host, port)),
            None => entry.replace("localhost:", "127.0.0.1:").parse().ok(),
        };
        match parsed {
            Some(address) => addresses.push(address),
            None => r.problem(listening::LISTEN, format!("{entry:?} is neither host:port nor :port")),
        }
    }
    let mut addresses = addresses.into_iter();
    (addresses.next().unwrap_or(SocketAddr::new(host, port)), addresses.collect())
}

/// 0 lets the system choose, which tests use.
fn port(r: &mut Reader<'_>, setting: Setting<Number>) -> u16 {
    u16::try_from(r.number(setting)).unwrap_or_default()
}

fn buffers(r: &mut Reader<'_>) -> SocketBuffers {
    let mut size = |setting| Some(r.small(setting)).filter(|bytes| *bytes > 0);
    SocketBuffers { receive: size(listening::TCP_RECEIVE_BUFFER), send: size(listening::TCP_SEND_BUFFER) }
}

/// Conflict X-21: what nobody guards is not offered beyond this machine by accident.
fn check_open_doors(r: &mut Reader<'_>, boot: &Boot) {
    let known = !boot.profiles.iter().any(|profile| boot.auth.policy.of(profile) == Asks::None);
    let addresses = [boot.listen].into_iter().chain(boot.also_listen.iter().copied());
    let open = |address: SocketAddr| {
        check_exposure(listening::HOST.name, address.ip(), "clients are anonymous", boot.insecure || known)
            .err()
    };
    let clients = addresses.filter_map(open).next().map_or(Ok(()), Err);
    let token = boot.admin_token_file.is_some();
    let admin = check_exposure(
        listening::ADMIN_LISTEN.name,
        boot.admin_listen.ip(),
        "ADMIN_TOKEN_FILE is not set",
        boot.insecure || token,
    );
    for exposed in [clients, admin].into_iter().filter_map(Result::err) {
        r.problem(listening::INSECURE, exposed);
    }
}

/// Two relays must not have one name, so that a host name alone is not enough.
fn generated_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    let host = if host.is_empty() { "relay" } else { host };
    format!("{host}-{:06x}", rand::random::<u32>() & 0xff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(settings: &[(&'static str, &'static str)]) -> Result<Boot, Invalid> {
        Boot::parse(&Source::new(settings.iter().copied()).unwrap())
    }

    #[test]
    fn r000_12_clients_are_served_on_loopback_port_8080_by_default() {
        assert_eq!(parse(&[]).unwrap().listen, "127.0.0.1:8080".parse().unwrap());
    }

    #[test]
    fn r000_12_a_port_beyond_65535_is_refused() {
        assert!(parse(&[("PORT", "65536")]).unwrap_err().to_string().starts_with("PORT"));
    }

    #[test]
    fn r004_34_the_guides_other_port_is_taken() {
        assert_eq!(parse(&[("PORT", "8001")]).unwrap().listen.port(), 8001);
    }

    #[test]
    fn r004_20_metrics_are_served_on_the_port_that_is_set_unless_the_address_is() {
        let admin = |settings: &[_]| parse(settings).unwrap().admin_listen.to_string();
        assert_eq!(admin(&[("METRICS_PORT", "9191")]), "127.0.0.1:9191");
        assert_eq!(admin(&[("METRICS_PORT", "9191"), ("ADMIN_LISTEN", "[::1]:1")]), "[::1]:1");
    }

    #[test]
    fn r004_20_x19_there_is_room_for_as_many_players_as_the_guide_says() {
        let pool = |settings: &[_]| parse(settings).unwrap().pool_size;
        let pools = [
            pool(&[]),
            pool(&[("CONNECTION_PRESET", "stable")]),
            pool(&[("CONNECTION_PRESET", "tight")]),
            pool(&[("CONNECTION_POOL_SIZE", "7")]),
        ];
        assert_eq!(pools, [1000, 2000, 1000, 7]);
    }

    #[test]
    fn r004_41_buffers_are_left_to_the_system_unless_they_are_set() {
        assert_eq!(parse(&[]).unwrap().buffers, SocketBuffers::default());
        let set = parse(&[("TCP_SEND_BUFFER", "16777216")]).unwrap().buffers;
        assert_eq!(set, SocketBuffers { receive: None, send: Some(16_777_216) });
    }

    #[test]
    fn x07_several_addresses_may_be_listed() {
        let boot = parse(&[("LISTEN", ":8080, :8000,[::1]:9000")]).unwrap();
        assert_eq!(boot.listen, "127.0.0.1:8080".parse().unwrap());
        assert_eq!(boot.also_listen, ["127.0.0.1:8000".parse().unwrap(), "[::1]:9000".parse().unwrap()]);
    }

    #[test]
    fn x07_an_entry_that_is_no_address_is_told() {
        assert!(parse(&[("LISTEN", "8080")]).unwrap_err().to_string().starts_with("LISTEN"));
    }

    #[test]
    fn x21_every_listed_address_is_looked_at() {
        assert!(parse(&[("LISTEN", ":8080,0.0.0.0:8000")]).is_err());
    }

    #[test]
    fn x21_anonymous_clients_from_everywhere_want_insecure() {
        let text = parse(&[("HOST", "0.0.0.0")]).unwrap_err().to_string();
        assert!(text.contains("INSECURE=true"), "{text}");
    }

    #[test]
    fn x21_tokens_for_some_profiles_do_not_make_the_others_safe() {
        let public = [("HOST", "0.0.0.0"), ("JWT_SECRET_FILE", "/key")];
        let auth = |auth| parse(&[public.as_slice(), &[("AUTH", auth)]].concat()).is_ok();
        assert_eq!([auth("jwt"), auth("jwt,stream=none"), auth("push=jwt")], [true, false, false]);
    }

    #[test]
    fn x21_a_profile_that_is_off_lets_nobody_in() {
        let public = [("HOST", "0.0.0.0"), ("JWT_SECRET_FILE", "/key"), ("AUTH", "push=jwt")];
        let open = |profiles| parse(&[public.as_slice(), &[("PROFILES", profiles)]].concat()).is_err();
        assert_eq!([open("push"), open("push,dual")], [false, true]);
    }

    #[test]
    fn x21_insecure_opens_the_relay() {
        assert!(parse(&[("HOST", "0.0.0.0"), ("INSECURE", "true")]).is_ok());
    }
}
