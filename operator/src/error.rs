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
