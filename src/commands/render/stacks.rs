//! CloudFormation templates, on stdout or as files, and the commands that make their stacks. A file
//! that irsactl or eksctl did not make is never replaced.

use std::io::ErrorKind;
use std::path::Path;

use serde_json::Value;

use crate::asked::{DeploymentMode, IamServiceAccount};
use crate::cli::RenderHow;
use crate::error::Error;
use crate::files;
use crate::model::{Audience, Cluster, CommandLine, DEFAULT_AUDIENCE, quoted};
use crate::output::{self, Output};
use crate::render::{self, RenderedStack, aws_cli};
use crate::template::Capability;

/// One template as it is; several one after another, or each in a file.
pub async fn print(
    accounts: &[IamServiceAccount],
    cluster: &Cluster,
    how: &RenderHow,
    output: Output,
) -> Result<(), Error> {
    let folder = how.output_dir.as_deref();
    let mode = how.deployment.deployment_mode;
    let stacks = render::stacks(accounts, cluster);
    let mut providers = accounts.iter().filter_map(|it| it.provider.as_ref());
    if let Some(spec) = providers.next() {
        let audiences = spec.audiences.iter();
        let commands = audiences.map(|audience| associate(cluster, audience));
        let commands: Vec<String> = commands.collect();
        output.note(&format!(
            "the stacks hold roles only: {} makes the provider",
            commands.join(" and ")
        ));
    }
    match folder {
        Some(folder) => write(folder, &stacks).await?,
        None => {
            let templates: Result<Vec<String>, Error> = stacks
                .iter()
                .map(|stack| output::json(&stack.template))
                .collect();
            output::print(&templates?.concat())?;
        }
    }
    output
        .say("make the stack from its file as irsactl does, so that irsactl and eksctl manage it:");
    for stack in &stacks {
        let mode = mode.unwrap_or(stack.mode);
        output.say(&create_stack(stack, folder, mode));
    }
    Ok(())
}

/// The command that makes the provider, or lets it take the audience.
fn associate(cluster: &Cluster, audience: &Audience) -> String {
    let command = CommandLine::of(
        "irsactl associate-oidc-provider --cluster {}",
        &[&cluster.name],
    );
    let command = match audience.as_str() {
        DEFAULT_AUDIENCE => command,
        other => command.and("--audience {}", &[&other]),
    };
    format!("`{}`", command.and("--approve", &[]))
}

/// The command that makes the stack of a template in a file.
fn create_stack(stack: &RenderedStack, folder: Option<&Path>, mode: DeploymentMode) -> String {
    let mode = aws_cli::deployment_config(mode);
    let file = folder
        .unwrap_or(Path::new(""))
        .join(format!("{}.json", stack.name));
    let capability = match stack.capability {
        Capability::Iam => "CAPABILITY_IAM",
        Capability::NamedIam => "CAPABILITY_NAMED_IAM",
    };
    let file = quoted(&format!("file://{}", file.display()));
    let tags = aws_cli::document(&aws_cli::tag_list(&stack.tags));
    format!(
        "  aws cloudformation create-stack --stack-name {} \\\n    --template-body {file} \\\n    \
         --capabilities {capability} --enable-termination-protection{mode} \\\n    --tags {tags}",
        stack.name
    )
}

/// Writes all files, or none when one of them is another's.
async fn write(folder: &Path, stacks: &[RenderedStack]) -> Result<(), Error> {
    let failed = |path: &Path, cause: &dyn ToString| Error::Write {
        what: format!("\"{}\"", path.display()),
        cause: cause.to_string(),
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let mut files = Vec::new();
    for stack in stacks {
        let path = folder.join(format!("{}.json", stack.name));
        let is_free = is_free(&path, stack).await;
        if !is_free.map_err(|error| failed(&path, &error))? {
            return Err(failed(
                &path,
                &"it is there, and is no template of this service account",
            ));
        }
        files.push((path, output::json(&stack.template)?));
    }
    for (path, text) in files {
        files::replace(&path, &text).map_err(|error| failed(&path, &error))?;
        output::print(&format!("{}\n", path.display()))?;
    }
    Ok(())
}

/// Whether there is nothing, or a template of the same service account.
async fn is_free(path: &Path, stack: &RenderedStack) -> std::io::Result<bool> {
    match files::read_lasting(path).await {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).is_ok_and(|found: Value| {
            found.get("Description") == stack.template.get("Description")
        })),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}
