//! How objects of the API are read into structs, each of which has the members that are used: the types
//! of k8s-openapi would be most of the binary. A member that is missing, null, or of another type has its
//! default, so that whoever writes nonsense into one object hides no other.

use std::collections::BTreeMap;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, IntoDeserializer, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::Value;

use super::FIELD_MANAGER;
use crate::model::{Map, WorkloadKind};

/// What an object is.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct TypeMeta {
    pub kind: OptionalMember<String>,
}

/// A page of a list.
#[derive(Default, Deserialize)]
#[serde(default, bound = "T: Deserialize<'de> + Default")]
pub struct ObjectList<T> {
    pub metadata: ListMeta,
    pub items: Vec<ListItem<T>>,
}

/// Each object is read by itself: one that cannot be is no reason for an empty list.
#[derive(Default)]
pub struct ListItem<T>(pub T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for ListItem<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(T::deserialize(deserializer).unwrap_or_default()))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ListMeta {
    /// Of the next page; empty on the last.
    #[serde(rename = "continue")]
    pub token: String,
}

/// An object of which nothing else is read.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct PartialObjectMetadata {
    pub metadata: Metadata,
}

/// What every object says of itself.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    pub namespace: String,
    pub name: String,
    pub uid: String,
    pub resource_version: String,
    pub generation: i64,
    pub finalizers: Vec<String>,
    pub creation_timestamp: String,
    pub deletion_timestamp: Option<IgnoredAny>,
    #[serde(deserialize_with = "texts")]
    pub labels: Map,
    #[serde(deserialize_with = "texts")]
    pub annotations: Map,
    pub owner_references: Vec<OwnerReference>,
    pub managed_fields: Vec<FieldsOf>,
}

/// The fields of one manager.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FieldsOf {
    pub manager: String,
    pub operation: String,
    pub time: String,
    pub fields_v1: FieldsV1,
}

impl FieldsOf {
    /// Whether irsactl applied them.
    pub fn is_own(&self) -> bool {
        self.manager == FIELD_MANAGER && self.operation == "Apply"
    }
}

/// Of an object, or of what others are made from.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct FieldsV1 {
    #[serde(rename = "f:metadata")]
    pub metadata: MetadataFields,
    #[serde(rename = "f:spec")]
    pub spec: SpecFields,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct SpecFields {
    #[serde(rename = "f:serviceAccountName")]
    pub service_account_name: Option<IgnoredAny>,
    #[serde(rename = "f:template")]
    pub template: Option<Box<FieldsV1>>,
    #[serde(rename = "f:jobTemplate")]
    pub job_template: Option<Box<FieldsV1>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct MetadataFields {
    #[serde(rename = "f:labels")]
    pub labels: Fields,
    #[serde(rename = "f:annotations")]
    pub annotations: Fields,
}

/// By their keys, as `f:app`.
pub type Fields = BTreeMap<String, IgnoredAny>;

impl Metadata {
    /// The finalizers of an object that is being deleted.
    pub fn held_by(&self) -> Option<Vec<String>> {
        self.deletion_timestamp.map(|_| self.finalizers.clone())
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct OwnerReference {
    pub kind: String,
    pub name: String,
    pub controller: bool,
}

impl OwnerReference {
    /// `Other` for every kind that is none of irsactl's.
    pub fn known_kind(&self) -> WorkloadKind {
        let kind = self.kind.as_str();
        let kind: serde::de::value::StrDeserializer<'_, serde_json::Error> =
            kind.into_deserializer();
        WorkloadKind::deserialize(kind).unwrap_or(WorkloadKind::Other)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct LocalObjectReference {
    pub name: OptionalMember<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: String,
    pub status: String,
    pub reason: String,
    pub message: OptionalMember<String>,
}

/// What may be left out; so is what is of another type.
#[derive(Clone, Debug, PartialEq)]
pub struct OptionalMember<T>(pub Option<T>);

impl<T> Default for OptionalMember<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for OptionalMember<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(Self(T::deserialize(value).ok()))
    }
}

/// The members that are texts.
pub fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let members = value.as_object().into_iter().flatten();
    let texts = members.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
    Ok(texts.collect())
}

/// A time as the API writes it, in seconds since 1970.
pub fn time(text: &str) -> Option<i64> {
    let time = text.parse::<jiff::Timestamp>();
    time.ok().map(|time| time.as_second())
}

/// What is used of an object.
pub fn read<T: DeserializeOwned + Default>(object: &Value) -> T {
    T::deserialize(Lenient(object)).unwrap_or_default()
}

#[derive(Clone, Copy)]
struct Lenient<'a>(&'a Value);

impl<'de> Deserializer<'de> for Lenient<'de> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_bool(self.0.as_bool().unwrap_or_default())
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_i64(self.0.as_i64().unwrap_or_default())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_borrowed_str(self.0.as_str().unwrap_or_default())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let items = self.0.as_array().into_iter().flatten();
        visitor.visit_seq(SeqDeserializer::new(items.map(Lenient)))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let members = self.0.as_object().into_iter().flatten();
        let members = members.filter(|(_, value)| !value.is_null());
        let members = members.map(|(key, value)| (key.as_str(), Lenient(value)));
        visitor.visit_map(MapDeserializer::new(members))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.deserialize_map(visitor)
    }

    /// What nothing is read of is not walked through either.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 f64 char str bytes byte_buf unit unit_struct
        newtype_struct tuple tuple_struct enum identifier
    }
}

impl<'de> IntoDeserializer<'de, serde_json::Error> for Lenient<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Thing {
        text: String,
        count: i64,
        is_so: bool,
        may_be: OptionalMember<i64>,
        marked: Option<IgnoredAny>,
        parts: Vec<Thing>,
        #[serde(deserialize_with = "texts")]
        labels: Map,
    }

    fn whole() -> Value {
        json!({
            "text": "a", "count": 1, "isSo": true, "mayBe": 2, "marked": {}, "other": [{}],
            "parts": [{"text": "b"}], "labels": {"c": "d"},
        })
    }

    #[test]
    fn what_is_of_another_type_is_as_if_it_were_missing_and_hides_nothing_else() {
        assert_eq!(read::<Thing>(&whole()).may_be, OptionalMember(Some(2)));
        let members = ["text", "count", "isSo", "mayBe", "parts", "labels"];
        for member in members {
            let mut object = whole();
            object.as_object_mut().unwrap().remove(member);
            let without: Thing = read(&object);
            assert_ne!(without, read(&whole()));
            for wrong in [
                json!(null),
                json!("no"),
                json!([[]]),
                json!({"x": 1}),
                json!(1.5),
            ] {
                // An empty part, and texts that are ones.
                if member == "parts" && wrong.is_array() || member == "text" && wrong.is_string() {
                    continue;
                }
                object[member] = wrong;
                assert_eq!(read::<Thing>(&object), without, "{object}");
            }
        }
    }

    #[test]
    fn an_item_that_is_no_object_is_an_empty_one() {
        let mut object = whole();
        object["parts"] = json!([null, "no", {"text": "b"}]);
        let parts = read::<Thing>(&object).parts;
        let texts: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
        assert_eq!(texts, ["", "", "b"]);
        assert_eq!(read::<Thing>(&json!("no")), Thing::default());
    }

    /// Of a type that takes nothing but its own.
    #[test]
    fn an_object_of_a_list_that_cannot_be_read_hides_no_other() {
        let list: ObjectList<u16> = read(&json!({"items": [1, "no", 2]}));
        let items: Vec<u16> = list.items.into_iter().map(|ListItem(it)| it).collect();
        assert_eq!(items, [1, 0, 2]);
    }

    #[test]
    fn a_mark_is_there_whatever_it_is_but_null() {
        let mut object = whole();
        for (mark, wanted) in [(json!({}), true), (json!(0), true), (json!(null), false)] {
            object["marked"] = mark;
            assert_eq!(read::<Thing>(&object).marked.is_some(), wanted);
        }
    }
}
