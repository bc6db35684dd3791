//! NO_PROXY: what is reached without a proxy. Entries are separated by commas: an address, a range of
//! addresses, a name with all below it, `.name` or `*.name` for only those, each but a range also with a
//! port; `*` is everything. What cannot be understood is left out, as Go does it.

use std::net::IpAddr;

use ipnet::IpNet;

#[derive(Clone, Debug)]
pub struct Exceptions(Vec<Exception>);

#[derive(Clone, Debug)]
enum Exception {
    All,
    Range(IpNet),
    Address(IpAddr, Option<String>),
    Domain {
        /// From its dot on.
        below: String,
        itself: bool,
        port: Option<String>,
    },
}

impl Exceptions {
    /// The value of NO_PROXY; an empty one has no exceptions.
    pub fn parse(text: &str) -> Self {
        let entries = text.split(',').map(|entry| entry.trim().to_lowercase());
        Self(entries.filter_map(|entry| parse(&entry)).collect())
    }

    /// This computer itself always is among them.
    pub fn contain(&self, host: &str, port: u16) -> bool {
        let host = host.to_lowercase();
        let address: Option<IpAddr> = host.parse().ok();
        if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
            return true;
        }
        let port = port.to_string();
        self.0
            .iter()
            .any(|entry| entry.covers(&host, address, &port))
    }
}

fn parse(entry: &str) -> Option<Exception> {
    if entry == "*" {
        return Some(Exception::All);
    }
    if entry.contains('/') {
        return entry.parse().ok().map(Exception::Range);
    }
    let (host, port) = split_port(entry);
    let port = Some(port.to_owned()).filter(|port| !port.is_empty());
    if let Ok(address) = host.parse() {
        return Some(Exception::Address(address, port));
    }
    let name = host.strip_prefix('*').filter(|name| name.starts_with('.'));
    let name = name.unwrap_or(host);
    let itself = !name.starts_with('.');
    let below = if itself {
        format!(".{name}")
    } else {
        name.to_owned()
    };
    (below.len() > 1).then_some(Exception::Domain {
        below,
        itself,
        port,
    })
}

/// `host:port` or `[address]:port`; an IPv6 address by itself has no port.
fn split_port(entry: &str) -> (&str, &str) {
    let Some((host, port)) = entry.rsplit_once(':') else {
        return (entry, "");
    };
    let address = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match address {
        Some(address) => (address, port),
        None if host.contains(':') => (entry, ""),
        None => (host, port),
    }
}

impl Exception {
    fn covers(&self, host: &str, address: Option<IpAddr>, port: &str) -> bool {
        let at_port = |wanted: &Option<String>| wanted.as_ref().is_none_or(|it| it == port);
        match self {
            Self::All => true,
            Self::Range(range) => address.is_some_and(|it| range.contains(&it)),
            Self::Address(it, wanted) => address == Some(*it) && at_port(wanted),
            Self::Domain {
                below,
                itself,
                port,
            } => {
                let is_itself = *itself && host == &below[1..];
                (host.ends_with(below) || is_itself) && at_port(port)
            }
        }
    }
}
