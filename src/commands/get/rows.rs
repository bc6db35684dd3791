//! The rows of the list, with as much of the stacks as its format shows.

use super::kubernetes_side::KubernetesSide;
use crate::error::Error;
use crate::model::{Lookup, ServiceAccountName};
use crate::observe;
use crate::output::Format;
use crate::run::Context;
use crate::waiting::try_side_by_side;
use crate::world::{ListedAccount, Stack};

/// How many templates are read side by side.
const PARALLEL: usize = 8;

/// Of those that have a stack, and of those that only have a role attached.
pub async fn rows(
    context: &Context,
    stacks: Vec<(ServiceAccountName, Stack)>,
    attached: Vec<ServiceAccountName>,
    side: Option<&KubernetesSide>,
    format: Format,
) -> Result<Vec<ListedAccount>, Error> {
    let stacks = stacks.into_iter();
    let rows = stacks.map(|(name, stack)| row(context, name, stack, format));
    let mut rows = try_side_by_side(PARALLEL, rows).await?;
    if let Some(message) = rows.iter().find_map(|row| row.template.unknown()) {
        let text = format!("the roles' policies are not known: {message}");
        context.output.warn(&text);
    }
    rows.extend(attached.into_iter().map(|name| ListedAccount {
        name,
        stack: None,
        template: Lookup::Missing,
        service_account: None,
    }));
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    for row in &mut rows {
        row.service_account = side.map(|lookup| lookup.of(&row.name));
    }
    Ok(rows)
}

async fn row(
    context: &Context,
    name: ServiceAccountName,
    stack: Stack,
    format: Format,
) -> Result<ListedAccount, Error> {
    let template = match format {
        Format::Table | Format::Name | Format::Markdown => Lookup::Missing,
        Format::Json | Format::Yaml | Format::Wide => {
            observe::template(&context.aws, &stack).await?
        }
    };
    Ok(ListedAccount {
        name,
        stack: Some(stack),
        template,
        service_account: None,
    })
}
