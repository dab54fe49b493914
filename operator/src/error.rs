//! Words that errors share.

/// What the API server says, in its own words; anything else as the client says it. The client's
/// own form of an answer repeats all of it in the notation of a debugger.
#[must_use]
pub(crate) fn words(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => status.message.clone(),
        other => other.to_string(),
    }
}

/// Whether the API server refuses an object because its namespace is being deleted. Such a namespace takes
/// none any more, events among them, and cannot be kept (`NamespaceTerminatingCause` of its admission
/// plugin NamespaceLifecycle).
#[must_use]
pub(crate) fn is_namespace_ending(error: &kube::Error) -> bool {
    let kube::Error::Api(status) = error else { return false };
    let mut causes = status.details.iter().flat_map(|details| &details.causes);
    status.is_forbidden() && causes.any(|cause| cause.reason == "NamespaceTerminating")
}

#[cfg(test)]
mod tests {
    use kube::core::Status;
    use serde_json::json;

    use super::*;

    fn answer(code: u16, cause: &str) -> kube::Error {
        let status = json!({
            "code": code, "reason": if code == 403 { "Forbidden" } else { "Conflict" },
            "message": "because it is being terminated",
            "details": { "causes": [{ "reason": cause, "field": "metadata.namespace" }] },
        });
        kube::Error::Api(Box::new(serde_json::from_value::<Status>(status).unwrap()))
    }

    #[test]
    fn f15_a_namespace_that_ends_is_told_by_the_cause_of_a_refusal() {
        let cases = [
            (answer(403, "NamespaceTerminating"), true),
            (answer(403, "FieldValueForbidden"), false),
            (answer(409, "NamespaceTerminating"), false),
        ];
        for (error, expected) in cases {
            assert_eq!(is_namespace_ending(&error), expected, "{error:?}");
        }
    }
}
