//! An address as one key, however a program spells it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use memchr::memchr;

/// Where a record came from: an address without its port and its brackets, and an IPv4 address that stands in an IPv6 one as
/// what it is. Of a link-local address the zone belongs to it: the same one on another link is another host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin<'a> {
    V4(Ipv4Addr),
    V6(Ipv6Addr, &'a str),
}

impl<'a> Origin<'a> {
    /// Of a text that may be more than a plain IPv4 address, which has no colon and is its own key. `None` for any other text, too.
    #[inline]
    pub(crate) fn of(text: &'a [u8]) -> Option<Origin<'a>> {
        memchr(b':', text)?;
        Origin::parse(std::str::from_utf8(text).ok()?)
    }

    /// How a program that spells addresses plainly writes this one; `None` where it is that already, or no address.
    pub(crate) fn plain(text: &str) -> Option<String> {
        let plain = Origin::of(text.as_bytes())?.to_string();
        (plain != text).then_some(plain)
    }

    fn parse(text: &'a str) -> Option<Origin<'a>> {
        let address = match text.strip_prefix('[') {
            Some(bracketed) => {
                let (address, behind) = bracketed.split_once(']')?;
                if !behind.is_empty() && !behind.strip_prefix(':').is_some_and(is_port) {
                    return None;
                }
                address
            }
            None => match text.split_once(':') {
                Some((address, port)) if address.contains('.') => {
                    return address.parse().ok().filter(|_| is_port(port)).map(Origin::V4);
                }
                _ => text,
            },
        };
        let (address, zone) = address.split_once('%').unwrap_or((address, ""));
        Some(match address.parse::<IpAddr>().ok()?.to_canonical() {
            IpAddr::V4(address) => Origin::V4(address),
            IpAddr::V6(address) => Origin::V6(address, zone),
        })
    }
}

/// As people write it: `10.0.0.1`, `2001:db8::1`, `fe80::1%eth0`.
impl std::fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::V4(address) => write!(f, "{address}"),
            Origin::V6(address, "") => write!(f, "{address}"),
            Origin::V6(address, zone) => write!(f, "{address}%{zone}"),
        }
    }
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_no_address_stays_the_key_that_it_is(text in "[0-9a-f:.%\\[\\]]{0,24}") {
            if let Some(origin) = Origin::of(text.as_bytes()) {
                let again = origin.to_string();
                // What is shown is found again as the same.
                prop_assert!(Origin::of(again.as_bytes()).is_none_or(|same| same == origin), "{}", text);
            }
        }
    }

    #[test]
    fn every_spelling_of_an_address_is_asked_for_plainly_and_no_other_text_is() {
        for (asked, expected) in [
            ("::ffff:203.0.113.66", "203.0.113.66"),
            ("::FFFF:cb00:7142", "203.0.113.66"),
            ("[::ffff:203.0.113.66]:443", "203.0.113.66"),
            ("203.0.113.66:443", "203.0.113.66"),
            ("[2001:DB8:0::1]", "2001:db8::1"),
            ("[fe80::0001%eth0]:80", "fe80::1%eth0"),
        ] {
            assert_eq!(Origin::plain(asked).as_deref(), Some(expected), "{asked}");
        }
        for asked in [
            "",
            "203.0.113.66",
            "2001:db8::1",
            "fe80::1%eth0",
            "203.0.113.66:",
            "host:443",
            "10.0.0.0/8",
        ] {
            assert_eq!(Origin::plain(asked), None, "{asked}");
        }
    }

    #[test]
    fn names_with_colons_and_zones_of_links_stay_apart() {
        for text in [
            "unix:/run/app.sock",
            "host:80",
            "10.0.0.1:",
            "10.0.0.1:65536",
            "10.0.0.1:+80",
            "10.0.0.256:1",
            "[::1",
            "[::1]x",
            "[::1]:",
            "::1:x",
            ":",
        ] {
            assert_eq!(Origin::of(text.as_bytes()), None, "{text}");
        }
        let shown = |text: &str| Origin::of(text.as_bytes()).unwrap().to_string();
        assert_eq!(shown("[fe80::1%3]:443"), "fe80::1%3");
        assert_eq!(shown("FE80:0::1%eth0"), "fe80::1%eth0");
    }
}
