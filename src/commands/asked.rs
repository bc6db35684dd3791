//! From flags to what is asked: everything that can be judged without a call is judged here, so that
//! a mistake is told before anything happens.

use std::io::Read;
use std::path::Path;

use crate::cli::{CreateServiceAccount, NameArgs};
use crate::error::Error;
use crate::model::{DEFAULT_AUDIENCE, Map, Namespace, Pairs, ROLE_ANNOTATION, ServiceAccountName};
use crate::observe::{Wanted, WantedStack};
use crate::plan::associate::{ProviderSpec, Refresh, Thumbprints};
use crate::plan::create::{IamServiceAccount, Permissions};
use crate::plan::{Conflicts, Rollback};
use crate::policy::{self, PolicyDocument};
use crate::template::{RoleSpec, WELL_KNOWN};

mod rules;

/// The annotation that the EKS webhook reads the audience of a pod's token from.
const AUDIENCE_ANNOTATION: &str = "eks.amazonaws.com/audience";

/// The IAM service account that `create` is asked for.
pub fn service_account(args: &CreateServiceAccount) -> Result<IamServiceAccount, Error> {
    let name = required_name(&args.name)?;
    let conflicts = match args.object.override_existing_serviceaccounts {
        true => Conflicts::Overridden,
        false => Conflicts::Refused,
    };
    if args.role.role_only && args.permissions.attach_role_arn.is_some() {
        return Err(Error::Flags(
            "--role-only cannot be used with --attach-role-arn: there would be nothing to do"
                .to_owned(),
        ));
    }
    Ok(IamServiceAccount {
        name,
        permissions: permissions(args)?,
        labels: rules::labels(collected("--labels", &args.object.labels)?)?,
        annotations: annotations(args)?,
        audience: args.role.audience.clone(),
        tags: rules::tags(collected("--tags", &args.role.tags)?)?,
        conflicts,
        service_role: args.stack.cfn_role_arn.clone(),
        rollback: if args.stack.cfn_disable_rollback {
            Rollback::Disabled
        } else {
            Rollback::Enabled
        },
        provider: args.associate_oidc_provider.then(|| ProviderSpec {
            audience: args.role.audience.clone(),
            thumbprints: Thumbprints::Read,
            refresh: Refresh::Told,
        }),
    })
}

/// The name by position or `--name`, and its namespace.
pub fn required_name(args: &NameArgs) -> Result<ServiceAccountName, Error> {
    let (namespace, name) = filter(args)?;
    let name = name.ok_or_else(|| {
        Error::Flags("--name must be set: the name of the service account".to_owned())
    })?;
    ServiceAccountName::new(namespace.unwrap_or_default(), &name).map_err(Error::Flags)
}

/// The name and namespace, as far as they are given.
pub fn filter(args: &NameArgs) -> Result<(Option<Namespace>, Option<String>), Error> {
    let name = args.position.as_ref().or(args.name.as_ref());
    let Some((namespace, name)) = name.and_then(|name| name.split_once('/')) else {
        return Ok((args.namespace.clone(), name.cloned()));
    };
    let namespace: Namespace = namespace.parse().map_err(|rule| Error::Usage {
        flag: "NAME",
        value: namespace.to_owned(),
        rule,
    })?;
    match &args.namespace {
        Some(other) if *other != namespace => Err(Error::Flags(format!(
            "--namespace {other} and NAME {namespace}/{name} contradict each other"
        ))),
        _ => Ok((Some(namespace), Some(name.to_owned()))),
    }
}

fn permissions(args: &CreateServiceAccount) -> Result<Permissions, Error> {
    let asked = &args.permissions;
    if let Some(arn) = &asked.attach_role_arn {
        return Ok(Permissions::Existing(arn.clone()));
    }
    if asked.attach_policy_arn.is_empty()
        && asked.policy_document.is_empty()
        && asked.well_known_policy.is_empty()
    {
        return Err(Error::Flags(
            "one of --attach-policy-arn, --policy-document, --well-known-policy and --attach-role-arn must be set"
                .to_owned(),
        ));
    }
    let mut managed = asked.attach_policy_arn.clone();
    let mut seen = std::collections::BTreeSet::new();
    managed.retain(|arn| seen.insert(arn.clone()));
    if asked
        .policy_document
        .iter()
        .filter(|path| path.as_os_str() == "-")
        .count()
        > 1
    {
        return Err(Error::Flags(
            "--policy-document - is given twice: stdin can be read once".to_owned(),
        ));
    }
    let spec = RoleSpec {
        managed,
        inline: asked
            .policy_document
            .iter()
            .map(|path| document(path))
            .collect::<Result<_, _>>()?,
        well_known: WELL_KNOWN
            .iter()
            .filter(|policy| asked.well_known_policy.contains(policy))
            .copied()
            .collect(),
        boundary: asked.permissions_boundary.clone(),
        name: args.role.role_name.clone(),
        path: args.role.role_path.clone(),
        max_session_duration: args.role.max_session_duration,
        subject_pattern: args.role.subject_pattern.clone(),
        audience: args.role.audience.clone(),
    };
    let managed = spec.managed_count();
    if managed > policy::MANAGED_MAXIMUM {
        return Err(Error::Flags(format!(
            "{managed} managed policies are asked for, IAM attaches at most {} to one role (10 unless the quota is \
             raised); make one policy of several",
            policy::MANAGED_MAXIMUM
        )));
    }
    let size: usize = spec.inline_documents().values().map(policy::measure).sum();
    if size > policy::INLINE_QUOTA {
        return Err(Error::Flags(format!(
            "the inline policies have {size} characters together, IAM takes {} for one role; \
             make a managed policy of them and use --attach-policy-arn",
            policy::INLINE_QUOTA
        )));
    }
    Ok(Permissions::Role(spec))
}

fn document(path: &Path) -> Result<PolicyDocument, Error> {
    let (name, bytes) = read_file(path)?;
    let text = String::from_utf8(bytes).map_err(|_| Error::Read {
        what: name.clone(),
        cause: "it is no UTF-8 text".to_owned(),
    })?;
    PolicyDocument::parse(&text).map_err(|rule| Error::Usage {
        flag: "--policy-document",
        value: path.display().to_string(),
        rule,
    })
}

/// A file's name for messages, and its bytes; `-` is stdin. Nothing that is read here is that long.
pub fn read_file(path: &Path) -> Result<(String, Vec<u8>), Error> {
    const LIMIT: u64 = 4 << 20;
    let name = if path.as_os_str() == "-" {
        "stdin".to_owned()
    } else {
        format!("\"{}\"", path.display())
    };
    let failed = |error: std::io::Error| Error::Read {
        what: name.clone(),
        cause: error.to_string(),
    };
    let mut bytes = Vec::new();
    match path.as_os_str() == "-" {
        true => std::io::stdin()
            .lock()
            .take(LIMIT + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?,
        false => {
            let file = std::fs::File::open(path).map_err(failed)?;
            file.take(LIMIT + 1)
                .read_to_end(&mut bytes)
                .map_err(failed)?
        }
    };
    if bytes.len() as u64 > LIMIT {
        return Err(Error::Read {
            what: name,
            cause: "it is longer than 4 MiB".to_owned(),
        });
    }
    Ok((name, bytes))
}

/// The asked annotations and those of the flags that are annotations to the EKS webhook.
fn annotations(args: &CreateServiceAccount) -> Result<Map, Error> {
    let mut annotations =
        rules::annotations(collected("--annotations", &args.object.annotations)?)?;
    let audience = args.role.audience.as_str();
    for (key, value) in [
        (
            AUDIENCE_ANNOTATION,
            (audience != DEFAULT_AUDIENCE).then(|| audience.to_owned()),
        ),
        (
            "eks.amazonaws.com/token-expiration",
            args.object
                .token_expiration
                .map(|seconds| seconds.to_string()),
        ),
        (
            "eks.amazonaws.com/sts-regional-endpoints",
            args.object.sts_regional_endpoints.map(|on| on.to_string()),
        ),
    ] {
        let Some(value) = value else {
            continue;
        };
        if let Some(other) = annotations.insert(key.to_owned(), value.clone())
            && other != value
        {
            return Err(Error::Flags(format!(
                "--annotations {key}={other} contradicts the flag for it, which says {value}"
            )));
        }
    }
    // The trust policy and the provider must know it too.
    if let Some(other) = annotations
        .get(AUDIENCE_ANNOTATION)
        .filter(|other| *other != audience)
    {
        return Err(Error::Flags(format!(
            "--annotations {AUDIENCE_ANNOTATION} is set by irsactl: use --audience {other}"
        )));
    }
    if annotations.contains_key(ROLE_ANNOTATION) {
        return Err(Error::Flags(format!(
            "--annotations {ROLE_ANNOTATION} is set by irsactl: use --attach-role-arn"
        )));
    }
    Ok(annotations)
}

/// The pairs of a repeatable flag; a key with two values is a mistake.
fn collected(flag: &'static str, given: &[Pairs]) -> Result<Map, Error> {
    let mut map = Map::new();
    for (key, value) in given.iter().flat_map(|pairs| &pairs.0) {
        if let Some(other) = map.insert(key.clone(), value.clone())
            && other != *value
        {
            let rule = format!("has two values, \"{other}\" and \"{value}\"");
            return Err(Error::Usage {
                flag,
                value: key.clone(),
                rule,
            });
        }
    }
    Ok(map)
}

/// What must be looked up by name.
pub fn wanted(asked: &IamServiceAccount) -> Wanted<'_> {
    match &asked.permissions {
        Permissions::Existing(arn) => Wanted {
            name: &asked.name,
            policies: Vec::new(),
            role: arn.name().parse().ok(),
            stack: WantedStack::None,
        },
        Permissions::Role(spec) => Wanted {
            name: &asked.name,
            policies: spec.managed.iter().chain(&spec.boundary).cloned().collect(),
            role: spec.name.clone(),
            stack: WantedStack::Looked,
        },
    }
}
