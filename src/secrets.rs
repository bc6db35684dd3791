//! What this process has sent, read or been given as a secret. Servers, proxies and error pages quote
//! requests back: all that is written for anybody to read goes through here first, so that no line of
//! it holds a secret, whoever made the line.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use crate::model::percent_encoded;

/// Shorter ones are words that stand elsewhere too.
const SHORTEST: usize = 8;
/// What a password cannot have in a URL, but percent-encoded.
const UNENCODED: [char; 4] = ['@', '/', '?', '#'];
/// Of a part between those.
const SHORTEST_PART: usize = 3;
/// So many bytes that follow one another in a secret are known again: error pages cut.
const PIECE: usize = 16;
/// How far pieces are apart, so that each part of `PIECE + STEP` bytes has one.
const STEP: usize = 4;
/// How many characters of a text of others are told.
const EXCERPT: usize = 2_000;
/// How many bytes of it are looked at for that: secrets make it shorter.
const EXAMINED: usize = 32 * EXCERPT;
/// What stands in the place of a secret.
const HIDDEN: &str = "…";

/// The secrets, and their pieces: in which secrets each is, and where.
#[derive(Default)]
struct Known {
    secrets: Vec<Vec<u8>>,
    pieces: HashMap<[u8; PIECE], Vec<(usize, usize)>>,
    /// With which two bytes a secret or a piece starts: all that is printed is searched, and hardly any of it starts
    /// so. One for each two characters of ASCII; bytes beyond it share those of others.
    starts: Vec<bool>,
}

static KNOWN: Mutex<Option<Known>> = Mutex::new(None);

/// Keeps a secret out of all that is written from now on, as it is and percent-encoded.
pub fn remember(secret: &str) {
    let mut known = lock();
    let known = known.get_or_insert_default();
    known.add(secret);
    known.add(&percent_encoded(secret));
}

/// The same of user and password in a URL, and as a header has them.
pub fn remember_password(url: &str) {
    let Some((_, userinfo, _)) = parts(url) else {
        return;
    };
    let decoded = percent_decode_str(userinfo).decode_utf8_lossy();
    for userinfo in [userinfo, &decoded] {
        remember(userinfo);
        remember(&STANDARD.encode(userinfo));
        let (_, password) = userinfo.split_once(':').unwrap_or(("", userinfo));
        remember(password);
    }
    // Read as a URL, a part of such a password is the host.
    if userinfo.contains(UNENCODED) {
        let parts = userinfo.split(UNENCODED).skip(1);
        let mut known = lock();
        for part in parts.filter(|part| part.len() >= SHORTEST_PART) {
            known.get_or_insert_default().add_any(part);
        }
    }
}

/// The secrets of the environment: of AWS, of Vault, and of proxies.
pub fn remember_environment() {
    for (name, value) in std::env::vars_os() {
        let Some(value) = value.to_str() else {
            continue;
        };
        match name.to_string_lossy().to_uppercase().as_str() {
            "AWS_SECRET_ACCESS_KEY"
            | "AWS_SESSION_TOKEN"
            | "AWS_CONTAINER_AUTHORIZATION_TOKEN"
            | "VAULT_TOKEN" => remember(value),
            "HTTPS_PROXY" | "HTTP_PROXY" | "ALL_PROXY" | "VAULT_PROXY_ADDR"
            | "VAULT_HTTP_PROXY" => {
                remember_password(value);
            }
            _ => {}
        }
    }
}

/// A text without any part of a secret that is known.
pub fn hidden(text: &str) -> String {
    match &*lock() {
        Some(known) => known.hidden(text),
        None => text.to_owned(),
    }
}

/// For people: also without what only looks like one, as others have their secrets too.
pub fn redacted(text: &str) -> String {
    without_passwords(&without_tokens(&hidden(text)))
}

/// As much of a text of somebody else's as is told: it may quote a request back, and be a whole page.
pub fn excerpt(text: &str) -> String {
    let examined = &text[..text.floor_char_boundary(EXAMINED)];
    let shown = redacted(examined);
    match shown.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None if examined.len() == text.len() => shown,
        // Its last word may be the beginning of a secret.
        None => format!("{}…", &shown[..shown.rfind(' ').unwrap_or(0)]),
    }
}

fn lock() -> MutexGuard<'static, Option<Known>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Known {
    fn add(&mut self, secret: &str) {
        if secret.len() >= SHORTEST {
            self.add_any(secret);
        }
    }

    fn add_any(&mut self, secret: &str) {
        let secret = secret.as_bytes();
        if self.secrets.iter().any(|known| known == secret) {
            return;
        }
        self.starts.resize(STARTS, false);
        self.starts[start(secret)] = true;
        let index = self.secrets.len();
        self.secrets.push(secret.to_owned());
        let mut offset = 0;
        while let Some(piece) = secret[offset..].first_chunk() {
            self.starts[start(piece)] = true;
            let places: &mut Vec<_> = self.pieces.entry(*piece).or_default();
            // Tokens begin alike, and a secret may repeat itself.
            let is_alike = |place: &(usize, usize)| {
                around(&self.secrets[place.0], place.1) == around(secret, offset)
            };
            if !places.iter().any(is_alike) {
                places.push((index, offset));
            }
            offset += STEP;
        }
    }

    fn hidden(&self, text: &str) -> String {
        let parts = self
            .parts(text.as_bytes())
            .into_iter()
            .map(|part| text.floor_char_boundary(part.start)..text.ceil_char_boundary(part.end));
        let mut parts: Vec<Range<usize>> = parts.collect();
        parts.sort_by_key(|part| part.start);
        let mut shown = String::with_capacity(text.len());
        let mut rest = 0;
        for part in parts {
            // The next part may begin within this one, or where it ends.
            if part.start > rest || shown.is_empty() {
                shown.push_str(&text[rest..part.start]);
                shown.push_str(HIDDEN);
            }
            rest = rest.max(part.end);
        }
        shown.push_str(&text[rest..]);
        shown
    }

    /// Where parts of secrets are in a text.
    fn parts(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let pairs = text.windows(2).enumerate();
        for (at, _) in pairs.filter(|(_, pair)| self.is_start(pair)) {
            let rest = &text[at..];
            let short = self.secrets.iter().filter(|it| it.len() < PIECE + STEP);
            let short = short.filter(|secret| rest.starts_with(secret));
            parts.extend(short.map(|secret| at..at + secret.len()));
            let places = rest.first_chunk().and_then(|piece| self.pieces.get(piece));
            let places = places.into_iter().flatten();
            parts.extend(places.map(|place| self.widened(*place, text, at)));
        }
        parts
    }

    /// A piece that is in a text at some place, with what is around both there and in the secret.
    fn widened(&self, place: (usize, usize), text: &[u8], at: usize) -> Range<usize> {
        let (before, behind) = around(&self.secrets[place.0], place.1);
        let end = at + PIECE;
        let before = before.iter().rev().zip(text[..at].iter().rev());
        let behind = behind.iter().zip(&text[end..]);
        at - before.take_while(|(a, b)| a == b).count()
            ..end + behind.take_while(|(a, b)| a == b).count()
    }

    fn is_start(&self, bytes: &[u8]) -> bool {
        self.starts.get(start(bytes)) == Some(&true)
    }
}

/// What is before and behind a piece of a secret, where no other piece ends or begins.
fn around(secret: &[u8], offset: usize) -> (&[u8], &[u8]) {
    let behind = &secret[offset + PIECE..];
    let before = &secret[offset.saturating_sub(STEP - 1)..offset];
    (before, &behind[..behind.len().min(STEP - 1)])
}

const STARTS: usize = 1 << 14;

/// The index of the first two bytes in `starts`.
fn start(bytes: &[u8]) -> usize {
    usize::from(bytes[0] & 0x7f) << 7 | usize::from(bytes[1] & 0x7f)
}

/// Names before `=` or `:` whose values nobody should see, in small letters.
const NAMES: [&str; 7] = [
    "credential",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-credential",
    "signature",
    "webidentitytoken",
    "secretaccesskey",
];

/// Without the words that stand behind `Bearer` and `Basic`, and the forms of AWS and of JWTs.
fn without_tokens(text: &str) -> String {
    let ends = [
        ' ', '\t', '\n', '\r', '"', '\'', ',', '<', '>', '&', '?', ';',
    ];
    let mut shown = String::with_capacity(text.len());
    let mut scheme = None;
    for piece in text.split_inclusive(ends) {
        let word = piece.trim_end_matches(ends);
        let lower = word.to_lowercase();
        let named = NAMES.iter().find_map(|name| {
            let rest = lower.strip_prefix(name)?;
            rest.strip_prefix(['=', ':'])
        });
        let is_behind = match scheme {
            Some("basic") => STANDARD.decode(word).is_ok_and(|it| it.contains(&b':')),
            // There is "a bearer token of" something, too.
            Some("bearer") => !["", "token", "tokens"].contains(&word),
            Some(_) => !word.is_empty(),
            None => false,
        };
        if named.is_some() || is_behind || is_token(word) {
            shown.push_str(HIDDEN);
        } else {
            shown.push_str(word);
        }
        shown.push_str(&piece[word.len()..]);
        let parts = |c: char| c.is_ascii_punctuation() && !"/-_.".contains(c);
        scheme = match lower.rsplit(parts).next().unwrap_or_default() {
            "" if word.is_empty() => scheme,
            "bearer" => Some("bearer"),
            "basic" => Some("basic"),
            // The value follows behind a blank.
            _ if named == Some("") => Some("name"),
            _ => None,
        };
    }
    shown
}

fn is_token(word: &str) -> bool {
    let is_jwt = word.split_once("eyJ").is_some_and(|(_, rest)| {
        let of_jwt = |c: &char| c.is_ascii_alphanumeric() || "-_.".contains(*c);
        rest.chars().take_while(of_jwt).count() >= PIECE
    });
    is_jwt || word.contains("k8s-aws-v1.") || word.contains("AWS4-HMAC-SHA256")
}

/// Scheme, user with password, and the rest of a URL that has them. What ends the authority of a URL can
/// stand in a password that was not encoded: it ends with the last `@`.
fn parts(url: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = url.rsplit_once('@')?;
    let (scheme, userinfo) = before.split_once("://").unwrap_or(("", before));
    Some((scheme, userinfo, rest))
}

/// A URL without user and password.
pub fn without_user(url: &str) -> String {
    match parts(url) {
        None => url.to_owned(),
        Some(("", _, rest)) => rest.to_owned(),
        Some((scheme, _, rest)) => format!("{scheme}://{rest}"),
    }
}

/// A text in which URLs have no user and password.
pub fn without_passwords(text: &str) -> String {
    let pieces = text.split("://").enumerate().map(|(index, piece)| {
        let authority = piece.find(['/', ' ', '"', '\n']).unwrap_or(piece.len());
        match piece[..authority].rfind('@') {
            Some(at) if index > 0 => &piece[at + 1..],
            _ => piece,
        }
    });
    pieces.collect::<Vec<_>>().join("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(secrets: &[&str]) -> Known {
        let mut known = Known::default();
        for secret in secrets {
            known.add(secret);
        }
        known
    }

    #[test]
    fn secrets_and_parts_of_them_are_hidden() {
        let long: String = (b'!'..b'~').map(char::from).collect();
        let known = known(&["pass-word", "short", &long]);
        for (text, wanted) in [
            ("a pass-word, short".to_owned(), "a …, short".to_owned()),
            ("pass-wor".to_owned(), "pass-wor".to_owned()),
            (format!("é{long}é"), "é…é".to_owned()),
            (format!("cut: {}", &long[..40]), "cut: …".to_owned()),
            (long[..12].to_owned(), long[..12].to_owned()),
        ] {
            assert_eq!(known.hidden(&text), wanted);
        }
        for start in 0..long.len() - (PIECE + STEP) {
            for end in start + PIECE + STEP..=long.len() {
                let text = format!("{} {}", "é", &long[start..end]);
                assert_eq!(known.hidden(&text), "é …", "{start}..{end}");
            }
        }
    }

    #[test]
    fn secrets_that_share_bytes_are_hidden_to_their_ends() {
        let common = "0123456789abcdefghij";
        let secrets = [
            &format!("{common}hun"),
            &format!("{common}-first"),
            &format!("wxyz{common}-second"),
            "hunter2pw",
        ];
        let known = known(&secrets);
        for text in [
            "0123456789abcdefghij-second",
            "yz0123456789abcdefghij-sec",
            "0123456789abcdefghij-fi",
            "0123456789abcdefghijhunter2pw",
            "wxyz0123456789abcdefghijhunter2pw",
        ] {
            assert_eq!(known.hidden(text), HIDDEN, "{text}");
        }
    }

    #[test]
    fn a_secret_that_repeats_itself_has_few_places() {
        let known = known(&["a".repeat(5_000).as_str(), "ab".repeat(5_000).as_str()]);
        let places: usize = known.pieces.values().map(Vec::len).sum();
        assert!(places <= 6, "{places}");
        let text = format!("b{}", "a".repeat(50_000));
        assert_eq!(known.hidden(&text), format!("b{HIDDEN}"));
    }

    #[test]
    fn any_text_is_searched() {
        let known = known(&[
            "pass-word",
            "ééééééééééééééé",
            "0123456789012345678901234567890",
        ]);
        let corpus = ["pass-word", "éééééééééé", "01234567890123456789", ""];
        crate::fuzz::texts(corpus, |text| {
            assert!(!known.hidden(text).contains("pass-word"), "{text}");
        });
    }

    #[test]
    fn what_looks_like_a_secret_is_not_shown() {
        for (text, wanted) in [
            ("no such thing, basic or not", "no such thing, basic or not"),
            (
                "Authorization: Bearer abc, sir",
                "Authorization: Bearer …, sir",
            ),
            ("bearer  abc", "bearer  …"),
            ("Basic dTpw", "Basic …"),
            ("<p>k8s-aws-v1.abc</p>", "<p>…</p>"),
            ("x=eyJhbGciOiJSUzI1NiIsImtpZCI6.e30.c2ln", "…"),
            ("/?X-Amz-Signature=0c1f&X-Amz-Date=1", "/?…&X-Amz-Date=1"),
            ("x-amz-security-token:abc\nhost:h", "…\nhost:h"),
            ("X-Amz-Security-Token: abc def", "… … def"),
            ("AWS4-HMAC-SHA256 Credential=A, Signature=b", "… …, …"),
            ("no http://u:p@h:1/x@y", "no http://h:1/x@y"),
            ("http://u:p@q@h and s://v@w", "http://h and s://w"),
            ("a@b, ://@", "a@b, ://"),
        ] {
            assert_eq!(without_passwords(&without_tokens(text)), wanted);
        }
    }

    #[test]
    fn texts_of_others_are_told_in_part_and_without_tokens() {
        let text = format!("Authorization: Bearer abc, sir{}", "é".repeat(10_000));
        let told = excerpt(&text);
        assert!(told.starts_with("Authorization: Bearer …, sir"), "{told}");
        assert_eq!(told.chars().count(), EXCERPT + 1);
        assert_eq!(excerpt("short"), "short");
        let token = format!("a page, k8s-aws-v1.{}", "x".repeat(2 * EXAMINED));
        assert_eq!(excerpt(&token), "a page,…");
    }

    #[test]
    fn excerpts_of_any_text_keep_no_token() {
        let corpus = ["Bearer k8s-aws-v1.abc", "x://u:p@h/", "\"Bearer x\"", ""];
        crate::fuzz::texts(corpus, |text| {
            assert!(!excerpt(text).contains("k8s-aws-v1."), "{text}");
        });
    }

    #[test]
    fn a_url_is_shown_without_user_and_password_however_they_are_written() {
        for (url, wanted) in [
            ("http://me:s3cret@proxy:3128", "http://proxy:3128"),
            ("http://me:s3/cr@et@proxy:3128", "http://proxy:3128"),
            ("me:s3cret@proxy:3128", "proxy:3128"),
            ("proxy:3128", "proxy:3128"),
        ] {
            assert_eq!(without_user(url), wanted);
        }
    }

    #[test]
    fn passwords_are_known_in_each_form() {
        remember_password("http://me:pa%40er2/x@host:1");
        for text in ["pa%40er2/x", "pa@er2/x", "bWU6cGFAZXIyL3g=", "me:pa@er2/x"] {
            assert_eq!(hidden(text), HIDDEN, "{text}");
        }
    }
}
