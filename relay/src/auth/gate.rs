//! Who a client is, by the policy of the profile that it comes to.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::credentials::{Shown, connection_token, token};
use super::ticket::{Ticket, Tickets};
use super::webhook::{Webhook, WebhookSettings};
use super::{Asks, ClientAddress, Identity, JwtError, JwtSettings, Policy, SourceError, Verifier};
use crate::bus::Bus;

/// Settings of the gate.
#[derive(Clone, Debug, Default)]
pub struct AuthSettings {
    /// What each profile asks.
    pub policy: Policy,
    /// Keys and rules of tokens.
    pub jwt: JwtSettings,
    /// Name of the cookie that may hold a token; cookies are not looked at without one.
    pub cookie: Option<String>,
    /// The service that knows clients.
    pub webhook: Option<WebhookSettings>,
    /// File with the authorities that vouch for issuers and the webhook, in place of the public ones.
    pub authorities: Option<PathBuf>,
}

impl AuthSettings {
    /// Reads the files that these settings name.
    ///
    /// # Errors
    /// [`SourceError`] if tokens are asked for and one is of no use.
    pub fn check(&self) -> Result<(), SourceError> {
        self.verifier().and(self.webhook()).map(drop)
    }

    /// Tokens of issuers may be shown for connection tokens, too.
    fn verifier(&self) -> Result<Option<Verifier>, SourceError> {
        let wanted = self.policy.wants(Asks::Jwt) || self.jwt.has_keys();
        wanted.then(|| Verifier::new(self.jwt.clone(), self.authorities.as_deref())).transpose()
    }

    fn webhook(&self) -> Result<Option<Webhook>, SourceError> {
        let webhook =
            self.webhook.clone().map(|settings| Webhook::new(settings, self.authorities.as_deref()));
        Ok(webhook.transpose()?)
    }
}

/// The gate of all profiles.
#[derive(Debug)]
pub struct Gate {
    policy: Policy,
    verifier: Option<Verifier>,
    webhook: Option<Webhook>,
    tickets: Tickets,
    cookie: Option<String>,
    /// Clients that were not let in.
    refusals: AtomicU64,
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
    /// Its connection token was used, has expired, or was never given.
    #[error("the connection token is not valid")]
    Spent,
    /// The webhook does not let it in.
    #[error("the client is not let in")]
    Denied,
    /// Who could tell is away.
    #[error("clients cannot be checked now")]
    Unavailable,
}

impl Unauthenticated {
    /// Whether the client did nothing wrong, and may try again.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Unavailable | Self::Refused(JwtError::Unavailable))
    }
}

impl Gate {
    /// A gate by these settings; `bus` keeps connection tokens.
    ///
    /// # Errors
    /// [`SourceError`] if tokens are asked for and a key is of no use.
    pub fn new(settings: AuthSettings, bus: Arc<dyn Bus>) -> Result<Self, SourceError> {
        let (verifier, webhook) = (settings.verifier()?, settings.webhook()?);
        let AuthSettings { policy, cookie, .. } = settings;
        Ok(Self {
            policy,
            verifier,
            webhook,
            tickets: Tickets::new(bus),
            cookie,
            refusals: AtomicU64::new(0),
        })
    }

    /// Reads files again that have changed; a bad one changes nothing. Connections stay as they are.
    pub fn refresh(&self) {
        self.verifier.iter().for_each(Verifier::refresh);
        self.webhook.iter().for_each(Webhook::refresh);
    }

    /// Whether `profile` believes its clients.
    pub fn is_open(&self, profile: &str) -> bool {
        self.policy.of(profile) == Asks::None
    }

    /// The connection tokens.
    pub fn tickets(&self) -> &Tickets {
        &self.tickets
    }

    /// Who a client is; `None` where clients are believed.
    ///
    /// # Errors
    /// [`Unauthenticated`] if `profile` asks and the client has no good answer.
    pub async fn admit(&self, profile: &str, shown: &Shown<'_>) -> Result<Option<Identity>, Unauthenticated> {
        let identity = match self.policy.of(profile) {
            Asks::None => return Ok(None),
            Asks::Jwt => self.identify(shown).await,
            Asks::Token => self.consume(shown).await.and_then(anywhere),
            Asks::Webhook => self.ask(profile, shown).await,
        };
        identity.map(Some).inspect_err(|error| self.refuse(profile, shown, error))
    }

    /// As [`admit`](Self::admit), for who wants a connection token of `profile`: it cannot be asked
    /// for one, so that it shows an issuer's token instead.
    ///
    /// # Errors
    /// [`Unauthenticated`] if `profile` asks and the client has no good answer.
    pub async fn admit_to_tokens(
        &self,
        profile: &str,
        shown: &Shown<'_>,
    ) -> Result<Option<Identity>, Unauthenticated> {
        if self.policy.of(profile) != Asks::Token {
            return self.admit(profile, shown).await;
        }
        self.identify(shown).await.map(Some).inspect_err(|error| self.refuse(profile, shown, error))
    }

    /// Who the issuer's token of a request speaks for.
    ///
    /// # Errors
    /// [`Unauthenticated`] if it has no good token, or this relay takes none.
    pub async fn identify(&self, shown: &Shown<'_>) -> Result<Identity, Unauthenticated> {
        let verifier = self.verifier.as_ref().ok_or(Unauthenticated::Missing)?;
        let token = token(shown, self.cookie.as_deref()).ok_or(Unauthenticated::Missing)?;
        Ok(verifier.verify(&token).await?)
    }

    /// Whether `profile` asks for connection tokens.
    pub fn asks_for_tickets(&self, profile: &str) -> bool {
        self.policy.of(profile) == Asks::Token
    }

    /// What the connection token of a request was given for; it is good for nothing afterwards.
    ///
    /// # Errors
    /// [`Unauthenticated`] if there is none, or it is not good.
    pub async fn consume(&self, shown: &Shown<'_>) -> Result<Ticket, Unauthenticated> {
        let token = connection_token(shown).ok_or(Unauthenticated::Missing)?;
        match self.tickets.consume(&token).await {
            Ok(ticket) => ticket.ok_or(Unauthenticated::Spent),
            Err(error) => {
                tracing::error!(%error, "[WS_AUTH] Connection tokens cannot be checked");
                Err(Unauthenticated::Unavailable)
            }
        }
    }

    async fn ask(&self, profile: &str, shown: &Shown<'_>) -> Result<Identity, Unauthenticated> {
        let webhook = self.webhook.as_ref().ok_or(Unauthenticated::Unavailable)?;
        match webhook.ask(profile, shown).await {
            Ok(identity) => identity.ok_or(Unauthenticated::Denied),
            Err(error) => {
                tracing::error!(%error, "The authentication webhook gave no verdict");
                Err(Unauthenticated::Unavailable)
            }
        }
    }

    /// Clients that were not let in for what they showed, since the start.
    pub fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::Relaxed)
    }

    /// Counts a client that is not let in, if that is its own doing. What [`admit`](Self::admit) refuses is
    /// counted already.
    pub fn count_refusal(&self, error: &Unauthenticated) {
        self.refusals.fetch_add(u64::from(!error.is_ours()), Ordering::Relaxed);
    }

    fn refuse(&self, profile: &str, shown: &Shown<'_>, error: &Unauthenticated) {
        self.count_refusal(error);
        log(profile, shown, error);
    }

    /// Time that is left for connections of `identity`; `None` if they may stay.
    pub fn time_left(&self, identity: &Identity) -> Option<Duration> {
        identity.time_left(self.verifier.as_ref().map(Verifier::leeway).unwrap_or_default())
    }
}

/// One that is for a conversation opens nothing else.
fn anywhere(ticket: Ticket) -> Result<Identity, Unauthenticated> {
    if ticket.conversation_id.is_some() { Err(Unauthenticated::Spent) } else { Ok(ticket.into()) }
}

fn log(profile: &str, shown: &Shown<'_>, error: &Unauthenticated) {
    let client_ip = ClientAddress::of(&shown.request.extensions).ip;
    tracing::warn!(profile, %client_ip, %error, error_type = "authentication_error", "Authentication failed");
}
