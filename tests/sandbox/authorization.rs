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
use super::{analyzer, eks, eks_auth, trail};

/// Who makes a call to AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hand {
    Caller,
    /// The handlers of a stack's resources.
    CloudFormation,
}

/// What the account's user may do, and what was asked of it.
#[derive(Clone, Debug, Default)]
pub struct Rights {
    /// `None`: everything.
    pub policy: Option<Value>,
    /// Every permission that was needed so far, allowed or not.
    pub asked: BTreeSet<Asked>,
    /// The actions of those that were refused.
    pub refused: BTreeSet<String>,
}

impl Rights {
    fn keep(&mut self, needed: &Needed, verdict: &Result<(), Refusal>) {
        if verdict.is_err() {
            self.refused
                .insert(format!("{} on {}", needed.action, needed.resource));
        }
    }
}

/// A permission that was needed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    pub hand: Hand,
    pub action: String,
    /// An ARN, or `*`.
    pub resource: String,
}

/// A permission on a resource.
struct Needed {
    action: String,
    /// An ARN, or `*`.
    resource: String,
    /// As refusals name the resource; empty where they do not.
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

    /// An action that takes no resource: a policy must name it on `*` (service authorization reference,
    /// where its "Resource types" are empty). Refusals show one nevertheless.
    fn on_nothing(action: &str, shown: &str) -> Self {
        Self {
            shown: shown.to_owned(),
            ..Self::new(action, "*")
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

    fn asked(&self, hand: Hand) -> Asked {
        Asked {
            hand,
            action: self.action.clone(),
            resource: self.resource.clone(),
        }
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
        Service::EksAuth => of_eks_auth(caller, request),
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
        account.rights.asked.insert(needed.asked(Hand::Caller));
        let code = match service {
            Service::Eks | Service::EksAuth | Service::CloudTrail | Service::AccessAnalyzer => {
                "AccessDeniedException"
            }
            Service::Ec2 => "UnauthorizedOperation",
            _ => "AccessDenied",
        };
        let verdict = allowed(policies.as_deref(), &caller.arn, &needed, code);
        account.rights.keep(&needed, &verdict);
        verdict?;
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
        account
            .rights
            .asked
            .insert(needed.asked(Hand::CloudFormation));
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
        let verdict = allowed(Some(&policies), &arn, &needed, "AccessDenied");
        account.rights.keep(&needed, &verdict);
        verdict?;
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
    let shown = match shown.as_str() {
        "" => String::new(),
        shown => format!(" on resource: {shown}"),
    };
    let message = format!("User: {caller} is not authorized to perform: {action}{shown} {why}");
    Err(Refusal::new(403, code, message))
}

/// These have no resources.
fn of_reads(service: &str, operation: &str) -> Vec<Needed> {
    vec![Needed::new(&format!("{service}:{operation}"), "*")]
}

fn of_eks(caller: &Caller, request: &Request) -> Vec<Needed> {
    let (operation, subject) = eks::identify(request);
    let (partition, region, account) = (caller.partition, &caller.region, &caller.account);
    let action = format!("eks:{operation}");
    if ["DescribeAddonVersions", "DescribeAddonConfiguration"].contains(&operation) {
        return vec![Needed::on_nothing(&action, "*")];
    }
    if operation == "ListClusters" {
        let all = format!("arn:{partition}:eks:{region}:{account}:cluster/*");
        return vec![Needed::on_nothing(&action, &all)];
    }
    let kind = match operation {
        "DescribeAddon" | "UpdateAddon" | "DeleteAddon" => "addon",
        "DescribeNodegroup" | "DeleteNodegroup" => "nodegroup",
        "DescribePodIdentityAssociation"
        | "UpdatePodIdentityAssociation"
        | "DeletePodIdentityAssociation" => "podidentityassociation",
        _ => "cluster",
    };
    let resource = match subject.starts_with("arn:") {
        true => subject.clone(),
        // Its id is not in the request.
        false if ["addon", "nodegroup"].contains(&kind) => {
            format!("arn:{partition}:eks:{region}:{account}:{kind}/{subject}/*")
        }
        false if kind != "cluster" => {
            format!("arn:{partition}:eks:{region}:{account}:{kind}/{subject}")
        }
        false => format!("arn:{partition}:eks:{region}:{account}:cluster/{subject}"),
    };
    let mut needed = vec![Needed::new(&action, &resource)];
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    if operation.ends_with("PodIdentityAssociation") {
        needed.extend(of_association(caller, &subject, &body));
    }
    if operation.ends_with("Addon") {
        let roles = body["podIdentityAssociations"].as_array();
        let roles = roles.into_iter().flatten();
        needed.extend(roles.filter_map(|one| Some(passed(one["roleArn"].as_str()?))));
    }
    needed
}

/// A role's place in an association.
fn passed(role: &str) -> Needed {
    Needed::new("iam:PassRole", role).with("iam:PassedToService", eks::PODS)
}

fn of_eks_auth(caller: &Caller, request: &Request) -> Vec<Needed> {
    let (operation, cluster) = eks_auth::identify(request);
    let (partition, region, account) = (caller.partition, &caller.region, &caller.account);
    let cluster = format!("arn:{partition}:eks:{region}:{account}:cluster/{cluster}");
    vec![Needed::new(&format!("eks-auth:{operation}"), &cluster)]
}

/// What a role's place in an association needs: iam:GetRole and iam:PassRole
/// (<https://docs.aws.amazon.com/eks/latest/userguide/pod-id-association.html>), and its tags at creation
/// (from memory).
fn of_association(caller: &Caller, cluster: &str, body: &Value) -> Vec<Needed> {
    let mut needed = Vec::new();
    if let Some(role) = body["roleArn"].as_str() {
        needed.push(passed(role));
        needed.push(Needed::on_role("iam:GetRole", role));
    }
    if !body["tags"].is_null() {
        let (partition, region, account) = (caller.partition, &caller.region, &caller.account);
        let all = format!("podidentityassociation/{cluster}/*");
        let all = format!("arn:{partition}:eks:{region}:{account}:{all}");
        needed.push(Needed::new("eks:TagResource", &all));
    }
    needed
}

/// DescribeStacks without a name is on no stack at all: a statement on `stack/*/*` does not allow it, and
/// one that denies all but those denies it. It needs ListStacks too (API reference, DescribeStacks,
/// `StackName`). Refusals of it show no resource, those of ListStacks `stack/*/*` (as users report them).
fn of_cloudformation(
    account: &mut Account,
    caller: &Caller,
    parameters: &Parameters,
) -> Vec<Needed> {
    let operation = parameters.text("Action").unwrap_or_default();
    let (partition, region, id) = (caller.partition, &caller.region, &caller.account);
    let action = format!("cloudformation:{operation}");
    let stack = |name: &str| format!("arn:{partition}:cloudformation:{region}:{id}:stack/{name}/*");
    let Some(name) = parameters.text("StackName") else {
        let list = Needed::on_nothing("cloudformation:ListStacks", &stack("*"));
        return match operation {
            "DescribeStacks" => vec![Needed::on_nothing(&action, ""), list],
            "ListStacks" => vec![list],
            _ => vec![Needed::new(&action, "*")],
        };
    };
    let resource = match name.starts_with("arn:") {
        true => name.to_owned(),
        false => stack(name),
    };
    let mut needed = vec![Needed::new(&action, &resource)];
    if parameters.has_list("Tags") {
        needed.push(Needed::new("cloudformation:TagResource", &resource));
        let known = account.stacks.named(region, name);
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
    if let Some(name) = parameters.text("InstanceProfileName") {
        return vec![Needed::new(
            &action,
            &own(&format!("instance-profile/{name}")),
        )];
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
    // GenerateServiceLastAccessedDetails calls it just that.
    let arn = [
        "OpenIDConnectProviderArn",
        "PolicyArn",
        "PolicySourceArn",
        "Arn",
    ];
    let arn = arn.into_iter().find_map(|name| parameters.text(name));
    let needed = match (arn, operation) {
        (Some(arn), _) => Needed::new(&action, arn),
        // What refusals show of these is from memory.
        (None, "ListRoles") => Needed::on_nothing(&action, &own("role/")),
        (None, "ListOpenIDConnectProviders") => {
            Needed::on_nothing(&action, &own("oidc-provider/*"))
        }
        (None, "ListPolicies") => Needed::on_nothing(&action, "policy path /"),
        (None, _) => Needed::new(&action, "*"),
    };
    vec![needed]
}
