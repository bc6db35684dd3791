//! What is to be done to give a role the policy that is suggested for it, in the place of those that it has.

use serde_json::{Value, json};

use super::is_young;
use crate::asked::{AssociationSpec, IamServiceAccount, Permissions, Scope, unchanged};
use crate::model::{CommandLine, Lookup, PolicyArn, RoleArn, ServiceAccountName, Way};
use crate::policy::suggested::{KnownUse, suggested};
use crate::policy::usage::{Policies, PolicySource, ServiceUse, Window};
use crate::policy::{PolicyDocument, VERSION, difference, statements};
use crate::template::{RoleSpec, RoleTemplate, is_document};
use crate::world::{OwningStack, RoleUsage};

/// The name of the inline policy of a role that no stack made.
const NAME: &str = "UsedPermissions";

/// A policy in the place of all that a role has.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    pub document: Value,
    /// Line by line, from all of today's policies as one.
    pub difference: Vec<String>,
    pub remarks: Vec<String>,
    /// What a config file would ask for: of the service account nothing but this policy.
    pub asked: Option<IamServiceAccount>,
    /// That as text.
    pub entry: Option<String>,
    /// What puts it there.
    pub commands: Vec<CommandLine>,
}

/// What is asked of a proposal.
#[derive(Clone, Copy, Debug)]
pub struct ProposalRequest<'a> {
    pub window: Window,
    /// Actions that the workload needs although IAM does not track them.
    pub kept: &'a [String],
    /// The file that the policy is written into by this run.
    pub file: Option<&'a str>,
}

/// # Errors
/// Why there is none.
pub fn propose(usage: &RoleUsage, wanted: ProposalRequest<'_>) -> Result<Proposal, String> {
    let window = wanted.window;
    let (policies, services) = judged(usage, window)?;
    let known = KnownUse {
        services,
        window,
        kept: wanted.kept,
    };
    let suggestion = suggested(policies, known);
    let mut remarks: Vec<String> = suggestion.remarks.iter().map(ToString::to_string).collect();
    let Some(document) = suggestion.document else {
        return Err(nothing_left(wanted, &remarks));
    };
    let difference = difference(&as_one(policies), &document);
    if difference.is_empty() {
        let why = because(&remarks);
        return Err(format!("there is nothing to take away{why}"));
    }
    // One a role: what is written for one is never put on another.
    let file = format!("{}.json", usage.arn.name());
    let commands = match commands(usage, policies, wanted.file.unwrap_or(&file)) {
        Ok(commands) => {
            let is_unwritten = wanted.file.is_none();
            let write = is_unwritten.then(|| writing(&usage.arn, wanted, &file));
            write.into_iter().chain(commands).collect()
        }
        Err(why) => {
            remarks.push(why);
            Vec::new()
        }
    };
    Ok(Proposal {
        difference,
        remarks,
        asked: asked_for(usage, &document),
        entry: None,
        document,
        commands,
    })
}

/// Its policies, and the services that they allow something of, where both say enough.
fn judged(usage: &RoleUsage, window: Window) -> Result<(&Policies, &[ServiceUse]), String> {
    let unknown = [
        usage.facts.unknown(),
        usage.policies.unknown(),
        usage.services.unknown(),
    ];
    if let Some(why) = unknown.into_iter().flatten().next() {
        return Err(why.to_owned());
    }
    let (Lookup::Found(policies), Lookup::Found(services)) = (&usage.policies, &usage.services)
    else {
        return Err("there is no such role".to_owned());
    };
    if policies.is_empty() {
        return Err("it has no policies".to_owned());
    }
    if is_young(usage, window) {
        return Err(format!(
            "it is younger than {} days: what it will use is not known yet",
            window.days
        ));
    }
    Ok((policies, services))
}

fn nothing_left(wanted: ProposalRequest<'_>, remarks: &[String]) -> String {
    if wanted.kept.is_empty() {
        format!(
            "nothing that its policies allow was used in {} days: it needs none of them, or is not needed itself",
            wanted.window.days
        )
    } else {
        let why = because(remarks);
        format!("with --keep nothing that is allowed is left{why}")
    }
}

fn because(remarks: &[String]) -> String {
    match remarks {
        [] => String::new(),
        remarks => format!(": {}", remarks.join("; ")),
    }
}

/// All of today's policies.
fn as_one(policies: &Policies) -> Value {
    let today: Vec<&Value> = policies.iter().flat_map(|(_, it)| statements(it)).collect();
    json!({ "Version": VERSION, "Statement": today })
}

/// The run that writes the file which the other commands name.
fn writing(role: &RoleArn, wanted: ProposalRequest<'_>, file: &str) -> CommandLine {
    let days = format!("{}d", wanted.window.days);
    let usage = CommandLine::of(
        "irsactl usage --role-arn {} --since {} --suggest",
        &[role, &days],
    );
    let kept = wanted.kept.iter();
    let usage = kept.fold(usage, |usage, action| usage.and("--keep {}", &[action]));
    usage.and("--write {}", &[&file])
}

/// By the tag of the stack that made the role.
fn asked_for(usage: &RoleUsage, document: &Value) -> Option<IamServiceAccount> {
    let (way, name) = account_of(usage.stack.as_found()?)?;
    let spec = RoleSpec {
        inline: vec![PolicyDocument::parse(&document.to_string()).ok()?],
        ..RoleSpec::default()
    };
    Some(IamServiceAccount {
        permissions: Permissions::Role(spec),
        association: (way == Way::PodIdentity).then(AssociationSpec::default),
        // An association's service account need not be the file's.
        scope: match way {
            Way::Irsa => Scope::Whole,
            Way::PodIdentity => Scope::RoleOnly,
        },
        ..unchanged(name)
    })
}

fn account_of(owning: &OwningStack) -> Option<(Way, ServiceAccountName)> {
    let mut ways = [Way::Irsa, Way::PodIdentity].into_iter();
    ways.find_map(|way| Some((way, owning.stack.account(way)?)))
}

/// # Errors
/// Why nobody knows.
fn commands(
    usage: &RoleUsage,
    policies: &Policies,
    file: &str,
) -> Result<Vec<CommandLine>, String> {
    let role = &usage.arn;
    let owning = match &usage.stack {
        Lookup::Found(owning) => owning,
        Lookup::Missing => return Ok(by_hand(role, policies, file)),
        Lookup::Unknown(why) => return Err(format!("what made the role is not known: {why}")),
    };
    let template = RoleTemplate::read(&owning.body, role.partition());
    let (Some(update), Some(template)) = (update(owning), template) else {
        let stack = &owning.stack.name;
        return Err(format!(
            "stack \"{stack}\" made the role, and irsactl cannot change it"
        ));
    };
    let mut update = update.and("--policy-document {}", &[&file]);
    let mut beside = Vec::new();
    for (source, _) in policies {
        match source {
            PolicySource::Managed(arn) if is_own(&template, arn) => {
                update = update.and("--remove-policy-arn {}", &[arn]);
            }
            PolicySource::Inline(name) => {
                let mut own = template.inline.keys();
                let own = own.find(|own| template.name_in_iam(own, &owning.stack.name) == *name);
                match own {
                    // The document takes their place.
                    Some(own) if is_document(own) => {}
                    Some(own) => update = update.and("--remove-inline-policy {}", &[own]),
                    None => beside.push(removal(role, source)),
                }
            }
            PolicySource::Managed(_) => beside.push(removal(role, source)),
        }
    }
    Ok([update].into_iter().chain(beside).collect())
}

/// Whether the template has a managed policy, maybe by what only CloudFormation can work out.
fn is_own(template: &RoleTemplate, arn: &PolicyArn) -> bool {
    let mut managed = template.managed.iter();
    managed.any(|own| own.arn() == Some(arn)) || template.may_have(arn)
}

/// The command that changes the stack, whatever is to be changed.
fn update(owning: &OwningStack) -> Option<CommandLine> {
    let cluster = owning.stack.cluster()?;
    let (way, name) = account_of(owning)?;
    let update = CommandLine::from(match way {
        Way::Irsa => "irsactl update iamserviceaccount",
        Way::PodIdentity => "irsactl update podidentityassociation",
    });
    let place: [&dyn std::fmt::Display; 3] = [&name.name, &name.namespace, &cluster];
    Some(update.and("{} --namespace {} --cluster {}", &place))
}

/// First the new policy, then the end of the others.
fn by_hand(role: &RoleArn, policies: &Policies, file: &str) -> Vec<CommandLine> {
    let put = CommandLine::of(
        "aws iam put-role-policy --role-name {} --policy-name {} --policy-document {}",
        &[&role.name(), &NAME, &format!("file://{file}")],
    );
    let sources = policies.iter().map(|(source, _)| source);
    let others = sources.filter(|source| **source != PolicySource::Inline(NAME.to_owned()));
    let removals = others.map(|source| removal(role, source));
    [put].into_iter().chain(removals).collect()
}

fn removal(role: &RoleArn, policy: &PolicySource) -> CommandLine {
    match policy {
        PolicySource::Managed(arn) => CommandLine::of(
            "aws iam detach-role-policy --role-name {} --policy-arn {}",
            &[&role.name(), arn],
        ),
        PolicySource::Inline(name) => CommandLine::of(
            "aws iam delete-role-policy --role-name {} --policy-name {}",
            &[&role.name(), name],
        ),
    }
}
