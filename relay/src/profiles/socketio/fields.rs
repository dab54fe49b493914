//! An object that a client sent, of which only some fields are looked at.
//!
//! A client may send a hundred megabytes. As text they cost what they weigh; as a tree of values
//! they could cost thirty times that, so that no tree is built.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

/// Fields that an object may have.
const MAX_FIELDS: usize = 64;

/// The fields of an object.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(super) struct Fields(BTreeMap<String, Box<RawValue>>);

impl Fields {
    /// The text in a field; `None` if it is missing or null.
    ///
    /// # Errors
    /// If it is something else.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, String> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        serde_json::from_str(value.get()).map_err(|_| format!("{name} must be a string"))
    }

    /// Sets a field to a text.
    pub(super) fn set(&mut self, name: &str, text: &str) {
        if let Ok(value) = to_raw_value(text) {
            self.0.insert(name.to_owned(), value);
        }
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Bounded)
    }
}

struct Bounded;

impl<'de> Visitor<'de> for Bounded {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object of at most {MAX_FIELDS} fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some((name, value)) = map.next_entry()? {
            fields.insert(name, value);
            if fields.len() > MAX_FIELDS {
                return Err(A::Error::invalid_length(fields.len(), &self));
            }
        }
        Ok(Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_nobody_looks_at_stay_as_they_came() {
        let mut fields: Fields = serde_json::from_str(r#"{"b":{"x":[1.0]},"a":"t"}"#).unwrap();
        fields.set("c", "é");
        assert_eq!(serde_json::to_string(&fields).unwrap(), r#"{"a":"t","b":{"x":[1.0]},"c":"é"}"#);
    }

    #[test]
    fn x18_an_object_of_too_many_fields_is_refused() {
        let fields: Vec<_> = (0..100).map(|n| format!("\"f{n}\":0")).collect();
        assert!(serde_json::from_str::<Fields>(&format!("{{{}}}", fields.join(","))).is_err());
    }

    #[test]
    fn a_text_must_be_one() {
        let fields: Fields = serde_json::from_str(r#"{"a":1,"b":null}"#).unwrap();
        assert!(fields.text("a").is_err());
        assert_eq!(fields.text("b"), Ok(None));
    }
}
