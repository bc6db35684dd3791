//! What the caller may do: which permissions a request needs on which resources, and AWS's refusal where
//! the policy of the account's user does not allow one. CloudFormation asks the same for what it does
//! in the name of the caller, or of the stack's service role. Without a policy the user may do all.
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html>

use std::collections::BTreeSet;

use serde_json::Value;

use super::aws::{Caller, Parameters, Refusal};
use super::cloudformation::Stack;
use super::http::Request;
use super::iam::{Decision, decision};
use super::trust::Context;
use super::world::{Account, Service, World};
use super::{analyzer, eks, trail};

/// Who makes a call to AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hand {
    Caller,
    /// The handlers of a stack's resources.
    CloudFormation,
}

/// What the account's user may do, and what was asked of it.
#[derive(Debug, Default)]
pub struct Rights {
    /// `None`: everything.
    pub policy: Option<Value>,
    /// Every permission that was needed so far, allowed or not.
    pub asked: BTreeSet<(Hand, String)>,
}

/// A permission on a resource.
struct Needed {
    action: String,
    /// An ARN, or `*`.
    resource: String,
    /// As refusals name the resource.
    shown: String,
    context: Context,
}

impl Needed {
    fn new(action: &str, resource: &str) -> Self {
        Self {
            action: action.to_owned(),
            resource: resource.to_owned(),
            shown: resource.to_owned(),
            context: Context::default(),
        }
    }

    /// IAM names a role by its name.
    fn on_role(action: &str, arn: &str) -> Self {
        let name = arn.rsplit('/').next().unwrap_or(arn);
        Self {
            shown: format!("role {name}"),
            ..Self::new(action, arn)
        }
    }

    fn with(mut self, key: &str, value: &str) -> Self {
        self.context = self.context.with(key, [value.to_owned()]);
        self
    }
}

impl World {
    /// Leaves the default account's user these permissions only.
    pub fn allow_only(&mut self, policy: Value) {
        self.user_rights().policy = Some(policy);
    }

    /// What the default account's user may do.
    ///
    /// # Panics
    /// When the sandbox has no such account: a mistake of the test.
    pub fn user_rights(&mut self) -> &mut Rights {
        let id = self.options.accounts[0].clone();
        let account = self.accounts.get_mut(&id);
        &mut account.expect("the default account").rights
    }
}

/// # Errors
/// The refusal of a signed request that the caller's policy does not allow, as each service words it.
pub fn check(
    world: &mut World,
    caller: &Caller,
    service: Service,
    request: &Request,
) -> Result<(), Refusal> {
    let parameters = Parameters::of(request);
    let account = world.accounts.entry(caller.account.clone()).or_default();
    let needed = match service {
        Service::Eks => of_eks(caller, request),
        Service::Iam => of_iam(account, caller, &parameters),
        Service::CloudFormation => of_cloudformation(account, caller, &parameters),
        Service::Ec2 => of_reads("ec2", parameters.text("Action").unwrap_or_default()),
        Service::CloudTrail => of_reads("cloudtrail", &trail::operation(request)),
        Service::AccessAnalyzer => of_reads("access-analyzer", &analyzer::operation(request)),
        // GetCallerIdentity needs no permission.
        _ => Vec::new(),
    };
    for needed in needed {
        let policies: Option<Vec<Value>> = account.rights.policy.clone().map(|policy| vec![policy]);
        let asked = (Hand::Caller, needed.action.clone());
        account.rights.asked.insert(asked);
        let code = match service {
            Service::Eks | Service::CloudTrail | Service::AccessAnalyzer => "AccessDeniedException",
            Service::Ec2 => "UnauthorizedOperation",
            _ => "AccessDenied",
        };
        allowed(policies.as_deref(), &caller.arn, &needed, code)?;
    }
    Ok(())
}

/// # Errors
/// IAM's refusal of what CloudFormation does to a role, as who the stack works as.
pub fn check_handler(
    account: &mut Account,
    stack: &Stack,
    role: &str,
    actions: &[&str],
) -> Result<(), Refusal> {
    let partition = stack.partition();
    for action in actions {
        let needed = Needed::on_role(action, role);
        let asked = (Hand::CloudFormation, needed.action.clone());
        account.rights.asked.insert(asked);
        let Some(policy) = account.rights.policy.clone() else {
            continue;
        };
        let service_role = stack.role_arn.as_deref().and_then(|arn| {
            let mut roles = account.roles.values();
            roles.find(|role| role.arn == arn)
        });
        let (policies, arn) = match service_role {
            Some(role) => (
                account.permissions(role),
                format!(
                    "arn:{partition}:sts::{}:assumed-role/{}/AWSCloudFormation",
                    stack.account, role.name
                ),
            ),
            None => (
                vec![policy],
                format!("arn:{partition}:iam::{}:user/someone", stack.account),
            ),
        };
        allowed(Some(&policies), &arn, &needed, "AccessDenied")?;
    }
    Ok(())
}

fn allowed(
    policies: Option<&[Value]>,
    caller: &str,
    needed: &Needed,
    code: &str,
) -> Result<(), Refusal> {
    let Some(policies) = policies else {
        return Ok(());
    };
    let Needed {
        action,
        resource,
        shown,
        context,
    } = needed;
    let why = match decision(policies, None, action, resource, context) {
        Decision::Allowed => return Ok(()),
        Decision::ExplicitDeny => "with an explicit deny in an identity-based policy".to_owned(),
        _ => format!("because no identity-based policy allows the {action} action"),
    };
    let message =
        format!("User: {caller} is not authorized to perform: {action} on resource: {shown} {why}");
    Err(Refusal::new(403, code, message))
}

/// These have no resources.
fn of_reads(service: &str, operation: &str) -> Vec<Needed> {
    vec![Needed::new(&format!("{service}:{operation}"), "*")]
}

fn of_eks(caller: &Caller, request: &Request) -> Vec<Needed> {
    let (operation, subject) = eks::identify(request);
    let (partition, region, account) = (caller.partition, &caller.region, &caller.account);
    let kind = match operation {
        "DescribeAddon" => "addon",
        "DescribePodIdentityAssociation" | "DeletePodIdentityAssociation" => {
            "podidentityassociation"
        }
        _ => "cluster",
    };
    let resource = match subject.starts_with("arn:") {
        true => subject,
        false if kind != "cluster" => {
            format!("arn:{partition}:eks:{region}:{account}:{kind}/{subject}")
        }
        false if subject.is_empty() => format!("arn:{partition}:eks:{region}:{account}:cluster/*"),
        false => format!("arn:{partition}:eks:{region}:{account}:cluster/{subject}"),
    };
    vec![Needed::new(&format!("eks:{operation}"), &resource)]
}

/// DescribeStacks without a name needs ListStacks too, since 2023.
fn of_cloudformation(
    account: &mut Account,
    caller: &Caller,
    parameters: &Parameters,
) -> Vec<Needed> {
    let operation = parameters.text("Action").unwrap_or_default();
    let (partition, region, id) = (caller.partition, &caller.region, &caller.account);
    let name = parameters.text("StackName");
    let resource = match name {
        Some(arn) if arn.starts_with("arn:") => arn.to_owned(),
        name => {
            let name = name.unwrap_or("*");
            format!("arn:{partition}:cloudformation:{region}:{id}:stack/{name}/*")
        }
    };
    let mut needed = vec![Needed::new(
        &format!("cloudformation:{operation}"),
        &resource,
    )];
    if operation == "DescribeStacks" && name.is_none() {
        needed.push(Needed::new("cloudformation:ListStacks", &resource));
    }
    if parameters.has_list("Tags") {
        needed.push(Needed::new("cloudformation:TagResource", &resource));
        let known = name.and_then(|name| account.stacks.named(region, name));
        let new = parameters.tags();
        let goes = |stack: &&mut Stack| {
            let mut tags = stack.tags.keys();
            tags.any(|key| !new.iter().any(|(kept, _)| kept == key))
        };
        if known.filter(goes).is_some() {
            needed.push(Needed::new("cloudformation:UntagResource", &resource));
        }
    }
    if let Some(role) = parameters.text("RoleARN") {
        let pass = Needed::new("iam:PassRole", role);
        needed.push(pass.with("iam:PassedToService", "cloudformation.amazonaws.com"));
    }
    needed
}

fn of_iam(account: &Account, caller: &Caller, parameters: &Parameters) -> Vec<Needed> {
    let operation = parameters.text("Action").unwrap_or_default();
    let action = format!("iam:{operation}");
    let (partition, id) = (caller.partition, &caller.account);
    let own = |resource: &str| format!("arn:{partition}:iam::{id}:{resource}");
    if let Some(name) = parameters.text("RoleName") {
        let known = account.role(name).map(|role| role.arn.clone());
        let path = parameters.text("Path").unwrap_or("/");
        let arn = known.unwrap_or_else(|| own(&format!("role{path}{name}")));
        let mut on_role = Needed::on_role(&action, &arn);
        if let Some(policy) = parameters.text("PolicyArn") {
            on_role = on_role.with("iam:PolicyARN", policy);
        }
        let tagged = operation == "CreateRole" && parameters.has_list("Tags");
        let tag = tagged.then(|| Needed::on_role("iam:TagRole", &arn));
        return [on_role].into_iter().chain(tag).collect();
    }
    if let Some(url) = parameters.text("Url") {
        let host = url.trim_start_matches("https://");
        let arn = own(&format!("oidc-provider/{host}"));
        let tagged = parameters.has_list("Tags");
        let tag = tagged.then(|| Needed::new("iam:TagOpenIDConnectProvider", &arn));
        return [Needed::new(&action, &arn)]
            .into_iter()
            .chain(tag)
            .collect();
    }
    let arn = ["OpenIDConnectProviderArn", "PolicyArn", "PolicySourceArn"];
    let arn = arn.into_iter().find_map(|name| parameters.text(name));
    let resource = match (arn, operation) {
        (Some(arn), _) => arn.to_owned(),
        (None, "ListRoles") => own("role/"),
        (None, _) => "*".to_owned(),
    };
    vec![Needed::new(&action, &resource)]
}
