//! A value for all profiles or for each of them, as settings write it: `jwt`, or `jwt,push=none`.

use std::fmt::Display;
use std::str::FromStr;

/// The profiles.
pub const PROFILES: [&str; 5] = ["push", "stream", "socketio", "tokens", "dual"];

/// A value of each profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerProfile<T> {
    all: T,
    /// Profiles that differ.
    each: Vec<(&'static str, T)>,
}

/// A text that is no value of profiles.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPerProfile {
    /// The value of all profiles or of one is wrong.
    #[error("{0}; a list such as push=VALUE,dual=VALUE is for each profile")]
    Value(String),
    /// There is no such profile.
    #[error("{0:?} is none of the profiles {list}", list = PROFILES.join(", "))]
    Profile(String),
}

impl<T: Copy> PerProfile<T> {
    /// The value of `profile`.
    pub fn of(&self, profile: &str) -> T {
        let named = self.each.iter().rev().find(|(name, _)| *name == profile);
        named.map_or(self.all, |(_, value)| *value)
    }

    /// The values of all five.
    pub fn values(&self) -> impl Iterator<Item = T> {
        PROFILES.into_iter().map(|profile| self.of(profile))
    }
}

impl<T> From<T> for PerProfile<T> {
    fn from(all: T) -> Self {
        Self { all, each: Vec::new() }
    }
}

impl<T: FromStr<Err: Display> + Default> FromStr for PerProfile<T> {
    type Err = NotPerProfile;

    fn from_str(text: &str) -> Result<Self, NotPerProfile> {
        let value = |text: &str| text.trim().parse().map_err(|error: T::Err| wrong(&error));
        let mut parsed = Self::default();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            match entry.split_once('=') {
                None => parsed.all = value(entry)?,
                Some((profile, text)) => parsed.each.push((known(profile.trim())?, value(text)?)),
            }
        }
        Ok(parsed)
    }
}

fn wrong(error: &impl Display) -> NotPerProfile {
    NotPerProfile::Value(error.to_string())
}

fn known(profile: &str) -> Result<&'static str, NotPerProfile> {
    let found = PROFILES.into_iter().find(|name| *name == profile);
    found.ok_or_else(|| NotPerProfile::Profile(profile.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<PerProfile<u8>, NotPerProfile> {
        text.parse()
    }

    #[test]
    fn a_value_is_for_all_profiles() {
        assert!(parsed("3").unwrap().values().all(|value| value == 3));
    }

    #[test]
    fn a_named_profile_differs() {
        let value = parsed("3, push = 4").unwrap();
        assert_eq!((value.of("push"), value.of("dual")), (4, 3));
    }

    #[test]
    fn an_unknown_profile_is_named() {
        assert_eq!(parsed("chat=3"), Err(NotPerProfile::Profile("chat".to_owned())));
    }

    #[test]
    fn a_wrong_value_is_told() {
        assert!(matches!(parsed("push=many"), Err(NotPerProfile::Value(_))));
    }
}
