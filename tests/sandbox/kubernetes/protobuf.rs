//! Kubernetes' protobuf, as far as `kubectl create` sends it (client-go's clients do, and do not
//! fall back to JSON). Field numbers are those of the `generated.proto` files of `k8s.io/api` and
//! `k8s.io/apimachinery`.

use serde_json::{Map, Value, json};

/// Stands before every object: `k8s` and a zero byte.
const MAGIC: &[u8] = b"k8s\0";

/// The object as JSON; `None` for bytes that are none, or a kind that is not known here.
pub fn decode(bytes: &[u8]) -> Option<Value> {
    let unknown = Message::parse(bytes.strip_prefix(MAGIC)?)?;
    let types = unknown.message(1)?;
    let object = unknown.message(2)?;
    let kind = types.text(2)?;
    let mut decoded = json!({"apiVersion": types.text(1)?, "kind": kind});
    match kind.as_str() {
        // Its options matter to no caller here.
        "DeleteOptions" => return Some(json!({})),
        "Namespace" => {}
        "ServiceAccount" => {
            if let Some(automount) = object.number(4) {
                decoded["automountServiceAccountToken"] = (automount != 0).into();
            }
        }
        "TokenRequest" => decoded["spec"] = token_request(&object.message(2)?),
        "SelfSubjectAccessReview" => decoded["spec"] = access_review(&object.message(2)?),
        _ => return None,
    }
    decoded["metadata"] = object
        .message(1)
        .map(|metadata| object_meta(&metadata))
        .unwrap_or_default();
    Some(decoded)
}

fn object_meta(metadata: &Message) -> Value {
    let mut decoded = texts(
        metadata,
        &[
            (1, "name"),
            (2, "generateName"),
            (3, "namespace"),
            (5, "uid"),
            (6, "resourceVersion"),
        ],
    );
    for (number, name) in [(11, "labels"), (12, "annotations")] {
        let entries = metadata.messages(number);
        let map: Map<String, Value> = entries
            .map(|entry| {
                (
                    entry.text(1).unwrap_or_default(),
                    entry.text(2).unwrap_or_default().into(),
                )
            })
            .collect();
        if !map.is_empty() {
            decoded[name] = map.into();
        }
    }
    decoded
}

fn token_request(spec: &Message) -> Value {
    let audiences: Vec<String> = spec.texts(1).collect();
    let mut decoded = json!({"audiences": audiences});
    if let Some(seconds) = spec.number(4) {
        decoded["expirationSeconds"] = seconds.cast_signed().into();
    }
    if let Some(reference) = spec.message(3) {
        decoded["boundObjectRef"] = texts(
            &reference,
            &[(1, "kind"), (2, "apiVersion"), (3, "name"), (4, "uid")],
        );
    }
    decoded
}

fn access_review(spec: &Message) -> Value {
    let names = [
        (1, "namespace"),
        (2, "verb"),
        (3, "group"),
        (4, "version"),
        (5, "resource"),
        (6, "subresource"),
        (7, "name"),
    ];
    let attributes = spec.message(1).map(|attributes| texts(&attributes, &names));
    json!({"resourceAttributes": attributes})
}

/// The text fields that are set and not empty.
fn texts(message: &Message, names: &[(u64, &str)]) -> Value {
    let mut decoded = json!({});
    for (number, name) in names {
        if let Some(text) = message.text(*number).filter(|text| !text.is_empty()) {
            decoded[*name] = text.into();
        }
    }
    decoded
}

/// A message in its fields, by number.
struct Message<'a>(Vec<(u64, Field<'a>)>);

enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Message<'a> {
    fn parse(mut bytes: &'a [u8]) -> Option<Self> {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let tag = varint(&mut bytes)?;
            let field = match tag & 7 {
                0 => Field::Number(varint(&mut bytes)?),
                1 => Field::Bytes(bytes.split_off(..8)?),
                2 => {
                    let length = usize::try_from(varint(&mut bytes)?).ok()?;
                    Field::Bytes(bytes.split_off(..length)?)
                }
                5 => Field::Bytes(bytes.split_off(..4)?),
                _ => return None,
            };
            fields.push((tag >> 3, field));
        }
        Some(Self(fields))
    }

    fn all(&self, number: u64) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter_map(move |(found, field)| match field {
            Field::Bytes(bytes) if *found == number => Some(*bytes),
            _ => None,
        })
    }

    fn messages(&self, number: u64) -> impl Iterator<Item = Message<'a>> {
        self.all(number).filter_map(Message::parse)
    }

    fn message(&self, number: u64) -> Option<Message<'a>> {
        self.messages(number).next()
    }

    fn texts(&self, number: u64) -> impl Iterator<Item = String> {
        self.all(number)
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    fn text(&self, number: u64) -> Option<String> {
        self.texts(number).next()
    }

    fn number(&self, number: u64) -> Option<u64> {
        self.0.iter().find_map(|(found, field)| match field {
            Field::Number(value) if *found == number => Some(*value),
            _ => None,
        })
    }
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.split_off_first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
