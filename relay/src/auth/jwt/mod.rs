//! JSON Web Tokens (RFC 7519), by the rules of RFC 8725.
//!
//! Nothing in a token is believed before its signature is checked. Its unverified `iss` only picks
//! one of the issuers that the settings name, and the signature is then checked with that issuer's
//! keys and no other's; its `kid` only picks one of these keys. Which algorithms a key may be used
//! with is a matter of the key, never of the token.

mod issuer;
mod keys;
mod settings;
mod source_error;
#[cfg(test)]
mod testing;

use std::path::Path;
use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};
use serde::Deserialize;

pub use settings::{JwksSource, JwtSettings};
pub use source_error::SourceError;

use self::issuer::Issuer;
use self::keys::VerifyingKey;
use self::settings::KeyFile;
use super::Identity;
use super::outbound::Trust;

/// Bytes that a token may have; identity providers stay below half of it.
const MAX_TOKEN: usize = 8 * 1024;

/// Why a token is refused. None of the texts repeats a part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// Not three parts of base64url, or too long.
    #[error("the token is malformed")]
    Malformed,
    /// It has ended, beyond the leeway.
    #[error("the token has expired")]
    Expired,
    /// It has not begun.
    #[error("the token is not valid yet")]
    Immature,
    /// Another issuer, or none.
    #[error("the token's issuer is not accepted")]
    Issuer,
    /// For somebody else.
    #[error("the token's audience is not accepted")]
    Audience,
    /// Without a claim that must be there.
    #[error("the token lacks the claim {0}")]
    Missing(String),
    /// No key of its issuer has its `kid`.
    #[error("the token's key is not known")]
    UnknownKey,
    /// Signed by somebody else, or in a way that the key is not for.
    #[error("the token's signature is not valid")]
    Signature,
    /// The issuer's keys are not there: the only refusal that passes by itself.
    #[error("the issuer's keys cannot be fetched")]
    Unavailable,
}

/// Checks tokens.
#[derive(Debug)]
pub struct Verifier {
    /// Keys of the settings' files.
    keys: Vec<KeyFile>,
    /// Who vouches for issuers.
    trust: Trust,
    /// Issuers with keys at an address.
    issuers: Vec<Issuer>,
    issuer: Option<String>,
    audience: Vec<String>,
    leeway: Duration,
}

/// The claims that are looked at.
#[derive(Deserialize)]
struct Claims {
    sub: Option<String>,
    preferred_username: Option<String>,
    username: Option<String>,
    exp: f64,
}

/// What picks the keys, before it is verified.
#[derive(Deserialize)]
struct Unverified {
    iss: Option<String>,
}

impl Verifier {
    /// A verifier by these settings; the file `authorities`, if there is one, vouches for issuers in
    /// place of the public authorities.
    ///
    /// # Errors
    /// [`SourceError`] if a file is of no use.
    pub fn new(settings: JwtSettings, authorities: Option<&Path>) -> Result<Self, SourceError> {
        let trust = Trust::new(authorities)?;
        let issuer = |source| Issuer::new(source, trust.clone());
        Ok(Self {
            keys: settings.read_keys()?,
            trust: trust.clone(),
            issuers: settings.jwks.into_iter().map(issuer).collect(),
            issuer: settings.issuer,
            audience: settings.audience,
            leeway: settings.leeway,
        })
    }

    /// Reads files again that have changed.
    pub fn refresh(&self) {
        self.keys.iter().for_each(KeyFile::refresh);
        self.trust.refresh();
    }

    /// How long a token is taken beyond its end, and before its beginning.
    pub fn leeway(&self) -> Duration {
        self.leeway
    }

    /// Checks a token.
    ///
    /// # Errors
    /// [`JwtError`] unless it is valid now.
    pub async fn verify(&self, token: &str) -> Result<Identity, JwtError> {
        if token.len() > MAX_TOKEN {
            return Err(JwtError::Malformed);
        }
        let header = decode_header(token).map_err(|_| JwtError::Malformed)?;
        let unverified: Unverified =
            jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| JwtError::Malformed)?;
        let issuer = self.issuers.iter().find(|issuer| unverified.iss.as_deref() == Some(issuer.name()));
        if let Some(issuer) = issuer {
            let key = issuer.key(header.kid.as_deref(), header.alg).await?;
            return self.check(token, &key, Some(issuer.name()));
        }
        let mut refused = if self.keys.is_empty() { JwtError::Issuer } else { JwtError::Signature };
        let keys = self.keys.iter().map(KeyFile::now);
        for key in keys.filter(|key| key.algorithms().contains(&header.alg)) {
            match self.check(token, &key, self.issuer.as_deref()) {
                Err(JwtError::Signature) => refused = JwtError::Signature,
                checked => return checked,
            }
        }
        Err(refused)
    }

    fn check(&self, token: &str, key: &VerifyingKey, issuer: Option<&str>) -> Result<Identity, JwtError> {
        let data = decode::<Claims>(token, key.key(), &self.validation(key, issuer))
            .map_err(|error| refusal(error.kind()))?;
        let Claims { sub, preferred_username, username, exp } = data.claims;
        let subject = sub.filter(|sub| !sub.is_empty()).ok_or_else(|| JwtError::Missing("sub".to_owned()))?;
        Ok(Identity { subject, username: preferred_username.or(username), expires_at: Some(exp as i64) })
    }

    fn validation(&self, key: &VerifyingKey, issuer: Option<&str>) -> Validation {
        let mut validation = Validation::new_for_family(key.key().family());
        validation.algorithms = key.algorithms().to_vec();
        validation.leeway = self.leeway.as_secs();
        validation.validate_nbf = true;
        let mut required = vec!["exp"];
        if let Some(issuer) = issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        // Without an audience in the settings, a token that has one is for somebody else.
        if !self.audience.is_empty() {
            validation.set_audience(&self.audience);
            required.push("aud");
        }
        validation.set_required_spec_claims(&required);
        validation
    }
}

fn refusal(kind: &ErrorKind) -> JwtError {
    match kind {
        ErrorKind::ExpiredSignature => JwtError::Expired,
        ErrorKind::ImmatureSignature => JwtError::Immature,
        ErrorKind::InvalidIssuer => JwtError::Issuer,
        ErrorKind::InvalidAudience => JwtError::Audience,
        ErrorKind::MissingRequiredClaim(claim) => JwtError::Missing(claim.clone()),
        ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm | ErrorKind::UnsupportedAlgorithm => {
            JwtError::Signature
        }
        ErrorKind::InvalidEcdsaKey | ErrorKind::InvalidEddsaKey | ErrorKind::InvalidRsaKey(_) => {
            JwtError::Signature
        }
        _ => JwtError::Malformed,
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
