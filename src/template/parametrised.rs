//! Ready-made policies that need names of resources, such as a bucket's. Filled, one is an inline document as if
//! the user had written it: whatever compares, edits or exports documents needs to know nothing of it.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::Deserialize;

use super::{WellKnownPolicy, well_known_names};
use crate::model::{ClusterName, Map};
use crate::policy::PolicyDocument;

/// A ready-made policy, by its name on a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedPolicy {
    WellKnown(WellKnownPolicy),
    Parametrised(ParametrisedPolicy),
}

impl NamedPolicy {
    /// The names of all of them.
    pub fn names() -> Vec<&'static str> {
        let parametrised = PARAMETRISED.iter().map(|it| it.name());
        well_known_names().into_iter().chain(parametrised).collect()
    }
}

impl FromStr for NamedPolicy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parametrised = PARAMETRISED.iter();
        let named = parametrised.find(|it| it.0.eq_ignore_ascii_case(text));
        match named {
            Some(policy) => Ok(Self::Parametrised(*policy)),
            None => text.parse().map(Self::WellKnown),
        }
    }
}

/// One of the policies with parameters, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParametrisedPolicy(&'static str);

pub const PARAMETRISED: &[ParametrisedPolicy] = &[
    ParametrisedPolicy("karpenter"),
    ParametrisedPolicy("mountpointS3"),
];

static FORMS: LazyLock<BTreeMap<&'static str, PolicyForm>> = LazyLock::new(|| {
    let forms = [
        (
            "karpenter",
            include_str!("../../templates/parametrised-policies/karpenter.json"),
        ),
        (
            "mountpointS3",
            include_str!("../../templates/parametrised-policies/mountpointS3.json"),
        ),
    ];
    let parsed = forms.map(|(name, text)| {
        let form = serde_json::from_str(text).expect("a policy of this program");
        (name, form)
    });
    parsed.into_iter().collect()
});

/// What a file of `templates/parametrised-policies` says. It also says whose service account usually has the
/// policy, and where it is published.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyForm {
    /// The add-on, and what it is allowed.
    pub description: String,
    pub parameters: BTreeMap<String, PolicyParameter>,
    /// With `{{parameter}}` in its texts.
    policy: serde_json::Value,
}

#[derive(Debug, Deserialize)]
pub struct PolicyParameter {
    pub meaning: String,
    /// Without it the parameter must be given. It may name those before it in the alphabet.
    pub default: Option<String>,
    kind: ParameterKind,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum ParameterKind {
    Cluster,
    Role,
    Queue,
    Bucket,
}

impl ParameterKind {
    /// No wildcard, and nothing that ends a text: a value is one name, and stays one.
    fn check(self, value: &str) -> Result<(), &'static str> {
        let is_of = |most: usize, others: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
            (1..=most).contains(&value.len()) && value.chars().all(fits)
        };
        match self {
            Self::Cluster if value.parse::<ClusterName>().is_err() => {
                Err("a cluster's name has at most 100 letters, digits, `-` and `_`")
            }
            // IAM API, `pathType` and `roleNameType`.
            Self::Role
                if !is_of(576, "/_+=,.@-")
                    || value.split('/').any(str::is_empty)
                    || value.rsplit('/').next().is_some_and(|name| name.len() > 64) =>
            {
                Err("a role's name has letters, digits and `_+=,.@-`, after its path")
            }
            // SQS API, CreateQueue.
            Self::Queue if !is_of(80, "-_.") => {
                Err("a queue's name has at most 80 letters, digits, `-` and `_`")
            }
            // S3 User Guide, "General purpose bucket naming rules".
            Self::Bucket
                if !is_of(63, "-.")
                    || value.len() < 3
                    || value.contains("..")
                    || value.starts_with(['-', '.'])
                    || value.ends_with(['-', '.'])
                    || value.parse::<std::net::Ipv4Addr>().is_ok()
                    || value.contains(|c: char| c.is_ascii_uppercase()) =>
            {
                Err("a bucket's name has 3 to 63 lower-case letters, digits, `-` and `.`")
            }
            _ => Ok(()),
        }
    }
}

impl ParametrisedPolicy {
    /// As flags and files have it, without its parameters.
    pub fn name(self) -> &'static str {
        self.0
    }

    /// Its document, with places for the parameters.
    pub fn form(self) -> &'static PolicyForm {
        &FORMS[self.0]
    }

    /// The policy with its parameters by their names.
    ///
    /// # Errors
    /// The parameter that is missing, that there is not, or whose value is none.
    pub fn filled(self, given: &Map) -> Result<PolicyDocument, String> {
        let name = self.0;
        let parameters = &self.form().parameters;
        if let Some(unknown) = given.keys().find(|key| !parameters.contains_key(*key)) {
            return Err(format!(
                "{name} has no parameter {unknown}, but {}",
                self.told()
            ));
        }
        let mut values = Map::new();
        for (key, parameter) in parameters {
            let default = parameter.default.as_ref();
            let value = match (given.get(key), default) {
                (Some(value), _) => value.clone(),
                (None, Some(default)) => replaced(default, &values),
                (None, None) => {
                    return Err(format!("{name} wants {key} ({})", parameter.meaning));
                }
            };
            let checked = parameter.kind.check(&value);
            checked.map_err(|rule| format!("{key} \"{value}\": {rule}"))?;
            values.insert(key.clone(), value);
        }
        PolicyDocument::parse(&replaced(&self.form().policy.to_string(), &values))
    }

    /// Its parameters, in a sentence.
    pub fn told(self) -> String {
        let parameters = &self.form().parameters;
        let names = parameters.keys();
        let names: Map = names.map(|it| (it.clone(), it.to_uppercase())).collect();
        let parameters = parameters.iter().map(|(key, parameter)| {
            let meaning = &parameter.meaning;
            match &parameter.default {
                Some(default) => format!("{key} ({meaning}, else {})", replaced(default, &names)),
                None => format!("{key} ({meaning})"),
            }
        });
        parameters.collect::<Vec<_>>().join(", ")
    }
}

fn replaced(text: &str, values: &Map) -> String {
    let mut text = text.to_owned();
    for (key, value) in values {
        text = text.replace(&format!("{{{{{key}}}}}"), value);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, &str)]) -> Map {
        let pairs = pairs.iter();
        pairs
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn of(name: &str, pairs: &[(&str, &str)]) -> Result<PolicyDocument, String> {
        match name.parse() {
            Ok(NamedPolicy::Parametrised(policy)) => policy.filled(&given(pairs)),
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn every_place_is_filled() {
        for policy in PARAMETRISED {
            let parameters = policy.form().parameters.keys();
            let all = parameters.map(|key| (key.clone(), "some-name".to_owned()));
            let document = policy.filled(&all.collect()).expect("filled");
            let text = document.as_value().to_string();
            assert!(!text.contains("{{") && text.contains("some-name"), "{text}");
        }
    }

    #[test]
    fn what_is_left_out_has_a_default_or_is_told() {
        let document = of("Karpenter", &[("cluster-name", "demo")]).expect("filled");
        let text = document.as_value().to_string();
        assert!(text.contains(":role/KarpenterNodeRole-demo\""), "{text}");
        assert!(text.contains("sqs:${AWS::Region}:${AWS::AccountId}:demo\""));
        assert!(text.contains("\"aws:RequestTag/kubernetes.io/cluster/demo\":\"owned\""));
        assert_eq!(
            of("karpenter", &[]),
            Err(
                "karpenter wants cluster-name (name of the cluster whose nodes it makes)"
                    .to_owned()
            )
        );
        let unknown = of("mountpointS3", &[("buckets", "a")]).expect_err("no such parameter");
        assert!(unknown.contains("has no parameter buckets, but bucket (name of "));
    }

    /// A wildcard, a variable or the end of a text would make the policy another one.
    #[test]
    fn a_value_is_one_name() {
        for value in [
            "*",
            "a*",
            "a?b",
            "${AWS::Region}",
            "a\"b",
            "a/b",
            "ab",
            "Upper",
            "",
            "a b",
        ] {
            assert!(of("mountpointS3", &[("bucket", value)]).is_err(), "{value}");
        }
        for value in ["*", "demo*", "de mo", "a:b", "{{queue}}"] {
            let pairs = [("cluster-name", value)];
            assert!(of("karpenter", &pairs).is_err(), "{value}");
        }
        for value in ["*", "/abs", "a*", "a\\b", "a//b", "a/"] {
            let pairs = [("cluster-name", "demo"), ("node-role", value)];
            assert!(of("karpenter", &pairs).is_err(), "{value}");
        }
    }

    /// IAM's quota for the inline policies of a role together.
    #[test]
    fn each_fits_into_a_role() {
        for policy in PARAMETRISED {
            let parameters = policy.form().parameters.iter();
            let all = parameters.map(|(key, parameter)| {
                let length = if parameter.kind == ParameterKind::Bucket {
                    63
                } else {
                    80
                };
                (key.clone(), "x".repeat(length.min(64)))
            });
            let document = policy.filled(&all.collect()).expect("filled");
            let size = crate::policy::measure(document.as_value());
            assert!(
                size < crate::policy::INLINE_QUOTA,
                "{}: {size}",
                policy.name()
            );
        }
    }
}
