//! Settings of authentication (conflict X-21).

use super::known::auth as known;
use super::reader::Reader;
use crate::auth::{AuthSettings, JwksSource, JwtSettings, Policy};

/// Parses them, and tells what tokens need and do not have.
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
    AuthSettings { policy, jwt, cookie: r.text(known::JWT_COOKIE).map(str::to_owned) }
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
