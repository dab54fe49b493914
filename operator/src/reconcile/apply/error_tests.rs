use kube::core::Status;

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
        (403, "Forbidden", "namespace ns is being terminated", None),
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
