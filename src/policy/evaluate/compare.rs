//! The comparisons behind the condition operators: wildcards, ARNs, numbers, dates, addresses.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// A character of a policy's text, which can be a wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyph {
    Character(char),
    /// `*`
    Any,
    /// `?`
    One,
}

/// A text of a policy whose variables are replaced. What a variable brings is no wildcard.
pub(super) type Pattern = Vec<Glyph>;

/// A text as a pattern.
pub fn glyphs(text: &str) -> Vec<Glyph> {
    let glyph = |c| match c {
        '*' => Glyph::Any,
        '?' => Glyph::One,
        c => Glyph::Character(c),
    };
    text.chars().map(glyph).collect()
}

/// The text of a pattern, for operators that know no wildcards.
pub(super) fn plain(pattern: &[Glyph]) -> String {
    let character = |glyph: &Glyph| match glyph {
        Glyph::Character(c) => *c,
        Glyph::Any => '*',
        Glyph::One => '?',
    };
    pattern.iter().map(character).collect()
}

/// A value of a policy as text: IAM takes numbers and booleans without quotes too.
pub fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// `*` matches any characters, `?` one.
pub fn is_like(pattern: &[Glyph], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut here) = (0, 0);
    // Behind the last `*`, and how far it reaches.
    let mut last: Option<(usize, usize)> = None;
    while here < text.len() {
        match pattern.get(at) {
            Some(Glyph::Any) => {
                at += 1;
                last = Some((at, here));
            }
            Some(glyph) if *glyph == Glyph::One || *glyph == Glyph::Character(text[here]) => {
                at += 1;
                here += 1;
            }
            _ => {
                let Some((behind, reach)) = last else {
                    return false;
                };
                last = Some((behind, reach + 1));
                (at, here) = (behind, reach + 1);
            }
        }
    }
    pattern[at..].iter().all(|glyph| *glyph == Glyph::Any)
}

/// Each of the six parts of an ARN is compared by itself. What is no ARN matches none.
pub(super) fn is_arn_like(pattern: &[Glyph], text: &str) -> bool {
    let is_colon = |glyph: &Glyph| *glyph == Glyph::Character(':');
    let parts: Vec<&[Glyph]> = pattern.splitn(6, is_colon).collect();
    let texts: Vec<&str> = text.splitn(6, ':').collect();
    let mut both = parts.iter().zip(&texts);
    parts.len() == 6 && texts.len() == 6 && both.all(|(part, text)| is_like(part, text))
}

/// A `Resource`: an ARN part by part, or a text with a `*` that stands for several of them.
pub(super) fn is_resource(pattern: &[Glyph], text: &str) -> bool {
    let is_colon = |glyph: &&Glyph| **glyph == Glyph::Character(':');
    match pattern.iter().filter(is_colon).count() {
        0..5 => is_like(pattern, text),
        _ => is_arn_like(pattern, text),
    }
}

pub(super) fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

pub(super) fn boolean(text: &str) -> Option<bool> {
    text.to_ascii_lowercase().parse().ok()
}

pub(super) fn same_bytes(wanted: &str, value: &str) -> bool {
    match (STANDARD.decode(wanted), STANDARD.decode(value)) {
        (Ok(wanted), Ok(value)) => wanted == value,
        _ => false,
    }
}

/// `203.0.113.0/24`, `2001:db8::/32`; a lone address is a network of one.
pub(super) fn is_in_network(network: &str, address: &str) -> bool {
    let (base, length) = match network.split_once('/') {
        Some((base, length)) => (base, length.parse::<u32>().ok()),
        None => (network, Some(128)),
    };
    let (Ok(base), Some(length), Ok(address)) =
        (base.parse::<IpAddr>(), length, address.parse::<IpAddr>())
    else {
        return false;
    };
    // An address of 32 bits stands at the upper end, so that both kinds are cut alike.
    let (base, address, bits) = match (base, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => {
            let high = |address: std::net::Ipv4Addr| u128::from(address.to_bits()) << 96;
            (high(base), high(address), 32)
        }
        (IpAddr::V6(base), IpAddr::V6(address)) => (base.to_bits(), address.to_bits(), 128),
        _ => return false,
    };
    if network.contains('/') && length > bits {
        return false;
    }
    match length.min(bits) {
        0 => true,
        length => base >> (128 - length) == address >> (128 - length),
    }
}

/// Seconds since 1970 of a date in one of W3C's forms of ISO 8601 (`2030-01-01`,
/// `2030-01-01T12:00:00.5Z`, `…+01:00`), or of such seconds themselves.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let is_year = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
    if !is_year && let Some(seconds) = number(text) {
        return Some(seconds);
    }
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year = digits(parts.next()?, 4)?;
    let mut part = || parts.next().map_or(Some(1.0), |part| digits(part, 2));
    let (month, day) = (part()?, part()?);
    if parts.next().is_some() || !(1.0..=12.0).contains(&month) || !(1.0..=31.0).contains(&day) {
        return None;
    }
    Some(days(year, month, day) * 86_400.0 + time.map_or(Some(0.0), time_of_day)?)
}

/// Exactly so many digits.
fn digits(text: &str, count: usize) -> Option<f64> {
    let good = text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    good.then(|| text.parse().ok()).flatten()
}

/// `hh:mm[:ss[.s]]` and `Z` or the distance from it.
fn time_of_day(text: &str) -> Option<f64> {
    let (clock, zone) = match text.find(['Z', 'z', '+', '-']) {
        Some(at) => text.split_at(at),
        None => (text, "Z"),
    };
    let mut parts = clock.split(':');
    let (hours, minutes) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let seconds = match parts.next() {
        Some(seconds) if seconds.starts_with(|c: char| c.is_ascii_digit()) => number(seconds)?,
        Some(_) => return None,
        None => 0.0,
    };
    let distance = match zone {
        "Z" | "z" => 0.0,
        zone => {
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let distance = digits(hours, 2)? * 3600.0 + digits(minutes, 2)? * 60.0;
            if zone.starts_with('-') {
                -distance
            } else {
                distance
            }
        }
    };
    parts
        .next()
        .is_none()
        .then_some(hours * 3600.0 + minutes * 60.0 + seconds - distance)
}

/// Days from 1970-01-01 in the Gregorian calendar: years begin in March, so that a leap day is a
/// year's last.
fn days(year: f64, month: f64, day: f64) -> f64 {
    let year = if month <= 2.0 { year - 1.0 } else { year };
    let month = (month + 9.0) % 12.0;
    let leap_days = (year / 4.0).floor() - (year / 100.0).floor() + (year / 400.0).floor();
    year * 365.0 + leap_days + ((153.0 * month + 2.0) / 5.0).floor() + day - 1.0 - 719_468.0
}
