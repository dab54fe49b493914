//! What is known of a setting: enough to read it, to tell what is wrong with it, and to document it.

use std::ops::RangeInclusive;

/// What a setting is about; the chapters of its documentation, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Where the relay listens, and what it is called.
    Listening,
    /// Who clients are.
    Auth,
    /// What carries messages between relays.
    Bus,
    /// How much it takes, and how long it waits.
    Limits,
    /// Log lines and figures.
    Observing,
    /// The profile of this name.
    Profile(&'static str),
}

impl Topic {
    /// The heading of its chapter.
    pub fn heading(self) -> String {
        match self {
            Self::Listening => "Listening and ending".to_owned(),
            Self::Auth => "Who clients are".to_owned(),
            Self::Bus => "Between relays".to_owned(),
            Self::Limits => "Limits and heartbeats".to_owned(),
            Self::Observing => "Logs and figures".to_owned(),
            Self::Profile(name) => format!("Profile `{name}`"),
        }
    }
}

/// A kind of values.
pub(super) trait Kind {
    /// The value that counts when a setting is not set; empty if that is none.
    fn default_text(&self) -> String;
    /// Which values are good.
    fn values(&self) -> String;
}

/// A whole number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    /// The default.
    pub(super) default: u64,
    /// The least value.
    pub(super) least: u64,
    /// The greatest one.
    pub(super) most: u64,
    /// What is counted, such as `seconds`.
    pub(super) unit: &'static str,
}

/// `true` or `false`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Switch {
    /// The default.
    pub(super) default: bool,
}

/// A text of some form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    /// The default; empty if there is none.
    pub(super) default: &'static str,
    /// What it looks like.
    pub(super) form: &'static str,
}

impl Kind for Number {
    fn default_text(&self) -> String {
        self.default.to_string()
    }

    fn values(&self) -> String {
        format!("{} to {} {}", self.least, self.most, self.unit).trim_end().to_owned()
    }
}

impl Kind for Switch {
    fn default_text(&self) -> String {
        self.default.to_string()
    }

    fn values(&self) -> String {
        "true, false".to_owned()
    }
}

impl Kind for Text {
    fn default_text(&self) -> String {
        self.default.to_owned()
    }

    fn values(&self) -> String {
        self.form.to_owned()
    }
}

/// Values, and when they are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Definition<K> {
    pub(super) kind: K,
    pub(super) live: bool,
}

impl<K: Copy> Definition<K> {
    const fn new(kind: K) -> Self {
        Self { kind, live: false }
    }

    /// Changes while the relay runs.
    pub(super) const fn live(self) -> Self {
        Self { kind: self.kind, live: true }
    }
}

/// A whole number of `unit`.
pub(super) const fn number(
    default: u64,
    range: RangeInclusive<u64>,
    unit: &'static str,
) -> Definition<Number> {
    Definition::new(Number { default, least: *range.start(), most: *range.end(), unit })
}

/// `true` or `false`.
pub(super) const fn switch(default: bool) -> Definition<Switch> {
    Definition::new(Switch { default })
}

/// A text of this form; no default is an empty one.
pub(super) const fn text(default: &'static str, form: &'static str) -> Definition<Text> {
    Definition::new(Text { default, form })
}

/// A setting, by its one name in the environment and in the settings file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting<K> {
    pub(super) name: &'static str,
    pub(super) topic: Topic,
    pub(super) meaning: &'static str,
    pub(super) definition: Definition<K>,
}

impl<K: Kind> Setting<K> {
    /// What people are told of it.
    pub(super) fn described(&self) -> Described {
        Described {
            name: self.name,
            topic: self.topic,
            live: self.definition.live,
            default: self.definition.kind.default_text(),
            values: self.definition.kind.values(),
            meaning: self.meaning.trim(),
        }
    }
}

/// A setting as people are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub topic: Topic,
    /// Whether it changes while the relay runs.
    pub live: bool,
    /// The default as one would write it; empty if there is none.
    pub default: String,
    /// Which values are good, with their unit.
    pub values: String,
    /// What it does.
    pub meaning: &'static str,
}
