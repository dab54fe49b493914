//! What a workload was made from and what it was made into, kept at the workload itself.
//!
//! A later operator, whose defaults are other ones, reads there that nothing was asked of it, and what
//! the pods are to be: it keeps them, and can undo an edit by hand of a template that it would not
//! build (F13).

use k8s_openapi::api::core::v1::PodTemplateSpec;
use kube::api::ObjectMeta;
use sha2::{Digest, Sha256};

use super::super::secret_value::hex;

/// Annotation with the hash of what the user decided, and that of the template beside it.
const MADE_FROM: &str = "relaycluster.dev/made-from";
/// Annotation with the template as the operator wrote it, in JSON.
const TEMPLATE: &str = "relaycluster.dev/template";

/// What a workload was made from, and into.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Hash of what the user decided about its pods.
    pub inputs: String,
    /// The template, without the label that carries a revision.
    pub template: PodTemplateSpec,
}

impl Record {
    /// Reads the record of a workload. One that does not fit its own hash was edited by hand: none.
    #[must_use]
    pub fn read(metadata: &ObjectMeta) -> Option<Self> {
        let annotations = metadata.annotations.as_ref()?;
        let (inputs, hash) = annotations.get(MADE_FROM)?.split_once('.')?;
        let text = annotations.get(TEMPLATE).filter(|text| digest(text) == hash)?;
        Some(Self { inputs: inputs.to_owned(), template: serde_json::from_str(text).ok()? })
    }

    /// Writes it at a workload.
    pub(in crate::reconcile) fn write(&self, metadata: &mut ObjectMeta) {
        let text = serde_json::to_string(&self.template).unwrap_or_default();
        let from = format!("{}.{}", self.inputs, digest(&text));
        let annotations = metadata.annotations.get_or_insert_default();
        annotations.insert(MADE_FROM.to_owned(), from);
        annotations.insert(TEMPLATE.to_owned(), text);
    }
}

fn digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes())).chars().take(16).collect()
}
