//! What is kept of a session, and what a client shows to have it back.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::offset::Offset;
use crate::hub::{Standing, Trail};

/// Letters that a secret has at most.
const MAX_PID: usize = 64;

/// A session as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) sid: String,
    pub(super) namespace: String,
    pub(super) user: Option<String>,
    /// Those that the client joined, without that of its own.
    pub(super) rooms: Vec<String>,
    pub(super) trail: Trail,
}

/// What a client shows of a session that it had.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) pid: String,
    /// None, if it got no event, or the offset is of another server.
    offset: Option<Offset>,
}

impl Claim {
    /// The claim in what a client gave to connect.
    pub(super) fn of(auth: Option<&str>) -> Option<Self> {
        #[derive(Deserialize)]
        struct Shown<'a> {
            #[serde(borrow)]
            pid: Option<&'a RawValue>,
            #[serde(borrow)]
            offset: Option<&'a RawValue>,
        }
        let shown: Shown<'_> = serde_json::from_str(auth?).ok()?;
        let text = |value: &RawValue| serde_json::from_str::<String>(value.get()).ok();
        let pid = shown.pid.and_then(text).filter(|pid| is_pid(pid))?;
        let offset = shown.offset.and_then(text).and_then(|offset| offset.parse().ok());
        Some(Self { pid, offset })
    }

    /// Where the client stands by the trail of its session.
    pub(super) fn standing(&self, trail: &Trail) -> Standing {
        trail.standing(self.offset.map(|offset| (offset.class, offset.position)))
    }
}

/// Nothing that we did not make goes into the name of a key.
fn is_pid(text: &str) -> bool {
    (1..=MAX_PID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Class;

    fn pid(auth: &str) -> Option<String> {
        Claim::of(Some(auth)).map(|claim| claim.pid)
    }

    #[test]
    fn a_claim_stands_beside_whatever_else_a_client_gives() {
        let auth = r#"{"pid":"abc","offset":"r00000000deadbeef-3","token":{"pid":1}}"#;
        let claim = Claim::of(Some(auth)).unwrap();
        let standing = claim.standing(&Trail::default());
        assert_eq!(standing.get(Class::Rooms).map(|position| position.seq), Some(3));
    }

    #[test]
    fn what_is_no_secret_of_ours_is_no_claim() {
        for auth in ["{}", "[]", r#"{"pid":1}"#, r#"{"pid":""}"#, r#"{"pid":"a b"}"#, r#"{"pid":"{x}"}"#] {
            assert_eq!(pid(auth), None, "{auth}");
        }
        assert_eq!(pid(&format!(r#"{{"pid":"{}"}}"#, "a".repeat(65))), None);
    }

    #[test]
    fn an_offset_of_another_server_is_as_none() {
        let claims =
            [r#"{"pid":"a","offset":"1700000000000-0"}"#, r#"{"pid":"a","offset":7}"#, r#"{"pid":"a"}"#];
        assert!(claims.iter().all(|auth| Claim::of(Some(auth)).unwrap().offset.is_none()));
    }
}
