//! What must be known before an IAM service account is deleted.

use std::collections::BTreeSet;

use serde_json::Value;
use tokio::sync::OnceCell;

use super::owner::owner;
use super::resources::resources;
use super::stack_name::{associated_stack, left_stack, own_stack};
use super::trust::attached;
use super::{ServiceAccounts, Stacks};
use super::{again, associations, gone};
use crate::asked::Deletion;
use crate::aws::Aws;
use crate::error::Error;
use crate::model::{
    Cluster, ClusterName, Lookup, PolicyArn, ROLE_LOGICAL_ID, RoleArn, SERVICE_ACCOUNT_TAG,
    STACK_ID_TAG, ServiceAccountName, Way,
};
use crate::policy::{others, subjects};
use crate::template::{ManagedPolicy, RoleTemplate, StackResource};
use crate::world::{
    AssociatedRole, Association, Associations, AttachedRole, Foreign, FoundStack, ObservedDeletion,
    OwningStack, Phase, RoleFacts, ServiceAccountState, Stack, StackState,
};

/// Finds what is to be deleted. `cluster`: where the trust policy of a role without a stack matters.
pub async fn deletion(
    aws: &Aws,
    stacks: &Stacks,
    objects: &ServiceAccounts<'_>,
    cluster: Option<&Cluster>,
    asked: &Deletion,
) -> Result<ObservedDeletion, Error> {
    let (association, stack) = named(aws, stacks, objects, asked).await?;
    let (hanging, service_account) = with_object(aws, stacks, objects, asked, stack).await?;
    let is_alone = hanging.stack.is_none();
    let attached = match cluster {
        Some(cluster) if is_alone => alone(aws, cluster, asked, &service_account).await,
        _ => None,
    };
    let goes_on = goes_on(aws, asked, &service_account).await;
    let nothing = is_alone && !is_there(&service_account) && association.is_none();
    let namespaces = match stacks {
        Stacks::ByName if nothing => namespaces_of(aws, &asked.cluster, &asked.name).await?,
        _ => Vec::new(),
    };
    let (associated, annotated) =
        role_in_use(aws, objects, asked, association.as_ref(), &hanging).await;
    let stack = match hanging.stack {
        Some(found) => StackState::Found(Box::new(found)),
        None => StackState::Absent,
    };
    Ok(ObservedDeletion {
        annotated,
        association,
        attached,
        associated,
        stack,
        foreign: hanging.foreign,
        service_account,
        goes_on,
        namespaces,
    })
}

fn is_there(object: &ServiceAccountState) -> bool {
    matches!(
        object,
        ServiceAccountState::Found(_) | ServiceAccountState::Going(_)
    )
}

/// The stack with what hangs on it, and the ServiceAccount. Who has no stack by its name may have one that is
/// gone from there.
async fn with_object(
    aws: &Aws,
    stacks: &Stacks,
    objects: &ServiceAccounts<'_>,
    asked: &Deletion,
    stack: Option<Stack>,
) -> Result<(StackDetail, ServiceAccountState), Error> {
    let (cluster, name) = (&asked.cluster, &asked.name);
    let (hanging, object) = tokio::try_join!(
        of_stack(aws, cluster, stack.as_ref()),
        objects.service_account(name)
    )?;
    if stack.is_some() || !(is_there(&object) || matches!(stacks, Stacks::ByName)) {
        return Ok((hanging.on(stack), object));
    }
    let stack = gone::stack(aws, asked.way, cluster, name, &object).await?;
    let hanging = of_stack(aws, cluster, stack.as_ref()).await?;
    Ok((hanging.on(stack), object))
}

/// The role of a ServiceAccount without a stack.
async fn alone(
    aws: &Aws,
    cluster: &Cluster,
    asked: &Deletion,
    object: &ServiceAccountState,
) -> Option<Box<AttachedRole>> {
    match (object, asked.way) {
        (ServiceAccountState::Found(object), Way::Irsa) => attached(aws, cluster, object).await,
        _ => None,
    }
}

/// The role of an association, and the ServiceAccounts that have the role of its stack by their annotations.
async fn role_in_use(
    aws: &Aws,
    objects: &ServiceAccounts<'_>,
    asked: &Deletion,
    association: Option<&Association>,
    hanging: &StackDetail,
) -> (Option<AssociatedRole>, Lookup<Vec<ServiceAccountName>>) {
    if asked.way == Way::Irsa {
        return (None, Lookup::Missing);
    }
    let (found, foreign) = (hanging.stack.as_ref(), hanging.foreign.as_found());
    let associated = associated(aws, association, found.zip(foreign), &hanging.body).await;
    let annotated = match foreign {
        Some(foreign) => annotated(objects, asked, found, foreign).await,
        None => Lookup::Missing,
    };
    (associated, annotated)
}

/// Pods of an association need their ServiceAccount, whoever made it.
async fn goes_on(aws: &Aws, asked: &Deletion, object: &ServiceAccountState) -> Lookup<()> {
    let ServiceAccountState::Found(account) = object else {
        return Lookup::Missing;
    };
    if !asked.is_eks || asked.way != Way::Irsa || !account.is_owned() {
        return Lookup::Missing;
    }
    let listed = aws
        .eks
        .associated(asked.cluster.as_str(), Some(&asked.name));
    match Lookup::or_unknown(listed.await) {
        Lookup::Found(found) if found.is_empty() => Lookup::Missing,
        other => other.map(|_| ()),
    }
}

/// The other ServiceAccounts that have the role of the stack by their annotation. Only where tokens are let
/// in is there one to look for.
async fn annotated(
    objects: &ServiceAccounts<'_>,
    asked: &Deletion,
    found: Option<&FoundStack>,
    foreign: &Foreign,
) -> Lookup<Vec<ServiceAccountName>> {
    let role = found.and_then(|found| found.stack.role_arn.as_ref());
    let (Some(role), true) = (
        role,
        foreign
            .trust
            .as_found()
            .is_some_and(subjects::lets_tokens_in),
    ) else {
        return Lookup::Missing;
    };
    let role = role.to_string();
    objects.all().await.map(|all| {
        let others = all.into_iter().filter(|(name, _)| *name != asked.name);
        let annotated = others.filter(|(_, object)| object.role() == Some(&role));
        annotated.map(|(name, _)| name).collect()
    })
}

/// The role that an association names, or where there is none the one that its stack made. `known`: what
/// was read of that stack already, and its template.
async fn associated(
    aws: &Aws,
    association: Option<&Association>,
    known: Option<(&FoundStack, &Foreign)>,
    body: &Lookup<Value>,
) -> Option<AssociatedRole> {
    let own = known.and_then(|(found, _)| found.stack.role_arn.clone());
    let arn: RoleArn = match association {
        Some(association) => association.role.clone(),
        None => own.clone()?,
    };
    let Some((found, foreign)) = known.filter(|_| own.as_ref() == Some(&arn)) else {
        let role = Lookup::or_unknown(aws.iam.role(arn.name()).await);
        let stack = owner(aws, role.as_found()).await;
        let trust = role.map(|facts| facts.trust);
        return Some(AssociatedRole { arn, trust, stack });
    };
    let stack = match body {
        Lookup::Found(body) if found.own_role().is_some() => Lookup::Found(OwningStack {
            stack: found.stack.clone(),
            body: body.clone(),
        }),
        Lookup::Unknown(why) => Lookup::Unknown(why.clone()),
        _ => Lookup::Unknown("its stack's template is not one of eksctl or irsactl".to_owned()),
    };
    let trust = foreign.trust.clone();
    Some(AssociatedRole { arn, trust, stack })
}

/// What is to be deleted, by its name: its stack, and the association whose role that made.
async fn named(
    aws: &Aws,
    stacks: &Stacks,
    objects: &ServiceAccounts<'_>,
    asked: &Deletion,
) -> Result<(Option<Association>, Option<Stack>), Error> {
    let (cluster, name) = (&asked.cluster, &asked.name);
    if asked.way == Way::Irsa {
        let stack = own_stack(aws, stacks, objects, cluster, name).await?;
        return Ok((None, stack));
    }
    let found = super::associations::one(aws, cluster, name).await?;
    let stack = match &found {
        Some(association) => {
            let role = Some(&association.role);
            associated_stack(aws, stacks, cluster, name, role).await?.1
        }
        None => left_stack(aws, stacks, cluster, name).await?,
    };
    Ok((found, stack.filter(|stack| stack.phase() != Phase::Gone)))
}

/// Whether something on the role stands in the way of its deletion. Who took it away a moment ago would
/// be told of it still.
fn is_hindrance(foreign: &Lookup<Foreign>) -> bool {
    let foreign = foreign.as_found();
    foreign.is_some_and(|it| {
        it.has_policies()
            || it
                .instance_profiles
                .as_found()
                .is_some_and(|all| !all.is_empty())
    })
}

/// A stack, what hangs on its role, what else it has, and its template.
#[derive(Default)]
struct StackDetail {
    stack: Option<FoundStack>,
    foreign: Lookup<Foreign>,
    resources: Lookup<Vec<StackResource>>,
    body: Lookup<Value>,
}

impl StackDetail {
    /// On which stack. Its own managed policies go with it, before the role.
    fn on(mut self, stack: Option<Stack>) -> Self {
        let found = stack.map(|stack| FoundStack {
            stack,
            failure: None,
            body: self.body.as_found().cloned(),
            template: None,
            resources: std::mem::take(&mut self.resources),
            role: Lookup::Missing,
            policies: Lookup::Missing,
            associations: Lookup::Missing,
        });
        if let (Lookup::Found(foreign), Some(found)) = (&mut self.foreign, &found) {
            let is_own = |arn: &PolicyArn| found.own_policies().any(|(own, _)| own == *arn);
            foreign.managed.retain(|arn| !is_own(arn));
        }
        self.stack = found;
        self
    }
}

async fn of_stack(
    aws: &Aws,
    cluster: &ClusterName,
    stack: Option<&Stack>,
) -> Result<StackDetail, Error> {
    let Some(stack) = stack.filter(|stack| stack.phase() != Phase::Deleting) else {
        return Ok(StackDetail::default());
    };
    let body = OnceCell::new();
    let read = || body.get_or_try_init(|| read_body(aws, stack));
    let look = async || foreign(aws, cluster, stack, read()).await;
    let settled = async { again::settled(aws, &stack.id, look().await?, is_hindrance, look).await };
    let (foreign, resources) = tokio::try_join!(settled, async {
        resources(aws, stack, read().await?).await
    })?;
    Ok(StackDetail {
        stack: None,
        foreign,
        resources,
        body: body.into_inner().unwrap_or_default(),
    })
}

/// Compares a role's policies with its stack's template.
async fn foreign(
    aws: &Aws,
    cluster: &ClusterName,
    stack: &Stack,
    body: impl Future<Output = Result<&Lookup<Value>, Error>>,
) -> Result<Lookup<Foreign>, Error> {
    match role_name(aws, stack).await? {
        Lookup::Found(role) => {
            let foreign = foreign_of(aws, cluster, stack, role, body).await?;
            Ok(Lookup::Found(foreign))
        }
        Lookup::Missing => Ok(Lookup::Missing),
        Lookup::Unknown(message) => Ok(Lookup::Unknown(message)),
    }
}

async fn foreign_of(
    aws: &Aws,
    cluster: &ClusterName,
    stack: &Stack,
    role: String,
    body: impl Future<Output = Result<&Lookup<Value>, Error>>,
) -> Result<Foreign, Error> {
    let (body, facts, attached, inline, profiles) = tokio::try_join!(
        body,
        aws.iam.role(&role),
        aws.iam.attached_policies(&role),
        aws.iam.inline_policies(&role),
        aws.iam.instance_profiles(&role),
    )?;
    let template = role_template(stack, body);
    let mut foreign = Foreign {
        trust: facts.clone().map(|facts| facts.trust),
        associations: associations(aws, cluster, &role, &facts, &template).await,
        role,
        instance_profiles: profiles,
        ..Foreign::default()
    };
    let known = match template {
        Lookup::Found(template) => template,
        Lookup::Missing => RoleTemplate::default(),
        // What is by hand cannot be told from what is the stack's.
        Lookup::Unknown(message) => {
            foreign.unknown = Some(message);
            return Ok(foreign);
        }
    };
    let unknown = attached.unknown().or(inline.unknown());
    foreign.unknown = unknown.map(str::to_owned);
    (foreign.managed, foreign.inline) = added(&known, stack, attached, inline);
    if foreign.has_policies() {
        foreign.doubt = doubt(stack, facts);
    }
    Ok(foreign)
}

/// The policies that are not the template's.
fn added(
    known: &RoleTemplate,
    stack: &Stack,
    attached: Lookup<Vec<PolicyArn>>,
    inline: Lookup<Vec<String>>,
) -> (Vec<PolicyArn>, Vec<String>) {
    let mut attached = attached.found().unwrap_or_default();
    let mut inline = inline.found().unwrap_or_default();
    let all = attached.iter().cloned().map(ManagedPolicy::Arn).collect();
    let (managed, _) = known.managed_in(&all);
    attached.retain(|arn| !managed.contains(&ManagedPolicy::Arn(arn.clone())));
    let own = known.inline.keys();
    let own: BTreeSet<String> = own
        .map(|name| known.name_in_iam(name, &stack.name))
        .collect();
    inline.retain(|name| !own.contains(name));
    (attached, inline)
}

/// The associations that use a role: none where it does not let EKS Pod Identity in. Whom it lets in is
/// known from its template where the role itself cannot be read; where neither can, EKS is asked all the same.
async fn associations(
    aws: &Aws,
    cluster: &ClusterName,
    role: &str,
    facts: &Lookup<RoleFacts>,
    template: &Lookup<RoleTemplate>,
) -> Lookup<Associations> {
    let trust = match (facts, template) {
        (Lookup::Found(facts), _) => &facts.trust,
        (_, Lookup::Found(template)) => &template.trust,
        (Lookup::Missing, _) => return Lookup::Missing,
        (Lookup::Unknown(_), _) => return associations::using(aws, cluster, role).await,
    };
    if others::of_pod_identity(trust).is_empty() {
        return Lookup::Missing;
    }
    associations::using(aws, cluster, role).await
}

/// CloudFormation puts the stack's id and tags on a role that it makes. One that was made by hand under
/// the same name has neither.
fn doubt(stack: &Stack, role: Lookup<RoleFacts>) -> Option<String> {
    let role = match role {
        Lookup::Found(role) => role,
        Lookup::Missing => return Some("GetRole does not know it".to_owned()),
        Lookup::Unknown(why) => return Some(why),
    };
    if let Some(made) = stack.role_arn.as_ref().filter(|made| **made != role.arn) {
        return Some(format!("it is {}, the stack made {made}", role.arn));
    }
    // A role without CloudFormation's own tags has at least those of the stack.
    let account = stack.tags.get(SERVICE_ACCOUNT_TAG);
    match role.tags.get(STACK_ID_TAG) {
        Some(id) if *id == stack.id => None,
        Some(id) => Some(format!("its tag {STACK_ID_TAG} is {id}")),
        None if account.is_some() && role.tags.get(SERVICE_ACCOUNT_TAG) == account => None,
        None => Some("it has none of the stack's tags".to_owned()),
    }
}

/// The template of a stack. That it is missing is read again: without it all policies would be by hand.
/// A stack that was never created has none.
pub(super) async fn body(aws: &Aws, stack: &Stack) -> Result<Option<Value>, Error> {
    if stack.is_in_review() {
        return Ok(None);
    }
    let read = async || aws.cloudformation.template(&stack.id).await;
    again::settled(aws, &stack.id, read().await?, Option::is_none, read).await
}

/// The same, as far as this identity may read it.
pub(super) async fn read_body(aws: &Aws, stack: &Stack) -> Result<Lookup<Value>, Error> {
    let body = body(aws, stack).await;
    Lookup::unless_denied(body.map(Lookup::from))
}

/// The role's template of a stack, as far as this identity may read it and we understand it.
pub async fn template(aws: &Aws, stack: &Stack) -> Result<Lookup<RoleTemplate>, Error> {
    Ok(role_template(stack, &read_body(aws, stack).await?))
}

/// The same, with the whole template.
pub async fn whole_template(
    aws: &Aws,
    stack: &Stack,
) -> Result<Lookup<(RoleTemplate, Value)>, Error> {
    let body = read_body(aws, stack).await?;
    let role = role_template(stack, &body);
    Ok(role.map(|role| (role, body.found().unwrap_or_default())))
}

fn role_template(stack: &Stack, body: &Lookup<Value>) -> Lookup<RoleTemplate> {
    let partition = stack.id.split(':').nth(1).unwrap_or("aws");
    match body {
        Lookup::Found(body) => RoleTemplate::read(body, partition).into(),
        Lookup::Missing => Lookup::Missing,
        Lookup::Unknown(message) => Lookup::Unknown(message.clone()),
    }
}

/// The role of a stack: from its output, or (where it has none, because its creation failed) from
/// its resources.
async fn role_name(aws: &Aws, stack: &Stack) -> Result<Lookup<String>, Error> {
    let name = match &stack.role_arn {
        Some(arn) => Ok(Some(arn.name().to_owned())),
        None => aws.cloudformation.resources(&stack.id).await.map(|all| {
            let mut all = all.into_iter().flatten();
            let role = all.find(|resource| resource.id == ROLE_LOGICAL_ID);
            role.and_then(|role| role.physical)
        }),
    };
    Lookup::unless_denied(name.map(Lookup::from))
}

/// Namespaces in which the cluster has an IAM service account of that name. They only serve a hint: who
/// may not list stacks learns of none.
async fn namespaces_of(
    aws: &Aws,
    cluster: &ClusterName,
    name: &ServiceAccountName,
) -> Result<Vec<String>, Error> {
    let stacks = match aws.cloudformation.stacks().await {
        Err(Error::AccessDenied { .. }) => return Ok(Vec::new()),
        stacks => stacks?,
    };
    let mut namespaces: Vec<String> = stacks
        .iter()
        .filter(|stack| stack.is_of(cluster))
        .filter_map(Stack::service_account)
        .filter(|account| account.name == name.name && account != name)
        .map(|account| account.namespace.to_string())
        .collect();
    namespaces.sort();
    Ok(namespaces)
}
