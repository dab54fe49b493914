//! Settings that a process starts with and keeps.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use relay_contract::settings as s;

use super::reader::Reader;
use super::{Invalid, Source, dual, names, sessions, stream};
use crate::auth::{AuthSettings, check_exposure};
use crate::bus;
use crate::logs::LogFormat;
use crate::persistence::Storage;
use crate::profiles::stream::Options;

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
    pub bus: bus::Config,
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
    /// Players that there is room for from the start.
    pub pool_size: usize,
    /// Where the sessions of players are kept.
    pub sessions: Storage,
    /// For how long, once a player is gone.
    pub session_ttl: Duration,
    /// Seconds of silence after which TCP asks for the peer.
    pub tcp_keepalive: Duration,
    /// How events are processed.
    pub stream: Options,
}

impl Boot {
    /// Parses the settings of `source`.
    ///
    /// # Errors
    /// [`Invalid`] with every setting that is wrong.
    pub fn parse(source: &Source) -> Result<Self, Invalid> {
        let mut reader = Reader::new(source);
        let r = &mut reader;
        let (listen, also_listen) = addresses(r);
        let boot = Self {
            listen,
            also_listen,
            admin_listen: r.value(s::ADMIN_LISTEN, (Ipv4Addr::LOCALHOST, s::ADMIN_PORT).into()),
            node: r.text(s::NODE_NAME).map_or_else(generated_name, str::to_owned),
            insecure: r.switch(s::INSECURE, false),
            admin_token_file: r.text(s::ADMIN_TOKEN_FILE).map(PathBuf::from),
            publish_key_file: r.text(s::PUBLISH_KEY_FILE).map(PathBuf::from),
            tokens_compat: r.switch(names::TOKENS_COMPAT, false),
            auth: super::auth::parse(r),
            bus: bus_config(r),
            sessions: sessions::storage(r),
            session_ttl: Duration::from_secs(r.number(names::SESSION_TTL, 7 * 86_400, 1..=10 * 365 * 86_400)),
            drain_timeout: Duration::from_secs(r.number(s::DRAIN_TIMEOUT_SECONDS, 30, 0..=86_400)),
            drain_rate: r.small(s::DRAIN_RATE, 100, 1..=1_000_000),
            log_format: r.value(names::LOG_FORMAT, LogFormat::Json),
            node_queue_bytes: r.number(names::MAX_NODE_QUEUE_BYTES, 256 << 20, 1 << 20..=1 << 40),
            debug_endpoints: r.switch(names::DEBUG_ENDPOINTS, true),
            pool_size: dual::pool(r),
            log_file: r.text(names::LOG_FILE).map(PathBuf::from),
            tcp_keepalive: Duration::from_secs(r.number(names::TCP_KEEPALIVE, 600, 1..=86_400)),
            stream: stream::options(r),
        };
        check_open_doors(r, &boot);
        reader.finish(boot)
    }
}

fn host(r: &mut Reader<'_>) -> IpAddr {
    match r.text(s::HOST) {
        Some("localhost") => Ipv4Addr::LOCALHOST.into(),
        _ => r.value(s::HOST, Ipv4Addr::LOCALHOST.into()),
    }
}

/// `LISTEN` is a comma list of `host:port` or `:port`; it wins over `HOST` and `PORT`, which most
/// people have enough of.
fn addresses(r: &mut Reader<'_>) -> (SocketAddr, Vec<SocketAddr>) {
    let (host, port) = (host(r), port(r));
    let mut addresses = Vec::new();
    let entries = r.text(names::LISTEN).unwrap_or_default().split(',').map(str::trim);
    for entry in entries.filter(|entry| !entry.is_empty()) {
        let parsed = match entry.strip_prefix(':') {
            Some(port) => port.parse().ok().map(|port| SocketAddr::new(host, port)),
            None => entry.replace("localhost:", "127.0.0.1:").parse().ok(),
        };
        match parsed {
            Some(address) => addresses.push(address),
            None => r.problem(names::LISTEN, format!("{entry:?} is neither host:port nor :port")),
        }
    }
    let mut addresses = addresses.into_iter();
    (addresses.next().unwrap_or(SocketAddr::new(host, port)), addresses.collect())
}

/// 0 lets the system choose, which tests use.
fn port(r: &mut Reader<'_>) -> u16 {
    let port = r.small(s::PORT, u32::from(s::CLIENT_PORT), 0..=65_535);
    u16::try_from(port).unwrap_or(s::CLIENT_PORT)
}

/// Conflict X-21: what nobody guards is not offered beyond this machine by accident.
fn check_open_doors(r: &mut Reader<'_>, boot: &Boot) {
    let known = !boot.auth.policy.has_anonymous();
    let addresses = [boot.listen].into_iter().chain(boot.also_listen.iter().copied());
    let open = |address: SocketAddr| {
        check_exposure(s::HOST, address.ip(), "clients are anonymous", boot.insecure || known).err()
    };
    let clients = addresses.filter_map(open).next().map_or(Ok(()), Err);
    let token = boot.admin_token_file.is_some();
    let admin = check_exposure(
        s::ADMIN_LISTEN,
        boot.admin_listen.ip(),
        "ADMIN_TOKEN_FILE is not set",
        boot.insecure || token,
    );
    for exposed in [clients, admin].into_iter().filter_map(Result::err) {
        r.problem(s::INSECURE, exposed);
    }
}

fn bus_config(r: &mut Reader<'_>) -> bus::Config {
    let url = match (r.text(s::REDIS_URL), r.text(s::REDIS_URL_FILE)) {
        (Some(_), Some(_)) => {
            r.problem(s::REDIS_URL_FILE, "REDIS_URL is set, too; one of them is enough");
            return bus::Config::Memory;
        }
        (Some(url), None) => Some((s::REDIS_URL, url.to_owned())),
        (None, Some(_)) => file_content(r, s::REDIS_URL_FILE).map(|url| (s::REDIS_URL_FILE, url)),
        (None, None) => None,
    };
    let password = file_content(r, s::REDIS_PASSWORD_FILE).map(bus::Secret::new);
    let namespace = r.value(s::REDIS_NAMESPACE, bus::Namespace::default());
    let Some((name, url)) = url else { return bus::Config::Memory };
    match url.parse() {
        Ok(url) => bus::Config::Redis {
            url,
            password,
            namespace,
            max_retries: r.small(names::REDIS_MAX_RETRIES, 0, 0..=1_000_000),
        },
        Err(error) => {
            let error: bus::UrlError = error;
            r.problem(name, error);
            bus::Config::Memory
        }
    }
}

/// The trimmed content of the file that setting `name` names.
pub(super) fn file_content(r: &mut Reader<'_>, name: &str) -> Option<String> {
    let path = r.text(name)?;
    match std::fs::read_to_string(path) {
        Ok(content) => Some(content.trim().to_owned()),
        Err(error) => {
            r.problem(name, format!("{path}: {error}"));
            None
        }
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
        assert!(parse(&[("HOST", "0.0.0.0"), ("AUTH", "jwt")]).is_err());
        assert!(parse(&[("HOST", "0.0.0.0"), ("AUTH", "jwt"), ("INSECURE", "true")]).is_ok());
    }

    #[test]
    fn x21_insecure_opens_the_relay() {
        assert!(parse(&[("HOST", "0.0.0.0"), ("INSECURE", "true")]).is_ok());
    }

    #[test]
    fn a_namespace_that_redis_could_misread_is_refused() {
        let text = parse(&[("REDIS_URL", "redis://x"), ("REDIS_NAMESPACE", "a:b")]).unwrap_err().to_string();
        assert!(text.starts_with("REDIS_NAMESPACE: \"a:b\""), "{text}");
    }

    #[test]
    fn a_bad_redis_url_is_not_repeated() {
        let text = parse(&[("REDIS_URL", "http://:s3cret@x")]).unwrap_err().to_string();
        assert!(text.starts_with("REDIS_URL") && !text.contains("s3cret"), "{text}");
    }
}
