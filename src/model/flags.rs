//! Values that only flags have: `key=value` pairs and durations, in the syntax that eksctl takes.

use std::str::FromStr;
use std::time::Duration;

/// `k1=v1,k2=v2` as eksctl's map flags take it: one pair is taken whole, several are separated by
/// commas, and a pair in double quotes keeps its commas (CSV, RFC 4180: `""` is a quote in it).
/// A quote that means neither is refused, so that no value loses its quotes unnoticed.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairs(pub Vec<(String, String)>);

impl FromStr for Pairs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let pieces = match text.matches('=').count() {
            0 => return Err("`key=value` is wanted".to_owned()),
            1 => vec![unquoted(text).unwrap_or_else(|| text.to_owned())],
            _ => split(text)?,
        };
        pieces
            .iter()
            .map(|piece| {
                let (key, value) = piece
                    .split_once('=')
                    .ok_or_else(|| format!("`{piece}` is no `key=value`"))?;
                if key.is_empty() {
                    return Err(format!("`{piece}` has no key"));
                }
                Ok((key.to_owned(), value.to_owned()))
            })
            .collect::<Result<_, _>>()
            .map(Pairs)
    }
}

impl Pairs {
    /// One `key=value` as the flag takes it.
    pub fn flag(pair: &str) -> String {
        let is_plain = pair.matches('=').count() == 1 && !pair.contains('"');
        if is_plain {
            pair.to_owned()
        } else {
            format!("\"{}\"", pair.replace('"', "\"\""))
        }
    }
}

/// Splits at commas outside of quoted pairs.
fn split(text: &str) -> Result<Vec<String>, String> {
    let mut pieces = Vec::new();
    let mut rest = Some(text);
    while let Some(text) = rest {
        let end = end_of_piece(text);
        let piece = &text[..end];
        pieces.push(if piece.contains('"') {
            unquoted(piece).ok_or_else(|| {
                format!("`{piece}` has a quote: quote the whole pair, and write each quote inside it twice")
            })?
        } else {
            piece.to_owned()
        });
        rest = text.get(end + 1..);
    }
    Ok(pieces)
}

/// Where the first piece ends: at a comma that is not inside of a piece that begins with a quote.
fn end_of_piece(text: &str) -> usize {
    let mut quoted = false;
    let begins_quoted = text.starts_with('"');
    text.find(|c| {
        quoted ^= begins_quoted && c == '"';
        c == ',' && !quoted
    })
    .unwrap_or(text.len())
}

/// What a quoted piece holds; `None` when it is not quoted as a whole.
fn unquoted(piece: &str) -> Option<String> {
    let inner = piece.strip_prefix('"')?.strip_suffix('"')?;
    let single = inner.replace("\"\"", "");
    (!single.contains('"')).then(|| inner.replace("\"\"", "\""))
}

/// How long ago, in whole days: `30d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days(pub i64);

impl Days {
    /// Of 24 hours a day.
    pub fn seconds(self) -> i64 {
        self.0 * 24 * 60 * 60
    }
}

impl FromStr for Days {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.strip_suffix('d').and_then(|text| text.parse().ok());
        let number = number.filter(|number| (1..=3650).contains(number));
        number
            .map(Self)
            .ok_or("whole days are wanted, from `1d` to `3650d`")
    }
}

/// A duration of Go's syntax, as eksctl and kubectl take it: `90s`, `25m`, `1h30m`, `1.5h`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timeout(pub Duration);

impl FromStr for Timeout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rule = || "a duration such as `90s`, `25m` or `1h30m` is wanted".to_owned();
        let mut seconds = 0.0;
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .ok_or_else(rule)?;
            let number: f64 = rest[..digits].parse().map_err(|_| rule())?;
            let unit = rest[digits..]
                .find(|c: char| c.is_ascii_digit())
                .map_or(rest.len(), |at| digits + at);
            seconds += number
                * match &rest[digits..unit] {
                    "ms" => 0.001,
                    "s" => 1.0,
                    "m" => 60.0,
                    "h" => 3600.0,
                    _ => return Err(rule()),
                };
            rest = &rest[unit..];
        }
        if seconds <= 0.0 || seconds > 365.0 * 86400.0 {
            return Err(format!(
                "{}, longer than nothing and at most a year",
                rule()
            ));
        }
        Ok(Self(Duration::from_secs_f64(seconds)))
    }
}

impl std::fmt::Display for Timeout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.0.as_secs();
        if seconds == 0 {
            return write!(f, "{}ms", self.0.as_millis());
        }
        match (seconds / 3600, seconds % 3600 / 60, seconds % 60) {
            (0, 0, s) => write!(f, "{s}s"),
            (0, m, 0) => write!(f, "{m}m"),
            (0, m, s) => write!(f, "{m}m{s}s"),
            (h, 0, 0) => write!(f, "{h}h"),
            (h, m, 0) => write!(f, "{h}h{m}m"),
            (h, m, s) => write!(f, "{h}h{m}m{s}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_as_eksctl_reads_them() {
        let pairs = |text: &str| {
            text.parse::<Pairs>().map(|p| {
                p.0.iter()
                    .map(|(k, v)| format!("{k}|{v}"))
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(pairs("a=1,2").unwrap(), ["a|1,2"]);
        assert_eq!(pairs("a=1,b=2").unwrap(), ["a|1", "b|2"]);
        assert_eq!(pairs("\"a=1,2\",b=3").unwrap(), ["a|1,2", "b|3"]);
        assert_eq!(pairs("a=").unwrap(), ["a|"]);
        assert_eq!(pairs("a=b=c").unwrap(), ["a|b=c"]);
        for bad in ["", "a", "=1", "a=1,b=2,c", "\"=\""] {
            assert!(pairs(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn quotes_of_values_stay_or_are_refused() {
        let values = |text: &str| {
            text.parse::<Pairs>().map(|pairs| {
                pairs
                    .0
                    .into_iter()
                    .map(|(_, value)| value)
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(values(r#"a="x""#).unwrap(), [r#""x""#]);
        assert_eq!(values(r#"a={"b":"c,d"}"#).unwrap(), [r#"{"b":"c,d"}"#]);
        assert_eq!(
            values(r#""a={""b"":""c=d""}",e=f"#).unwrap(),
            [r#"{"b":"c=d"}"#, "f"]
        );
        for bad in [
            r#"a={"b":"c=d"}"#,
            r#"a="1",b=2"#,
            r#""a=1"x,b=2"#,
            r#""a=1,b=2"#,
        ] {
            assert!(values(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn durations_are_read_as_go_reads_them() {
        let seconds = |text: &str| text.parse::<Timeout>().map(|t| t.0.as_secs_f64());
        for (text, wanted) in [
            ("90s", 90.0),
            ("25m", 1500.0),
            ("1h30m", 5400.0),
            ("1.5h", 5400.0),
            ("500ms", 0.5),
        ] {
            assert_eq!(seconds(text), Ok(wanted), "{text}");
        }
        for bad in ["", "5", "m", "5x", "0s", "-5s", "1h30", "9999999h", "é"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
        assert_eq!("1h30m".parse::<Timeout>().unwrap().to_string(), "1h30m");
        assert_eq!("20ms".parse::<Timeout>().unwrap().to_string(), "20ms");
        assert_eq!("1500s".parse::<Timeout>().unwrap().to_string(), "25m");
    }

    #[test]
    fn fuzzed_flags_are_refused_or_have_their_rule() {
        let corpus = [
            "a=1,b=2",
            "\"a=1,2\",b=3",
            "1h30m",
            "1.5h",
            "500ms",
            "90s",
            "9".repeat(400).leak(),
        ];
        crate::fuzz::texts(corpus, |text| {
            if let Ok(Pairs(pairs)) = text.parse::<Pairs>() {
                assert!(!pairs.is_empty() && pairs.iter().all(|(key, _)| !key.is_empty()));
                let length: usize = pairs.iter().map(|(k, v)| k.len() + v.len()).sum();
                assert!(length <= text.len());
            }
            if let Ok(timeout) = text.parse::<Timeout>() {
                assert!(timeout.0 <= Duration::from_secs(365 * 86_400));
                let again = timeout.to_string();
                let is_short = timeout.0 < Duration::from_millis(1);
                assert!(is_short || again.parse::<Timeout>().is_ok(), "{again}");
            }
        });
    }
}
