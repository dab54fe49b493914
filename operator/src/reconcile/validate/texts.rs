//! What texts are made of that become values of settings.

use std::net::IpAddr;

/// At least one character, and none that could end a line or a value.
pub(super) fn is_visible(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The same without what separates the entries of a list.
pub(super) fn is_word_of_list(text: &str) -> bool {
    is_visible(text) && !text.contains(',')
}

/// Letters, digits and `_`.
pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The name of a user: letters, digits and `._@-`.
pub(super) fn is_user(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'@' | b'-');
    (1..=128).contains(&text.len()) && text.bytes().all(plain)
}

/// `*`, or scheme and host of a web page.
pub(super) fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '[' | ']' | '-');
    text == "*" || (!host.is_empty() && host.chars().all(plain))
}

/// An address, or a network such as `10.0.0.0/8`.
pub(super) fn is_network(text: &str) -> bool {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    bits.is_none_or(|bits| bits.parse::<u8>().is_ok_and(|bits| bits <= most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_an_address_with_as_many_bits_as_it_has() {
        for text in ["10.0.0.0/8", "10.1.2.3", "::1", "fd00::/8", "0.0.0.0/0"] {
            assert!(is_network(text), "{text}");
        }
        for text in ["10.0.0.0/33", "10.0.0/8", "a", "fd00::/129", "10.0.0.0/", "10.0.0.0/8,::1"] {
            assert!(!is_network(text), "{text}");
        }
    }
}
