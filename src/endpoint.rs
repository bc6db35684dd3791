//! Addresses that credentials are sent to, whoever names them: a kubeconfig, EKS, a variable or a profile
//! of AWS's. One rule for all: TLS, or this very computer. Clients take other things too, send them in
//! clear, or end the program.

use std::net::IpAddr;

use http::Uri;

/// A whole URL: `https://HOST[:PORT][/PATH]`, or `http` to this computer.
///
/// # Errors
/// What is wanted instead, to be told behind the name of what says so.
pub fn endpoint(text: &str) -> Result<Uri, String> {
    let url = whole_url(text);
    let url = url.ok_or("a URL such as `https://HOST:PORT` is wanted")?;
    let host = url.host().unwrap_or_default();
    if is_clear(&url) && !is_this_computer(host) {
        return Err(format!(
            "`http://{host}` would be sent credentials in clear: `https://` is wanted, or `http://` to this computer"
        ));
    }
    Ok(url)
}

/// A URL of HTTP with a host, and with a port that is one.
pub fn whole_url(text: &str) -> Option<Uri> {
    let url: Uri = text.parse().ok()?;
    let authority = url.authority()?.as_str();
    let address = authority.rsplit_once('@').map_or(authority, |(_, it)| it);
    let host = url.host().filter(|host| !host.is_empty())?;
    let port = address.strip_prefix(host)?;
    let has_port = port.is_empty() || url.port_u16().is_some_and(|port| port > 0);
    let is_known = matches!(url.scheme_str(), Some("http" | "https"));
    (is_known && has_port).then_some(url)
}

/// Whether what is sent there is sent without TLS.
pub fn is_clear(url: &Uri) -> bool {
    url.scheme_str() != Some("https")
}

fn is_this_computer(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let address: Result<IpAddr, _> = address.parse();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|it| it.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_sent_by_tls_or_to_this_computer() {
        for url in [
            "https://sts.example.com/path",
            "https://10.0.0.1:6443",
            "https://[fd00::1]:6443/k8s/clusters/c-1",
            "https://me@h",
            "http://127.0.0.1:4566",
            "http://127.9.9.9",
            "http://[::1]:8001/",
            "http://LOCALHOST:8001",
        ] {
            assert!(endpoint(url).is_ok(), "{url}");
        }
        for url in [
            "http://10.0.0.1",
            "http://sts.example.com",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://localhost@example.com",
            "http://[::ffff:10.0.0.1]",
            "http://0.0.0.0:80",
            "HTTP://h",
        ] {
            let rule = endpoint(url).expect_err(url);
            assert!(rule.contains("in clear"), "{url}: {rule}");
        }
    }

    #[test]
    fn what_is_no_whole_url_is_none() {
        for text in [
            "",
            " ",
            "localhost:4566",
            "h:6443/path",
            "h",
            "ftp://h",
            "http://",
            "http:// h",
            "https://h:99999",
            "https://h:0",
            "https://h:",
            "https://h:x",
            "/path",
            "//h/path",
            "https:///path",
            "https://h\n",
        ] {
            let rule = endpoint(text).expect_err(text);
            assert!(rule.contains("is wanted"), "{text}: {rule}");
        }
    }

    /// As kube puts them together; it ends the program where it cannot.
    #[test]
    fn any_endpoint_takes_a_path() {
        let corpus = [
            "https://h:6443/a/",
            "https://u:p@[::1]:1?q=1",
            "http://127.0.0.1/%41?",
            "h:1",
        ];
        crate::fuzz::texts(corpus, |text| {
            if let Ok(url) = endpoint(text) {
                let parts = http::uri::Builder::new()
                    .scheme(url.scheme_str().unwrap())
                    .authority(url.authority().unwrap().as_str());
                let path = format!("{}/api/v1?a=b", url.path().trim_end_matches('/'));
                assert!(parts.path_and_query(path).build().is_ok(), "{text}");
            }
        });
    }
}
