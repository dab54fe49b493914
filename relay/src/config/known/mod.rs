//! All settings: one entry each is all that there is to say of one but who reads it.
//!
//! An entry's comment is its description in `docs/relay-settings.md`, which is made from here.

/// Declares settings of one topic, each as a constant of its name, and the list of them. The comment
/// of an entry is what people read of it.
macro_rules! settings {
    ($topic:expr; $($(#[doc = $meaning:literal])+ $name:ident: $kind:ty = $definition:expr;)+) => {
        $($(#[doc = $meaning])+ pub(in crate::config) const $name: Setting<$kind> = Setting {
            name: stringify!($name),
            topic: $topic,
            meaning: concat!($($meaning),+),
            definition: $definition,
        };)+

        /// The settings above, in their order.
        pub(super) fn described() -> Vec<Described> {
            vec![$($name.described()),+]
        }
    };
}

pub(super) mod auth;
pub(super) mod bus;
pub(super) mod dual;
pub(super) mod limits;
pub(super) mod listening;
pub(super) mod observing;
pub(super) mod push;
pub(super) mod socketio;
pub(super) mod stream;
pub(super) mod tokens;

use super::setting::{Described, Setting, Topic, number, switch, text};

/// All settings, by topic.
pub fn all() -> Vec<Described> {
    [
        listening::described(),
        auth::described(),
        bus::described(),
        limits::described(),
        observing::described(),
        push::described(),
        stream::described(),
        socketio::described(),
        tokens::described(),
        dual::described(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::all;
    use crate::config::{Boot, Live, Source};

    #[test]
    fn what_the_operator_sets_is_known() {
        let known: Vec<_> = all().iter().map(|setting| setting.name).collect();
        for name in relay_contract::settings::ALL {
            assert!(known.contains(name), "{name}");
        }
    }

    #[test]
    fn no_setting_is_there_twice() {
        let mut names: Vec<_> = all().iter().map(|setting| setting.name).collect();
        names.sort_unstable();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    }

    #[test]
    fn setting_everything_to_its_default_changes_nothing() {
        let unset = Source::new([("NODE_NAME", "n")]).unwrap();
        let defaults = all().into_iter().map(|setting| (setting.name.to_owned(), setting.default));
        let set = defaults.chain([("NODE_NAME".to_owned(), "n".to_owned())]);
        let set = Source::new(set).unwrap();
        assert_eq!(format!("{:?}", Boot::parse(&set)), format!("{:?}", Boot::parse(&unset)));
        assert_eq!(Live::parse(&set), Live::parse(&unset));
    }
}
