//! Why a connection failed, in words, and which failures no retry mends. For every border: AWS,
//! Kubernetes and the issuer fail alike.

use std::error::Error as StdError;
use std::io;

mod authorities;
mod tls;

pub use authorities::{authorities, certificates, is_server_name};
pub use tls::{distrust, tls_refusal};

/// A failure and what caused it, one after the other.
pub fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| StdError::source(*error))
}

/// A refused connection, a name that nobody knows, a proxy or a server that cannot be talked to.
pub fn is_final(error: &(dyn StdError + 'static)) -> bool {
    let refused = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    let signs = [
        "tunnel error: unsuccessful",
        "tunnel error: proxy authorization required",
    ];
    tls_refusal(error).is_some()
        || is_unknown_name(error)
        || causes(error).any(|error| {
            let text = error.to_string();
            error.downcast_ref::<io::Error>().is_some_and(refused)
                || signs.iter().any(|sign| text.contains(sign))
        })
}

/// Whether the resolver says so itself. That it cannot say now (EAI_AGAIN, in glibc's words and in
/// musl's) is another thing.
pub fn is_unknown_name(error: &(dyn StdError + 'static)) -> bool {
    let text: Vec<String> = causes(error).map(ToString::to_string).collect();
    let has = |signs: &[&str]| {
        let mut all = text.iter();
        all.any(|text| signs.iter().any(|sign| text.contains(sign)))
    };
    has(&["failed to lookup address", "dns error"])
        && !has(&["Temporary failure in name resolution", "Try again"])
}

/// The text of the last cause: what the layers above it only wrap. rustls tells of its manual when a
/// connection breaks, and hyper of tunnels where it means the proxy of the environment.
pub fn deepest(error: &(dyn StdError + 'static)) -> String {
    if let Some(reason) = tls_refusal(error) {
        return reason;
    }
    let mut error = error;
    let mut in_tunnel = false;
    while let Some(source) = error.source() {
        in_tunnel |= error.to_string().starts_with("tunnel error: ");
        error = source;
    }
    if error.is::<http_body_util::LengthLimitError>() {
        return "the answer is longer than any that is wanted".to_owned();
    }
    let text = error.to_string();
    if text.contains("without sending TLS close_notify") {
        return "connection closed before message completed".to_owned();
    }
    match text.strip_prefix("tunnel error: ") {
        Some("unsuccessful") => "the proxy could not reach the host".to_owned(),
        Some("proxy authorization required") => {
            "the proxy asks for a user name and a password".to_owned()
        }
        Some("unexpected end of file") => "the proxy closed the connection".to_owned(),
        Some(other) => format!("the proxy does not connect: {other}"),
        None if in_tunnel => format!("the proxy cannot be reached: {text}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the standard library says what the resolver answers.
    fn unresolved(answer: &str) -> io::Error {
        io::Error::other(format!("failed to lookup address information: {answer}"))
    }

    #[test]
    fn failures_that_may_pass_are_not_final() {
        for passing in [
            unresolved("Temporary failure in name resolution"),
            unresolved("Try again"),
            io::Error::from(io::ErrorKind::ConnectionReset),
            io::Error::from(io::ErrorKind::BrokenPipe),
            io::Error::from(io::ErrorKind::TimedOut),
        ] {
            assert!(!is_final(&passing), "{passing}");
        }
        for lasting in [
            unresolved("Name or service not known"),
            unresolved("No address associated with hostname"),
            unresolved("Name does not resolve"),
            io::Error::from(io::ErrorKind::ConnectionRefused),
        ] {
            assert!(is_final(&lasting), "{lasting}");
        }
    }
}
