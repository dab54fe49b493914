use k8s_openapi::ByteString;
use serde_json::json;

use super::super::fixtures::{UID, childless, keys, root, stored};
use super::*;

/// A cluster with a Secret of keys whose owner has this identity, and nothing else.
fn with_keys(owner: &str, token: &str) -> Observed {
    let root = root(json!({}));
    let data = [("adminToken".to_owned(), ByteString(token.as_bytes().to_vec()))];
    let mut secret = Secret { data: Some(data.into()), ..Secret::default() };
    secret.metadata.owner_references = Some(vec![OwnerReference { uid: owner.to_owned(), ..root.owner() }]);
    let mut observed = childless(root);
    observed.children.keys = Found { name: "demo-keys".to_owned(), object: Some(secret) };
    observed
}

const STORED: &str = "a-token-that-is-stored";

#[test]
fn keys_that_are_stored_are_kept() {
    assert_eq!(with_keys(UID, STORED).keys(None).admin_token.reveal(), STORED);
}

#[test]
fn keys_of_somebody_else_are_not_taken_over() {
    assert_ne!(with_keys("other", STORED).keys(None).admin_token.reveal(), STORED);
}

#[test]
fn keys_that_were_edited_by_hand_become_what_they_were() {
    assert_eq!(with_keys(UID, "edited-0123456789abcdef").keys(Some(keys())), keys());
}

#[test]
fn a_key_that_no_header_could_carry_is_made_anew() {
    let token = with_keys(UID, "short").keys(None).admin_token;
    assert_eq!(token.reveal().len(), 43);
}

#[test]
fn an_object_without_our_cluster_as_its_controller_is_foreign() {
    let root = root(json!({}));
    let owned =
        |owner: OwnerReference| ObjectMeta { owner_references: Some(vec![owner]), ..ObjectMeta::default() };
    let earlier = OwnerReference { uid: "old".to_owned(), ..root.owner() };
    let other = OwnerReference { uid: "old".to_owned(), name: "other".to_owned(), ..root.owner() };
    let mere = OwnerReference { controller: None, ..root.owner() };
    assert_eq!(root.ownership(&owned(root.owner())), Ownership::Ours);
    assert_eq!(root.ownership(&owned(earlier)), Ownership::Earlier);
    assert_eq!(root.ownership(&owned(other)), Ownership::Foreign);
    assert_eq!(root.ownership(&owned(mere)), Ownership::Foreign);
    assert_eq!(root.ownership(&ObjectMeta::default()), Ownership::Foreign);
}

#[test]
fn a_status_that_cannot_be_read_leaves_the_spec_readable() {
    let mut object = stored(json!({}));
    object["status"] = json!({"conditions": "none"});
    let root = Root::parse(serde_json::from_value(object).unwrap());
    assert!(root.cluster.is_ok());
    assert_eq!(root.status(), RelayClusterStatus::default());
}
