//! From flags to what is asked: everything that can be judged without a call is judged here, so that
//! a mistake is told before anything happens.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::asked::fields::{self, Field};
use crate::asked::{
    self, AssociationSpec, Given, IamServiceAccount, ProviderSpec, Refresh, RoleTrust, Rule, Scope,
    Thumbprints,
};
use crate::cli::{AccountArgs, AssociatedArgs, NameArgs, Screen};
use crate::config::{self, ClusterConfig};
use crate::error::Error;
use crate::files;
use crate::model::{Map, Namespace, Pairs, ServiceAccountName};
use crate::output::{Format, Output};
use crate::policy::PolicyDocument;

mod edits;
mod policies;

use policies::{inline, well_known};

pub use edits::{SharedTerms, conflicts, deployment, drift, edited, edited_association};

/// The IAM service account that the flags describe.
pub async fn service_account(
    args: &AccountArgs,
    trust: RoleTrust,
) -> Result<IamServiceAccount, Error> {
    let given = Given {
        trust,
        ..given(args).await?
    };
    let asked = asked::service_account(given).map_err(first)?;
    Ok(IamServiceAccount {
        provider: args.associate_oidc_provider.then(|| ProviderSpec {
            audiences: vec![args.tokens.audience.clone()],
            thumbprints: Thumbprints::Read,
            refresh: Refresh::Told,
        }),
        ..asked
    })
}

/// The EKS Pod Identity association that the flags describe.
pub async fn association(args: &AssociatedArgs) -> Result<IamServiceAccount, Error> {
    let (permissions, role) = (&args.permissions, &args.role);
    let given = Given {
        role_arn: permissions.attach_role_arn.clone(),
        managed: permissions.attach_policy_arn.clone(),
        inline: inline(permissions).await?,
        document_name: args.permission_policy_name.clone(),
        well_known: well_known(permissions),
        boundary: permissions.permissions_boundary.clone(),
        role_name: role.role_name.clone(),
        role_path: role.role_path.clone(),
        max_session_duration: role.max_session_duration,
        tags: collected(fields::TAGS, &role.tags)?,
        scope: if args.create_service_account {
            Scope::Whole
        } else {
            Scope::RoleOnly
        },
        association: Some(AssociationSpec::declared(
            args.association.target_role_arn.clone(),
            args.association.disable_session_tags,
            args.association.policy.clone(),
        )),
        trust_any_association: args.trust_any_association,
        ..Given::new(associated_name(&args.name)?)
    };
    asked::service_account(given).map_err(first)
}

/// The name of an association's service account, whose namespace nothing stands in for.
pub fn associated_name(args: &NameArgs) -> Result<ServiceAccountName, Error> {
    if filter(args)?.0.is_none() {
        let rule = "--namespace must be set, or NAME be NAMESPACE/NAME";
        return Err(Error::Flags(rule.to_owned()));
    }
    required_name(args)
}

/// What the flags say of the account, each by itself.
async fn given(args: &AccountArgs) -> Result<Given, Error> {
    let (permissions, role, tokens) = (&args.permissions, &args.role, &args.tokens);
    let object = &args.object;
    Ok(Given {
        role_arn: permissions.attach_role_arn.clone(),
        managed: permissions.attach_policy_arn.clone(),
        inline: inline(permissions).await?,
        well_known: well_known(permissions),
        boundary: permissions.permissions_boundary.clone(),
        role_name: role.role_name.clone(),
        role_path: role.role_path.clone(),
        max_session_duration: role.max_session_duration,
        subject_pattern: tokens.subject_pattern.clone(),
        audience: tokens.audience.clone(),
        tags: collected(fields::TAGS, &role.tags)?,
        labels: collected(fields::LABELS, &object.labels)?,
        annotations: collected(fields::ANNOTATIONS, &object.annotations)?,
        token_expiration: object.token_expiration,
        sts_regional_endpoints: object.sts_regional_endpoints,
        scope: if tokens.role_only {
            Scope::RoleOnly
        } else {
            Scope::Whole
        },
        ..Given::new(required_name(&args.name)?)
    })
}

/// The first rule that the flags break, with the flags' names.
fn first(broken: Vec<Rule>) -> Error {
    let mut broken = broken.into_iter();
    match broken.next() {
        Some(Rule::Entry { field, key, rule }) => Error::usage(field.flag(), key, rule),
        rule => Error::Flags(rule.map_or(String::new(), |rule| rule.told(Field::flag))),
    }
}

/// The name by position or `--name`, and its namespace.
pub fn required_name(args: &NameArgs) -> Result<ServiceAccountName, Error> {
    let (namespace, name) = filter(args)?;
    let name = name.ok_or_else(|| {
        Error::Flags("--name must be set: the name of the service account".to_owned())
    })?;
    ServiceAccountName::new(namespace.unwrap_or_default(), &name).map_err(Error::Flags)
}

/// What a position names as NAMESPACE/NAME.
pub fn name<T: FromStr<Err = String>>(text: &str) -> Result<T, Error> {
    text.parse()
        .map_err(|rule| Error::usage("NAMESPACE/NAME", text, rule))
}

/// The name and namespace, as far as they are given.
pub fn filter(args: &NameArgs) -> Result<(Option<Namespace>, Option<String>), Error> {
    let name = args.position.as_ref().or(args.name.as_ref());
    let Some((namespace, name)) = name.and_then(|name| name.split_once('/')) else {
        return Ok((args.namespace.clone(), name.cloned()));
    };
    let parsed = namespace.parse();
    let namespace: Namespace =
        parsed.map_err(|rule: String| Error::usage("NAME", namespace, rule))?;
    match &args.namespace {
        Some(other) if *other != namespace => Err(Error::Flags(format!(
            "--namespace {other} and NAME {namespace}/{name} contradict each other"
        ))),
        _ => Ok((Some(namespace), Some(name.to_owned()))),
    }
}

async fn documents(paths: &[PathBuf]) -> Result<Vec<PolicyDocument>, Error> {
    if paths.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Error::Flags(
            "--policy-document - is given twice: stdin can be read once".to_owned(),
        ));
    }
    let mut documents = Vec::new();
    for path in paths {
        documents.push(document(path).await?);
    }
    Ok(documents)
}

async fn document(path: &Path) -> Result<PolicyDocument, Error> {
    let (name, bytes) = read_file(path).await?;
    let text = String::from_utf8(bytes).map_err(|_| Error::Read {
        what: name.clone(),
        cause: "it is no UTF-8 text".to_owned(),
    })?;
    PolicyDocument::parse(&text)
        .map_err(|rule| Error::usage(fields::INLINE_POLICY.flag(), path.display(), rule))
}

/// What becomes of a file of which a part is not read.
#[derive(Clone, Copy)]
pub enum Unread {
    Told(Screen),
    /// What is asked for there would be deleted, by that flag, as if nobody asked for it.
    Refused(&'static str),
}

/// What the config file asks for; `-` is stdin.
pub async fn config(path: &Path, unread: Unread) -> Result<ClusterConfig, Error> {
    let (name, bytes) = read_file(path).await?;
    // Without quotes, `file:line:column` is what editors and terminals follow.
    let name = name.trim_matches('"');
    let config = config::read(name, &bytes).map_err(Error::Config)?;
    match (&config.rest.further, unread) {
        (None, _) => {}
        (Some(further), Unread::Told(Screen { quiet, .. })) => {
            let format = Format::Table;
            Output { format, quiet }.warn(&format!("{name}:{further}"));
        }
        (Some(further), Unread::Refused(flag)) => {
            return Err(Error::Flags(format!(
                "{name}:{further}, so {flag} would delete what the other asks for: put both into one"
            )));
        }
    }
    Ok(config)
}

/// A file's name for messages, and its bytes; `-` is stdin.
pub async fn read_file(path: &Path) -> Result<(String, Vec<u8>), Error> {
    let (what, bytes) = if path.as_os_str() == "-" {
        ("stdin".to_owned(), files::read_stdin().await)
    } else {
        (format!("\"{}\"", path.display()), files::read(path).await)
    };
    match bytes {
        Ok(bytes) => Ok((what, bytes)),
        Err(error) => Err(Error::Read {
            what,
            cause: error.to_string(),
        }),
    }
}

/// The pairs of a repeatable flag; a key with two values is a mistake.
fn collected(field: &'static Field, given: &[Pairs]) -> Result<Map, Error> {
    let mut map = Map::new();
    for (key, value) in given.iter().flat_map(|pairs| &pairs.0) {
        if let Some(other) = map.insert(key.clone(), value.clone())
            && other != *value
        {
            let rule = format!("has two values, \"{other}\" and \"{value}\"");
            return Err(Error::usage(field.flag(), key, rule));
        }
    }
    Ok(map)
}
