//! Kinds that a Kubernetes need not have: those of the Gateway API and of the Prometheus operator.
//!
//! Their objects are metadata and a spec as it is written: what stands under our name may be of
//! any shape that some version of the definition allows, and must not fail a visit.

use std::borrow::Cow;
use std::fmt::Debug;
use std::marker::PhantomData;

use k8s_openapi::NamespaceResourceScope;
use kube::Resource;
use kube::api::ObjectMeta;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What names a kind.
pub trait Kind: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// API group.
    const GROUP: &'static str;
    /// Version of the group.
    const VERSION: &'static str;
    /// The kind.
    const KIND: &'static str;
    /// Its name in URLs.
    const PLURAL: &'static str;

    /// Group and version.
    #[must_use]
    fn group_version() -> String {
        format!("{}/{}", Self::GROUP, Self::VERSION)
    }

    /// The kind.
    #[must_use]
    fn name() -> String {
        Self::KIND.to_owned()
    }
}

/// An object of such a kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", bound = "M: Kind")]
pub struct Extension<M: Kind> {
    #[serde(default = "M::group_version")]
    api_version: String,
    #[serde(default = "M::name")]
    kind: String,
    /// Its metadata.
    pub metadata: ObjectMeta,
    /// Its spec.
    #[serde(default)]
    pub spec: Value,
    #[serde(skip)]
    marker: PhantomData<M>,
}

impl<M: Kind> Extension<M> {
    /// An object to apply.
    #[must_use]
    pub fn new(metadata: ObjectMeta, spec: Value) -> Self {
        Self { api_version: M::group_version(), kind: M::name(), metadata, spec, marker: PhantomData }
    }
}

impl<M: Kind> Resource for Extension<M> {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        M::KIND.into()
    }

    fn group((): &()) -> Cow<'_, str> {
        M::GROUP.into()
    }

    fn version((): &()) -> Cow<'_, str> {
        M::VERSION.into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        M::PLURAL.into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

/// Defines a kind and the type of its objects.
macro_rules! kind {
    ($(#[$doc:meta])* $marker:ident, $object:ident: $group:literal, $version:literal, $kind:literal, $plural:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $marker {}

        impl Kind for $marker {
            const GROUP: &'static str = $group;
            const VERSION: &'static str = $version;
            const KIND: &'static str = $kind;
            const PLURAL: &'static str = $plural;
        }

        $(#[$doc])*
        pub type $object = Extension<$marker>;
    };
}

kind! {
    /// A route of the Gateway API.
    HttpRouteKind, HttpRoute: "gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"
}
kind! {
    /// What a Prometheus operator scrapes pods by.
    PodMonitorKind, PodMonitor: "monitoring.coreos.com", "v1", "PodMonitor", "podmonitors"
}
kind! {
    /// Alerts of a Prometheus operator.
    PrometheusRuleKind, PrometheusRule: "monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules"
}
