//! Which profiles ask who somebody is (conflict X-21).

use std::str::FromStr;

/// The profiles.
const PROFILES: [&str; 5] = ["push", "stream", "socketio", "tokens", "dual"];

/// What a profile asks of its clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asks {
    /// Nothing: clients say who they are, and are believed.
    #[default]
    None,
    /// A token of an issuer (`jwt`).
    Jwt,
    /// A connection token, for one use (`token`).
    Token,
    /// What a service of the operator's thinks of it (`webhook`).
    Webhook,
}

/// What each profile asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    all: Asks,
    /// Profiles that differ.
    each: Vec<(String, Asks)>,
}

/// A text that is no policy.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not none, jwt, token, webhook, or a list such as push=jwt,dual=none of the profiles {list}", list = PROFILES.join(", "))]
pub struct InvalidPolicy(String);

impl Policy {
    /// What `profile` asks.
    pub fn of(&self, profile: &str) -> Asks {
        let named = self.each.iter().find(|(name, _)| name == profile);
        named.map_or(self.all, |(_, asks)| *asks)
    }

    /// Whether any profile believes its clients.
    pub fn has_anonymous(&self) -> bool {
        PROFILES.iter().any(|profile| self.of(profile) == Asks::None)
    }

    /// Whether any profile asks for it.
    pub fn wants(&self, asks: Asks) -> bool {
        PROFILES.iter().any(|profile| self.of(profile) == asks)
    }
}

impl FromStr for Asks {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "none" => Ok(Self::None),
            "jwt" => Ok(Self::Jwt),
            "token" => Ok(Self::Token),
            "webhook" => Ok(Self::Webhook),
            _ => Err(()),
        }
    }
}

impl FromStr for Policy {
    type Err = InvalidPolicy;

    fn from_str(text: &str) -> Result<Self, InvalidPolicy> {
        let invalid = || InvalidPolicy(text.to_owned());
        let mut policy = Self::default();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            match entry.split_once('=') {
                None => policy.all = entry.parse().map_err(|()| invalid())?,
                Some((profile, asks)) if PROFILES.contains(&profile.trim()) => {
                    let asks = asks.trim().parse().map_err(|()| invalid())?;
                    policy.each.push((profile.trim().to_owned(), asks));
                }
                Some(_) => return Err(invalid()),
            }
        }
        Ok(policy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x21_a_policy_is_for_all_profiles_or_for_each() {
        let policy: Policy = "jwt, push=none".parse().unwrap();
        assert_eq!((policy.of("push"), policy.of("dual")), (Asks::None, Asks::Jwt));
        assert!(policy.has_anonymous() && policy.wants(Asks::Jwt) && !policy.wants(Asks::Token));
    }

    #[test]
    fn x21_what_is_not_offered_is_refused() {
        for text in ["ldap", "chat=jwt", "push=yes", "push=jwt=none"] {
            assert!(text.parse::<Policy>().is_err(), "{text}");
        }
    }

    #[test]
    fn x21_every_profile_can_ask_for_anything() {
        for asks in ["jwt", "token", "webhook"] {
            let policy: Policy = asks.parse().unwrap();
            assert!(!policy.has_anonymous(), "{asks}");
        }
        let policy: Policy = "jwt,stream=token,socketio=webhook".parse().unwrap();
        assert_eq!((policy.of("stream"), policy.of("socketio")), (Asks::Token, Asks::Webhook));
    }
}
