//! Settings of the dual profile, as the guide names them (conflict X-19).

use std::str::FromStr;

use super::known::{dual as known, observing};
use super::reader::Reader;

/// What changes while the relay runs; times in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DualLimits {
    /// Connections of one player, of all kinds (requirement 004-15).
    pub max_connections: u32,
    /// Time without any byte after which a connection ends (requirement 004-17).
    pub connection_timeout: u32,
    /// From one look at the health of connections to the next (requirement 004-18).
    pub health_check_interval: u32,
    /// From one look for idle connections to the next (requirement 004-19).
    pub cleanup_interval: u32,
    /// Whether `/monitoring/performance` is there (requirement 004-20).
    pub performance_monitoring: bool,
}

/// Values that the guide recommends together; what is set by itself wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Preset {
    /// What the guide's server comes with.
    Default,
    /// For connections that drop often.
    Stable,
    /// For few resources.
    Tight,
}

impl FromStr for Preset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "default" => Ok(Self::Default),
            "stable" => Ok(Self::Stable),
            "tight" => Ok(Self::Tight),
            other => Err(format!("{other:?} is none of default, stable, tight")),
        }
    }
}

impl Preset {
    /// Connections of a player, and times in seconds: of idle ones, between checks, between cleanups.
    fn limits(self) -> (u32, u32, u32, u32) {
        match self {
            Self::Default => (4, 300, 30, 60),
            Self::Stable => (4, 600, 15, 30),
            Self::Tight => (2, 180, 30, 60),
        }
    }

    fn pool(self) -> u32 {
        if self == Self::Stable { 2000 } else { 1000 }
    }
}

pub(super) fn limits(r: &mut Reader<'_>) -> DualLimits {
    let preset = r.value(known::CONNECTION_PRESET, Preset::Default);
    let (connections, timeout, check, cleanup) = preset.limits();
    DualLimits {
        max_connections: r.small_or(known::MAX_CONNECTIONS_PER_PLAYER, connections),
        connection_timeout: r.small_or(known::CONNECTION_TIMEOUT, timeout),
        health_check_interval: r.small_or(known::HEALTH_CHECK_INTERVAL, check),
        cleanup_interval: r.small_or(known::CLEANUP_INTERVAL, cleanup),
        performance_monitoring: r.switch(observing::PERFORMANCE_MONITORING),
    }
}

/// Players that there is room for from the start (requirement 004-20).
pub(super) fn pool(r: &mut Reader<'_>) -> usize {
    let preset = r.value(known::CONNECTION_PRESET, Preset::Default);
    let size = r.small_or(known::CONNECTION_POOL_SIZE, preset.pool());
    usize::try_from(size).unwrap_or(usize::MAX)
}
