//! Text of others, planted into an answer: every value at one place of the answer's structure gets it at
//! its end. What stands in lists and maps of many is one place.

use std::collections::BTreeSet;

use serde_json::Value;

/// The body with the text at the end of each value of the place of that number (from 0, in the order of
/// the body). `None`: it has no such place.
pub fn planted(body: &[u8], number: usize, text: &str) -> Option<Vec<u8>> {
    let body = std::str::from_utf8(body).ok()?;
    match serde_json::from_str::<Value>(body) {
        Ok(mut value) => {
            let mut places = Places::default();
            places.add_json("", &value);
            let place = places.order.get(number)?;
            in_json(&mut value, "", place, text);
            serde_json::to_vec(&value).ok()
        }
        Err(_) if body.starts_with('<') => in_xml(body, number, text).map(String::into_bytes),
        Err(_) => None,
    }
}

#[derive(Default)]
struct Places {
    order: Vec<String>,
    known: BTreeSet<String>,
}

impl Places {
    fn add(&mut self, place: &str) {
        if self.known.insert(place.to_owned()) {
            self.order.push(place.to_owned());
        }
    }

    fn add_json(&mut self, place: &str, value: &Value) {
        match value {
            Value::String(_) => self.add(place),
            Value::Array(all) => all.iter().for_each(|it| self.add_json(place, it)),
            Value::Object(map) => map
                .iter()
                .for_each(|(key, it)| self.add_json(&format!("{place}/{key}"), it)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn in_json(value: &mut Value, at: &str, place: &str, text: &str) {
    match value {
        Value::String(old) if at == place => old.push_str(text),
        Value::Array(all) => {
            for it in all {
                in_json(it, at, place, text);
            }
        }
        Value::Object(map) => {
            for (key, it) in map {
                in_json(it, &format!("{at}/{key}"), place, text);
            }
        }
        _ => {}
    }
}

/// XML of AWS's query protocol: elements with either elements or text.
fn in_xml(body: &str, number: usize, text: &str) -> Option<String> {
    let mut places = Places::default();
    each_text(body, |place, _| places.add(place));
    let wanted = places.order.get(number)?;
    // XML 1.0 has no control characters but these.
    let text: String = text
        .chars()
        .filter(|c| !c.is_control() || "\n\r\t".contains(*c))
        .map(|c| format!("&#{};", u32::from(c)))
        .collect();
    let mut out = String::new();
    let mut from = 0;
    each_text(body, |place, end| {
        if place == wanted {
            out.push_str(&body[from..end]);
            out.push_str(&text);
            from = end;
        }
    });
    out.push_str(&body[from..]);
    Some(out)
}

/// Tells the path of each text, and where it ends.
fn each_text(body: &str, mut on: impl FnMut(&str, usize)) {
    let mut path: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(open) = body[at..].find('<').map(|it| at + it) {
        if !body[at..open].trim().is_empty() {
            on(&path.join("/"), open);
        }
        let Some(close) = body[open..].find('>').map(|it| open + it) else {
            return;
        };
        let tag = &body[open + 1..close];
        if tag.starts_with('/') {
            path.pop();
        } else if !tag.ends_with('/') && !tag.starts_with('?') {
            path.push(tag.split(' ').next().unwrap_or_default());
        }
        at = close + 1;
    }
}
