//! The part of the spec about who clients are.

// The schema derive repeats the struct where nobody can reach it.
#![allow(unreachable_pub)]

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Profile, SecretKeyRef};

/// Who clients are. A change makes new relays.
#[derive(Serialize, Deserialize, KubeSchema, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(
    validation = Rule::new("!has(self.profiles) || self.profiles.all(p, p in ['push', 'stream', 'socketio', 'tokens', 'dual'])")
        .message("spec.auth.profiles: a profile is one of push, stream, socketio, tokens, dual"),
    validation = Rule::new("has(self.jwt) || (self.method != 'JWT' && (!has(self.profiles) || !self.profiles.exists(p, self.profiles[p] == 'JWT')))")
        .message("spec.auth.jwt: required while a profile asks for JWT"),
    validation = Rule::new("has(self.webhook) || (self.method != 'Webhook' && (!has(self.profiles) || !self.profiles.exists(p, self.profiles[p] == 'Webhook')))")
        .message("spec.auth.webhook: required while a profile asks for Webhook")
)]
#[serde(rename_all = "camelCase")]
pub struct AuthSpec {
    /// What clients of all profiles show.
    #[serde(default)]
    pub method: AuthMethod,
    /// What clients of some profiles show instead, by the profile: push, stream, socketio, tokens, dual.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 5))]
    pub profiles: BTreeMap<String, AuthMethod>,
    /// Whose tokens are good; for the method JWT, and for who asks for a connection token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt: Option<JwtSpec>,
    /// The service that is asked who a client is, for the method Webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<WebhookSpec>,
    /// The key of a Secret with the PEM certificates of the authorities that vouch for issuers and
    /// the webhook, in place of the public ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_secret_ref: Option<SecretKeyRef>,
}

impl AuthSpec {
    /// What clients of a profile show.
    #[must_use]
    pub fn of(&self, profile: Profile) -> AuthMethod {
        self.profiles.get(profile.as_str()).copied().unwrap_or(self.method)
    }

    /// The Secrets that its fields refer to.
    pub(super) fn secrets(&self) -> Vec<(&'static str, SecretKeyRef)> {
        let jwt = self.jwt.as_ref();
        let all = [
            ("spec.auth.jwt.secretRef", jwt.and_then(|jwt| jwt.secret_ref.clone())),
            ("spec.auth.jwt.publicKeySecretRef", jwt.and_then(|jwt| jwt.public_key_secret_ref.clone())),
            ("spec.auth.caSecretRef", self.ca_secret_ref.clone()),
        ];
        all.into_iter().filter_map(|(field, reference)| reference.map(|it| (field, it))).collect()
    }
}

/// What clients show.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthMethod {
    /// Nothing: they say who they are, and are believed.
    #[default]
    None,
    /// A JSON Web Token of an issuer.
    #[serde(rename = "JWT")]
    Jwt,
    /// A connection token, good for one connection within a minute.
    Token,
    /// What a service of yours takes; it is asked at every connection.
    Webhook,
}

impl AuthMethod {
    /// The word that a relay's `AUTH` takes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Jwt => "jwt",
            Self::Token => "token",
            Self::Webhook => "webhook",
        }
    }
}

/// Whose JSON Web Tokens are good.
#[derive(Serialize, Deserialize, KubeSchema, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = Rule::new("has(self.secretRef) || has(self.publicKeySecretRef) || (has(self.issuers) && size(self.issuers) > 0)")
    .message("spec.auth.jwt: one of secretRef, publicKeySecretRef and issuers is required"))]
#[serde(rename_all = "camelCase")]
pub struct JwtSpec {
    /// The key of a Secret with the secret that signs tokens (HS256, HS384, HS512).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretKeyRef>,
    /// The key of a Secret with the PEM public key of who signs tokens (RSA, EC, Ed25519).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key_secret_ref: Option<SecretKeyRef>,
    /// Issuers whose keys are fetched (RFC 7517).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub issuers: Vec<JwtIssuer>,
    /// Accepted `iss` of tokens that the keys in Secrets signed; any without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512), regex(pattern = r"^[!-~]+$"))]
    pub issuer: Option<String>,
    /// Accepted `aud`; without it a token with any is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 512), regex(pattern = r"^[!-+\--~]+$")))]
    pub audiences: Vec<String>,
    /// Seconds of difference between clocks that are let pass.
    #[serde(default = "leeway")]
    #[schemars(range(min = 0, max = 600))]
    pub leeway_seconds: i32,
    /// Name of a cookie that may hold a token; it counts from listed origins only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"))]
    pub cookie: Option<String>,
}

/// The leeway that relays have by themselves.
pub(crate) const LEEWAY_SECONDS: i32 = 30;

fn leeway() -> i32 {
    LEEWAY_SECONDS
}

/// An issuer whose keys are fetched.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct JwtIssuer {
    /// The `iss` of its tokens.
    #[schemars(length(min = 1, max = 512), regex(pattern = r"^[!-+\--~]+$"))]
    pub issuer: String,
    /// `https://` address of its keys.
    #[schemars(length(max = 1024), regex(pattern = r"^https://[!-+\--~]+$"))]
    pub jwks_url: String,
}

/// The service that is asked who a client is.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct WebhookSpec {
    /// `https://` address of the service; it has no user or password.
    #[schemars(length(max = 1024), regex(pattern = r"^https://[^/@\s]+(/[!-~]*)?$"))]
    pub url: String,
    /// Milliseconds in which it must answer; nobody is let in after.
    #[serde(default = "timeout")]
    #[schemars(range(min = 10, max = 60_000))]
    pub timeout_milliseconds: i32,
    /// Questions of one relay to it at the same time.
    #[serde(default = "concurrency")]
    #[schemars(range(min = 1, max = 10_000))]
    pub concurrency: i32,
    /// Seconds for which its verdict is good; 0 asks each time.
    #[serde(default = "cache")]
    #[schemars(range(min = 0, max = 3_600))]
    pub cache_seconds: i32,
}

fn timeout() -> i32 {
    3_000
}

fn concurrency() -> i32 {
    32
}

fn cache() -> i32 {
    10
}
