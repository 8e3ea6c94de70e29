//! An address as one key, however a program spells it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use memchr::memchr;

/// Where a record came from: an address without its port and its brackets, and an IPv4 address that stands in an IPv6 one as
/// what it is. Of a link-local address the zone belongs to it: the same one on another link is another host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin<'a> {
    V4(Ipv4Addr),
    V6(Ipv6Addr, &'a str),
}

impl<'a> Origin<'a> {
    /// Of a text that may be more than a plain IPv4 address, which has no colon and is its own key. `None` for any other text, too.
    #[inline]
    pub(super) fn of(text: &'a [u8]) -> Option<Origin<'a>> {
        memchr(b':', text)?;
        Origin::parse(std::str::from_utf8(text).ok()?)
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
    use std::net::{SocketAddr, SocketAddrV6};

    use proptest::prelude::*;

    use super::*;
    use crate::detect::seen::Hashes;

    fn addresses() -> impl Strategy<Value = IpAddr> {
        let near = prop_oneof![Just(0_u16), Just(1), Just(0xFFFF), any::<u16>()];
        prop_oneof![
            any::<u32>().prop_map(|bits| IpAddr::V4(bits.into())),
            any::<u32>().prop_map(|bits| IpAddr::V6(Ipv4Addr::from(bits).to_ipv6_mapped())),
            prop::array::uniform8(near).prop_map(|parts| IpAddr::V6(parts.into())),
        ]
    }

    /// All that programs write for one address.
    fn spellings(address: IpAddr, port: u16) -> Vec<String> {
        let wide = match address {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        let long = wide.segments().map(|part| format!("{part:04x}")).join(":");
        let bare = wide.segments().map(|part| format!("{part:X}")).join(":");
        let mut all = vec![
            address.to_string(),
            address.to_canonical().to_string(),
            SocketAddr::new(address, port).to_string(),
            SocketAddr::new(address.to_canonical(), port).to_string(),
            SocketAddrV6::new(wide, port, 0, 0).to_string(),
            wide.to_string(),
            wide.to_string().to_uppercase(),
            format!("[{wide}]"),
            format!("[{long}]:{port}"),
        ];
        all.extend([long, bare]);
        all
    }

    fn key(hashes: &Hashes, text: &str) -> u64 {
        hashes.of_address(text.as_bytes())
    }

    proptest! {
        #[test]
        fn every_spelling_of_an_address_is_one_key_and_another_address_is_another(
            one in addresses(), other in addresses(), port: u16, other_port: u16,
        ) {
            let hashes = Hashes::default();
            let plain = key(&hashes, &one.to_canonical().to_string());
            for text in spellings(one, port) {
                prop_assert_eq!(key(&hashes, &text), plain, "{}", text);
                let shown = Origin::of(text.as_bytes()).map_or(text.clone(), |origin| origin.to_string());
                prop_assert_eq!(shown, one.to_canonical().to_string());
            }
            for text in spellings(other, other_port) {
                let same = one.to_canonical() == other.to_canonical();
                prop_assert_eq!(key(&hashes, &text) == plain, same, "{} and {}", text, one);
            }
        }

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
        let hashes = Hashes::default();
        assert_ne!(key(&hashes, "fe80::1%eth0"), key(&hashes, "fe80::1%eth1"));
        assert_ne!(
            key(&hashes, "2020:2020:2020:2020:2020:2020:2020:2020"),
            key(&hashes, &" ".repeat(16))
        );
    }
}
