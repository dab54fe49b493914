//! The body of a push (requirements 000-04 and 000-05), and the message it becomes.

use serde_json::{Value, json};
use uuid::Uuid;

use super::mention::mentioned;
use crate::bus::{Channel, Message};
use crate::profiles::ApiError;
use crate::profiles::json::{self, Object};

/// A push, checked.
#[derive(Clone, Debug)]
pub(super) struct Push {
    /// Whom the caller named.
    user_id: String,
    data: Object,
    event_type: Option<String>,
    event_id: Option<String>,
    timestamp: Option<String>,
    /// What ties answers to it.
    pub(super) correlation_id: String,
    /// Whether the caller chose it, so that another one could choose the same.
    pub(super) is_chosen: bool,
}

/// A push on its way to one user.
pub(super) struct Addressed {
    /// Who gets it: the named user, or the public account that it mentions.
    pub(super) target: String,
    /// Whom the caller named.
    pub(super) original: String,
    /// What ties answers to it.
    pub(super) correlation_id: String,
    /// What is delivered.
    pub(super) message: Message,
}

impl Push {
    /// Checks a body.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] naming the first bad field.
    pub(super) fn parse(body: Value) -> Result<Self, ApiError> {
        let mut body = json::object("", body)?;
        let user_id = json::name_of(&mut body, "user_id")?;
        let data = json::required(&mut body, "data")?;
        let mut data = json::object("data", data)?;
        let given = match json::optional_name(&mut body, "correlation_id")? {
            Some(id) => Some(id),
            None => json::optional_name(&mut data, "correlation_id")?,
        };
        Ok(Self {
            user_id,
            data,
            event_type: json::optional_name(&mut body, "event_type")?,
            event_id: json::optional_name(&mut body, "event_id")?,
            timestamp: json::optional_name(&mut body, "timestamp")?,
            is_chosen: given.is_some(),
            correlation_id: given.unwrap_or_else(|| Uuid::new_v4().to_string()),
        })
    }

    /// Who gets it: the named user, or the public account that it mentions.
    pub(super) fn target(&self, accounts: &[String]) -> String {
        mentioned(&self.data, accounts).map_or_else(|| self.user_id.clone(), str::to_owned)
    }

    /// Finds who gets it, and makes the message: the data, and who sent it to whom.
    pub(super) fn address(self, accounts: &[String]) -> Addressed {
        let target = self.target(accounts);
        let Self { user_id: original, mut data, correlation_id, .. } = self;
        let now = jiff::Timestamp::now();
        let sent_at = self.timestamp.unwrap_or_else(|| now.to_string());
        data.insert("user_id".to_owned(), target.clone().into());
        data.insert("correlation_id".to_owned(), correlation_id.clone().into());
        data.insert("original_sender".to_owned(), json!({ "user_id": original, "timestamp": sent_at }));
        let message = Message {
            id: self.event_id.unwrap_or_else(|| Uuid::new_v4().to_string()),
            channel: Channel::user(&target),
            position: None,
            timestamp: now.as_millisecond(),
            kind: self.event_type.unwrap_or_else(|| "message".to_owned()),
            payload: Value::Object(data).to_string().into(),
        };
        Addressed { target, original, correlation_id, message }
    }
}

/// The message that a body asks for, where nobody waits for answers.
///
/// # Errors
/// [`ApiError::Invalid`] naming the first bad field.
pub(in crate::profiles) fn message(body: Value, accounts: &[String]) -> Result<Message, ApiError> {
    Ok(Push::parse(body)?.address(accounts).message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzz;

    proptest! {
        #[test]
        fn fuzz_any_body_is_a_push_or_refused(body in fuzz::json()) {
            if let Err(error) = Push::parse(body) {
                prop_assert!(matches!(error, ApiError::Invalid { .. }), "{}", error);
            }
        }
    }

    fn delivered(body: Value) -> Value {
        let addressed = Push::parse(body).unwrap().address(&["ci_bot".to_owned()]);
        serde_json::from_slice(&addressed.message.payload).unwrap()
    }

    #[test]
    fn r000_05_the_delivered_object_is_the_data_and_who_sent_it() {
        let object = delivered(json!({
            "user_id": "a", "data": {"message": "hi", "correlation_id": "c"}, "timestamp": "t"
        }));
        let sender = json!({"user_id": "a", "timestamp": "t"});
        let expected =
            json!({"message": "hi", "user_id": "a", "correlation_id": "c", "original_sender": sender});
        assert_eq!(object, expected);
    }

    #[test]
    fn r000_05_a_push_without_correlation_id_gets_one() {
        let object = delivered(json!({"user_id": "a", "data": {}}));
        assert!(Uuid::parse_str(object["correlation_id"].as_str().unwrap()).is_ok());
    }

    #[test]
    fn r000_21_a_mention_changes_the_target_and_keeps_the_original_sender() {
        let object = delivered(json!({"user_id": "a", "data": {"message": "@ci_bot go"}}));
        assert_eq!(
            (&object["user_id"], &object["original_sender"]["user_id"]),
            (&json!("ci_bot"), &json!("a"))
        );
    }

    #[test]
    fn r000_04_a_bad_body_is_refused_naming_its_field() {
        for (body, field) in [
            (json!([]), ""),
            (json!({"data": {}}), "user_id"),
            (json!({"user_id": 1, "data": {}}), "user_id"),
            (json!({"user_id": "", "data": {}}), "user_id"),
            (json!({"user_id": "a"}), "data"),
            (json!({"user_id": "a", "data": "x"}), "data"),
            (json!({"user_id": "a", "data": {}, "event_type": 1}), "event_type"),
            (json!({"user_id": "a", "data": {}, "event_type": "x\r\ndata: y"}), "event_type"),
            (json!({"user_id": "a", "data": {}, "event_id": "1\0"}), "event_id"),
            (json!({"user_id": "a", "data": {"correlation_id": "x".repeat(257)}}), "correlation_id"),
        ] {
            let refused = Push::parse(body.clone()).map(|_| ());
            assert!(matches!(&refused, Err(ApiError::Invalid { field: f, .. }) if f == field), "{body}");
        }
    }
}
