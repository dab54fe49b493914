//! The Ingress: all hosts, one path, the clients' Service.

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend,
    IngressSpec as Spec, IngressTLS, ServiceBackendPort,
};

use super::super::super::names::{Names, RELAY};
use super::super::super::validate::Validated;
use super::super::metadata;
use crate::api::IngressSpec;

/// The class whose annotations are known; the name that ingress-nginx gives itself.
const NGINX: &str = "nginx";

/// What ingress-nginx needs for connections that live long: it ends one that is silent for 60 s
/// otherwise. That event streams are not buffered, the relay asks for itself.
const NGINX_ANNOTATIONS: [(&str, &str); 3] = [
    ("nginx.ingress.kubernetes.io/proxy-read-timeout", "3600"),
    ("nginx.ingress.kubernetes.io/proxy-send-timeout", "3600"),
    ("nginx.ingress.kubernetes.io/proxy-request-buffering", "off"),
];

pub(super) fn build(cluster: &Validated) -> Option<Ingress> {
    let spec = cluster.spec.ingress.as_ref()?;
    let mut metadata = metadata(cluster, Names(&cluster.root.name).main(), RELAY);
    metadata.annotations = Some(annotations(spec)).filter(|annotations| !annotations.is_empty());
    let tls = spec.tls_secret_name.as_ref().map(|secret| {
        vec![IngressTLS { hosts: Some(spec.hosts.clone()), secret_name: Some(secret.clone()) }]
    });
    Some(Ingress {
        metadata,
        spec: Some(Spec {
            ingress_class_name: spec.class_name.clone(),
            rules: Some(spec.hosts.iter().map(|host| rule(cluster, host, &spec.path)).collect()),
            tls,
            ..Spec::default()
        }),
        status: None,
    })
}

fn annotations(spec: &IngressSpec) -> BTreeMap<String, String> {
    let known = if spec.class_name.as_deref() == Some(NGINX) { &NGINX_ANNOTATIONS[..] } else { &[] };
    let mut all: BTreeMap<_, _> =
        known.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    all.extend(spec.annotations.clone());
    all
}

fn rule(cluster: &Validated, host: &str, path: &str) -> IngressRule {
    let service = IngressServiceBackend {
        name: Names(&cluster.root.name).main(),
        port: Some(ServiceBackendPort { number: Some(cluster.spec.service.port), name: None }),
    };
    IngressRule {
        host: Some(host.to_owned()),
        http: Some(HTTPIngressRuleValue {
            paths: vec![HTTPIngressPath {
                path: Some(path.to_owned()),
                path_type: "Prefix".to_owned(),
                backend: IngressBackend { service: Some(service), resource: None },
            }],
        }),
    }
}
