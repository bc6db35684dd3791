//! What a stack is made of: as its template says, and as CloudFormation has it.

use serde_json::Value;

use crate::aws::Aws;
use crate::error::Error;
use crate::model::Lookup;
use crate::template::{self, StackResource};
use crate::world::Stack;

/// DescribeStackResources tells of no more than so many.
const LISTED: usize = 100;

/// A stack of nothing but the role is known by its template. CloudFormation is asked for the names of
/// other things, and where the template cannot be read. One that was never created has the change sets
/// that would create it, which are others': irsactl and eksctl make none.
pub async fn resources(
    aws: &Aws,
    stack: &Stack,
    body: &Lookup<Value>,
) -> Result<Lookup<Vec<StackResource>>, Error> {
    if stack.is_in_review() {
        let sets = aws.cloudformation.change_sets(&stack.id).await;
        return Lookup::unless_denied(sets.map(Lookup::Found));
    }
    let declared = body.as_found().map(template::resources);
    if let Some(declared) = &declared
        && declared.iter().all(|resource| resource.is_own)
    {
        return Ok(Lookup::Found(declared.clone()));
    }
    let listed = aws.cloudformation.resources(&stack.id).await;
    Ok(
        match (declared, Lookup::unless_denied(listed.map(Lookup::from))?) {
            (Some(declared), Lookup::Found(listed)) => Lookup::Found(both(declared, listed)),
            (Some(declared), _) => Lookup::Found(declared),
            (None, listed) => listed,
        },
    )
}

/// What is there, as it is declared. An update that failed may leave more than is declared.
fn both(declared: Vec<StackResource>, listed: Vec<StackResource>) -> Vec<StackResource> {
    let all = listed.len() < LISTED;
    let known = |id: &str| listed.iter().find(|it| it.id == id);
    let is_declared = |id: &str| declared.iter().any(|it| it.id == id);
    let undeclared = listed.iter().filter(|it| !is_declared(&it.id)).cloned();
    let there = declared
        .iter()
        .filter_map(|resource| match known(&resource.id) {
            Some(listed) => Some(StackResource {
                physical: listed.physical.clone(),
                ..resource.clone()
            }),
            None => (!all).then(|| resource.clone()),
        });
    there.chain(undeclared).collect()
}
