//! The part of the spec about how clients from outside come to the Service.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An Ingress that leads clients to the Service.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct IngressSpec {
    /// Class of the Ingress. Without it the cluster's default class serves it. With `nginx` the
    /// timeouts of ingress-nginx are raised to an hour and requests are not buffered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub class_name: Option<String>,
    /// Host names under which clients come, such as `relay.example.com` or `*.example.com`.
    #[schemars(
        length(min = 1, max = 16),
        inner(
            length(max = 253),
            regex(pattern = r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
        )
    )]
    pub hosts: Vec<String>,
    /// Path below which everything goes to the relays. They see it as it is: nothing is cut off.
    #[serde(default = "root")]
    #[schemars(length(max = 1024), regex(pattern = r"^/[^\s]*$"))]
    pub path: String,
    /// A Secret of type `kubernetes.io/tls` in this namespace with the certificate of all hosts.
    /// Without it the Ingress asks for no TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub tls_secret_name: Option<String>,
    /// Annotations of the Ingress. They win over those that the operator sets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// An HTTPRoute of the Gateway API that leads clients to the Service. While the cluster has no
/// such kind, `ConfigurationWarning` says so; the route is made within a minute after it has.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct GatewaySpec {
    /// Gateways that the route asks to be attached to; each decides by itself whether it is.
    #[schemars(length(min = 1, max = 16))]
    pub parent_refs: Vec<GatewayRef>,
    /// Host names under which clients come. Without any, all of the Gateway's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 16),
        inner(
            length(max = 253),
            regex(pattern = r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
        )
    )]
    pub hostnames: Vec<String>,
    /// Path below which everything goes to the relays. They see it as it is: nothing is cut off.
    #[serde(default = "root")]
    #[schemars(length(max = 1024), regex(pattern = r"^/[^\s]*$"))]
    pub path: String,
    /// Annotations of the HTTPRoute.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// A Gateway that a route asks to be attached to.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct GatewayRef {
    /// Name of the Gateway.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Namespace of the Gateway; that of the RelayCluster without it. Whether routes of other
    /// namespaces are let in is the Gateway's to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
    /// The listener of the Gateway; all of them without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub section_name: Option<String>,
}

fn root() -> String {
    "/".to_owned()
}
