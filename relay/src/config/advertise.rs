//! Where other relays reach this one.

use std::net::{IpAddr, SocketAddr};

use http::uri::Authority;

use super::known::listening;
use super::reader::Reader;

/// What the settings say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advertise {
    /// `host:port`, in so many words.
    Address(String),
    /// The address of the pod, with the port that clients are served on.
    Pod(IpAddr),
    /// Nothing: where clients are served, if that is one address.
    Listening,
}

impl Advertise {
    pub(super) fn parse(r: &mut Reader<'_>) -> Self {
        let pod = r.text(listening::POD_IP).map(|ip| ip.parse::<IpAddr>());
        if let Some(Err(error)) = &pod {
            r.problem(listening::POD_IP, error);
        }
        let Some(text) = r.text(listening::ADVERTISE) else {
            return pod.and_then(Result::ok).map_or(Self::Listening, Self::Pod);
        };
        if !text.parse::<Authority>().is_ok_and(|address| is_host_and_port(&address)) {
            r.problem(listening::ADVERTISE, format!("{text:?} is not host:port"));
        }
        Self::Address(text.to_owned())
    }

    /// `host:port` for others, where clients are served on `bound`. `None`: others cannot know any.
    pub fn address(&self, bound: SocketAddr) -> Option<String> {
        match self {
            Self::Address(address) => Some(address.clone()),
            Self::Pod(ip) => Some(SocketAddr::new(*ip, bound.port()).to_string()),
            Self::Listening => (!bound.ip().is_unspecified()).then(|| bound.to_string()),
        }
    }
}

fn is_host_and_port(address: &Authority) -> bool {
    address.port_u16().is_some() && !address.host().is_empty() && !address.as_str().contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Invalid, Source};

    fn advertised(settings: &[(&'static str, &'static str)], bound: &str) -> Result<Option<String>, Invalid> {
        let source = Source::new(settings.iter().copied()).unwrap();
        let mut reader = Reader::new(&source);
        let parsed = Advertise::parse(&mut reader);
        Ok(reader.finish(parsed)?.address(bound.parse().unwrap()))
    }

    #[test]
    fn a_relay_is_reached_where_it_is_said_to_be() {
        let settings = [("ADVERTISE", "relay-1.example:80"), ("POD_IP", "10.0.0.1")];
        assert_eq!(advertised(&settings, "0.0.0.0:8080").unwrap().as_deref(), Some("relay-1.example:80"));
    }

    #[test]
    fn a_pod_is_reached_at_its_address_and_the_port_of_clients() {
        let at = |ip| advertised(&[("POD_IP", ip)], "0.0.0.0:8080").unwrap().unwrap();
        assert_eq!([at("10.0.0.1"), at("fd00::1")], ["10.0.0.1:8080", "[fd00::1]:8080"]);
    }

    #[test]
    fn a_relay_on_one_address_is_reached_there() {
        assert_eq!(advertised(&[], "127.0.0.1:1").unwrap().as_deref(), Some("127.0.0.1:1"));
    }

    #[test]
    fn a_relay_on_all_addresses_tells_none() {
        assert_eq!(advertised(&[], "0.0.0.0:1").unwrap(), None);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for address in ["relay", "http://relay:1", "a@relay:1", ":1"] {
            assert!(advertised(&[("ADVERTISE", address)], "0.0.0.0:1").is_err(), "{address}");
        }
        assert!(advertised(&[("POD_IP", "relay")], "0.0.0.0:1").is_err());
    }
}
