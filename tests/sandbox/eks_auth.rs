//! EKS Auth (REST-JSON): AssumeRoleForPodIdentity, by which the agent on a node exchanges the token of a pod for
//! credentials of the role that the pod's service account is associated with. Operation, members and
//! error codes are those of botocore's `eks-auth` model. The order of the checks and the messages are from memory
//! where no source is named.

use serde_json::{Value, json};

use super::aws::{self, Caller, Refusal, now, uuid};
use super::eks::{Association, PODS, arn_of};
use super::http::{Reply, Request};
use super::iam::{Decision, Role, decision};
use super::sts::Session;
use super::token::{self, Claims};
use super::trust::{Context, Principal, admits};
use super::world::{Cluster, Service, World};

/// How long credentials live, in seconds: those of a chain of roles no longer than STS allows
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html>, role chaining).
const LIFE: i64 = 6 * 3600;
const LIFE_IN_CHAIN: i64 = 3600;

/// Who a token is for.
#[derive(Clone, Debug)]
pub struct Bearer {
    pub namespace: String,
    pub service_account: String,
    pub pod: String,
    pub pod_uid: String,
}

/// What a pod is given.
pub struct Grant<'a> {
    pub association: &'a Association,
    role: &'a Role,
    target: Option<&'a Role>,
}

impl Grant<'_> {
    /// The role whose permissions the pod has.
    pub fn role(&self) -> &Role {
        self.target.unwrap_or(self.role)
    }
}

/// The operation and the cluster.
pub fn identify(request: &Request) -> (&'static str, String) {
    let parts: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        ["clusters", name, "assume-role-for-pod-identity"] => {
            ("AssumeRoleForPodIdentity", aws::percent_decoded(name))
        }
        _ => ("Unknown", request.path.clone()),
    }
}

pub fn answer(world: &mut World, caller: &Caller, request: &Request) -> Reply {
    let (_, name) = identify(request);
    let answer = assume(world, caller, &name, request);
    world.spread_news(&caller.account, |_| true);
    match answer {
        Ok(body) => Reply::json(200, &body),
        Err(refused) => {
            let Refusal {
                status,
                code,
                message,
            } = refused;
            aws::refusal(Service::EksAuth, status, &code, &message)
        }
    }
}

fn assume(
    world: &mut World,
    caller: &Caller,
    name: &str,
    request: &Request,
) -> Result<Value, Refusal> {
    let mut clusters = world.clusters.iter();
    let cluster = clusters.find(|cluster| {
        cluster.is_eks
            && cluster.account == caller.account
            && cluster.region == caller.region
            && cluster.name == name
    });
    let cluster = cluster.ok_or_else(|| missing(format!("No cluster found for name: {name}.")))?;
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let jwt = body["token"].as_str().unwrap_or_default();
    let bearer = bearer(world, cluster, jwt)?;
    let grant = world.grant(cluster, &bearer)?;
    let session = session_name(name, &bearer, world.moment);
    let mut opened = Session::of(grant.role(), &session);
    opened.policy = grant.association.policy.as_deref().map(policy);
    let life = grant.target.map_or(LIFE, |_| LIFE_IN_CHAIN);
    let mut answer = json!({
        "subject": {"namespace": bearer.namespace, "serviceAccount": bearer.service_account},
        "audience": PODS,
        "podIdentityAssociation": {
            "associationArn": arn_of(cluster, grant.association),
            "associationId": grant.association.id,
        },
        "assumedRoleUser": {"arn": opened.arn, "assumeRoleId": opened.user_id},
    });
    let key = world.open(opened, &session);
    let opened = &world.sessions[&key];
    answer["credentials"] = json!({
        "accessKeyId": key,
        "secretAccessKey": opened.secret,
        "sessionToken": opened.token,
        "expiration": now() / 1000 + life,
    });
    Ok(answer)
}

/// Who the token is for, if it is one of this cluster's for Pod Identity, has not expired, and its pod is
/// still there.
fn bearer(world: &World, cluster: &Cluster, jwt: &str) -> Result<Bearer, Refusal> {
    if jwt.split('.').count() != 3 {
        let message = "The token must satisfy regular expression pattern: \
                       [A-Za-z0-9-_=]+\\.[A-Za-z0-9-_=]+\\.[A-Za-z0-9-_=]+";
        return Err(Refusal::new(400, "InvalidParameterException", message));
    }
    let claims = token::verify(world, jwt)
        .map_err(|_| invalid("The service account token could not be verified."))?;
    if cluster.issuer.as_ref() != Some(&claims.issuer) {
        return Err(invalid(
            "The service account token was not issued by the cluster.",
        ));
    }
    if token::now() >= claims.expires_at {
        let message = "The service account token is expired.";
        return Err(Refusal::new(400, "ExpiredTokenException", message));
    }
    if !claims.audience.iter().any(|audience| audience == PODS) {
        return Err(invalid(
            "The audience of the service account token is not pods.eks.amazonaws.com.",
        ));
    }
    let bearer = named(&claims)
        .ok_or_else(|| invalid("The service account token is not bound to a pod."))?;
    let pod = cluster.api.object("pods", &bearer.namespace, &bearer.pod);
    if pod.is_none_or(|pod| pod["metadata"]["uid"] != bearer.pod_uid.as_str()) {
        return Err(invalid(
            "The pod of the service account token does not exist.",
        ));
    }
    Ok(bearer)
}

fn named(claims: &Claims) -> Option<Bearer> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let of = &claims.kubernetes;
    Some(Bearer {
        namespace: text(&of["namespace"])?,
        service_account: text(&of["serviceaccount"]["name"])?,
        pod: text(&of["pod"]["name"])?,
        pod_uid: text(&of["pod"]["uid"])?,
    })
}

impl World {
    /// What a pod would be given now: its service account's association that is in effect, whose role lets the
    /// service in, and the target role the first one.
    ///
    /// # Errors
    /// EKS Auth's refusal.
    pub fn grant<'a>(
        &'a self,
        cluster: &'a Cluster,
        bearer: &Bearer,
    ) -> Result<Grant<'a>, Refusal> {
        let Bearer {
            namespace,
            service_account,
            ..
        } = bearer;
        let mut known = cluster.in_effect(self.moment).iter();
        let association = known.find(|one| one.is_of(namespace, service_account));
        let association = association.ok_or_else(|| {
            missing(format!(
                "No pod identity association found for service account {service_account} in namespace {namespace}."
            ))
        })?;
        let tags = tags(cluster, bearer, association);
        let mut context = Context::default()
            .with("aws:SourceAccount", [cluster.account.clone()])
            .with("aws:SourceArn", [cluster.arn.clone()]);
        for (key, value) in &tags {
            context = context.with(&format!("aws:RequestTag/{key}"), [(*value).to_owned()]);
        }
        context = with_keys(context, &tags);
        let service = Principal::new("Service", [PODS]);
        let role = self.role(&association.role);
        let role = role.filter(|role| lets_in(role, &service, &context, !tags.is_empty()));
        let role = role.ok_or_else(unauthorized)?;
        let target = association.target_role.as_deref();
        let target = target.map(|arn| self.chained(association, role, arn, &tags));
        Ok(Grant {
            association,
            role,
            target: target.transpose()?,
        })
    }

    /// The target role, if the first role may assume it and it lets that in, with the association's
    /// external id. The session's tags are transitive, so that they are in this request too.
    /// <https://docs.aws.amazon.com/eks/latest/userguide/pod-id-assign-target-role.html>
    fn chained<'a>(
        &'a self,
        association: &Association,
        first: &Role,
        target: &str,
        tags: &[(&str, &str)],
    ) -> Result<&'a Role, Refusal> {
        let session = Session::of(first, "eks-pod");
        let root = format!(
            "{}root",
            first.arn.split("role/").next().unwrap_or_default()
        );
        let external = association.external_id.clone().unwrap_or_default();
        let mut context = Context::default()
            .with("sts:ExternalId", [external])
            .with("aws:PrincipalArn", [first.arn.clone()])
            .with("aws:PrincipalAccount", [session.account.clone()]);
        for (key, value) in tags {
            for kind in ["RequestTag", "PrincipalTag"] {
                context = context.with(&format!("aws:{kind}/{key}"), [(*value).to_owned()]);
            }
        }
        context = with_keys(context, tags);
        let names = [&*first.arn, &*root, &*session.account, &*session.arn];
        let caller = Principal::new("AWS", names);
        let role = self.role(target).filter(|role| {
            self.may_assume(first, role, &context, !tags.is_empty())
                && lets_in(role, &caller, &context, !tags.is_empty())
        });
        role.ok_or_else(unauthorized)
    }

    /// Whether the first role's own policies allow it to assume the other.
    fn may_assume(&self, first: &Role, other: &Role, context: &Context, is_tagged: bool) -> bool {
        let account = first.arn.split(':').nth(4).unwrap_or_default();
        let Some(account) = self.accounts.get(account) else {
            return false;
        };
        let (policies, boundary) = (account.permissions(first), account.boundary(first));
        actions(is_tagged).iter().all(|action| {
            let decided = decision(&policies, boundary.as_ref(), action, &other.arn, context);
            decided == Decision::Allowed
        })
    }
}

/// Session tags, which are transitive all.
/// <https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html>
fn tags<'a>(
    cluster: &'a Cluster,
    bearer: &'a Bearer,
    association: &Association,
) -> Vec<(&'a str, &'a str)> {
    if association.session_tags_disabled {
        return Vec::new();
    }
    vec![
        ("eks-cluster-arn", &cluster.arn),
        ("eks-cluster-name", &cluster.name),
        ("kubernetes-namespace", &bearer.namespace),
        ("kubernetes-service-account", &bearer.service_account),
        ("kubernetes-pod-name", &bearer.pod),
        ("kubernetes-pod-uid", &bearer.pod_uid),
    ]
}

fn with_keys(context: Context, tags: &[(&str, &str)]) -> Context {
    if tags.is_empty() {
        return context;
    }
    let keys = || tags.iter().map(|(key, _)| (*key).to_owned());
    context
        .with("aws:TagKeys", keys())
        .with("sts:TransitiveTagKeys", keys())
}

/// What assuming a role needs, with session tags or without.
fn actions(is_tagged: bool) -> &'static [&'static str] {
    if is_tagged {
        &["sts:AssumeRole", "sts:TagSession"]
    } else {
        &["sts:AssumeRole"]
    }
}

fn lets_in(role: &Role, principal: &Principal, context: &Context, is_tagged: bool) -> bool {
    let mut actions = actions(is_tagged).iter();
    let trust = role.trust_in_force();
    trust.is_some_and(|trust| actions.all(|action| admits(trust, principal, action, context)))
}

/// `eks-CLUSTER-POD-UUID` (API reference, AssumedRoleUser), in STS's 64 characters: how it is cut is a guess.
fn session_name(cluster: &str, bearer: &Bearer, moment: usize) -> String {
    let cut = |text: &str, length: usize| text.chars().take(length).collect::<String>();
    let id = uuid(&["pod session", &bearer.pod_uid, &moment.to_string()]);
    format!("eks-{}-{}-{id}", cut(cluster, 10), cut(&bearer.pod, 11))
}

fn policy(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

fn missing(message: String) -> Refusal {
    Refusal::new(404, "ResourceNotFoundException", message)
}

fn invalid(message: &str) -> Refusal {
    Refusal::new(400, "InvalidTokenException", message)
}

/// For a role that is gone too. As users report it:
/// <https://github.com/aws-controllers-k8s/community/issues/2678>.
fn unauthorized() -> Refusal {
    let message =
        "Unauthorized Exception! EKS does not have permissions to assume the associated role.";
    Refusal::new(400, "AccessDeniedException", message)
}
