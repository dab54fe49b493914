//! Secrets of the user's that relays have as files.

use crate::api::SecretKeyRef;

/// A key of a Secret that relays have as a file. What it holds is no part of a revision, so that a
/// change of it makes no new relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretFile {
    /// The relay's setting that holds the path.
    pub setting: &'static str,
    /// Name of the file.
    pub file: &'static str,
    /// Where the content stands.
    pub reference: SecretKeyRef,
}

/// The files of those references that are there.
pub(super) fn files<const N: usize>(
    all: [(&'static str, &'static str, Option<&SecretKeyRef>); N],
) -> Vec<SecretFile> {
    let file = |(setting, file, reference): (_, _, Option<&SecretKeyRef>)| {
        Some(SecretFile { setting, file, reference: reference?.clone() })
    };
    all.into_iter().filter_map(file).collect()
}
