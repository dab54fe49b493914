//! The managed Redis: its Secret, its Service and its StatefulSet.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetSpec};
use k8s_openapi::api::core::v1::{
    PersistentVolumeClaim, PersistentVolumeClaimSpec, Secret, Service, VolumeResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::super::names::{Names, REDIS, selector};
use super::super::secret_value::{Keys, SecretValue};
use super::super::validate::{Managed, Validated};
use super::record::Record;
use super::{inputs, metadata, pod, redis_pod, sentinel, services};
use crate::api::RedisStorage;

/// Key of the password as it is.
pub(super) const PASSWORD: &str = "password";
/// Key of the access list that Redis reads at its start.
pub(super) const ACL_FILE: &str = "users.acl";

/// The password: as it is for the relays, and as Redis keeps it.
pub(super) fn secret(cluster: &Validated, managed: &Managed, keys: &Keys) -> Secret {
    let entry = |key: &str, value: String| (key.to_owned(), ByteString(value.into_bytes()));
    let password = &keys.redis_password;
    let mut data = BTreeMap::from([
        entry(PASSWORD, password.reveal().to_owned()),
        entry(ACL_FILE, access_list(cluster, password)),
    ]);
    if managed.sentinel.is_some() {
        let (admin, sentinels) = sentinel::access_lists(keys);
        data.extend([
            entry(ACL_FILE, access_list(cluster, password) + &admin),
            entry(sentinel::ACL_FILE, sentinels),
            entry(sentinel::ADMIN_PASSWORD, keys.redis_admin_password.reveal().to_owned()),
        ]);
    }
    Secret {
        metadata: metadata(cluster, Names(&cluster.root.name).redis(), REDIS),
        type_: Some("Opaque".to_owned()),
        data: Some(data),
        ..Secret::default()
    }
}

/// One user with the password's hash, for the names that the relays of this cluster use, without
/// the commands that can harm the server.
fn access_list(cluster: &Validated, password: &SecretValue) -> String {
    let namespace = pod::redis_namespace(cluster);
    let names = format!("~relay:{namespace}:* ~ws_conn_token:{namespace}:* &relay:{namespace}:*");
    let hash = password.sha256();
    format!("user default on sanitize-payload #{hash} {names} +@all -@dangerous +info +role\n")
}

/// The address of Redis.
pub(super) fn service(cluster: &Validated) -> Service {
    let meta = metadata(cluster, Names(&cluster.root.name).redis(), REDIS);
    let port = services::port("redis", redis_pod::PORT.into(), "redis");
    services::service(meta, "ClusterIP", selector(&cluster.root.name, REDIS), vec![port])
}

/// One server, which starts anew when its password changes.
pub(super) fn server(cluster: &Validated, managed: &Managed, password: &SecretValue) -> StatefulSet {
    let name = Names(&cluster.root.name).redis();
    let template = redis_pod::template(cluster, managed, password);
    let record = Record { inputs: inputs::redis(cluster, password), template };
    let mut metadata = metadata(cluster, name.clone(), REDIS);
    record.write(&mut metadata);
    StatefulSet {
        metadata,
        spec: Some(StatefulSetSpec {
            replicas: Some(1),
            service_name: Some(name),
            selector: LabelSelector {
                match_labels: Some(selector(&cluster.root.name, REDIS)),
                ..LabelSelector::default()
            },
            template: record.template,
            // With the default policy a pod that cannot start is not replaced by one that can.
            pod_management_policy: Some("Parallel".to_owned()),
            volume_claim_templates: managed.storage.as_ref().map(|storage| vec![claim(storage)]),
            revision_history_limit: Some(1),
            ..StatefulSetSpec::default()
        }),
        status: None,
    }
}

/// The volume of a server that keeps what it holds. It belongs to no cluster: what is on it stays
/// when the cluster is deleted.
pub(super) fn claim(storage: &RedisStorage) -> PersistentVolumeClaim {
    let size = BTreeMap::from([("storage".to_owned(), Quantity(storage.size.clone()))]);
    PersistentVolumeClaim {
        metadata: ObjectMeta { name: Some(redis_pod::DATA.to_owned()), ..ObjectMeta::default() },
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
            storage_class_name: storage.storage_class_name.clone(),
            resources: Some(VolumeResourceRequirements { requests: Some(size), limits: None }),
            ..PersistentVolumeClaimSpec::default()
        }),
        status: None,
    }
}
