//! Which profiles ask who somebody is (conflict X-21).

use std::str::FromStr;

use crate::per_profile::PerProfile;

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
pub type Policy = PerProfile<Asks>;

impl Policy {
    /// Whether any profile asks for it.
    pub fn wants(&self, asks: Asks) -> bool {
        self.values().any(|asked| asked == asks)
    }
}

/// A text that is no such demand.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of none, jwt, token, webhook")]
pub struct InvalidAsks(String);

impl FromStr for Asks {
    type Err = InvalidAsks;

    fn from_str(text: &str) -> Result<Self, InvalidAsks> {
        match text {
            "none" => Ok(Self::None),
            "jwt" => Ok(Self::Jwt),
            "token" => Ok(Self::Token),
            "webhook" => Ok(Self::Webhook),
            _ => Err(InvalidAsks(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x21_a_policy_is_for_all_profiles_or_for_each() {
        let policy: Policy = "jwt, push=none".parse().unwrap();
        assert_eq!((policy.of("push"), policy.of("dual")), (Asks::None, Asks::Jwt));
        assert!(policy.wants(Asks::None) && policy.wants(Asks::Jwt) && !policy.wants(Asks::Token));
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
            assert!(!policy.wants(Asks::None), "{asks}");
        }
        let policy: Policy = "jwt,stream=token,socketio=webhook".parse().unwrap();
        assert_eq!((policy.of("stream"), policy.of("socketio")), (Asks::Token, Asks::Webhook));
    }
}
