//! The stack that made a role, by the tags that CloudFormation alone can write.

use super::deletion::read_body;
use crate::aws::Aws;
use crate::error::Error;
use crate::model::{CLUSTER_TAGS, Lookup, ROLE_LOGICAL_ID, STACK_ID_TAG};
use crate::world::{OwningStack, Phase, RoleFacts};

/// CloudFormation's tag with the name of the resource in its template.
const RESOURCE: &str = "aws:cloudformation:logical-id";

/// The stack that made a role, where it is one of irsactl or eksctl.
pub async fn owner(aws: &Aws, role: Option<&RoleFacts>) -> Lookup<OwningStack> {
    let Some((role, id)) = role.and_then(|role| Some((role, role.tags.get(STACK_ID_TAG)?))) else {
        return Lookup::Missing;
    };
    match owning_stack(aws, role, id).await {
        Ok(found) => found,
        Err(error) => Lookup::Unknown(error.to_string()),
    }
}

async fn owning_stack(aws: &Aws, role: &RoleFacts, id: &str) -> Result<Lookup<OwningStack>, Error> {
    let Some(stack) = aws.cloudformation.stack(id).await? else {
        return Ok(Lookup::Missing);
    };
    let is_theirs = CLUSTER_TAGS.iter().any(|tag| stack.tags.contains_key(*tag));
    let is_its_role = stack.role_arn.as_ref() == Some(&role.arn);
    if !is_theirs || !is_its_role {
        return Ok(Lookup::Missing);
    }
    // Whoever writes the template names any role in its output: only CloudFormation says which resource it is.
    let resource = role.tags.get(RESOURCE).map(String::as_str);
    if resource != Some(ROLE_LOGICAL_ID) {
        let resource = resource.unwrap_or("a resource that is not told");
        let why = format!(
            "stack \"{}\" has it as {resource}, not as Role1",
            stack.name
        );
        return Ok(Lookup::Unknown(why));
    }
    // One that is being changed is waited for.
    if !matches!(stack.phase(), Phase::Ready | Phase::Busy) {
        let why = format!("stack \"{}\" is in {}", stack.name, stack.status);
        return Ok(Lookup::Unknown(why));
    }
    let body = match read_body(aws, &stack).await? {
        Lookup::Found(body) => body,
        Lookup::Missing => return Ok(Lookup::Unknown("its stack has no template".to_owned())),
        Lookup::Unknown(why) => return Ok(Lookup::Unknown(why)),
    };
    Ok(Lookup::Found(OwningStack { stack, body }))
}
