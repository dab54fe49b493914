//! Settings of authentication (conflict X-21).

use http::Uri;

use super::known::auth as known;
use super::known::listening::PUBLISH_KEY_FILE;
use super::reader::Reader;
use crate::auth::{Asks, AuthSettings, JwksSource, JwtSettings, Policy, WebhookSettings};

/// Parses them, and tells what is asked for that nobody could have.
pub(super) fn parse(r: &mut Reader<'_>) -> AuthSettings {
    let policy = r.value(known::AUTH, Policy::default());
    let jwt = JwtSettings {
        secret_file: r.path(known::JWT_SECRET_FILE),
        public_key_file: r.path(known::JWT_PUBLIC_KEY_FILE),
        jwks: sources(r),
        issuer: r.text(known::JWT_ISSUER).map(str::to_owned),
        audience: list(r.text(known::JWT_AUDIENCE)).map(str::to_owned).collect(),
        leeway: r.seconds(known::JWT_LEEWAY_SECONDS),
    };
    let settings = AuthSettings {
        policy,
        jwt,
        cookie: r.text(known::JWT_COOKIE).map(str::to_owned),
        webhook: webhook(r),
        authorities: r.path(known::AUTH_CA_FILE),
    };
    check(r, &settings);
    settings
}

/// What is asked for must be there to be had, and not by anybody.
fn check(r: &mut Reader<'_>, AuthSettings { policy, jwt, webhook, .. }: &AuthSettings) {
    if policy.wants(Asks::Webhook) && webhook.is_none() {
        r.problem(known::AUTH, "AUTH_WEBHOOK_URL is not set");
    }
    if !policy.wants(Asks::Token) {
        return;
    }
    match policy.of("tokens") {
        Asks::None => r.problem(known::AUTH, "with tokens=none anybody gets a connection token for any name"),
        Asks::Token if !jwt.has_keys() && r.text(PUBLISH_KEY_FILE).is_none() => {
            r.problem(
                known::AUTH,
                "nobody could get a connection token: set a key of JWT_*, or PUBLISH_KEY_FILE",
            );
        }
        Asks::Jwt | Asks::Token | Asks::Webhook => {}
    }
}

fn webhook(r: &mut Reader<'_>) -> Option<WebhookSettings> {
    r.text(known::AUTH_WEBHOOK_URL)?;
    let url = r.value(known::AUTH_WEBHOOK_URL, Uri::default());
    if let Err(unsafe_address) = WebhookSettings::check(&url) {
        r.problem(known::AUTH_WEBHOOK_URL, unsafe_address);
    }
    Some(WebhookSettings {
        url,
        timeout: r.milliseconds(known::AUTH_WEBHOOK_TIMEOUT_MS),
        concurrency: r.size(known::AUTH_WEBHOOK_CONCURRENCY),
        keep: r.seconds(known::AUTH_WEBHOOK_CACHE_SECONDS),
    })
}

fn list(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.unwrap_or_default().split(',').map(str::trim).filter(|entry| !entry.is_empty())
}

fn sources(r: &mut Reader<'_>) -> Vec<JwksSource> {
    let mut sources = Vec::new();
    for entry in list(r.text(known::JWT_JWKS)) {
        match entry.parse() {
            Ok(source) => sources.push(source),
            Err(error) => {
                let error: crate::auth::SourceError = error;
                r.problem(known::JWT_JWKS, error);
            }
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use crate::config::{Boot, Source};

    /// What is wrong with these settings; empty if nothing is.
    fn wrong(settings: &[(&'static str, &'static str)]) -> String {
        let parsed = Boot::parse(&Source::new(settings.iter().copied()).unwrap());
        parsed.err().map_or_else(String::new, |invalid| invalid.to_string())
    }

    #[test]
    fn x21_what_nobody_could_show_is_not_asked_for() {
        for auth in ["webhook", "token", "push=webhook", "push=token"] {
            assert!(wrong(&[("AUTH", auth)]).starts_with("AUTH: "), "{auth}");
        }
    }

    #[test]
    fn x21_connection_tokens_protect_nothing_where_anybody_gets_them() {
        let text = wrong(&[("AUTH", "push=token"), ("PUBLISH_KEY_FILE", "/key")]);
        assert!(text.contains("tokens=none"), "{text}");
        assert_eq!(wrong(&[("AUTH", "token"), ("PUBLISH_KEY_FILE", "/key")]), "");
        assert_eq!(wrong(&[("AUTH", "push=token,tokens=jwt"), ("JWT_SECRET_FILE", "/key")]), "");
    }

    #[test]
    fn x21_a_webhook_that_others_could_listen_to_is_refused() {
        for url in ["http://a.example/", "http://169.254.169.254/", "ftp://a", "https://u:p@a/"] {
            let text = wrong(&[("AUTH", "webhook"), ("AUTH_WEBHOOK_URL", url)]);
            assert!(text.starts_with("AUTH_WEBHOOK_URL"), "{url}: {text}");
        }
        assert_eq!(wrong(&[("AUTH", "webhook"), ("AUTH_WEBHOOK_URL", "http://127.0.0.1:9/auth")]), "");
    }
}
