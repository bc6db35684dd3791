//! Whether a host can be one of the public internet, by its text alone: AWS fetches an issuer's keys
//! from there, and a document must not lead to what only this computer reaches.

use std::net::Ipv4Addr;

/// Names are taken for public, but for this computer's own. Numbers are addresses, in whatever form
/// the resolver takes them (`127.1`, `0x7f000001`).
pub fn is_public(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_number = last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit());
    if is_number {
        return host.parse().is_ok_and(is_public_address);
    }
    last != "localhost"
}

fn is_public_address(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let is_shared = first == 100 && (64..128).contains(&second);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || is_shared
        || first == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_known_in_every_form() {
        for private in [
            "10.0.0.1",
            "172.16.3.4",
            "192.168.1.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "169.254.169.254",
            "0.0.0.0",
            "255.255.255.255",
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "",
        ] {
            assert!(!is_public(private), "{private}");
        }
        for public in [
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "keys.example.com",
            "10.example.com",
            "oidc.eks.eu-west-1.amazonaws.com",
        ] {
            assert!(is_public(public), "{public}");
        }
    }
}
