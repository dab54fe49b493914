//! Keys that signatures are checked with, and what each may be used for.

use std::path::Path;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};

use super::source_error::SourceError;

/// Bytes that the secret of an HMAC must have at least (RFC 7518 section 3.2).
const MIN_SECRET: usize = 32;
/// Characters that the modulus of an RSA key must have at least in base64url: 2048 bits (RFC 7518
/// section 3.3).
const MIN_MODULUS: usize = 342;

/// A key, bound to its algorithms.
#[derive(Clone)]
pub(super) struct VerifyingKey {
    key: DecodingKey,
    algorithms: Vec<Algorithm>,
}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifyingKey").field("algorithms", &self.algorithms).finish_non_exhaustive()
    }
}

impl VerifyingKey {
    /// A secret that issuer and relay share (HS256, HS384, HS512).
    pub(super) fn secret(path: &Path, content: &[u8]) -> Result<Self, SourceError> {
        let secret = content.trim_ascii();
        if secret.len() < MIN_SECRET {
            return Err(SourceError::ShortSecret { path: path.to_owned(), least: MIN_SECRET });
        }
        Ok(Self::of_family(DecodingKey::from_secret(secret)))
    }

    /// A public key in PEM: RSA, EC or Ed25519.
    pub(super) fn public(path: &Path, pem: &[u8]) -> Result<Self, SourceError> {
        let key = DecodingKey::from_rsa_pem(pem)
            .or_else(|_| DecodingKey::from_ec_pem(pem))
            .or_else(|_| DecodingKey::from_ed_pem(pem));
        key.map(Self::of_family).map_err(|_| SourceError::NoPublicKey(path.to_owned()))
    }

    /// A key of a set. `None`: it is not for signatures, too weak, or of a kind that must not be
    /// public, such as a secret.
    pub(super) fn of_jwk(jwk: &Jwk) -> Option<Self> {
        let signs = jwk.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
        if !signs {
            return None;
        }
        let mut algorithms = match &jwk.algorithm {
            AlgorithmParameters::RSA(rsa) if rsa.n.len() >= MIN_MODULUS => {
                jsonwebtoken::AlgorithmFamily::Rsa.algorithms().to_vec()
            }
            AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => {
                vec![Algorithm::ES256]
            }
            AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P384 => {
                vec![Algorithm::ES384]
            }
            AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
                vec![Algorithm::EdDSA]
            }
            _ => return None,
        };
        if let Some(named) = jwk.common.key_algorithm {
            let named: Algorithm = named.to_string().parse().ok()?;
            algorithms.retain(|algorithm| *algorithm == named);
        }
        let key = DecodingKey::from_jwk(jwk).ok()?;
        (!algorithms.is_empty()).then_some(Self { key, algorithms })
    }

    fn of_family(key: DecodingKey) -> Self {
        let algorithms = key.family().algorithms().to_vec();
        Self { key, algorithms }
    }

    pub(super) fn key(&self) -> &DecodingKey {
        &self.key
    }

    pub(super) fn algorithms(&self) -> &[Algorithm] {
        &self.algorithms
    }
}
