//! Who a client is, by the policy of the profile that it comes to.

use std::time::Duration;

use http::request;

use super::credentials::token;
use super::{Asks, Identity, JwtError, JwtSettings, Origins, Policy, SourceError, Verifier};

/// Settings of the gate.
#[derive(Clone, Debug, Default)]
pub struct AuthSettings {
    /// What each profile asks.
    pub policy: Policy,
    /// Keys and rules of tokens.
    pub jwt: JwtSettings,
    /// Name of the cookie that may hold a token; cookies are not looked at without one.
    pub cookie: Option<String>,
}

/// The gate of all profiles.
#[derive(Debug)]
pub struct Gate {
    policy: Policy,
    verifier: Option<Verifier>,
    cookie: Option<String>,
}

/// Why a client is not let in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unauthenticated {
    /// It has no token where one is looked for.
    #[error("a token is required")]
    Missing,
    /// Its token is refused.
    #[error(transparent)]
    Refused(#[from] JwtError),
}

impl Unauthenticated {
    /// Whether the client did nothing wrong, and may try again.
    pub fn is_ours(&self) -> bool {
        *self == Self::Refused(JwtError::Unavailable)
    }
}

impl Gate {
    /// A gate by these settings.
    ///
    /// # Errors
    /// [`SourceError`] if tokens are asked for and a key is of no use.
    pub fn new(settings: AuthSettings) -> Result<Self, SourceError> {
        let AuthSettings { policy, jwt, cookie } = settings;
        let verifier = policy.wants_jwt().then(|| Verifier::new(jwt)).transpose()?;
        Ok(Self { policy, verifier, cookie })
    }

    /// Whether `profile` believes its clients.
    pub fn is_open(&self, profile: &str) -> bool {
        self.policy.of(profile) == Asks::None
    }

    /// Who the client of a request is; `None` where clients are believed.
    ///
    /// # Errors
    /// [`Unauthenticated`] if `profile` asks and the client has no good answer.
    pub async fn admit(
        &self,
        profile: &str,
        request: &request::Parts,
        origins: &Origins,
    ) -> Result<Option<Identity>, Unauthenticated> {
        if self.is_open(profile) {
            return Ok(None);
        }
        let identity = self.identify(request, origins).await;
        identity.map(Some).inspect_err(|error| {
            tracing::warn!(profile, %error, error_type = "authentication_error", "Authentication failed");
        })
    }

    /// Who the token of a request speaks for.
    ///
    /// # Errors
    /// [`Unauthenticated`] if it has no good token, or this relay takes none.
    pub async fn identify(
        &self,
        request: &request::Parts,
        origins: &Origins,
    ) -> Result<Identity, Unauthenticated> {
        let verifier = self.verifier.as_ref().ok_or(Unauthenticated::Missing)?;
        let token = token(request, self.cookie.as_deref(), origins).ok_or(Unauthenticated::Missing)?;
        Ok(verifier.verify(&token).await?)
    }

    /// Time that is left for connections of `identity`, by the leeway that its token was taken with.
    pub fn time_left(&self, identity: &Identity) -> Duration {
        let leeway = self.verifier.as_ref().map(Verifier::leeway).unwrap_or_default();
        let left = identity.expires_at.saturating_sub(jiff::Timestamp::now().as_second());
        Duration::from_secs(u64::try_from(left).unwrap_or_default()).saturating_add(leeway)
    }
}
