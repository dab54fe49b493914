//! What a [rule](super::rules) asks of one field of an event.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `field op value`. It does not hold for an event without the field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Condition {
    /// Names of objects and fields with dots between them, such as `data.value`.
    field: String,
    op: Operator,
    value: Value,
}

/// How a field and a value are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Operator {
    #[serde(rename = "==")]
    Equal,
    #[serde(rename = "!=")]
    Unequal,
    #[serde(rename = ">")]
    Greater,
    #[serde(rename = ">=")]
    AtLeast,
    #[serde(rename = "<")]
    Less,
    #[serde(rename = "<=")]
    AtMost,
    /// A text within a text, or a value within an array.
    #[serde(rename = "contains")]
    Contains,
}

impl Condition {
    pub(super) fn holds(&self, event: &Value) -> bool {
        let found = self.field.split('.').try_fold(event, |value, name| value.get(name));
        found.is_some_and(|found| self.op.holds(found, &self.value))
    }
}

impl Operator {
    fn holds(self, found: &Value, value: &Value) -> bool {
        let numbers = found.as_f64().zip(value.as_f64());
        match self {
            Self::Equal => numbers.map_or(found == value, |(found, value)| found == value),
            Self::Unequal => !Self::Equal.holds(found, value),
            Self::Greater => numbers.is_some_and(|(found, value)| found > value),
            Self::AtLeast => numbers.is_some_and(|(found, value)| found >= value),
            Self::Less => numbers.is_some_and(|(found, value)| found < value),
            Self::AtMost => numbers.is_some_and(|(found, value)| found <= value),
            Self::Contains => match (found, value) {
                (Value::String(found), Value::String(value)) => found.contains(&**value),
                (Value::Array(found), value) => found.contains(value),
                _ => false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(op: &str, value: Value) -> bool {
        let condition = json!({"field": "data.v", "op": op, "value": value});
        let condition: Condition = serde_json::from_value(condition).unwrap();
        condition.holds(&json!({"data": {"v": 5}})) || condition.holds(&json!({"data": {"v": "five"}}))
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        let found = ["==", "!=", ">", ">=", "<", "<="].map(|op| (op, holds(op, json!(5.0))));
        assert_eq!(
            found,
            [("==", true), ("!=", true), (">", false), (">=", true), ("<", false), ("<=", true)]
        );
    }

    #[test]
    fn a_text_may_contain_another() {
        assert!(holds("contains", json!("iv")) && !holds("contains", json!("six")));
    }

    #[test]
    fn nothing_holds_for_a_field_that_is_not_there() {
        let condition = json!({"field": "data.v.w", "op": "!=", "value": 1});
        let condition: Condition = serde_json::from_value(condition).unwrap();
        assert!(!condition.holds(&json!({"data": {"v": 5}})));
    }

    #[test]
    fn an_unknown_operator_is_refused() {
        assert!(serde_json::from_value::<Condition>(json!({"field": "a", "op": "~", "value": 1})).is_err());
    }
}
