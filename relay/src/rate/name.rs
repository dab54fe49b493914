//! Whom a quota is for.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A user, a player, a channel, or an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Name<T = Box<str>> {
    /// A name, such as a user's.
    #[serde(rename = "name")]
    Text(T),
    /// An address.
    #[serde(rename = "ip")]
    Address(IpAddr),
}

impl Name<&str> {
    /// A name of its own, to be kept.
    pub(super) fn kept(&self) -> Name {
        match *self {
            Self::Text(text) => Name::Text(text.into()),
            Self::Address(ip) => Name::Address(ip),
        }
    }
}

impl Name {
    /// The same, without a copy.
    pub(super) fn borrowed(&self) -> Name<&str> {
        match self {
            Self::Text(text) => Name::Text(text),
            Self::Address(ip) => Name::Address(*ip),
        }
    }
}

impl<'a> From<&'a str> for Name<&'a str> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Name<&'a str> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<IpAddr> for Name<&str> {
    fn from(ip: IpAddr) -> Self {
        Self::Address(ip)
    }
}
