use k8s_openapi::apimachinery::pkg::apis::meta::v1::FieldsV1;
use serde_json::json;

use super::*;

fn want() -> Value {
    json!({
        "metadata": {"labels": {"a": "1"}},
        "spec": {"ports": [{"port": 80, "protocol": "TCP"}], "type": "ClusterIP", "names": ["x"]},
    })
}

fn entry(manager: &str, operation: &str, subresource: &str, fields: Value) -> ManagedFieldsEntry {
    ManagedFieldsEntry {
        manager: Some(manager.to_owned()),
        operation: Some(operation.to_owned()),
        subresource: Some(subresource.to_owned()).filter(|text| !text.is_empty()),
        fields_v1: Some(FieldsV1(fields)),
        ..ManagedFieldsEntry::default()
    }
}

fn found(manager: &str, operation: &str, subresource: &str, fields: Value) -> Option<String> {
    foreign_field(&want(), &[entry(manager, operation, subresource, fields)])
}

#[test]
fn a_field_that_somebody_added_is_found() {
    let fields = json!({"f:spec": {"f:sessionAffinity": {}}});
    assert_eq!(found("kubectl", "Update", "", fields).as_deref(), Some("spec.f:sessionAffinity"));
}

#[test]
fn a_field_that_we_set_too_is_not() {
    let fields = json!({"f:spec": {"f:type": {}, "f:names": {"v:\"x\"": {}},
        "f:ports": {".": {}, "k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}}});
    assert_eq!(found("kubectl", "Update", "", fields), None);
}

#[test]
fn an_item_of_a_list_that_somebody_added_is_found() {
    let fields =
        json!({"f:spec": {"f:ports": {"k:{\"port\":81,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}}});
    assert!(found("kubectl", "Update", "", fields).is_some());
}

#[test]
fn what_a_controller_writes_through_a_subresource_is_its_own() {
    assert_eq!(found("kube-controller-manager", "Update", "status", json!({"f:spec": {"f:x": {}}})), None);
}

#[test]
fn a_foreign_annotation_may_stay() {
    assert_eq!(found("kubectl", "Update", "", json!({"f:metadata": {"f:annotations": {"f:x": {}}}})), None);
}

#[test]
fn a_label_that_we_do_not_want_any_more_is_found() {
    let fields = json!({"f:metadata": {"f:labels": {"f:a": {}, "f:old": {}}}});
    assert_eq!(found(FIELD_MANAGER, "Apply", "", fields).as_deref(), Some(".f:metadata.f:labels.f:old"));
}

#[test]
fn defaults_that_came_with_our_own_replacement_may_stay() {
    assert_eq!(found(FIELD_MANAGER, "Update", "", json!({"f:spec": {"f:dnsPolicy": {}}})), None);
}
