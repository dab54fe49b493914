//! What the address of a request asks for.

use axum::extract::Query;
use http::request;
use serde::Deserialize;

use super::fault::Fault;
use super::{Options, Version};

/// How the bytes of a session go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    /// GET and POST.
    Polling,
    /// A WebSocket.
    WebSocket,
}

/// A request in the terms of the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) version: Version,
    pub(super) via: Via,
    pub(super) sid: Option<String>,
    /// The client takes bytes in the bodies of polls.
    pub(super) bytes: bool,
    /// Neither `EIO` nor `transport` was there (conflict X-05).
    pub(super) lenient: bool,
}

#[derive(Deserialize)]
struct Parameters {
    #[serde(rename = "EIO")]
    version: Option<String>,
    transport: Option<String>,
    sid: Option<String>,
    b64: Option<String>,
}

/// The id in an address, if it has one.
pub(super) fn sid_of(uri: &http::Uri) -> Option<String> {
    Query::<Parameters>::try_from_uri(uri).ok()?.0.sid
}

impl Asked {
    /// Reads the parameters. `upgrade` tells whether the request wants another protocol than HTTP.
    ///
    /// # Errors
    /// The fault that the reference server names.
    pub(super) fn of(request: &request::Parts, upgrade: bool, options: &Options) -> Result<Self, Fault> {
        let Query(asked) = Query::<Parameters>::try_from_uri(&request.uri).map_err(|_| Fault::BadRequest)?;
        if options.lenient && upgrade && asked.version.is_none() && asked.transport.is_none() {
            let (version, via) = (Version::V4, Via::WebSocket);
            return Ok(Self { version, via, sid: asked.sid, bytes: false, lenient: true });
        }
        let via = match asked.transport.as_deref() {
            Some("polling") if options.polling => Via::Polling,
            Some("websocket") if options.websocket => Via::WebSocket,
            _ => return Err(Fault::UnknownTransport),
        };
        let version = match asked.version.as_deref() {
            Some("4") => Version::V4,
            Some("3") if options.allow_v3 => Version::V3,
            _ => return Err(Fault::UnsupportedVersion),
        };
        if (via == Via::WebSocket) != upgrade {
            return Err(Fault::BadRequest);
        }
        Ok(Self { version, via, sid: asked.sid, bytes: asked.b64.is_none(), lenient: false })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fuzz_any_query_is_understood_or_refused(
            query in "[!-~&&[^#<>\"{}|^`\\\\]]{0,40}|((EIO|transport|sid|b64)=[0-9a-z%]{0,9}&?){0,6}",
            upgrade: bool,
        ) {
            if let Ok(uri) = format!("/socket.io/?{query}").parse::<http::Uri>() {
                let (request, ()) = http::Request::get(uri).body(()).unwrap().into_parts();
                let _ = Asked::of(&request, upgrade, &Options::default());
            }
        }
    }

    fn asked(query: &str, upgrade: bool, options: &Options) -> Result<Asked, Fault> {
        let request = http::Request::get(format!("/socket.io/?{query}")).body(()).unwrap();
        Asked::of(&request.into_parts().0, upgrade, options)
    }

    #[test]
    fn r002_02_both_ways_are_understood() {
        let options = Options::default();
        assert_eq!(asked("EIO=4&transport=polling", false, &options).unwrap().via, Via::Polling);
        assert_eq!(asked("EIO=4&transport=websocket", true, &options).unwrap().via, Via::WebSocket);
    }

    #[test]
    fn r002_06_revision_3_is_a_setting() {
        let strict = Options { allow_v3: false, ..Options::default() };
        assert_eq!(
            asked("EIO=3&transport=polling", false, &Options::default()).unwrap().version,
            Version::V3
        );
        assert_eq!(asked("EIO=3&transport=polling", false, &strict), Err(Fault::UnsupportedVersion));
    }

    #[test]
    fn x05_only_an_upgrade_without_both_parameters_is_guessed() {
        let options = Options::default();
        assert!(asked("", true, &options).unwrap().lenient);
        assert_eq!(asked("", false, &options), Err(Fault::UnknownTransport));
        assert_eq!(asked("EIO=4", true, &options), Err(Fault::UnknownTransport));
        assert_eq!(asked("transport=websocket", true, &options), Err(Fault::UnsupportedVersion));
    }

    #[test]
    fn x05_guessing_is_a_setting() {
        let strict = Options { lenient: false, ..Options::default() };
        assert_eq!(asked("", true, &strict), Err(Fault::UnknownTransport));
    }
}
