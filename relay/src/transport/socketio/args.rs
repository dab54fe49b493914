//! Arguments of an event or an acknowledgement: JSON values that nobody here looks into.

use std::fmt;

use bytes::Bytes;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Arguments that one event may have: a list costs more memory than its text.
const MAX_ARGS: usize = 64;

/// Arguments, with placeholders where attachments belong.
#[derive(Clone, Debug, Default)]
pub struct Args {
    values: Vec<Box<RawValue>>,
    attachments: Vec<Bytes>,
}

/// A bounded list.
struct Values(Vec<Box<RawValue>>);

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bounded;
        impl<'de> Visitor<'de> for Bounded {
            type Value = Values;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an array of at most {MAX_ARGS} values")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Values, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element()? {
                    if values.len() > MAX_ARGS {
                        return Err(serde::de::Error::invalid_length(values.len(), &self));
                    }
                    values.push(value);
                }
                Ok(Values(values))
            }
        }
        deserializer.deserialize_seq(Bounded)
    }
}

impl Args {
    /// Reads the array of a packet.
    ///
    /// # Errors
    /// If it is no array, or too long a one.
    pub fn parse(array: &str, attachments: Vec<Bytes>) -> Result<Self, serde_json::Error> {
        let Values(values) = serde_json::from_str(array)?;
        Ok(Self { values, attachments })
    }

    /// One value, or nothing if it cannot be JSON.
    pub fn one(value: &impl Serialize) -> Self {
        Self { values: serde_json::value::to_raw_value(value).into_iter().collect(), attachments: Vec::new() }
    }

    /// Arguments of values that are JSON already.
    pub fn of(values: Vec<Box<RawValue>>, attachments: Vec<Bytes>) -> Self {
        Self { values, attachments }
    }

    /// Takes the first argument away if it is a string: the name of an event.
    pub(super) fn take_name(&mut self) -> Option<String> {
        let name = serde_json::from_str(self.values.first()?.get()).ok()?;
        self.values.remove(0);
        Some(name)
    }

    /// Adds an argument at the end, unless it cannot be JSON.
    pub(super) fn push(&mut self, value: &impl Serialize) {
        self.values.extend(serde_json::value::to_raw_value(value));
    }

    /// The JSON of an argument.
    pub fn get(&self, index: usize) -> Option<&str> {
        self.values.get(index).map(|value| value.get())
    }

    /// The values.
    pub fn values(&self) -> &[Box<RawValue>] {
        &self.values
    }

    /// The values, without what placeholders among them stand for.
    pub(super) fn into_values(self) -> Vec<Box<RawValue>> {
        self.values
    }

    /// What the placeholders stand for, in their order.
    pub fn attachments(&self) -> &[Bytes] {
        &self.attachments
    }

    /// The array, with `name` in front if there is one.
    pub(super) fn to_array(&self, name: Option<&str>) -> String {
        let name = name.and_then(|name| serde_json::value::to_raw_value(name).ok());
        let values: Vec<&RawValue> = name.iter().chain(&self.values).map(AsRef::as_ref).collect();
        serde_json::to_string(&values).unwrap_or_else(|_| "[]".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzz;

    proptest! {
        #[test]
        fn fuzz_arguments_come_out_as_they_came_in(values in prop::collection::vec(fuzz::json(), 0..5), text: String) {
            let array = serde_json::Value::from(values).to_string();
            prop_assert_eq!(Args::parse(&array, Vec::new()).unwrap().to_array(None), array);
            let _ = Args::parse(&text, Vec::new());
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = format!("[{}1{}]", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(
            Args::parse(&deep, Vec::new()).map(|args| args.to_array(None).len()).ok(),
            Some(deep.len())
        );
    }

    #[test]
    fn arguments_come_out_as_they_came_in() {
        let mut args = Args::parse(r#"["name",1.0,{"b":1,"a":"\u00e9"}]"#, Vec::new()).unwrap();
        assert_eq!(args.take_name().as_deref(), Some("name"));
        assert_eq!(args.to_array(Some("other")), r#"["other",1.0,{"b":1,"a":"\u00e9"}]"#);
    }

    #[test]
    fn a_name_must_be_a_string() {
        assert_eq!(Args::parse("[1]", Vec::new()).unwrap().take_name(), None);
    }

    #[test]
    fn too_many_arguments_are_refused() {
        let array = format!("[{}1]", "1,".repeat(1000));
        assert!(Args::parse(&array, Vec::new()).is_err());
    }

    #[test]
    fn what_is_no_array_is_refused() {
        for text in ["", "{}", "1", "[1", "[1]x"] {
            assert!(Args::parse(text, Vec::new()).is_err(), "{text}");
        }
    }
}
