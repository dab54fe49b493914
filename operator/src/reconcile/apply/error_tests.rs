use kube::core::Status;
use kube::core::response::{StatusCause, StatusDetails};

use super::*;

fn refused(code: u16, reason: &str, message: &str) -> WriteError {
    let status = Status { code, reason: reason.to_owned(), message: message.to_owned(), ..Status::default() };
    let source = kube::Error::Api(Box::new(status));
    WriteError::Api { object: "StatefulSet demo-redis".to_owned(), verb: "apply", source }
}

#[test]
fn a_refusal_that_only_a_person_can_lift_has_a_reason() {
    let cases = [
        (422, "Invalid", "spec.selector: Invalid value: field is immutable", Some(Reason::ImmutableField)),
        (
            422,
            "Invalid",
            "Forbidden: updates to statefulset spec for fields other than",
            Some(Reason::ImmutableField),
        ),
        (422, "Invalid", "spec.resources: Invalid value", Some(Reason::Refused)),
        (403, "Forbidden", "exceeded quota", Some(Reason::Refused)),
        (409, "Conflict", "the object has been modified", None),
        (500, "InternalError", "etcd", None),
    ];
    for (code, reason, message, expected) in cases {
        assert_eq!((message, refused(code, reason, message).permanent()), (message, expected));
    }
}

#[test]
fn an_error_has_the_words_of_the_api_server_and_the_object() {
    let text = refused(422, "Invalid", "no").to_string();
    assert_eq!(text, "apply StatefulSet demo-redis: no");
}

#[test]
fn f15_an_object_that_a_namespace_does_not_take_any_more_is_no_reason_for_a_status() {
    let cause = StatusCause {
        reason: "NamespaceTerminating".to_owned(),
        message: String::new(),
        field: "metadata.namespace".to_owned(),
    };
    let details = StatusDetails { causes: vec![cause], ..serde_json::from_str("{}").unwrap() };
    let status = Status { code: 403, reason: "Forbidden".to_owned(), ..Status::default() };
    let source = kube::Error::Api(Box::new(status.with_details(details)));
    let error = WriteError::Api { object: "Service demo".to_owned(), verb: "create", source };
    assert_eq!((error.is_namespace_ending(), error.permanent()), (true, None));
}
