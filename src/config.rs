//! A config file of eksctl's (`ClusterConfig`, `eksctl.io/v1alpha5`) → the IAM service accounts that
//! it asks for, and back. Only `metadata` and `iam` are read; the rest of eksctl's schema is left
//! alone. Every mistake is told at once, with its place.

use std::fmt;

use crate::asked::IamServiceAccount;
use crate::asked::fields::{self, Field};
use crate::model::{ClusterName, Map, Region, Way, listed};

mod accounts;
mod check;
mod filter;
mod node;
mod parametrised;
mod rest;
mod role_account;
mod schema;
mod values;
mod write;

use accounts::Common;
pub use filter::Filter;
pub use node::{Place, YamlNode, YamlValue, parse as parse_yaml};
pub use rest::FileRemainder;
pub use schema::Schema;
use values::value;
pub use write::write;

/// So many problems are told; a file with more has one cause for most of them.
const TOLD: usize = 100;
/// So many are kept, whatever the file's size.
const KEPT: usize = 1_000;

/// What a config file asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterConfig {
    pub cluster: ClusterName,
    pub region: String,
    /// `None`: the file does not say.
    pub with_oidc: Option<bool>,
    /// Of every stack. The accounts have them already.
    pub tags: Map,
    /// In the order of the file. How they are carried out (`conflicts`, `service_role`, `rollback`,
    /// `provider`) is no matter of the file.
    pub accounts: Vec<IamServiceAccount>,
    /// The same by EKS Pod Identity.
    pub associations: Vec<IamServiceAccount>,
    pub rest: FileRemainder,
}

impl ClusterConfig {
    /// The accounts that get their roles on one way.
    pub fn of(&self, way: Way) -> &[IamServiceAccount] {
        match way {
            Way::Irsa => &self.accounts,
            Way::PodIdentity => &self.associations,
        }
    }
}

/// A mistake in a config file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    place: Place,
    /// Path of the field; empty where the file as a whole is meant.
    field: String,
    rule: String,
}

impl Problem {
    fn new(place: Place, field: &str, rule: impl Into<String>) -> Self {
        Self {
            place,
            field: field.to_owned(),
            rule: rule.into(),
        }
    }
}

/// The mistakes that are found.
#[derive(Default)]
struct Problems {
    found: Vec<Problem>,
    count: usize,
}

impl Problems {
    fn push(&mut self, problem: Problem) {
        self.count += 1;
        if !self.is_full() {
            self.found.push(problem);
        }
    }

    fn is_full(&self) -> bool {
        self.found.len() >= KEPT
    }
}

/// `line:column: field: rule`.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, field, rule } = self;
        write!(f, "{}:{}: ", place.line, place.column)?;
        if !field.is_empty() {
            write!(f, "{field}: ")?;
        }
        f.write_str(rule)
    }
}

/// A file that is no valid config file: its name, and what is wrong in it.
#[derive(Debug)]
pub struct Invalid {
    pub file: String,
    pub problems: Vec<Problem>,
}

/// The problems, one a line.
impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, problems } = self;
        let count = match problems.len() {
            1 => "1 problem".to_owned(),
            KEPT.. => format!("{KEPT} problems or more"),
            count => format!("{count} problems"),
        };
        let more = problems.len().saturating_sub(TOLD);
        let more = (more > 0).then(|| format!("and {more} more"));
        let told = problems.iter().take(TOLD);
        let told = told.map(|problem| format!("{file}:{problem}"));
        let told = listed(told.chain(more));
        write!(f, "{file} is no valid config file: {count}{told}")
    }
}

/// Reads a file; `file` is its name in messages.
///
/// # Errors
/// With every problem, in the order of the file.
pub fn read(file: &str, bytes: &[u8]) -> Result<ClusterConfig, Invalid> {
    parsed(bytes).map_err(|mut problems| {
        let text = String::from_utf8_lossy(bytes);
        let lines: Vec<&str> = text.lines().collect();
        for Problem { place, rule, .. } in &mut problems {
            let line = place.line.checked_sub(1).and_then(|index| lines.get(index));
            let rest = line.map(|line| {
                line.chars()
                    .skip(place.column.saturating_sub(1))
                    .collect::<String>()
            });
            if let Some(hint) = rest.and_then(|rest| unexpanded(&rest)) {
                rule.push_str(hint);
            }
        }
        problems.sort();
        problems.dedup();
        Invalid {
            file: file.to_owned(),
            problems,
        }
    })
}

const CHART: &str = "; `{{…}}` is not expanded: run helm template first";

/// What was forgotten where a line has a placeholder of a shell or a chart. IAM's variables
/// (`${aws:username}`), CloudFormation's (`${AWS::Region}`) and its `{{resolve:…}}` are none.
fn unexpanded(text: &str) -> Option<&'static str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let of_shell = text.match_indices("${").find(|(at, _)| {
        let rest = &text[at + 2..];
        let after = rest.trim_start_matches(is_name);
        let begins = |with: &str| after.starts_with(with);
        after.len() < rest.len() && ["}", ":-", ":=", ":?"].into_iter().any(begins)
    });
    let mut braces = text.match_indices("{{");
    let of_chart = braces.find(|(at, _)| !text[at + 2..].starts_with("resolve:"));
    match (of_shell, of_chart) {
        (None, None) => None,
        (Some((shell, _)), Some((chart, _))) if chart < shell => Some(CHART),
        (Some(_), _) => Some("; `${…}` is not expanded: run envsubst first"),
        (None, Some(_)) => Some(CHART),
    }
}

fn parsed(bytes: &[u8]) -> Result<ClusterConfig, Vec<Problem>> {
    let start = Place { line: 1, column: 1 };
    let one = |place, rule: String| vec![Problem::new(place, "", rule)];
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default();
        let column = column.chars().count() + 1;
        one(Place { line, column }, "is no UTF-8 text".to_owned())
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document = node::parse(text).map_err(|fault| one(fault.place, fault.rule))?;
    let (root, further) = document.ok_or_else(|| one(start, "the file is empty".to_owned()))?;
    let mut problems = Problems::default();
    check::check(&root, &mut problems);
    let config = contents(&root, further, &mut problems);
    accounts::name_in(&mut problems.found, &root);
    match config {
        Some(config) if problems.found.is_empty() => Ok(config),
        _ => Err(problems.found),
    }
}

/// The values of a file whose names and types were checked; what is of a wrong type is passed over.
fn contents(
    root: &YamlNode,
    further: Option<Place>,
    problems: &mut Problems,
) -> Option<ClusterConfig> {
    if !matches!(root.value, YamlValue::Map(_)) {
        return None;
    }
    check_header(root, problems);
    let Some(metadata) = root.field(fields::CLUSTER) else {
        missing(root, "", fields::CLUSTER, problems);
        for way in Way::ALL {
            accounts::read(way, root, &Common::default(), problems);
        }
        return None;
    };
    for field in [fields::CLUSTER_NAME, fields::REGION] {
        if root.field(field).is_none() && matches!(metadata.value, YamlValue::Map(_)) {
            missing(metadata, "", field, problems);
        }
    }
    let cluster = value::<ClusterName>(root, "", fields::CLUSTER_NAME, problems);
    let region = value::<Region>(root, "", fields::REGION, problems);
    let common = Common::read(root, problems);
    let [accounts, associations] = Way::ALL.map(|way| accounts::read(way, root, &common, problems));
    Some(ClusterConfig {
        cluster: cluster?,
        region: region?.to_string(),
        with_oidc: root.field(fields::WITH_OIDC).and_then(|node| node.bool()),
        tags: common.tags,
        accounts,
        associations,
        rest: rest::read(root, further),
    })
}

fn check_header(root: &YamlNode, problems: &mut Problems) {
    for (field, wanted) in [
        (fields::API_VERSION, fields::VERSION),
        (fields::KIND, fields::CLUSTER_CONFIG),
    ] {
        let found = root.field(field);
        let text = found.and_then(|node| node.text());
        match (found, text) {
            (None, _) => missing(root, "", field, problems),
            (Some(node), Some(text)) if text != wanted => {
                let rule = format!("is {:?}: {wanted:?} is wanted", check::short(text));
                problems.push(Problem::new(node.place, field.name(), rule));
            }
            _ => {}
        }
    }
}

/// A field that must be there is not.
fn missing(node: &YamlNode, path: &str, field: &Field, problems: &mut Problems) {
    let path = inside(path, field.name());
    problems.push(Problem::new(node.place, &path, "must be set"));
}

/// The path of a field inside of another's; odd names are put into brackets and quotes.
fn inside(path: &str, name: &str) -> String {
    let is_plain = (1..=60).contains(&name.len())
        && name.split('.').all(|part| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        });
    match (path.is_empty(), is_plain) {
        (true, true) => name.to_owned(),
        (false, true) => format!("{path}.{name}"),
        (_, false) => format!("{path}[{:?}]", check::short(name)),
    }
}

#[cfg(test)]
mod tests;
