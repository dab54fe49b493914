//! Who clients are.

use super::*;
use crate::config::setting::{Number, Text};

settings! {
    Topic::Auth;
    /// What each profile asks of its clients. With `none` they say who they are and are believed.
    AUTH: Text = text("none", "none, jwt, token, webhook, or a list of profiles such as jwt,push=none");
    /// Holds the secret that signs tokens (HS256, HS384, HS512); read again when it changes.
    JWT_SECRET_FILE: Text = text("", "path of a file");
    /// Holds the public key of who signs tokens (RSA, EC, Ed25519); read again when it changes.
    JWT_PUBLIC_KEY_FILE: Text = text("", "path of a PEM file");
    /// Issuers whose keys are fetched (RFC 7517).
    JWT_JWKS: Text = text("", "comma list of: issuer, a space, https:// address of its keys");
    /// Accepted `iss` of tokens that the keys in files signed; any without it.
    JWT_ISSUER: Text = text("", "a text");
    /// Accepted `aud`; without it a token with any is refused.
    JWT_AUDIENCE: Text = text("", "comma list");
    /// Difference of clocks that is let pass.
    JWT_LEEWAY_SECONDS: Number = number(30, 0..=600, "seconds");
    /// Cookie that may hold a token; it counts from listed origins only.
    JWT_COOKIE: Text = text("", "name of a cookie");
    /// Service that is asked who a client is, where `AUTH` is `webhook`.
    AUTH_WEBHOOK_URL: Text = text("", "https:// address, or one on this machine");
    /// Time in which it must answer; nobody is let in after.
    AUTH_WEBHOOK_TIMEOUT_MS: Number = number(3000, 10..=60_000, "milliseconds");
    /// Questions to it at the same time.
    AUTH_WEBHOOK_CONCURRENCY: Number = number(32, 1..=10_000, "questions");
    /// Time that its verdict is good for; 0 asks each time.
    AUTH_WEBHOOK_CACHE_SECONDS: Number = number(10, 0..=3600, "seconds");
    /// Authorities that vouch for issuers and the webhook, in place of the public ones; read again when it
    /// changes.
    AUTH_CA_FILE: Text = text("", "path of a PEM file");
    /// Web pages that may use the relay, by CORS and by the `Origin` of their WebSockets. By
    /// default also those at `PORT` of this machine.
    CORS_ORIGINS: Text = text(
        "http://localhost:3000,http://localhost:8080,http://127.0.0.1:3000,http://127.0.0.1:8080",
        "comma list of origins, or *"
    ).live();
}
