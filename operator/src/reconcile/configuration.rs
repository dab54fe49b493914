//! The generation of the settings file, and which content of it relays are to run.
//!
//! A relay is told of new settings at once, and the file that it mounts follows within a minute or
//! so. It knows by the generation in the file which of the two is behind. The generation of the
//! RelayCluster is one that only grows and that survives whatever happens to the ConfigMap; but a
//! spec may change without the file, and the file without the spec (another operator), so that a
//! content keeps its number, and another one gets a greater one.

use k8s_openapi::api::core::v1::ConfigMap;
use relay_contract::settings::CONFIG_GENERATION;

use super::build::SETTINGS_FILE;
use super::observed::{Observed, Ownership};
use crate::fleet::Settings;

/// Gives the wanted settings file its generation. Tells the whole content.
pub(super) fn number(wanted: &mut ConfigMap, observed: &Observed) -> Settings {
    let stored = stored(observed);
    let root = u64::try_from(observed.root.generation).unwrap_or_default();
    let text = wanted.data.get_or_insert_default().entry(SETTINGS_FILE.to_owned()).or_default();
    let generation = generation(text, stored.as_ref(), root);
    text.push_str(&line(generation));
    Settings::new(text.clone())
}

/// The content that stands in the cluster's own ConfigMap.
pub(super) fn stored(observed: &Observed) -> Option<Settings> {
    let config = observed.children.config.object.as_ref()?;
    let ours = observed.root.ownership(&config.metadata) == Ownership::Ours;
    let text = config.data.as_ref()?.get(SETTINGS_FILE)?;
    ours.then(|| Settings::new(text.clone()))
}

fn generation(text: &str, stored: Option<&Settings>, root: u64) -> u64 {
    match stored {
        Some(stored) if stored.text().strip_suffix(&line(stored.generation())) == Some(text) => {
            stored.generation()
        }
        Some(stored) => root.max(stored.generation().saturating_add(1)).min(MOST),
        None => root,
    }
}

/// The greatest number that a relay takes.
const MOST: u64 = i64::MAX.unsigned_abs();

fn line(generation: u64) -> String {
    format!("{CONFIG_GENERATION}={generation}\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn content(text: &str, number: u64) -> Settings {
        Settings::new(format!("{text}{}", line(number)))
    }

    #[test]
    fn the_same_content_keeps_its_generation() {
        assert_eq!(generation("A=1\n", Some(&content("A=1\n", 3)), 9), 3);
    }

    #[test]
    fn the_first_content_has_the_generation_of_the_cluster() {
        assert_eq!(generation("A=1\n", None, 9), 9);
    }

    #[test]
    fn a_content_without_a_generation_gets_one() {
        assert_eq!(generation("A=1\n", Some(&Settings::new("A=1\n".to_owned())), 4), 4);
    }

    proptest! {
        #[test]
        fn another_content_has_a_greater_generation(before in 0..MOST, root in 0..MOST) {
            let after = generation("A=2\n", Some(&content("A=1\n", before)), root);
            prop_assert!(after > before && after >= root && after <= MOST);
        }
    }
}
