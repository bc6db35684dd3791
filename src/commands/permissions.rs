//! `permissions`: what irsactl itself needs to be allowed. Offline.

use crate::cli::{PermissionsArgs, PermissionsFormat, Screen};
use crate::error::Error;
use crate::output::{self, Format, Output};
use crate::permissions::{self, CommandName, POLICY_QUOTA, PermissionScope};
use crate::run::Exit;

/// Prints what the commands need, or those that `--for` names: as a table, a policy, or roles of
/// Kubernetes. A policy that is longer than IAM takes is printed with a warning.
pub fn run(args: &PermissionsArgs, screen: Screen) -> Result<Exit, Error> {
    let output = Output {
        format: Format::Yaml,
        quiet: screen.quiet,
    };
    let place = PermissionScope {
        cluster: args.cluster.clone(),
        issuer: args.issuer_url.clone(),
        region: args.region.clone(),
        account: args.account_id.clone(),
        role_name: args.role_name.clone(),
        role_path: args.role_path.clone(),
        service_role: args.cfn_role_arn.clone(),
    };
    let commands = match args.commands.as_slice() {
        [] => CommandName::ALL.to_vec(),
        asked => {
            let all = CommandName::ALL.into_iter();
            all.filter(|command| asked.contains(command)).collect()
        }
    };
    let text = match args.output {
        PermissionsFormat::Table => list(&commands, &place),
        PermissionsFormat::Rbac => roles(&commands, output)?,
        format => policy(&commands, &place, format, output)?,
    };
    output::print(&text)?;
    Ok(Exit::Done)
}

fn list(commands: &[CommandName], place: &PermissionScope) -> String {
    let header = ["COMMAND", "PERMISSION", "NEEDED", "WHAT FOR"];
    output::painted(
        &output::columns(&header, permissions::lines(commands, place)),
        None,
    )
}

fn policy(
    commands: &[CommandName],
    place: &PermissionScope,
    format: PermissionsFormat,
    output: Output,
) -> Result<String, Error> {
    let rows = permissions::permissions(commands, place);
    let policy = permissions::policy(&rows, place);
    let size = permissions::size(&policy);
    if size > POLICY_QUOTA {
        output.warn(&format!(
            "the policy has {size} characters, and a managed policy may have {POLICY_QUOTA}: make one for some commands \
             (`--for`) and another for the others"
        ));
    }
    if let Some(role) = &place.service_role {
        output.note(&format!(
            "{role} must be allowed what CloudFormation calls: see the same without --cfn-role-arn"
        ));
    }
    match format {
        PermissionsFormat::Terraform => Ok(permissions::terraform_policy(&policy)),
        PermissionsFormat::Cloudformation => {
            output::json(&permissions::managed_policy_template(&policy))
        }
        _ => output::json(&policy),
    }
}

/// The ClusterRole and its binding as YAML documents, for `kubectl apply -f -`.
fn roles(commands: &[CommandName], output: Output) -> Result<String, Error> {
    let rows = permissions::rights(commands);
    if rows.is_empty() {
        output.say("nothing is asked of Kubernetes");
        return Ok(String::new());
    }
    let documents = permissions::cluster_role(&rows);
    let documents: Result<Vec<String>, Error> = documents.iter().map(output::yaml).collect();
    Ok(documents?.join("---\n"))
}
