//! The schema of a config file, from the table of fields: a tree to walk in, and the JSON Schema that
//! editors check a file by while it is written.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::asked::fields::{self, Bounds, Field, FieldOrigin, Kind, Presence, capitalised};
use crate::model::nearest;
use crate::template::{PARAMETRISED, WELL_KNOWN};

/// What the file as a whole is called.
pub const ROOT: &str = "config";

/// The file, or something in it.
#[derive(Clone, Debug)]
pub struct Schema {
    /// From [`ROOT`] on; lists have no mark of their own.
    pub path: String,
    pub kind: Kind,
    pub presence: Presence,
    pub origin: FieldOrigin,
    pub flag: Option<&'static str>,
    /// What it means, in Markdown.
    pub meaning: String,
    pub children: Vec<Self>,
}

impl Schema {
    /// The whole of it.
    pub fn of_file() -> Self {
        Self {
            path: ROOT.to_owned(),
            kind: Kind::Object,
            presence: Presence::Required,
            origin: FieldOrigin::Eksctl,
            flag: None,
            meaning: "A cluster and its IAM service accounts, in eksctl's words".to_owned(),
            children: fields::of("").map(|field| of(field, ROOT)).collect(),
        }
    }

    /// What stands behind a path, as messages write it too: `config.iam.serviceAccounts[3].tags`.
    ///
    /// # Errors
    /// Why there is nothing.
    pub fn at(path: &str) -> Result<Self, String> {
        let names: Vec<&str> = path
            .split('.')
            .map(|name| name.split('[').next().unwrap_or(name))
            .collect();
        let Some((&ROOT, names)) = names.split_first() else {
            let near = meant(&names);
            return Err(format!("`{ROOT}` is explained, and what is in it{near}"));
        };
        let mut found = Self::of_file();
        for (index, name) in names.iter().enumerate() {
            let mut children = found.children.into_iter();
            let Some(child) = children.find(|child| child.key() == *name) else {
                let (path, near) = (found.path, meant(&names[..=index]));
                return Err(format!("{path} has no field `{name}`{near}"));
            };
            found = child;
        }
        Ok(found)
    }

    /// Its own name.
    pub fn key(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or(&self.path)
    }

    /// The path as a file has it.
    pub fn below_root(&self) -> &str {
        let rest = self.path.split_once('.');
        rest.map_or("", |(_, path)| path)
    }

    /// Itself and all that is in it.
    pub fn all(&self) -> Vec<&Self> {
        let below = self.children.iter().flat_map(|child| child.all());
        [self].into_iter().chain(below).collect()
    }

    /// What it means, and what else is to be known of it: one a line, in Markdown.
    pub fn description(&self) -> Vec<String> {
        let default = match self.presence {
            Presence::Defaulted(value) => Some(format!("Default: {value}")),
            Presence::Required | Presence::Optional | Presence::LeftAlone => None,
        };
        let flag = self.flag.map(|flag| format!("Flag: `{flag}`"));
        let own = "irsactl's own: eksctl refuses a file with it".to_owned();
        let own = (self.origin == FieldOrigin::Own).then_some(own);
        let lines = [Some(self.meaning.clone()), default, flag, own];
        lines.into_iter().flatten().collect()
    }

    fn json(&self) -> Value {
        let mut schema = self.typed();
        let description = self.description().join(". ");
        if let Value::Object(schema) = &mut schema {
            schema.insert("description".to_owned(), description.into());
        }
        // Null is as good as absent.
        if self.presence != Presence::Required
            && let Some(kind) = schema.get_mut("type")
        {
            *kind = json!([*kind, "null"]);
            if let Some(Value::Array(words)) = schema.get_mut("enum") {
                words.push(Value::Null);
            }
        }
        schema
    }

    fn typed(&self) -> Value {
        match self.kind {
            Kind::Object | Kind::WellKnown => self.object(),
            Kind::Objects => json!({"type": "array", "items": self.object()}),
            Kind::Text => json!({"type": "string"}),
            Kind::Constant(value) => json!({"type": "string", "const": value}),
            Kind::OneOf(words) => json!({"type": "string", "enum": words}),
            Kind::Texts => json!({"type": "array", "items": {"type": "string"}}),
            Kind::Bool => json!({"type": "boolean"}),
            Kind::Seconds(Bounds { least, most }) => {
                json!({"type": "integer", "minimum": least, "maximum": most})
            }
            Kind::Map => {
                json!({"type": "object", "additionalProperties": {"type": ["string", "null"]}})
            }
            Kind::Document => json!({"type": "object"}),
            Kind::Documents => json!({"type": "array", "items": {"type": "object"}}),
            Kind::Any => json!({}),
        }
    }

    fn object(&self) -> Value {
        let children = self.children.iter();
        let properties: serde_json::Map<String, Value> = children
            .map(|child| (child.key().to_owned(), child.json()))
            .collect();
        let required = self.children.iter();
        let required = required.filter(|child| child.presence == Presence::Required);
        let required: Vec<&str> = required.map(Self::key).collect();
        json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    }
}

/// As JSON Schema.
impl Serialize for Schema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut schema = self.json();
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
        schema["title"] = self.path.as_str().into();
        schema.serialize(serializer)
    }
}

/// A field and all that is in it, inside of what has the path.
fn of(field: &Field, inside: &str) -> Schema {
    let path = format!("{inside}.{}", field.key());
    let children = match field.kind {
        Kind::Objects => fields::of(&format!("{}[]", field.path))
            .map(|child| of(child, &path))
            .collect(),
        Kind::WellKnown => well_known(&path),
        _ => fields::of(field.path)
            .map(|child| of(child, &path))
            .collect(),
    };
    Schema {
        kind: field.kind,
        presence: field.presence,
        origin: field.origin,
        flag: field.flag,
        meaning: capitalised(&field.meaning()),
        path,
        children,
    }
}

fn well_known(inside: &str) -> Vec<Schema> {
    let policies = WELL_KNOWN.iter().map(|policy| Schema {
        path: format!("{inside}.{}", policy.name()),
        kind: Kind::Bool,
        presence: Presence::Optional,
        origin: FieldOrigin::Eksctl,
        flag: None,
        meaning: policy.entry().description.clone(),
        children: Vec::new(),
    });
    let parametrised = PARAMETRISED.iter().map(|policy| {
        let path = format!("{inside}.{}", policy.name());
        let form = policy.form();
        let children = form.parameters.iter().map(|(name, parameter)| Schema {
            path: format!("{path}.{name}"),
            kind: Kind::Text,
            presence: match &parameter.default {
                Some(_) => Presence::Optional,
                None => Presence::Required,
            },
            origin: FieldOrigin::Own,
            flag: Some("--with"),
            meaning: capitalised(&parameter.meaning),
            children: Vec::new(),
        });
        Schema {
            children: children.collect(),
            path,
            kind: Kind::Object,
            presence: Presence::Optional,
            origin: FieldOrigin::Own,
            flag: None,
            meaning: form.description.clone(),
        }
    });
    policies.chain(parametrised).collect()
}

/// `; did you mean …?`: with the path that is most like these names, or ends most like them.
fn meant(names: &[&str]) -> String {
    let file = Schema::of_file();
    let fields: Vec<&Schema> = file.children.iter().flat_map(Schema::all).collect();
    let of_path = nearest(
        &names.join("."),
        fields.iter().map(|field| field.below_root()),
    );
    let near = of_path.or_else(|| {
        let key = nearest(names.last()?, fields.iter().map(|field| field.key()))?;
        let field = fields.iter().find(|field| field.key() == key)?;
        Some(field.below_root())
    });
    near.map_or(String::new(), |path| {
        format!("; did you mean `{ROOT}.{path}`?")
    })
}
