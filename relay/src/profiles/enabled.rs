//! Which profiles are on: the setting `PROFILES`.

use std::str::FromStr;

use crate::per_profile::PROFILES;

/// Which profiles are on; all by default. The paths of the others are not there.
///
/// As text a list of their names, such as `push,socketio`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enabled([bool; PROFILES.len()]);

/// A text that is no list of profiles.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotEnabled {
    /// There is no such profile.
    #[error("{0:?} is none of the profiles {list}", list = PROFILES.join(", "))]
    Profile(String),
    /// A relay without a profile serves nobody.
    #[error("at least one profile is on")]
    Nothing,
}

impl Enabled {
    /// Whether this profile is on.
    pub fn has(self, profile: &str) -> bool {
        self.iter().any(|name| name == profile)
    }

    /// The names of those that are on.
    pub fn iter(self) -> impl Iterator<Item = &'static str> {
        PROFILES.into_iter().zip(self.0).filter(|(_, on)| *on).map(|(name, _)| name)
    }
}

impl Default for Enabled {
    fn default() -> Self {
        Self([true; PROFILES.len()])
    }
}

impl FromStr for Enabled {
    type Err = NotEnabled;

    fn from_str(text: &str) -> Result<Self, NotEnabled> {
        let names: Vec<_> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        if let Some(unknown) = names.iter().find(|name| !PROFILES.contains(name)) {
            return Err(NotEnabled::Profile((*unknown).to_owned()));
        }
        if names.is_empty() {
            return Err(NotEnabled::Nothing);
        }
        Ok(Self(PROFILES.map(|profile| names.contains(&profile))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_ones_are_on() {
        let enabled: Enabled = "push, dual".parse().unwrap();
        assert_eq!(enabled.iter().collect::<Vec<_>>(), ["push", "dual"]);
    }

    #[test]
    fn all_are_on_by_default() {
        assert_eq!(Enabled::default().iter().collect::<Vec<_>>(), PROFILES);
    }

    #[test]
    fn an_unknown_one_is_named() {
        assert_eq!("push,chat".parse::<Enabled>(), Err(NotEnabled::Profile("chat".to_owned())));
    }

    #[test]
    fn none_at_all_is_refused() {
        assert_eq!(" , ".parse::<Enabled>(), Err(NotEnabled::Nothing));
    }
}
