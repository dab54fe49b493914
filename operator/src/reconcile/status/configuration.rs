//! Which relays run the settings that the spec asks for.

use super::count;
use super::facts::{Facts, Relay};
use crate::api::ConfigurationStatus;

/// How many relays run the newest settings; `None` while these are not known.
pub(super) fn status(facts: &Facts) -> Option<ConfigurationStatus> {
    let settings = facts.settings.as_ref()?;
    Some(ConfigurationStatus {
        generation: i64::try_from(settings.generation()).unwrap_or(i64::MAX),
        running: count(facts.present().filter(|relay| runs_newest(facts, relay)).count()),
        of: count(facts.present().count()),
    })
}

/// What is waited for while relays that serve say that they run other settings. One that says
/// nothing is unknown, and holds up nobody; one that [refuses](refusal) will not come round.
pub(super) fn waiting(facts: &Facts) -> Option<String> {
    let settings = facts.settings.as_ref()?;
    let behind =
        |relay: &&Relay| relay.told.is_some() && relay.refusal().is_none() && !runs_newest(facts, relay);
    let behind: Vec<_> = facts.serving().filter(behind).collect();
    let first = behind.first()?;
    Some(format!(
        "{} of {} relays do not run generation {} of the settings yet; waiting for {}",
        behind.len(),
        facts.serving().count(),
        settings.generation(),
        first.pod.name
    ))
}

/// The first relay that refuses its newest settings, and why.
pub(super) fn refusal<'a>(mut relays: impl Iterator<Item = &'a Relay>) -> Option<String> {
    relays.find_map(|relay| {
        let why: String = relay.refusal()?.chars().take(200).collect();
        Some(format!("{}: {why}", relay.pod.name))
    })
}

fn runs_newest(facts: &Facts, relay: &Relay) -> bool {
    let newest = facts.settings.as_ref().map(|settings| settings.hash());
    relay.told.as_ref().is_some_and(|told| Some(told.config.hash.as_str()) == newest)
}
