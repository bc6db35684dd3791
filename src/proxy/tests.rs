use super::*;

fn proxies(variables: &[(&str, &str)]) -> Result<Proxies, String> {
    Proxies::from_variables(|name| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map_or(Err(VarError::NotPresent), |(_, value)| {
            Ok((*value).to_owned())
        })
    })
}

/// What the URL's proxy is called; `direct` where it has none.
fn way(variables: &[(&str, &str)], url: &str) -> String {
    let url = url.parse().unwrap();
    match proxies(variables).unwrap().of(&url) {
        Some(proxy) => format!("{proxy:?}"),
        None => "direct".to_owned(),
    }
}

/// The rows of Go's own table that speak of HTTP and SOCKS (golang.org/x/net/http/httpproxy,
/// proxy_test.go: proxyForURLTests), with the port that Go leaves out. Names that are not ASCII are not
/// compared in both spellings here, and an unknown scheme is refused.
#[test]
fn a_connections_proxy_is_that_of_go() {
    let url = "http://example.com";
    for (value, wanted) in [
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        (
            "cache.corp.example.com:1234",
            "http://cache.corp.example.com:1234",
        ),
        ("cache.corp.example.com", "http://cache.corp.example.com:80"),
        ("localhost", "http://localhost:80"),
        (
            "https://cache.corp.example.com",
            "https://cache.corp.example.com:443",
        ),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://127.0.0.1:8080", "https://127.0.0.1:8080"),
        ("socks5://127.0.0.1", "socks5://127.0.0.1:1080"),
        ("", "direct"),
    ] {
        assert_eq!(way(&[("HTTP_PROXY", value)], url), wanted, "{value}");
    }
    let both = [
        ("HTTP_PROXY", "http.proxy.tld"),
        ("HTTPS_PROXY", "secure.proxy.tld"),
    ];
    assert_eq!(
        way(&both, "http://insecure.tld/"),
        "http://http.proxy.tld:80"
    );
    assert_eq!(
        way(&both, "https://secure.tld/"),
        "http://secure.proxy.tld:80"
    );
    assert_eq!(way(&both[..1], "https://secure.tld/"), "direct");
    assert_eq!(way(&both[..1], "ftp://insecure.tld/"), "direct");
    let server = ("REQUEST_METHOD", "GET");
    assert_eq!(way(&[both[0], server], url), "direct");
    assert_eq!(
        way(&[both[1], server], "https://secure.tld/"),
        "http://secure.proxy.tld:80"
    );
    for (exception, url, wanted) in [
        ("example.com", "http://example.com/", "direct"),
        (".example.com", "http://example.com/", "http://proxy:80"),
        ("ample.com", "http://example.com/", "http://proxy:80"),
        ("example.com", "http://foo.example.com/", "direct"),
        (".foo.com", "http://example.com/", "http://proxy:80"),
        (":1", "http://example.com/", "http://proxy:80"),
        ("example.com:443", "https://Example.COM/", "direct"),
        (
            "example.com:443",
            "https://example.com:8443/",
            "http://proxy:80",
        ),
        ("*.example.com:443", "https://a.example.com/", "direct"),
    ] {
        let variables = [("ALL_PROXY", "proxy"), ("NO_PROXY", exception)];
        assert_eq!(way(&variables, url), wanted, "{exception} {url}");
    }
}

/// Go's UseProxyTests.
#[test]
fn what_goes_without_a_proxy_is_that_of_go() {
    let exceptions = Exceptions::parse(
        "foobar.com, .barbaz.net, *.wildcard.io, 192.168.1.1, 192.168.1.2:81, 192.168.1.3:80, 10.0.0.0/30, \
         2001:db8::52:0:1, [2001:db8::52:0:2]:443, [2001:db8::52:0:3]:80, 2002:db8:a::45/64",
    );
    let all = Exceptions::parse("*");
    for (host, proxied) in [
        ("localhost", false),
        ("127.0.0.1", false),
        ("127.0.0.2", false),
        ("::1", false),
        ("::2", true),
        ("192.168.1.1", false),
        ("192.168.1.2", true),
        ("192.168.1.3", false),
        ("192.168.1.4", true),
        ("10.0.0.2", false),
        ("2001:db8::52:0:1", false),
        ("2001:db8::52:0:2", true),
        ("2001:db8::52:0:3", false),
        ("2002:db8:a::123", false),
        ("fe80::424b:c8be:1643:a1b6", true),
        ("barbaz.net", true),
        ("www.barbaz.net", false),
        ("foobar.com", false),
        ("www.foobar.com", false),
        ("foofoobar.com", true),
        ("baz.com", true),
        ("localhost.net", true),
        ("local.localhost", true),
        ("barbarbaz.net", true),
        ("wildcard.io", true),
        ("nested.wildcard.io", false),
        ("awildcard.io", true),
    ] {
        assert_eq!(exceptions.contain(host, 80), !proxied, "{host}");
        assert!(all.contain(host, 80), "{host}");
    }
}

#[test]
fn an_empty_variable_does_not_hide_its_lower_case_twin() {
    let variables = [
        ("HTTPS_PROXY", ""),
        ("https_proxy", "small"),
        ("NO_PROXY", " "),
        ("no_proxy", "a.b"),
    ];
    assert_eq!(way(&variables, "https://c.d"), "http://small:80");
    assert_eq!(way(&variables, "https://a.b"), "direct");
    let variables = [("HTTPS_PROXY", "LARGE"), ("https_proxy", "small")];
    assert_eq!(way(&variables, "https://c.d"), "http://LARGE:80");
}

#[test]
fn what_is_no_proxys_url_is_refused_and_not_shown() {
    for value in [
        "http://CORP\\user:s3cret@proxy:3128",
        "http://user:s3@cr3t/x@proxy:3128",
        "http:/user:s3cret@proxy:3128",
        "http://user:s3#cret@proxy",
        "http://user:s3cret%@proxy",
        "http://user:s3cret%4x@proxy",
        "http://user:s3cret%%41@proxy",
        "http://user:s3cret@",
        "http://proxy:s3cret",
        "http://proxy:99999",
        "foo://proxy",
        "http://[::g]:80",
        "http://proxy/s3cret",
        "http://pro xy",
        "http://",
    ] {
        for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "all_proxy"] {
            let refused = proxies(&[(name, value)]).unwrap_err();
            let rule = refused.strip_prefix(name).unwrap();
            assert!(rule.starts_with(" is no URL of a proxy"), "{refused}");
            assert!(!refused.contains("cret"), "{refused}");
        }
    }
}

#[test]
fn a_password_reaches_the_proxy_and_no_text() {
    let proxy: Proxy = "http://me:p%40%2F%3A%20%C3%A9@[fd00::1]:3128/"
        .parse()
        .unwrap();
    assert_eq!(proxy.url(), "http://me:p%40%2F:%20%C3%A9@[fd00::1]:3128/");
    assert_eq!(
        proxy.authorization(),
        Some(format!("Basic {}", STANDARD.encode("me:p@/: é")))
    );
    assert_eq!(
        format!("{proxy} {proxy:?}"),
        "[fd00::1]:3128 http://[fd00::1]:3128"
    );
    let alone: Proxy = "me@proxy".parse().unwrap();
    assert_eq!(
        alone.authorization(),
        Some(format!("Basic {}", STANDARD.encode("me:")))
    );
    // As Go takes it.
    let odd: Proxy = "http://me:p@ss@proxy".parse().unwrap();
    assert_eq!(odd.url(), "http://me:p%40ss@proxy:80/");
}
