//! The proxy of a connection: which one the environment names for it, by the rules of Go's
//! golang.org/x/net/http/httpproxy, which eksctl and kubectl go by. Apart, because AWS, issuer and
//! Kubernetes are reached by it alike. A value that is no proxy's URL is refused by its variable's name:
//! nothing of it is shown, as a password may be in it, and nothing goes around it.

use std::env::VarError;
use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

mod exceptions;

use exceptions::Exceptions;

/// How a proxy is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Http,
    Https,
    Socks5,
}

/// A proxy. `Display` shows no user and no password.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    pub protocol: Protocol,
    /// An IPv6 address in brackets.
    pub host: String,
    pub port: u16,
    /// `user:password`, decoded.
    credentials: Option<Vec<u8>>,
}

impl FromStr for Proxy {
    type Err = String;

    /// `[http[s]|socks5://][user[:password]@]host[:port][/]`; user and password are percent-encoded.
    fn from_str(text: &str) -> Result<Self, String> {
        parse(text.trim()).ok_or_else(|| {
            "is no URL of a proxy, such as http://HOST:PORT: percent-encode all but letters \
             and digits of user and password"
                .to_owned()
        })
    }
}

fn parse(text: &str) -> Option<Proxy> {
    let (protocol, rest) = match text.split_once("://") {
        None => (Protocol::Http, text),
        Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
            "http" => (Protocol::Http, rest),
            "https" => (Protocol::Https, rest),
            "socks5" | "socks5h" => (Protocol::Socks5, rest),
            _ => return None,
        },
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let (credentials, address) = match authority.rsplit_once('@') {
        None => (None, authority),
        Some((credentials, address)) => (Some(decoded(credentials)?), address),
    };
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if is_port(port) => (host, port),
        _ => (address, ""),
    };
    let default = match protocol {
        Protocol::Http => 80,
        Protocol::Https => 443,
        Protocol::Socks5 => 1080,
    };
    let port = match port {
        "" => default,
        port => port.parse().ok()?,
    };
    is_host(host).then(|| Proxy {
        protocol,
        host: host.to_owned(),
        port,
        credentials,
    })
}

fn is_host(text: &str) -> bool {
    let address = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if let Some(address) = address {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !text.is_empty() && text.bytes().all(is_part)
}

/// User and password of a URL. What Go takes there unencoded is taken here too.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let is_taken = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=@%".contains(&byte);
    let is_escape = |rest: &str| {
        let digits = rest.as_bytes().first_chunk::<2>();
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let is_whole = text.bytes().all(is_taken) && text.split('%').skip(1).all(is_escape);
    is_whole.then(|| percent_decode_str(text).collect())
}

impl Proxy {
    /// What clients take: with user and password, percent-encoded.
    pub fn url(&self) -> String {
        let credentials = self.credentials.as_ref().map(|credentials| {
            const SET: &AsciiSet = &NON_ALPHANUMERIC.remove(b':');
            format!("{}@", percent_encode(credentials, SET))
        });
        let credentials = credentials.unwrap_or_default();
        format!("{}://{credentials}{self}/", self.scheme())
    }

    /// The same of a proxy that is spoken to without TLS, which is all that kube's client can. `what` is reached by
    /// it.
    ///
    /// # Errors
    /// A proxy of another kind.
    pub fn plain_url(&self, what: &str) -> Result<http::Uri, String> {
        let usable = match self.protocol {
            Protocol::Http | Protocol::Socks5 => self.url().parse().ok(),
            Protocol::Https => None,
        };
        usable.ok_or_else(|| {
            format!("the proxy {self:?} is not of the kinds http:// and socks5://, by which {what} is reached")
        })
    }

    /// The value of Proxy-Authorization.
    pub fn authorization(&self) -> Option<String> {
        let credentials = self.credentials.as_ref()?;
        let colon = if credentials.contains(&b':') {
            &b""[..]
        } else {
            b":"
        };
        let text = STANDARD.encode([credentials.as_slice(), colon].concat());
        Some(format!("Basic {text}"))
    }

    /// As its URL begins, without `://`.
    pub fn scheme(&self) -> &'static str {
        match self.protocol {
            Protocol::Http => "http",
            Protocol::Https => "https",
            Protocol::Socks5 => "socks5",
        }
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{self}", self.scheme())
    }
}

/// The proxies of the environment, and what is reached without one.
#[derive(Clone, Debug)]
pub struct Proxies {
    pub http: Option<Proxy>,
    pub https: Option<Proxy>,
    exceptions: Exceptions,
}

impl Proxies {
    /// HTTP_PROXY, HTTPS_PROXY, and for what these leave ALL_PROXY; NO_PROXY; each also in lower case,
    /// which counts where the other is missing or empty.
    ///
    /// # Errors
    /// The variable that is no URL, and why.
    pub fn from_environment() -> Result<Self, String> {
        Self::from_variables(|name| std::env::var(name))
    }

    fn from_variables(variable: impl Fn(&str) -> Result<String, VarError>) -> Result<Self, String> {
        let either = |name: &'static str| -> Result<Option<(String, String)>, String> {
            for name in [name.to_owned(), name.to_ascii_lowercase()] {
                match variable(&name) {
                    Ok(value) if !value.trim().is_empty() => return Ok(Some((name, value))),
                    Ok(_) | Err(VarError::NotPresent) => {}
                    Err(VarError::NotUnicode(_)) => return Err(format!("{name} is no text")),
                }
            }
            Ok(None)
        };
        let proxy = |name| match either(name)? {
            Some((name, value)) => {
                let proxy: Result<Proxy, String> = value.parse();
                proxy.map(Some).map_err(|rule| format!("{name} {rule}"))
            }
            None => Ok(None),
        };
        // A web server puts the request's header `Proxy` there (CGI): who calls it names no proxy here.
        let is_cgi = variable("REQUEST_METHOD").is_ok_and(|method| !method.is_empty());
        let all = proxy("ALL_PROXY")?;
        let http = if is_cgi { None } else { proxy("HTTP_PROXY")? };
        let exceptions = either("NO_PROXY")?.map_or_else(String::new, |(_, value)| value);
        Ok(Self {
            http: http.or_else(|| all.clone()),
            https: proxy("HTTPS_PROXY")?.or(all),
            exceptions: Exceptions::parse(&exceptions),
        })
    }

    /// The proxy on the way to a URL; `None`: it is reached directly.
    pub fn of(&self, url: &http::Uri) -> Option<&Proxy> {
        let (proxy, port) = match url.scheme_str() {
            Some("http") => (self.http.as_ref()?, 80),
            Some("https") => (self.https.as_ref()?, 443),
            _ => return None,
        };
        let host = url.host()?.trim_start_matches('[').trim_end_matches(']');
        let port = url.port_u16().unwrap_or(port);
        (!self.exceptions.contain(host, port)).then_some(proxy)
    }
}

#[cfg(test)]
mod tests;
