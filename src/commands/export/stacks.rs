//! The IAM service accounts that have a stack, as a file would ask for them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::PARALLEL;
use crate::asked::IamServiceAccount;
use crate::asked::found::{self, FoundAccount};
use crate::error::Error;
use crate::model::{Lookup, ServiceAccountName};
use crate::observe;
use crate::run::Context;
use crate::template;
use crate::waiting::side_by_side;
use crate::world::{Phase, ServiceAccount, Stack};

/// The accounts that have a stack of this cluster. Those that no file can describe are told.
pub async fn with_stacks(
    context: &Context,
    provider: &str,
    stacks: &[(ServiceAccountName, &Stack)],
    objects: &BTreeMap<ServiceAccountName, ServiceAccount>,
) -> Result<Vec<IamServiceAccount>, Error> {
    let reads = stacks.iter().map(async |(name, stack)| {
        let template = match stack.phase() {
            Phase::Ready => observe::whole_template(&context.aws, stack).await?,
            _ => Lookup::Missing,
        };
        Ok::<_, Error>((name, *stack, template))
    });
    let mut accounts = Vec::new();
    for read in side_by_side(PARALLEL, reads).await {
        let (name, stack, template) = read?;
        let Lookup::Found((template, body)) = template else {
            context
                .output
                .warn(&format!("{name} is left out: {}", why(stack, &template)));
            continue;
        };
        let object = objects.get(name);
        let role = stack.role_arn.as_ref();
        let found = found::with_stack(name, provider, &template, role, &stack.tags, object);
        accounts.extend(described(context, &name.to_string(), Some(&body), found));
    }
    Ok(accounts)
}

/// What a file asks for it; that of `whose` which no file can ask for is told. `None`: to apply half of what
/// there is would take the other half away.
pub fn described(
    context: &Context,
    whose: &str,
    body: Option<&Value>,
    found: FoundAccount,
) -> Option<IamServiceAccount> {
    let FoundAccount {
        asked,
        lost,
        also_trusted,
    } = found;
    if !lost.is_empty() {
        let text = format!("{whose} is left out: {}", lost.join("; "));
        context.output.warn(&text);
        return None;
    }
    if let Some(body) = body {
        surplus(context, whose, body, &asked);
    }
    if !also_trusted.is_empty() {
        context.output.note(&format!(
            "{whose}: its role also trusts {also_trusted}: that stays, and is no part of the file"
        ));
    }
    Some(asked)
}

/// What the stack of `whose` has beyond what a file can ask for.
fn surplus(context: &Context, whose: &str, body: &Value, asked: &IamServiceAccount) {
    let beyond = template::beyond(body, asked.permissions.document_name());
    if !beyond.is_empty() {
        context.output.note(&format!(
            "{whose}: its stack has more, which is no part of the file: {}",
            beyond.join(", ")
        ));
    }
}

fn why<T>(stack: &Stack, template: &Lookup<T>) -> String {
    match template {
        Lookup::Unknown(message) => message.clone(),
        _ if stack.phase() != Phase::Ready => {
            format!("stack \"{}\" is in {}", stack.name, stack.status)
        }
        _ => format!(
            "the template of stack \"{}\" is not one of eksctl or irsactl",
            stack.name
        ),
    }
}
