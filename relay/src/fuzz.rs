//! Input for properties of parsers. `PROPTEST_CASES` says how many inputs each test tries:
//! `PROPTEST_CASES=100000 cargo test -p relay --lib fuzz_` is a long look at all of them.

use proptest::prelude::*;
use serde_json::Value;

/// Names that parsers look for.
const FIELDS: &str = "user_id|player_id|session_id|conversation_id|data|message|type|content|id|event|\
    event_type|event_id|correlation_id|timestamp|namespace|room|socket|user|args|conversationId|x";

/// Any JSON, with the fields that parsers look for, and any value in them.
pub(crate) fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z/@ ]{0,12}".prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "x{250,260}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(FIELDS, inner, 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Pieces that `bytes` are read in, cut at `cuts`.
pub(crate) fn cut<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    let mut from = 0;
    ends.into_iter().map(|to| &bytes[std::mem::replace(&mut from, to)..to]).collect()
}
