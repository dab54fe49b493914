//! The two Services of the relays.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use relay_contract::settings::{ADMIN_PORT, CLIENT_PORT};

use super::super::names::{Names, RELAY, selector, serving_selector};
use super::super::validate::Validated;
use super::metadata;

/// What clients connect to: the relays that serve, and no others.
pub(super) fn clients(cluster: &Validated) -> Service {
    let spec = &cluster.spec.service;
    let mut meta = metadata(cluster, Names(&cluster.root.name).main(), RELAY);
    meta.annotations = Some(spec.annotations.clone()).filter(|annotations| !annotations.is_empty());
    // So that a gateway upgrades connections of this port (KEP-3726); plain requests pass as well.
    let app_protocol = Some("kubernetes.io/ws".to_owned());
    let port = ServicePort { app_protocol, ..port("http", spec.port, "http") };
    service(meta, spec.type_.as_str(), serving_selector(&cluster.root.name), vec![port])
}

/// All relays, also those that are not ready or drain: for peers, the operator and Prometheus.
pub(super) fn peers(cluster: &Validated) -> Service {
    let meta = metadata(cluster, Names(&cluster.root.name).pods(), RELAY);
    let ports = vec![port("http", CLIENT_PORT.into(), "http"), port("admin", ADMIN_PORT.into(), "admin")];
    let mut peers = service(meta, "ClusterIP", selector(&cluster.root.name, RELAY), ports);
    if let Some(spec) = &mut peers.spec {
        spec.cluster_ip = Some("None".to_owned());
        spec.publish_not_ready_addresses = Some(true);
    }
    peers
}

/// A Service over the pods that `selector` selects.
pub(super) fn service(
    metadata: kube::api::ObjectMeta,
    type_: &str,
    selector: BTreeMap<String, String>,
    ports: Vec<ServicePort>,
) -> Service {
    Service {
        metadata,
        spec: Some(ServiceSpec {
            type_: Some(type_.to_owned()),
            selector: Some(selector),
            ports: Some(ports),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}

/// A TCP port of a Service that leads to a named port of the pods.
pub(super) fn port(name: &str, port: i32, target: &str) -> ServicePort {
    ServicePort {
        name: Some(name.to_owned()),
        port,
        protocol: Some("TCP".to_owned()),
        target_port: Some(IntOrString::String(target.to_owned())),
        ..ServicePort::default()
    }
}
