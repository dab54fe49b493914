//! Who clients are.

use relay_contract::settings;

use super::broken::Broken;
use super::secrets::{SecretFile, files};
use super::texts::{is_visible, is_word_of_list};
use crate::api::{
    AuthMethod, AuthSpec, JwtSpec, LEEWAY_SECONDS, Profile, PublishAccess, RelayClusterSpec, WebhookSpec,
};

/// What relays ask of their clients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Auth {
    /// Whether clients of a profile that is on need no credentials.
    pub anonymous: bool,
    /// Settings of the relay, by their names; none while nothing is asked.
    pub settings: Vec<(&'static str, String)>,
    /// Keys that relays have as files.
    pub files: Vec<SecretFile>,
}

/// What each profile asks, with all that it takes to check it.
pub(super) fn complete(spec: &RelayClusterSpec) -> Auth {
    let auth = &spec.auth;
    let jwt = auth.jwt.as_ref();
    let mut settings = Vec::new();
    let asked = asked(auth);
    if asked != AuthMethod::None.as_str() {
        settings.push((settings::AUTH, asked));
    }
    settings.extend(jwt.into_iter().flat_map(jwt_settings));
    settings.extend(auth.webhook.iter().flat_map(webhook_settings));
    Auth {
        anonymous: spec.profiles.enabled().any(|profile| auth.of(profile) == AuthMethod::None),
        settings,
        files: files([
            (settings::JWT_SECRET_FILE, "jwt-secret", jwt.and_then(|jwt| jwt.secret_ref.as_ref())),
            (
                settings::JWT_PUBLIC_KEY_FILE,
                "jwt-public-key.pem",
                jwt.and_then(|jwt| jwt.public_key_secret_ref.as_ref()),
            ),
            (settings::AUTH_CA_FILE, "ca.crt", auth.ca_secret_ref.as_ref()),
        ]),
    }
}

/// `jwt,push=none`: the method of all, and those that differ.
fn asked(auth: &AuthSpec) -> String {
    let mut words = vec![auth.method.as_str().to_owned()];
    let others = Profile::ALL.into_iter().filter(|profile| auth.of(*profile) != auth.method);
    words.extend(others.map(|profile| format!("{}={}", profile.as_str(), auth.of(profile).as_str())));
    words.join(",")
}

fn jwt_settings(jwt: &JwtSpec) -> Vec<(&'static str, String)> {
    let sources: Vec<_> = jwt.issuers.iter().map(|it| format!("{} {}", it.issuer, it.jwks_url)).collect();
    let leeway = (jwt.leeway_seconds != LEEWAY_SECONDS).then(|| jwt.leeway_seconds.to_string());
    let all = [
        (settings::JWT_JWKS, Some(sources.join(","))),
        (settings::JWT_ISSUER, jwt.issuer.clone()),
        (settings::JWT_AUDIENCE, Some(jwt.audiences.join(","))),
        (settings::JWT_LEEWAY_SECONDS, leeway),
        (settings::JWT_COOKIE, jwt.cookie.clone()),
    ];
    let set = all.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)));
    set.filter(|(_, value)| !value.is_empty()).collect()
}

fn webhook_settings(webhook: &WebhookSpec) -> [(&'static str, String); 4] {
    [
        (settings::AUTH_WEBHOOK_URL, webhook.url.clone()),
        (settings::AUTH_WEBHOOK_TIMEOUT_MS, webhook.timeout_milliseconds.to_string()),
        (settings::AUTH_WEBHOOK_CONCURRENCY, webhook.concurrency.to_string()),
        (settings::AUTH_WEBHOOK_CACHE_SECONDS, webhook.cache_seconds.to_string()),
    ]
}

pub(super) fn check(spec: &RelayClusterSpec, broken: &mut Broken) {
    if let Some(jwt) = &spec.auth.jwt {
        check_jwt(jwt, broken);
    }
    if let Some(webhook) = &spec.auth.webhook {
        check_webhook(webhook, broken);
    }
    check_tokens(spec, broken);
}

fn check_jwt(jwt: &JwtSpec, broken: &mut Broken) {
    broken.range("spec.auth.jwt.leewaySeconds", jwt.leeway_seconds, 0, 600);
    let fine = |it: &crate::api::JwtIssuer| {
        is_word_of_list(&it.issuer) && is_word_of_list(&it.jwks_url) && it.jwks_url.starts_with("https://")
    };
    broken.unless(jwt.issuers.iter().all(fine), "spec.auth.jwt.issuers", || {
        "each has an issuer without spaces and commas, and an https:// address".to_owned()
    });
    broken.unless(jwt.audiences.iter().all(|it| is_word_of_list(it)), "spec.auth.jwt.audiences", || {
        "an audience has no spaces and no commas".to_owned()
    });
    broken.unless(jwt.issuer.as_deref().is_none_or(is_visible), "spec.auth.jwt.issuer", || {
        "an issuer has no spaces".to_owned()
    });
    broken.unless(jwt.cookie.as_deref().is_none_or(is_word_of_list), "spec.auth.jwt.cookie", || {
        "the name of a cookie has no spaces and no commas".to_owned()
    });
}

fn check_webhook(webhook: &WebhookSpec, broken: &mut Broken) {
    let rest = webhook.url.strip_prefix("https://").unwrap_or_default();
    let host = rest.split('/').next().unwrap_or_default();
    let fine = !host.is_empty() && !host.contains('@') && is_visible(rest);
    broken
        .unless(fine, "spec.auth.webhook.url", || "an https:// address without user and password".to_owned());
    broken.range("spec.auth.webhook.timeoutMilliseconds", webhook.timeout_milliseconds, 10, 60_000);
    broken.range("spec.auth.webhook.concurrency", webhook.concurrency, 1, 10_000);
    broken.range("spec.auth.webhook.cacheSeconds", webhook.cache_seconds, 0, 3_600);
}

/// Connection tokens must be there to be had, and not by anybody: a relay refuses such settings.
fn check_tokens(spec: &RelayClusterSpec, broken: &mut Broken) {
    let auth = &spec.auth;
    if !Profile::ALL.into_iter().any(|profile| auth.of(profile) == AuthMethod::Token) {
        return;
    }
    let nobody = auth.jwt.is_none() && spec.publish.access == PublishAccess::Open;
    match auth.of(Profile::Tokens) {
        AuthMethod::None => broken.say(
            "spec.auth.profiles",
            "while the profile tokens asks for None anybody gets a connection token for any name",
        ),
        AuthMethod::Token if nobody => broken.say(
            "spec.auth.method",
            "nobody could get a connection token: set spec.auth.jwt, or spec.publish.access to Key",
        ),
        AuthMethod::Jwt | AuthMethod::Token | AuthMethod::Webhook => {}
    }
}
