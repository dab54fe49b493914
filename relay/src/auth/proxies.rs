//! Where a request comes from when proxies stand in between (rows 000-24 and 002-14).
//!
//! Anybody can write a forwarding header. It is believed only from the networks that the settings
//! name, and of `X-Forwarded-For` only the part that these have added: from the right, up to the
//! first address that is not theirs.

use std::net::IpAddr;
use std::str::FromStr;

use http::{Extensions, HeaderMap, HeaderName, header};

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Entries of `X-Forwarded-For` that are looked at: longer chains are nobody's.
const MAX_HOPS: usize = 32;

/// Proxies whose headers are believed; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<Network>);

/// Addresses that begin with the same `prefix` bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    prefix: u32,
}

/// An entry that is no network.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an address nor a network such as 10.0.0.0/8")]
pub struct InvalidNetwork(String);

/// The other end of a TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// Where a request comes from, as far as it can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress {
    /// The client, or the last proxy that is not believed.
    pub ip: IpAddr,
    /// Whether the client was seen to use TLS.
    pub secure: bool,
    /// Whether somebody may stand behind `ip`.
    hidden: bool,
}

impl ClientAddress {
    /// Of nobody known: treated as a stranger.
    const UNKNOWN: Self =
        Self { ip: IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), secure: false, hidden: true };

    /// What the server found out about a request.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get().copied().unwrap_or(Self::UNKNOWN)
    }

    /// Whether the client itself is a program on this machine. A proxy that says nothing of its
    /// clients cannot be told from one.
    pub fn is_local(&self) -> bool {
        self.ip.is_loopback() && !self.hidden
    }
}

/// As [`ClientAddress::from_str`] reads it: address, whether by TLS, whether somebody may stand behind.
impl std::fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.ip, self.secure, self.hidden)
    }
}

/// A text that tells of no client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the address of a client, whether it uses TLS, and whether somebody may stand behind it")]
pub struct NoClient;

impl FromStr for ClientAddress {
    type Err = NoClient;

    fn from_str(text: &str) -> Result<Self, NoClient> {
        let parts: Vec<&str> = text.split(' ').collect();
        let [ip, secure, hidden] = parts[..] else { return Err(NoClient) };
        let flag = |text: &str| text.parse::<bool>().map_err(|_| NoClient);
        let ip = ip.parse().map_err(|_| NoClient)?;
        Ok(Self { ip, secure: flag(secure)?, hidden: flag(hidden)? })
    }
}

impl Proxies {
    /// Where the request with these headers, which `peer` sent, comes from.
    pub fn locate(&self, peer: Option<Peer>, headers: &HeaderMap) -> ClientAddress {
        let Some(Peer(peer)) = peer else { return ClientAddress::UNKNOWN };
        let peer = peer.to_canonical();
        if !self.contain(peer) {
            let hidden =
                [FOR, REAL_IP, header::FORWARDED, header::VIA].iter().any(|h| headers.contains_key(h));
            return ClientAddress { ip: peer, secure: false, hidden };
        }
        let secure = headers.get(PROTO).is_some_and(|proto| proto.as_bytes().eq_ignore_ascii_case(b"https"));
        match self.walk(peer, headers) {
            Some(ip) => ClientAddress { ip, secure, hidden: false },
            None => ClientAddress { ip: peer, secure, hidden: true },
        }
    }

    /// The client that a believed proxy tells of. `None`: it tells of nobody that has an address.
    fn walk(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        if !headers.contains_key(FOR) {
            return headers.get(REAL_IP).map_or(Some(peer), |ip| address(ip.to_str().ok()?));
        }
        let lines: Vec<&str> = headers.get_all(FOR).iter().map(|line| line.to_str().unwrap_or("")).collect();
        let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
        let mut client = peer;
        for hop in hops.take(MAX_HOPS) {
            client = address(hop)?;
            if !self.contain(client) {
                break;
            }
        }
        Some(client)
    }

    fn contain(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(ip))
    }
}

/// An address as proxies write it: bare, or with a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = || text.trim_start_matches('[').trim_end_matches(']').parse().ok();
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    bare().or_else(with_port).map(|ip: IpAddr| ip.to_canonical())
}

impl Network {
    fn contains(&self, ip: IpAddr) -> bool {
        match (self.address, ip) {
            (IpAddr::V4(network), IpAddr::V4(ip)) => {
                (network.to_bits() ^ ip.to_bits()).checked_shr(32 - self.prefix).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(ip)) => {
                (network.to_bits() ^ ip.to_bits()).checked_shr(128 - self.prefix).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let invalid = || InvalidNetwork(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u32>().map_err(|_| invalid())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| invalid())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(bits);
        if prefix > bits { Err(invalid()) } else { Ok(Self { address, prefix }) }
    }
}

impl FromStr for Proxies {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
#[path = "proxies_tests.rs"]
mod tests;
