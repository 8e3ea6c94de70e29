//! An address as it is asked for.

use std::net::IpAddr;

/// What a program that spells addresses plainly writes for this one: without brackets and port, and an IPv4 address that stands in
/// an IPv6 one as what it is. `None` where it is that already, or no address.
pub(super) fn plain(asked: &str) -> Option<String> {
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok();
    let (address, port) = match asked.strip_prefix('[') {
        Some(bracketed) => {
            let (address, behind) = bracketed.split_once(']')?;
            match behind {
                "" => (address, None),
                _ => (address, Some(behind.strip_prefix(':')?)),
            }
        }
        None => match asked.split_once(':') {
            Some((address, port)) if address.contains('.') => (address, Some(port)),
            _ => (asked, None),
        },
    };
    if port.is_some_and(|port| !is_port(port)) {
        return None;
    }
    let (address, zone) = address.split_once('%').unwrap_or((address, ""));
    let mut plain = address.parse::<IpAddr>().ok()?.to_canonical().to_string();
    if !zone.is_empty() && plain.contains(':') {
        plain = format!("{plain}%{zone}");
    }
    (plain != asked).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_address_is_asked_for_plainly_and_no_other_text_is() {
        for (asked, expected) in [
            ("::ffff:203.0.113.66", "203.0.113.66"),
            ("::FFFF:cb00:7142", "203.0.113.66"),
            ("[::ffff:203.0.113.66]:443", "203.0.113.66"),
            ("203.0.113.66:443", "203.0.113.66"),
            ("[2001:DB8:0::1]", "2001:db8::1"),
            ("2001:db8::0001", "2001:db8::1"),
            ("[fe80::0001%eth0]:80", "fe80::1%eth0"),
        ] {
            assert_eq!(plain(asked).as_deref(), Some(expected), "{asked}");
        }
        for asked in [
            "",
            "203.0.113.66",
            "2001:db8::1",
            "fe80::1%eth0",
            "203.0.113.66:",
            "203.0.113.66:x",
            "203.0.113.66:70000",
            "[2001:db8::1",
            "[2001:db8::1]443",
            "host:443",
            "10.0.0.0/8",
        ] {
            assert_eq!(plain(asked), None, "{asked}");
        }
    }
}
