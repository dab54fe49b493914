//! The bus between the relays.

use k8s_openapi::api::core::v1::ResourceRequirements;
use relay_contract::settings;

use super::broken::Broken;
use super::resources::resources;
use super::secrets::{SecretFile, files};
use super::texts::is_visible;
use crate::api::{
    ExternalRedis, ManagedRedis, ManagedSentinel, RedisMode, RedisSpec, RedisStorage, SecretKeyRef,
};
use crate::options::Options;

/// What the bus between the relays is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Redis {
    /// A Redis that the operator runs.
    Managed(Managed),
    /// A Redis of the user.
    External(External),
    /// The memory of one relay.
    Memory,
}

/// A Redis that the operator runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Managed {
    /// Its image.
    pub image: String,
    /// Its resources.
    pub resources: ResourceRequirements,
    /// The volume on which it keeps what it holds, if any.
    pub storage: Option<RedisStorage>,
    /// How its sentinels decide, if there are three servers and not one.
    pub sentinel: Option<ManagedSentinel>,
}

/// A Redis of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct External {
    /// Where its URL stands.
    pub url: SecretFile,
    /// Passwords and authorities.
    pub files: Vec<SecretFile>,
    /// Account at its sentinels.
    pub sentinel_username: Option<String>,
}

/// The bus; `None` when the mode lacks its settings, which a rule of the schema reports.
pub(super) fn complete(spec: &RedisSpec, options: &Options) -> Option<Redis> {
    match spec.mode {
        RedisMode::Managed => {
            Some(Redis::Managed(managed(spec.managed.clone().unwrap_or_default(), options)))
        }
        RedisMode::External => spec.external.as_ref().map(|spec| Redis::External(external(spec))),
        RedisMode::None => Some(Redis::Memory),
    }
}

fn managed(spec: ManagedRedis, options: &Options) -> Managed {
    Managed {
        image: spec.image.unwrap_or_else(|| options.redis_image.clone()),
        resources: spec.resources.unwrap_or_else(|| resources("50m", "64Mi", "256Mi")),
        storage: spec.storage,
        sentinel: spec.sentinel,
    }
}

fn external(spec: &ExternalRedis) -> External {
    let sentinel = spec.sentinel.clone().unwrap_or_default();
    let url = SecretKeyRef::from(&spec.url_secret_ref);
    External {
        url: SecretFile { setting: settings::REDIS_URL_FILE, file: "url", reference: url },
        files: files([
            (settings::REDIS_PASSWORD_FILE, "password", spec.password_secret_ref.as_ref()),
            (settings::REDIS_CA_FILE, "ca.crt", spec.ca_secret_ref.as_ref()),
            (
                settings::REDIS_SENTINEL_PASSWORD_FILE,
                "sentinel-password",
                sentinel.password_secret_ref.as_ref(),
            ),
        ]),
        sentinel_username: sentinel.username,
    }
}

pub(super) fn check(spec: &RedisSpec, broken: &mut Broken) {
    let storage = spec.managed.as_ref().and_then(|managed| managed.storage.as_ref());
    broken.unless(storage.is_none_or(|it| is_size(&it.size)), "spec.redis.managed.storage.size", || {
        "a whole number of Mi, Gi or Ti".to_owned()
    });
    if let Some(sentinel) = spec.managed.as_ref().and_then(|managed| managed.sentinel.as_ref()) {
        broken.range("spec.redis.managed.sentinel.downAfterSeconds", sentinel.down_after_seconds, 1, 60);
    }
    let sentinel = spec.external.as_ref().and_then(|external| external.sentinel.as_ref());
    let username = sentinel.and_then(|sentinel| sentinel.username.as_deref());
    broken.unless(username.is_none_or(is_visible), "spec.redis.external.sentinel.username", || {
        "a name has no spaces".to_owned()
    });
}

fn is_size(text: &str) -> bool {
    let number = ["Mi", "Gi", "Ti"].iter().find_map(|unit| text.strip_suffix(unit)).unwrap_or_default();
    !number.starts_with('0') && number.parse::<u32>().is_ok()
}
