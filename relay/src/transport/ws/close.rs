//! Close frames of clients, and sockets that are closed before they begin.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::close_frame;
use crate::hub::{CloseCode, Farewell};

/// Time for a refused peer to take its close frame.
const REFUSAL: Duration = Duration::from_secs(2);

/// Says goodbye on a socket that never became a connection. A browser sees codes only on a socket
/// that was accepted, so that refusals of our rules come after the handshake.
pub async fn refuse(mut stream: TcpStream, farewell: &Farewell) {
    let told = async {
        stream.write_all(&close_frame(farewell)).await?;
        stream.shutdown().await?;
        let mut rest = [0; 512];
        while stream.read(&mut rest).await? > 0 {}
        Ok::<_, std::io::Error>(())
    };
    let _ = tokio::time::timeout(REFUSAL, told).await;
}

/// What a client's close frame says (RFC 6455 sections 5.5.1 and 7.4).
///
/// # Errors
/// The farewell to answer with if the frame breaks the protocol.
pub(super) fn parse_close(payload: &[u8]) -> Result<CloseCode, Farewell> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return match payload {
            [] => Ok(CloseCode::NoStatus),
            _ => Err(Farewell::new(CloseCode::Protocol, "Close frame with half a code")),
        };
    };
    if std::str::from_utf8(reason).is_err() {
        return Err(Farewell::new(CloseCode::InvalidData, "Close reason is not UTF-8"));
    }
    known(u16::from_be_bytes(*code))
}

/// Codes that may be sent.
fn known(code: u16) -> Result<CloseCode, Farewell> {
    match code {
        1000 => Ok(CloseCode::Normal),
        1001 => Ok(CloseCode::GoingAway),
        1002 => Ok(CloseCode::Protocol),
        1003 => Ok(CloseCode::Unsupported),
        1007 => Ok(CloseCode::InvalidData),
        1008 => Ok(CloseCode::Policy),
        1009 => Ok(CloseCode::TooBig),
        1010 => Ok(CloseCode::Extension),
        1011 => Ok(CloseCode::Internal),
        1012 => Ok(CloseCode::Restart),
        1013 => Ok(CloseCode::TryAgain),
        1014 => Ok(CloseCode::BadGateway),
        3000..=4999 => Ok(CloseCode::Application(code)),
        _ => Err(Farewell::new(CloseCode::Protocol, "Invalid close code")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(answer: Result<CloseCode, Farewell>) -> u16 {
        answer.map_or_else(|farewell| farewell.code.number(), CloseCode::number)
    }

    #[test]
    fn codes_that_must_not_be_sent_break_the_protocol() {
        for code in [0_u16, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000] {
            assert_eq!(code_of(parse_close(&code.to_be_bytes())), 1002, "{code}");
        }
    }

    #[test]
    fn codes_that_may_be_sent_keep_their_number() {
        for code in [1000..=1003, 1007..=1014, 3000..=3000, 4001..=4001, 4999..=4999].into_iter().flatten() {
            assert_eq!(code_of(parse_close(&u16::to_be_bytes(code))), code);
        }
    }

    #[test]
    fn half_a_code_breaks_the_protocol() {
        assert_eq!(code_of(parse_close(&[3])), 1002);
    }

    #[test]
    fn a_reason_must_be_utf8() {
        assert_eq!(code_of(parse_close(&[3, 232, 0xff])), 1007);
    }

    #[test]
    fn an_empty_close_frame_has_no_status() {
        assert_eq!(code_of(parse_close(&[])), 1005);
    }
}
