//! What is wrong with a spec, collected rule by rule: a person corrects all of it at once.

/// Why a spec cannot be realised; each line begins with the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct InvalidSpec(pub Vec<String>);

/// The rules that were found broken so far.
#[derive(Debug, Default)]
pub(super) struct Broken(pub(super) Vec<String>);

impl Broken {
    /// The figure of a field is in a closed range.
    pub(super) fn range(&mut self, field: &str, value: i32, min: i32, max: i32) {
        self.unless((min..=max).contains(&value), field, || format!("{value} is not in {min} to {max}"));
    }

    /// The figures of many fields are, each with its least and its greatest value.
    pub(super) fn ranges<const N: usize>(&mut self, table: [(&str, i32, i32, i32); N]) {
        for (field, value, min, max) in table {
            self.range(field, value, min, max);
        }
    }

    /// A rule about a field holds.
    pub(super) fn unless(&mut self, holds: bool, field: &str, why: impl FnOnce() -> String) {
        if !holds {
            self.say(field, &why());
        }
    }

    /// A rule about a field is broken.
    pub(super) fn say(&mut self, field: &str, why: &str) {
        self.0.push(format!("{field}: {why}"));
    }
}
