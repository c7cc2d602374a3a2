//! Decides which addresses and hosts a fetch may reach. Pure: `resolve` resolves names and `connection` opens sockets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use url::{Host, Url};

use super::SourceError;
use super::cause::Cause;

/// The addresses that one source may connect to: everything globally routable, and the networks in its `allow_private`.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    allow_private: Vec<IpNet>,
}

impl Guard {
    /// Creates a guard that also permits `allow_private`.
    #[must_use]
    pub const fn new(allow_private: Vec<IpNet>) -> Self {
        Self { allow_private }
    }

    /// Returns whether a name may resolve to `ip`.
    ///
    /// `allow_private` treats an IPv6 address as the IPv4 address inside it only in the mapped form, because that is
    /// the only embedding that a socket on this machine connects to as IPv4.
    #[must_use]
    pub fn permits(&self, ip: IpAddr) -> bool {
        self.lists(ip) || is_globally_routable(ip)
    }

    /// Returns whether `ip` is in `allow_private`.
    fn lists(&self, ip: IpAddr) -> bool {
        let canonical = ip.to_canonical();
        self.allow_private.iter().any(|net| net.contains(&ip) || net.contains(&canonical))
    }

    /// Checks what a URL shows before its name is resolved: the scheme, and that the host is not an address.
    ///
    /// An address written as the host never reaches the resolver, so it is checked here, and more strictly: even a
    /// public one must be listed. `url` has already converted decimal, octal, hexadecimal and short forms to an
    /// address.
    ///
    /// # Errors
    /// Returns [`SourceError::InvalidUrl`] without an http(s) scheme and a host, and [`SourceError::Forbidden`] for an
    /// address that is not listed.
    pub fn check_url(&self, url: &Url) -> Result<(), SourceError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(SourceError::InvalidUrl);
        }
        let ip = match url.host().ok_or(SourceError::InvalidUrl)? {
            Host::Domain("") => return Err(SourceError::InvalidUrl),
            // `url` treats `1.2.3.4.` as a name, but some resolvers treat it as an address.
            Host::Domain(name) => match name.trim_end_matches('.').parse::<Ipv4Addr>() {
                Ok(ip) => IpAddr::V4(ip),
                Err(_) => return Ok(()),
            },
            Host::Ipv4(ip) => IpAddr::V4(ip),
            Host::Ipv6(ip) => IpAddr::V6(ip),
        };
        if self.lists(ip) { Ok(()) } else { Err(SourceError::Forbidden(Cause::AddressRefused)) }
    }
}

/// Returns whether packets to `ip` go to a single receiver on the public internet.
///
/// Refuses every special range in the IANA registries of RFC 6890, and every IPv6 address that embeds an IPv4 address,
/// even a public one: a fetch has no reason to use a translator that its own network may run.
#[must_use]
pub const fn is_globally_routable(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_global_v4(ip),
        IpAddr::V6(ip) => is_global_v6(ip),
    }
}

const fn is_global_v4(ip: Ipv4Addr) -> bool {
    let refused = match ip.octets() {
        [0 | 10 | 127, ..] => true,                    // this network, private, loopback
        [100, b, ..] => b & 0xc0 == 64,                // 100.64/10: carrier-grade NAT
        [169, 254, ..] => true,                        // link-local, cloud metadata among it
        [172, b, ..] => b & 0xf0 == 16,                // private
        [192, 0, 0 | 2, _] => true,                    // protocol assignments, documentation
        [192, 31, 196, _] | [192, 52, 193, _] => true, // AS112, AMT
        [192, 88, 99, _] => true,                      // 6to4 relays
        [192, 168, ..] => true,                        // private
        [192, 175, 48, _] => true,                     // AS112
        [198, 18 | 19, ..] => true,                    // benchmarking
        [198, 51, 100, _] | [203, 0, 113, _] => true,  // documentation
        [224..=255, ..] => true,                       // multicast, reserved, broadcast
        [_, _, _, _] => false,
    };
    !refused
}

const fn is_global_v6(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    // Only 2000::/3 is allocated. Outside it are ::, ::1, mapped, compatible and translated IPv4 (::/96, ::ffff:0:0/96,
    // ::ffff:0:0:0/96), NAT64 (64:ff9b::/96, 64:ff9b:1::/48), 100::/64, 5f00::/16, fc00::/7, fe80::/10, fec0::/10 and
    // ff00::/8.
    if s[0] & 0xe000 != 0x2000 {
        return false;
    }
    let refused = match s {
        [0x2001, b, ..] if b < 0x200 => true,  // 2001::/23: Teredo, benchmarking, ORCHID
        [0x2001, 0xdb8, ..] => true,           // documentation
        [0x2002, ..] => true,                  // 6to4
        [0x2620, 0x4f, 0x8000, ..] => true,    // AS112
        [0x3fff, b, ..] if b < 0x1000 => true, // 3fff::/20: documentation
        [_, _, _, _, 0 | 0x200, 0x5efe, _, _] => true, // ISATAP interface identifiers
        [_, _, _, _, _, _, _, _] => false,
    };
    !refused
}

/// One entry of `allow_hosts`: `example.com`, `*.example.com` (any depth below, not the name itself), `*`, each with
/// an optional `:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    name: HostName,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HostName {
    Any,
    Below(String),
    Exactly(String),
}

impl HostPattern {
    /// Parses one entry; returns `None` if it is not a host.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(ip) = text.parse::<Ipv6Addr>() {
            return Some(Self { name: HostName::Exactly(format!("[{ip}]")), port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !text.ends_with(']') => (host, Some(port.parse().ok()?)),
            Some(_) | None => (text, None),
        };
        let name = match host.strip_prefix("*.") {
            Some(below) => HostName::Below(normal_host(below)?),
            None if host == "*" => HostName::Any,
            None => HostName::Exactly(normal_host(host)?),
        };
        Some(Self { name, port })
    }

    /// Returns whether the pattern matches the host of `url`, and the port if the entry has one. Compares whole labels.
    #[must_use]
    pub fn matches(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let host = host.strip_suffix('.').unwrap_or(host);
        let named = match &self.name {
            HostName::Any => true,
            HostName::Exactly(name) => host == name,
            HostName::Below(name) => {
                host.strip_suffix(name.as_str()).and_then(|rest| rest.strip_suffix('.')).is_some_and(|l| !l.is_empty())
            }
        };
        named && self.port.is_none_or(|port| url.port_or_known_default() == Some(port))
    }
}

/// Returns the host as `url` writes it: lower case, punycode, canonical addresses.
fn normal_host(host: &str) -> Option<String> {
    if host.contains('*') {
        return None;
    }
    Some(Host::parse(host.strip_suffix('.').unwrap_or(host)).ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ip: &str, global: bool) {
        assert_eq!(is_globally_routable(ip.parse().unwrap()), global, "{ip}");
    }

    #[test]
    fn special_ipv4_is_refused_up_to_its_edges() {
        for (first, last) in [
            ("0.0.0.0", "0.255.255.255"),
            ("10.0.0.0", "10.255.255.255"),
            ("100.64.0.0", "100.127.255.255"),
            ("127.0.0.0", "127.255.255.255"),
            ("169.254.0.0", "169.254.255.255"),
            ("172.16.0.0", "172.31.255.255"),
            ("192.0.0.0", "192.0.0.255"),
            ("192.0.2.0", "192.0.2.255"),
            ("192.88.99.0", "192.88.99.255"),
            ("192.168.0.0", "192.168.255.255"),
            ("198.18.0.0", "198.19.255.255"),
            ("198.51.100.0", "198.51.100.255"),
            ("203.0.113.0", "203.0.113.255"),
            ("224.0.0.0", "255.255.255.255"),
        ] {
            let (low, high) =
                (u32::from(first.parse::<Ipv4Addr>().unwrap()), u32::from(last.parse::<Ipv4Addr>().unwrap()));
            for inside in [low, low + (high - low) / 2, high] {
                check(&Ipv4Addr::from(inside).to_string(), false);
            }
            for outside in [low.checked_sub(1), high.checked_add(1)].into_iter().flatten() {
                let outside = Ipv4Addr::from(outside);
                // 223.255.255.255 and 1.0.0.0 are public, and no two ranges in the list touch.
                check(&outside.to_string(), true);
            }
        }
        for public in ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.255.255", "192.0.1.1", "100.63.255.255"] {
            check(public, true);
        }
    }

    #[test]
    fn special_ipv6_is_refused() {
        for ip in [
            "::",
            "::1",
            "::2",
            "100::1",
            "2001:db8::1",
            "3fff::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
            "4000::1",
        ] {
            check(ip, false);
        }
        for ip in ["2606:4700::1111", "2a00:1450:4001:80b::200e", "2001:4860:4860::8888", "2001:200::1", "2003::1"] {
            check(ip, true);
        }
    }

    #[test]
    fn ipv4_inside_ipv6_is_refused_in_every_embedding() {
        for v4 in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "8.8.8.8"] {
            let v4 = v4.parse::<Ipv4Addr>().unwrap();
            let [a, b, c, d] = v4.octets();
            let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            for segments in [
                [0, 0, 0, 0, 0, 0xffff, high, low],           // mapped
                [0, 0, 0, 0, 0, 0, high, low],                // compatible
                [0, 0, 0, 0, 0xffff, 0, high, low],           // translated (SIIT)
                [0x2002, high, low, 0, 0, 0, 0, 1],           // 6to4
                [0x2001, 0, high, low, 0, 0, !high, !low],    // Teredo
                [0x64, 0xff9b, 0, 0, 0, 0, high, low],        // NAT64
                [0x64, 0xff9b, 1, high, low, 0, 0, 0],        // local NAT64
                [0x2a00, 0x1450, 0, 0, 0, 0x5efe, high, low], // ISATAP
                [0x2a00, 0x1450, 0, 0, 0x200, 0x5efe, high, low],
            ] {
                check(&Ipv6Addr::from(segments).to_string(), false);
            }
        }
    }

    #[test]
    fn the_list_allows_only_what_it_names() {
        let guard = Guard::new(vec!["127.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        for ip in ["127.0.0.1", "::ffff:127.0.0.1", "fd00::1", "8.8.8.8"] {
            assert!(guard.permits(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["10.0.0.1", "::1", "fc00::1", "::127.0.0.1", "64:ff9b::7f00:1", "169.254.169.254"] {
            assert!(!guard.permits(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn addresses_in_urls_are_refused_however_they_are_written() {
        let closed = Guard::default();
        let open = Guard::new(vec!["127.0.0.0/8".parse().unwrap()]);
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "0x7f.1",
            "127.1",
            "127.0.0.1.",
            "017700000001",
            "127。0。0。1",
            "%31%32%37.0.0.1",
            "[::ffff:127.0.0.1]",
        ] {
            let url = Url::parse(&format!("http://{host}/a.jpg")).unwrap();
            assert_eq!(closed.check_url(&url), Err(SourceError::Forbidden(Cause::AddressRefused)), "{host}");
            assert_eq!(open.check_url(&url), Ok(()), "{host}");
        }
        for host in ["8.8.8.8", "[::1]", "0", "[::7f00:1]", "[2606:4700::1111]", "3232235777"] {
            let url = Url::parse(&format!("http://{host}/a.jpg")).unwrap();
            assert_eq!(open.check_url(&url), Err(SourceError::Forbidden(Cause::AddressRefused)), "{host}");
        }
        assert_eq!(closed.check_url(&Url::parse("http://example.com/").unwrap()), Ok(()));
        for other in ["ftp://example.com/", "file:///etc/passwd", "gopher://x/", "data:,x"] {
            assert_eq!(closed.check_url(&Url::parse(other).unwrap()), Err(SourceError::InvalidUrl), "{other}");
        }
    }

    #[test]
    fn host_patterns_compare_whole_labels() {
        #[track_caller]
        fn check(pattern: &str, url: &str, expected: bool) {
            let pattern = HostPattern::parse(pattern).unwrap();
            assert_eq!(pattern.matches(&Url::parse(url).unwrap()), expected, "{pattern:?} {url}");
        }
        check("example.com", "http://example.com/x", true);
        check("Example.COM.", "https://EXAMPLE.com:8443/x", true);
        check("example.com", "http://a.example.com/x", false);
        check("example.com", "http://evilexample.com/x", false);
        check("example.com", "http://example.com.evil.net/x", false);
        check("example.com", "http://evil.net\\@example.com/x", false);
        check("example.com", "http://example.com@evil.net/x", false);
        check("*.example.com", "http://a.example.com/x", true);
        check("*.example.com", "http://a.b.example.com./x", true);
        check("*.example.com", "http://example.com/x", false);
        check("*.example.com", "http://evilexample.com/x", false);
        check("example.com:8080", "http://example.com:8080/", true);
        check("example.com:8080", "http://example.com/", false);
        check("example.com:443", "https://example.com/", true);
        check("bücher.example", "http://xn--bcher-kva.example/", true);
        check("::1", "http://[::1]:80/", true);
        check("[::1]:81", "http://[::1]:81/", true);
        check("[::1]:81", "http://[::1]:82/", false);
        check("127.0.0.1", "http://2130706433/", true);
        check("*", "http://anything.example/", true);
        for bad in ["", "*.", "a.*.com", "exa mple.com", "http://example.com", "example.com/x", "example.com:x"] {
            assert_eq!(HostPattern::parse(bad), None, "{bad}");
        }
    }
}
