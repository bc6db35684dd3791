//! From what is given for one account, by flags or in a config file, to the IAM service account that
//! is asked for. The rules that hold between the fields are here, once for both, without the name
//! that either gives to a field.

use std::collections::BTreeSet;

use crate::model::{
    AUDIENCE_ANNOTATION, Audience, DEFAULT_AUDIENCE, Map, PolicyArn, ROLE_ANNOTATION, RoleAccount,
    RoleArn, RoleName, RolePath, ServiceAccountName, SubjectPattern,
};
use crate::policy::{self, INLINE_QUOTA, MANAGED_MAXIMUM, PolicyDocument};
use crate::template::{DocumentName, RoleSpec, Trusted, WELL_KNOWN, WellKnownPolicy};

mod account;
mod association;
mod deletion;
mod deployment;
pub mod fields;
pub mod found;
mod provider;
mod rules;

pub use account::{
    Conflicts, Drift, Ending, Goal, IamServiceAccount, Permissions, Restart, RoleTrust, Rollback,
    Scope, unchanged,
};
pub use association::{Agent, AssociationSpec, OtherRole, ValueChange};
pub use deletion::{
    Deletion, ForeignPolicies, ForeignResources, KnownBy, OtherClusters, SearchedAccount,
};
pub use deployment::{Deployment, DeploymentMode};
use fields::Field;
pub use provider::{ProviderSpec, Refresh, Thumbprints, TrustingRoles};

/// The annotation that the EKS webhook reads the lifetime of a pod's token from, in seconds.
const EXPIRATION_ANNOTATION: &str = "eks.amazonaws.com/token-expiration";
/// The one that says whether pods use the regional STS endpoint.
const REGIONAL_ANNOTATION: &str = "eks.amazonaws.com/sts-regional-endpoints";

/// Longest value of a stack's tag, in characters (CloudFormation API, `Tag`).
const TAG_VALUE: usize = 256;

/// Longest session policy of an association, in characters (EKS API, `policy`).
const SESSION_POLICY: usize = 2_048;

/// What is given for one account: each value is good by itself.
#[derive(Clone, Debug)]
pub struct Given {
    pub name: ServiceAccountName,
    pub account: Option<RoleAccount>,
    pub role_arn: Option<RoleArn>,
    pub trust: RoleTrust,
    pub managed: Vec<PolicyArn>,
    pub inline: Vec<PolicyDocument>,
    pub well_known: Vec<WellKnownPolicy>,
    /// A role without any policy is wanted.
    pub bare: bool,
    pub boundary: Option<PolicyArn>,
    pub role_name: Option<RoleName>,
    pub role_path: Option<RolePath>,
    pub max_session_duration: Option<u32>,
    pub deployment_mode: Option<DeploymentMode>,
    pub subject_pattern: Option<SubjectPattern>,
    pub audience: Audience,
    pub tags: Map,
    /// Tags of the whole file, which the account's own outrank.
    pub common_tags: Map,
    pub labels: Map,
    pub annotations: Map,
    pub token_expiration: Option<u32>,
    pub sts_regional_endpoints: Option<bool>,
    pub scope: Scope,
    /// What the one inline document is called.
    pub document_name: Option<DocumentName>,
    /// The role is to come by EKS Pod Identity.
    pub association: Option<AssociationSpec>,
    /// Every association that names the role is to be let in.
    pub trust_any_association: bool,
}

impl Given {
    /// An account of which nothing but the name is given.
    pub fn new(name: ServiceAccountName) -> Self {
        Self {
            document_name: None,
            association: None,
            trust_any_association: false,
            name,
            account: None,
            role_arn: None,
            trust: RoleTrust::Kept,
            managed: Vec::new(),
            inline: Vec::new(),
            well_known: Vec::new(),
            bare: false,
            boundary: None,
            role_name: None,
            role_path: None,
            max_session_duration: None,
            deployment_mode: None,
            subject_pattern: None,
            audience: Audience::default(),
            tags: Map::new(),
            common_tags: Map::new(),
            labels: Map::new(),
            annotations: Map::new(),
            token_expiration: None,
            sts_regional_endpoints: None,
            scope: Scope::Whole,
        }
    }
}

/// A rule that the given fields break.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// One entry of tags, labels or annotations, or their number.
    Entry {
        field: &'static Field,
        key: String,
        rule: String,
    },
    /// Namespace and name together are a tag of the stack.
    NameTooLong(usize),
    /// An existing role, without a ServiceAccount to put it on.
    NothingToDo,
    NoPermissions,
    /// A field for a role of our own, beside an existing one.
    WithRole(&'static Field),
    /// A role of our own lets its service account in.
    TrustOfOwnRole,
    /// The statement is for tokens of the usual audience.
    TrustOfAudience,
    TooManyManaged(usize),
    InlineTooLong(usize),
    /// A name for one document, where there are none or several.
    NameOfNoDocument,
    /// A session policy beside session tags.
    PolicyWithTags,
    SessionPolicyTooLong(usize),
    /// An annotation says other than the field for it.
    Contradiction {
        key: &'static str,
        given: String,
        field: &'static Field,
        value: String,
    },
    /// An annotation that only a field may set.
    Reserved {
        key: &'static str,
        field: &'static Field,
        /// With a blank before it, where the field should have one.
        value: String,
    },
}

impl Rule {
    /// The field that the rule is told of.
    pub fn field(&self) -> &'static Field {
        match self {
            Self::Entry { field, .. } | Self::WithRole(field) => field,
            Self::NameTooLong(_) => fields::NAME,
            Self::NothingToDo => fields::ROLE_ONLY,
            Self::TrustOfOwnRole | Self::TrustOfAudience => fields::TRUST,
            Self::NoPermissions | Self::TooManyManaged(_) => fields::MANAGED_POLICIES,
            Self::InlineTooLong(_) => fields::INLINE_POLICY,
            Self::NameOfNoDocument => fields::DOCUMENT_NAME,
            Self::PolicyWithTags | Self::SessionPolicyTooLong(_) => fields::SESSION_POLICY,
            Self::Contradiction { .. } | Self::Reserved { .. } => fields::ANNOTATIONS,
        }
    }

    /// The entry of the field, where one of several is meant.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Entry { key, .. } => Some(key),
            Self::Contradiction { key, .. } | Self::Reserved { key, .. } => Some(key),
            _ => None,
        }
    }

    /// The rule in words; `name` is what the user calls a field.
    pub fn told(&self, name: impl Fn(&'static Field) -> &'static str) -> String {
        let managed = name(fields::MANAGED_POLICIES);
        let role_arn = name(fields::ROLE_ARN);
        let annotations = name(fields::ANNOTATIONS);
        // What the rule is told of, or what the annotation is to be given by.
        let field = match self {
            Self::Contradiction { field, .. } | Self::Reserved { field, .. } => name(field),
            _ => name(self.field()),
        };
        match self {
            Self::Entry { rule, .. } => rule.clone(),
            Self::NameTooLong(length) => format!(
                "namespace and name have {length} characters with the `/` between them; the stack's tag takes {TAG_VALUE}"
            ),
            Self::NothingToDo => {
                format!("{field} cannot be used with {role_arn}: there would be nothing to do")
            }
            Self::NoPermissions => {
                let inline = name(fields::INLINE_POLICY);
                let well_known = name(fields::WELL_KNOWN_POLICIES);
                format!("one of {managed}, {inline}, {well_known} and {role_arn} must be set")
            }
            Self::WithRole(_) => {
                format!("{field} cannot be used with {role_arn}: an existing role is used as it is")
            }
            Self::TrustOfOwnRole => format!(
                "{field} is for the role of {role_arn}: one that is made lets its service account in"
            ),
            Self::TrustOfAudience => format!(
                "{field} lets in tokens for {DEFAULT_AUDIENCE}, and {} asks for others",
                name(fields::AUDIENCE)
            ),
            Self::TooManyManaged(count) => format!(
                "{count} managed policies are asked for, IAM attaches at most {MANAGED_MAXIMUM} to one role \
                 (10 unless the quota is raised); make one policy of several"
            ),
            Self::InlineTooLong(size) => format!(
                "the inline policies have {size} characters together, IAM takes {INLINE_QUOTA} for one role; \
                 make a managed policy of them and use {managed}"
            ),
            Self::NameOfNoDocument => {
                format!(
                    "{field} names one document: {} must have one",
                    name(fields::INLINE_POLICY)
                )
            }
            Self::PolicyWithTags => format!(
                "{field} is for sessions without tags: {} must be `true`",
                name(fields::DISABLE_SESSION_TAGS)
            ),
            Self::SessionPolicyTooLong(size) => {
                format!("{field} has {size} characters, EKS takes {SESSION_POLICY}")
            }
            Self::Contradiction {
                key, given, value, ..
            } => {
                format!("{annotations} {key}={given} contradicts {field}, which says {value}")
            }
            Self::Reserved { key, value, .. } => {
                format!("{annotations} {key} is set by irsactl: use {field}{value}")
            }
        }
    }
}

/// The account that is asked for. How it is to be carried out (`conflicts`, `rollback`, …) is not in
/// what is given: it is the careful choice until the caller says otherwise.
///
/// # Errors
/// Every rule that is broken.
pub fn service_account(given: Given) -> Result<IamServiceAccount, Vec<Rule>> {
    let mut broken = combinations(&given);
    broken.extend(trust(&given));
    broken.extend(session(&given));
    broken.extend(rules::labels(&given.labels));
    let annotations = annotations(&given, &mut broken);
    let tags = tags(&given, &mut broken);
    let name = given.name.clone();
    let audience = given.audience.clone();
    let labels = given.labels.clone();
    let (scope, trust) = (given.scope, given.trust);
    let account = given.account.clone();
    let association = given.association.clone();
    let deployment_mode = given.deployment_mode;
    let permissions = permissions(given, &mut broken);
    if !broken.is_empty() {
        return Err(broken);
    }
    Ok(IamServiceAccount {
        name,
        account,
        permissions,
        labels,
        annotations,
        audience,
        tags,
        scope,
        conflicts: Conflicts::Refused,
        service_role: None,
        deployment_mode,
        rollback: Rollback::Enabled,
        trust,
        provider: None,
        association,
    })
}

/// Which role can be asked to let its service account in.
fn trust(given: &Given) -> Option<Rule> {
    if given.trust == RoleTrust::Kept {
        return None;
    }
    if given.role_arn.is_none() {
        return Some(Rule::TrustOfOwnRole);
    }
    let is_usual = given.audience.as_str() == DEFAULT_AUDIENCE;
    (!is_usual).then_some(Rule::TrustOfAudience)
}

/// What an association's sessions cannot have together.
fn session(given: &Given) -> Vec<Rule> {
    let association = given.association.as_ref();
    let policy = association.and_then(|it| it.policy.as_set());
    let Some(policy) = policy else {
        return Vec::new();
    };
    let tags = association.map(|it| &it.disable_session_tags);
    let has_tags = !matches!(tags, Some(ValueChange::Set(true) | ValueChange::Kept));
    let size = policy.as_value().to_string().chars().count();
    let too_long = (size > SESSION_POLICY).then_some(Rule::SessionPolicyTooLong(size));
    let tagged = has_tags.then_some(Rule::PolicyWithTags);
    tagged.into_iter().chain(too_long).collect()
}

/// What cannot stand side by side, and what must not be missing.
fn combinations(given: &Given) -> Vec<Rule> {
    let has_policies =
        !given.managed.is_empty() || !given.inline.is_empty() || !given.well_known.is_empty();
    if given.role_arn.is_none() {
        let length = given.name.to_string().len();
        let has_none = !has_policies && !given.bare;
        let too_long = (length > TAG_VALUE).then_some(Rule::NameTooLong(length));
        let none = has_none.then_some(Rule::NoPermissions);
        let is_named = given.document_name.is_some() && given.inline.len() != 1;
        let nameless = is_named.then_some(Rule::NameOfNoDocument);
        return too_long.into_iter().chain(none).chain(nameless).collect();
    }
    let with_role = fields_of_a_role(given);
    let is_nothing = given.scope == Scope::RoleOnly && given.association.is_none();
    let nothing = is_nothing.then_some(Rule::NothingToDo);
    let fields = with_role.into_iter().filter(|(_, is_given)| *is_given);
    nothing
        .into_iter()
        .chain(fields.map(|(field, _)| Rule::WithRole(field)))
        .collect()
}

/// What only a role that is made has, and whether it is given.
fn fields_of_a_role(given: &Given) -> [(&'static Field, bool); 11] {
    let has_tags = !given.tags.is_empty();
    let has_duration = given.max_session_duration.is_some();
    let has_inline = given.bare || !given.inline.is_empty();
    [
        (fields::MANAGED_POLICIES, !given.managed.is_empty()),
        (fields::INLINE_POLICY, has_inline),
        (fields::WELL_KNOWN_POLICIES, !given.well_known.is_empty()),
        (fields::BOUNDARY, given.boundary.is_some()),
        (fields::ROLE_NAME, given.role_name.is_some()),
        (fields::ROLE_PATH, given.role_path.is_some()),
        (fields::MAX_SESSION_DURATION, has_duration),
        (fields::SUBJECT_PATTERN, given.subject_pattern.is_some()),
        (fields::DEPLOYMENT_MODE, given.deployment_mode.is_some()),
        (fields::DOCUMENT_NAME, given.document_name.is_some()),
        // An association has tags of its own.
        (fields::TAGS, has_tags && given.association.is_none()),
    ]
}

fn permissions(given: Given, broken: &mut Vec<Rule>) -> Permissions {
    if let Some(arn) = given.role_arn {
        return Permissions::Existing(arn);
    }
    let is_untagged = |it: &AssociationSpec| it.disable_session_tags.as_set() == Some(&true);
    let trusted = match &given.association {
        None => Trusted::Tokens,
        Some(it) if given.trust_any_association || is_untagged(it) => Trusted::AnyAssociation,
        Some(_) => Trusted::ThisAssociation,
    };
    let mut managed = given.managed;
    let mut seen = BTreeSet::new();
    managed.retain(|arn| seen.insert(arn.clone()));
    let spec = RoleSpec {
        managed,
        inline: given.inline,
        well_known: WELL_KNOWN
            .iter()
            .filter(|policy| given.well_known.contains(policy))
            .copied()
            .collect(),
        boundary: given.boundary,
        name: given.role_name,
        path: given.role_path,
        max_session_duration: given.max_session_duration,
        subject_pattern: given.subject_pattern,
        audience: given.audience,
        document_name: given.document_name,
        trusted,
    };
    let managed = spec.managed_count();
    if managed > MANAGED_MAXIMUM {
        broken.push(Rule::TooManyManaged(managed));
    }
    let size: usize = spec.inline_documents().values().map(policy::measure).sum();
    if size > INLINE_QUOTA {
        broken.push(Rule::InlineTooLong(size));
    }
    Permissions::Role(spec)
}

/// The tags of the stack; an existing role has none.
fn tags(given: &Given, broken: &mut Vec<Rule>) -> Map {
    if given.role_arn.is_some() && given.association.is_none() {
        return Map::new();
    }
    let mut tags = given.common_tags.clone();
    tags.extend(given.tags.clone());
    // Those of the whole file are judged where they stand, all but their number.
    broken.extend(rules::tags(&tags).into_iter().filter(|rule| {
        rule.key()
            .is_none_or(|key| !given.common_tags.contains_key(key) || given.tags.contains_key(key))
    }));
    tags
}

/// The rules for tags that stand for every account of a file.
pub fn common_tags(tags: &Map) -> Vec<Rule> {
    rules::tags(tags)
}

/// The given annotations and those of the fields that are annotations to the EKS webhook.
fn annotations(given: &Given, broken: &mut Vec<Rule>) -> Map {
    let mut annotations = given.annotations.clone();
    broken.extend(rules::annotations(&annotations));
    for (key, field, value) in annotating(given) {
        let Some(value) = value else {
            continue;
        };
        if let Some(given) = annotations.insert(key.to_owned(), value.clone())
            && given != value
        {
            broken.push(Rule::Contradiction {
                key,
                given,
                field,
                value,
            });
        }
    }
    let audience = given.audience.as_str();
    // The trust policy and the provider must know it too.
    if let Some(other) = annotations
        .get(AUDIENCE_ANNOTATION)
        .filter(|other| *other != audience)
    {
        broken.push(Rule::Reserved {
            key: AUDIENCE_ANNOTATION,
            field: fields::AUDIENCE,
            value: format!(" {other}"),
        });
    }
    if annotations.contains_key(ROLE_ANNOTATION) {
        broken.push(Rule::Reserved {
            key: ROLE_ANNOTATION,
            field: fields::ROLE_ARN,
            value: String::new(),
        });
    }
    annotations
}

/// The fields that are annotations to the webhook, and what each of them says.
fn annotating(given: &Given) -> [(&'static str, &'static Field, Option<String>); 3] {
    let audience = given.audience.as_str();
    [
        (
            AUDIENCE_ANNOTATION,
            fields::AUDIENCE,
            (audience != DEFAULT_AUDIENCE).then(|| audience.to_owned()),
        ),
        (
            EXPIRATION_ANNOTATION,
            fields::TOKEN_EXPIRATION,
            given.token_expiration.map(|seconds| seconds.to_string()),
        ),
        (
            REGIONAL_ANNOTATION,
            fields::STS_REGIONAL_ENDPOINTS,
            given.sts_regional_endpoints.map(|on| on.to_string()),
        ),
    ]
}
