//! A relay that anybody may use must not be reachable by anybody, unless someone said so.

use std::net::IpAddr;

/// What is open on an address that others can reach.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}={address} can be reached by others, and {what}; set INSECURE=true to accept that")]
pub struct Exposed {
    setting: &'static str,
    address: IpAddr,
    what: &'static str,
}

/// Refuses to offer `what` on an address beyond loopback.
///
/// # Errors
/// [`Exposed`], unless the address is loopback or `insecure` is set.
pub fn check_exposure(
    setting: &'static str,
    address: IpAddr,
    what: &'static str,
    insecure: bool,
) -> Result<(), Exposed> {
    if insecure || address.is_loopback() {
        return Ok(());
    }
    Err(Exposed { setting, address, what })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x21_a_public_address_without_authentication_is_refused() {
        let error = check_exposure("HOST", [0, 0, 0, 0].into(), "clients are anonymous", false).unwrap_err();
        assert!(error.to_string().contains("INSECURE=true"));
    }

    #[test]
    fn x21_loopback_needs_no_authentication() {
        assert_eq!(check_exposure("HOST", [127, 0, 0, 1].into(), "clients are anonymous", false), Ok(()));
    }
}
