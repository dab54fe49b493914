//! Where Redis is, as one URL says it.

use std::fmt;

use redis::IntoConnectionInfo;

use super::Secret;

/// Port of a sentinel, if the URL names none.
const SENTINEL_PORT: u16 = 26_379;
/// Servers that a URL may name.
const MAX_SERVERS: usize = 32;

/// Where Redis is, and in which topology:
///
/// - `redis://[user[:password]@]host[:port][/db]`: one server, as the IANA registration of the
///   scheme has it;
/// - `redis+sentinel://[user[:password]@]host[:port],…[/db]?master=NAME`: the primary that these
///   sentinels name; user and password are those of the primary;
/// - `redis+cluster://[user[:password]@]host[:port],…`: a Cluster, some of whose nodes these are.
///
/// `rediss` in place of `redis` is the same by TLS. `Display` leaves the user and the password out.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl {
    pub(in crate::bus) tls: bool,
    pub(in crate::bus) servers: Servers,
    pub(in crate::bus) db: u32,
    pub(in crate::bus) username: Option<String>,
    pub(in crate::bus) password: Option<Secret>,
}

/// Whom to ask for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::bus) enum Servers {
    /// The server itself.
    One(Address),
    /// Sentinels that know the primary called `master`.
    Sentinels { sentinels: Vec<Address>, master: String },
    /// Some nodes of a Cluster.
    Cluster(Vec<Address>),
}

/// Host and port of a server.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::bus) struct Address {
    pub(in crate::bus) host: String,
    pub(in crate::bus) port: u16,
}

/// Why a text is no URL of Redis. The text itself may hold a password and is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Not a URL, or one of another scheme.
    #[error("not a URL that starts with redis://, redis+sentinel:// or redis+cluster:// (rediss for TLS)")]
    Scheme,
    /// A URL that asks to skip the check of certificates.
    #[error("a fragment such as #insecure is not supported: certificates are always checked")]
    Fragment,
    /// A part of it is wrong.
    #[error("{0}")]
    Part(String),
    /// One of the servers is wrong; they count from 1.
    #[error("server {0} is not host or host:port")]
    Server(usize),
    /// Too many servers.
    #[error("more than {MAX_SERVERS} servers")]
    TooMany,
    /// The database is no number that Redis could have.
    #[error("the database after the host is not a number from 0 up")]
    Database,
    /// A Cluster with another database than its only one.
    #[error("a Redis Cluster has database 0 only")]
    ClusterDatabase,
    /// Sentinels without the name of what they watch.
    #[error("redis+sentinel:// needs the name that the sentinels have for the primary: ?master=NAME")]
    Master,
    /// Parameters that mean nothing here.
    #[error("after ? only master=NAME is known, and with redis+sentinel:// only")]
    Parameter,
}

/// What the scheme says of many servers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sentinel,
    Cluster,
}

impl std::str::FromStr for RedisUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        let (scheme, kind) = match scheme.split_once('+') {
            None => return one(text),
            Some((scheme, "sentinel")) => (scheme, Kind::Sentinel),
            Some((scheme, "cluster")) => (scheme, Kind::Cluster),
            Some(_) => return Err(UrlError::Scheme),
        };
        if rest.contains('#') {
            return Err(UrlError::Fragment);
        }
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let master = master(kind, query)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let at = if user.is_empty() { "" } else { "@" };
        // User, password and database are what they are in a URL of one server.
        let login = one(&format!("{scheme}://{user}{at}host/{path}"))?;
        let servers = hosts_of(hosts, kind)?;
        let servers = match (kind, master) {
            (Kind::Cluster, _) if login.db != 0 => return Err(UrlError::ClusterDatabase),
            (Kind::Cluster, _) => Servers::Cluster(servers),
            (Kind::Sentinel, Some(master)) => Servers::Sentinels { sentinels: servers, master },
            (Kind::Sentinel, None) => return Err(UrlError::Master),
        };
        Ok(Self { servers, ..login })
    }
}

/// A URL of one server.
fn one(text: &str) -> Result<RedisUrl, UrlError> {
    let url = redis::parse_redis_url(text).ok_or(UrlError::Scheme)?;
    let tls = match url.scheme() {
        "redis" => false,
        "rediss" => true,
        _ => return Err(UrlError::Scheme),
    };
    if url.fragment().is_some() {
        return Err(UrlError::Fragment);
    }
    // The crate's messages are fixed texts about one part; none repeats the input.
    let info = url.into_connection_info().map_err(|error| UrlError::Part(error.to_string()))?;
    let (redis::ConnectionAddr::Tcp(host, port) | redis::ConnectionAddr::TcpTls { host, port, .. }) =
        info.addr()
    else {
        return Err(UrlError::Scheme);
    };
    let settings = info.redis_settings();
    Ok(RedisUrl {
        tls,
        servers: Servers::One(Address { host: host.clone(), port: *port }),
        db: u32::try_from(settings.db()).map_err(|_| UrlError::Database)?,
        username: settings.username().map(str::to_owned),
        password: settings.password().map(Secret::new),
    })
}

/// The name of the primary, from the parameters of a URL.
fn master(kind: Kind, query: Option<&str>) -> Result<Option<String>, UrlError> {
    let Some(query) = query.filter(|query| !query.is_empty()) else { return Ok(None) };
    match (kind, query.split_once('=')) {
        // Sentinel itself allows no other characters in a name.
        (Kind::Sentinel, Some(("master", name))) if !name.is_empty() && name.bytes().all(in_a_name) => {
            Ok(Some(name.to_owned()))
        }
        (Kind::Sentinel, Some(("master", _))) => Err(UrlError::Master),
        _ => Err(UrlError::Parameter),
    }
}

fn in_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".-_".contains(&byte)
}

fn hosts_of(hosts: &str, kind: Kind) -> Result<Vec<Address>, UrlError> {
    let hosts: Vec<&str> = hosts.split(',').collect();
    if hosts.len() > MAX_SERVERS {
        return Err(UrlError::TooMany);
    }
    hosts.iter().zip(1..).map(|(host, number)| address(host, kind).ok_or(UrlError::Server(number))).collect()
}

fn address(host: &str, kind: Kind) -> Option<Address> {
    let Servers::One(address) = one(&format!("redis://{host}")).ok()?.servers else { return None };
    let has_port = host.rsplit_once(']').map_or(host, |(_, port)| port).contains(':');
    let port = if kind == Kind::Sentinel && !has_port { SENTINEL_PORT } else { address.port };
    (!host.is_empty() && !host.contains(['/', '@'])).then_some(Address { port, ..address })
}

impl Servers {
    /// All that are named.
    pub(in crate::bus) fn addresses(&self) -> &[Address] {
        match self {
            Self::One(address) => std::slice::from_ref(address),
            Self::Sentinels { sentinels, .. } => sentinels,
            Self::Cluster(nodes) => nodes,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{open}{}{close}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "rediss" } else { "redis" };
        let hosts: Vec<String> = self.servers.addresses().iter().map(Address::to_string).collect();
        let hosts = hosts.join(",");
        match &self.servers {
            Servers::One(_) => write!(f, "{scheme}://{hosts}/{}", self.db),
            Servers::Sentinels { master, .. } => {
                write!(f, "{scheme}+sentinel://{hosts}/{}?master={master}", self.db)
            }
            Servers::Cluster(_) => write!(f, "{scheme}+cluster://{hosts}"),
        }
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
#[path = "url_tests.rs"]
mod tests;
