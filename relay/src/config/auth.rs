//! Settings of authentication (conflict X-21).

use std::path::PathBuf;
use std::time::Duration;

use super::names;
use super::reader::Reader;
use crate::auth::{AuthSettings, JwksSource, JwtSettings, Policy};

/// Parses them, and tells what tokens need and do not have.
pub(super) fn parse(r: &mut Reader<'_>) -> AuthSettings {
    let policy = r.value(names::AUTH, Policy::default());
    let jwt = JwtSettings {
        secret_file: r.text(names::JWT_SECRET_FILE).map(PathBuf::from),
        public_key_file: r.text(names::JWT_PUBLIC_KEY_FILE).map(PathBuf::from),
        jwks: sources(r),
        issuer: r.text(names::JWT_ISSUER).map(str::to_owned),
        audience: list(r.text(names::JWT_AUDIENCE)).map(str::to_owned).collect(),
        leeway: Duration::from_secs(r.number(names::JWT_LEEWAY_SECONDS, 30, 0..=600)),
    };
    AuthSettings { policy, jwt, cookie: r.text(names::JWT_COOKIE).map(str::to_owned) }
}

fn list(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.unwrap_or_default().split(',').map(str::trim).filter(|entry| !entry.is_empty())
}

fn sources(r: &mut Reader<'_>) -> Vec<JwksSource> {
    let mut sources = Vec::new();
    for entry in list(r.text(names::JWT_JWKS)) {
        match entry.parse() {
            Ok(source) => sources.push(source),
            Err(error) => {
                let error: crate::auth::SourceError = error;
                r.problem(names::JWT_JWKS, error);
            }
        }
    }
    sources
}
