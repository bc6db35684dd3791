//! What belongs to the cluster as a whole: its issuer, the way to Kubernetes and to STS, what is left of
//! others.

use std::collections::BTreeSet;

use super::{Finding, Verdict, known};
use crate::model::{CommandLine, Fix, Lookup, RoleArn, issuer_of_provider, region_of_eks_host};
use crate::policy::evaluate::{Decision, Request, evaluate};
use crate::world::{
    AgentKind, OtherProvider, ProviderState, Reading, StsActivation, VpcEndpoint, World,
};

/// Holds where STS tells who the caller is. That it does not is unknown, and never a finding.
pub fn credentials(world: &World) -> Verdict {
    let caller = known!(world.caller, Verdict::DoesNotApply);
    Verdict::holds("caller", caller.to_string())
}

/// The run ends before this where the cluster is missing or not active.
pub fn cluster(world: &World) -> Verdict {
    let (Some(cluster), Some(health)) = (&world.cluster, &world.health) else {
        return Verdict::DoesNotApply;
    };
    let facts = known!(health.facts, Verdict::DoesNotApply);
    let issues = facts.issues.iter().map(|issue| {
        let name = &cluster.name;
        Finding::warning(format!("EKS reports an issue of the cluster: {issue}"))
            .because("cluster-issue")
            .fix(CommandLine::of(
                "aws eks describe-cluster --name {} --query cluster.health",
                &[name],
            ))
    });
    let version = format!("Kubernetes {}, {}", facts.version, facts.platform_version);
    Verdict::of(issues.collect(), cluster.name.to_string(), version)
}

/// Holds for every cluster, as none is looked at without its issuer. Does not apply where only a role was
/// named.
pub fn issuer(world: &World) -> Verdict {
    match &world.cluster {
        Some(cluster) => Verdict::holds("issuer", cluster.issuer.url()),
        None => Verdict::DoesNotApply,
    }
}

/// Holds where the API server tells its version. That it does not is unknown, and never a finding: pods
/// do not need it. Does not apply where nothing was asked of Kubernetes.
pub fn kubernetes_access(world: &World) -> Verdict {
    let Some(kubernetes) = &world.kubernetes else {
        return Verdict::DoesNotApply;
    };
    let endpoint = world.health.as_ref().and_then(|health| {
        let facts = health.facts.as_found()?;
        Some(match (facts.public_endpoint, facts.private_endpoint) {
            (true, _) if facts.public_cidrs.iter().any(|cidr| cidr == "0.0.0.0/0") => {
                "public".to_owned()
            }
            (true, _) => format!("public, for {}", facts.public_cidrs.join(", ")),
            (false, true) => "private: answers only inside of the VPC".to_owned(),
            (false, false) => "not known".to_owned(),
        })
    });
    match &kubernetes.version {
        Lookup::Found(version) => Verdict::holds("Kubernetes API", version),
        Lookup::Missing => Verdict::DoesNotApply,
        Lookup::Unknown(why) => Verdict::Unknown(match endpoint {
            Some(endpoint) => format!("{why} (the cluster's endpoint is {endpoint})"),
            None => why.clone(),
        }),
    }
}

/// Holds where the issuer was read from here. A note where EKS's could not be, as STS reads it from AWS's
/// side; a problem where any other could not. Does not apply without a cluster.
pub fn discovery(world: &World) -> Verdict {
    let Some(cluster) = &world.cluster else {
        return Verdict::DoesNotApply;
    };
    let is_eks = cluster.issuer.is_eks();
    match &world.reading {
        Lookup::Found(Reading::Chains(_)) => Verdict::holds("issuer", cluster.issuer.url()),
        Lookup::Found(Reading::Unreachable { host, cause }) => Finding::note(format!(
            "the issuer's host {host} cannot be reached from here ({cause}); STS reads it from AWS's side"
        ))
        .because("issuer-unreachable-from-here")
        .into(),
        Lookup::Missing => Verdict::DoesNotApply,
        Lookup::Unknown(why) if is_eks => Finding::note(format!(
            "{why}; STS reads it from AWS's side, so that this is about the network from here"
        ))
        .because("issuer-unreachable-from-here")
        .into(),
        Lookup::Unknown(why) => Finding::problem(why.clone())
            .because("issuer-document")
            .fix(format!(
                "serve {}/.well-known/openid-configuration publicly, with \"issuer\": \"{}\"",
                cluster.issuer, cluster.issuer
            ))
            .into(),
    }
}

/// Holds where the issuer publishes a key that a token can name (`kid`); a problem where it publishes no
/// key, or only others. Unknown where the keys cannot be read; does not apply without a cluster.
pub fn signing_keys(world: &World) -> Verdict {
    let keys = match &world.keys {
        Lookup::Found(keys) => keys,
        Lookup::Missing => return Verdict::DoesNotApply,
        Lookup::Unknown(why) => return Verdict::Unknown(why.clone()),
    };
    let ids = keys.ids();
    let publish = match world.health {
        Some(_) => Fix::from("ask AWS Support: EKS serves them"),
        None => Fix::say("publish the API server's keys (")
            .run("kubectl get --raw /openid/v1/jwks")
            .and(") at the issuer's jwks_uri"),
    };
    if !ids.known.is_empty() {
        return Verdict::holds("keys", format!("{}: {ids}", ids.known.len()));
    }
    let finding = match ids.without_kid {
        0 => {
            Finding::problem("the issuer publishes no signing keys: no token of it can be verified")
                .because("no-verification-key")
        }
        _ => Finding::problem(format!("the issuer publishes {ids}")).because("key-without-kid"),
    };
    finding.fix(publish).into()
}

/// Holds where STS answers in the region; a problem where it says that the region is disabled. Does not
/// apply outside of EKS.
pub fn sts_region(world: &World) -> Verdict {
    let Some(health) = &world.health else {
        return Verdict::DoesNotApply;
    };
    match known!(health.sts, Verdict::DoesNotApply) {
        StsActivation::Active => Verdict::holds("STS", format!("answers in {}", world.region)),
        StsActivation::Disabled(why) => {
            Finding::problem(format!("STS is not active in {}", world.region))
                .because("region-disabled")
                .seen("STS", why)
                .fix(CommandLine::of(
                    "aws account enable-region --region-name {}",
                    &[&world.region],
                ))
                .into()
        }
    }
}

/// Holds where the VPC has no interface endpoint for STS, as pods may go by the internet, or nothing is
/// wrong with the ones that it has; else what is wrong is found. Does not apply outside of EKS.
pub fn sts_endpoint(world: &World) -> Verdict {
    let Some(health) = &world.health else {
        return Verdict::DoesNotApply;
    };
    let service = format!("com.amazonaws.{}.sts", world.region);
    let endpoints = known!(health.endpoints, Verdict::DoesNotApply);
    let mine = endpoints
        .iter()
        .filter(|endpoint| endpoint.service.ends_with(".sts"));
    let found: Vec<Finding> = mine.clone().flat_map(endpoint_findings).collect();
    let why = mine
        .clone()
        .find_map(|endpoint| endpoint.security_groups.unknown());
    if let (true, Some(why)) = (found.is_empty(), why) {
        return Verdict::Unknown(why.to_owned());
    }
    match mine.count() {
        0 => Verdict::holds(
            format!("sts.{}", world.region),
            "no interface endpoint: pods need a way to the internet",
        ),
        _ => Verdict::of(found, service, "interface endpoint with private DNS"),
    }
}

/// What is wrong with an interface endpoint that pods or agents must reach.
pub fn endpoint_findings(endpoint: &VpcEndpoint) -> Vec<Finding> {
    let found = [
        not_available(endpoint),
        without_private_dns(endpoint),
        letting_nobody_in(endpoint),
        refusing_the_call(endpoint),
    ];
    found.into_iter().flatten().collect()
}

fn not_available(endpoint: &VpcEndpoint) -> Option<Finding> {
    let VpcEndpoint {
        id, service, state, ..
    } = endpoint;
    if state == "available" {
        return None;
    }
    let finding = Finding::problem(format!(
        "the interface endpoint {id} of {service} is {state}"
    ));
    let finding = finding.because("endpoint-not-available");
    Some(finding.with("state", "available", state))
}

fn without_private_dns(endpoint: &VpcEndpoint) -> Option<Finding> {
    if endpoint.private_dns {
        return None;
    }
    let (id, service) = (&endpoint.id, &endpoint.service);
    let finding = Finding::warning(format!(
        "the interface endpoint {id} has no private DNS: the name of {service} leads to its public address"
    ))
    .because("endpoint-private-dns")
    .with("private DNS", "enabled", "disabled")
    .fix(CommandLine::of(
        "aws ec2 modify-vpc-endpoint --vpc-endpoint-id {} --private-dns-enabled",
        &[id],
    ));
    Some(finding)
}

fn letting_nobody_in(endpoint: &VpcEndpoint) -> Option<Finding> {
    let groups = endpoint.security_groups.as_found()?;
    let first = groups.first()?;
    if groups.iter().any(|group| !group.https_from.is_empty()) {
        return None;
    }
    let ids: Vec<&str> = groups.iter().map(|group| group.id.as_str()).collect();
    let finding = Finding::problem(format!(
        "no security group of the interface endpoint {} lets TCP 443 in",
        endpoint.id
    ))
    .because("endpoint-security-group")
    .with("inbound TCP 443", "from the pods' subnets", "from nowhere")
    .seen("security groups", ids.join(", "))
    .fix(
        CommandLine::of(
            "aws ec2 authorize-security-group-ingress --group-id {} --protocol tcp --port 443 --cidr CIDR",
            &[&first.id],
        )
        .remark("CIDR: of the VPC"),
    );
    Some(finding)
}

fn refusing_the_call(endpoint: &VpcEndpoint) -> Option<Finding> {
    let policy = endpoint.policy.as_ref()?;
    if !endpoint.service.ends_with(".sts") || allows_web_identity(policy) {
        return None;
    }
    let finding = Finding::problem(format!(
        "the policy of the interface endpoint {} does not allow the unsigned sts:AssumeRoleWithWebIdentity",
        endpoint.id
    ))
    .because("endpoint-policy")
    .seen("policy", policy.to_string())
    .fix("let its policy allow sts:AssumeRoleWithWebIdentity to Principal \"*\": the call has no caller");
    Some(finding)
}

/// Whether an endpoint's policy lets the call through for anybody.
fn allows_web_identity(policy: &serde_json::Value) -> bool {
    let request = Request::web_identity("", "", "", &[]);
    let decision = evaluate(policy, &request).decision;
    !matches!(
        decision,
        Decision::NotAllowed | Decision::ExplicitDeny { .. }
    )
}

/// Holds where every service account with a role is known; unknown where one of the lists could not be
/// read. Does not apply without `--all`.
pub fn all_service_accounts(world: &World) -> Verdict {
    known!(world.listed, Verdict::DoesNotApply);
    Verdict::holds("service accounts", "all that have a role")
}

/// A provider that is younger may be made for what does not exist yet, in seconds.
const YOUNG: i64 = 24 * 60 * 60;

/// Only what is proved to be of no use is called so, as the command deletes: the issuer's host answers
/// that it has no such issuer, while it answers of the cluster's own, and no role trusts the provider.
pub fn dead_providers(world: &World) -> Verdict {
    let Some(health) = &world.health else {
        return Verdict::DoesNotApply;
    };
    let providers = known!(health.other_providers, Verdict::DoesNotApply);
    let is_read = matches!(world.reading, Lookup::Found(Reading::Chains(_)));
    let mut dead = Vec::new();
    let mut trusted = Vec::new();
    for provider in providers.iter().filter(|_| is_read) {
        let ProviderState::Gone {
            created,
            trusted_by: Lookup::Found(roles),
        } = &provider.state
        else {
            continue;
        };
        let is_old = matches!(created, Lookup::Found(at) if world.now - at > YOUNG);
        if !roles.is_empty() {
            trusted.push((provider, roles));
        } else if is_old {
            dead.push(provider);
        }
    }
    let dead = (!dead.is_empty()).then(|| issuers_gone(&dead));
    let trusted = trusted.into_iter();
    let trusted = trusted.map(|(provider, roles)| trusted_issuer_gone(provider, roles));
    let found = dead.into_iter().chain(trusted).collect();
    let told = format!("{} beside the cluster's", providers.len());
    Verdict::of(found, "IAM OIDC providers", told)
}

fn issuers_gone(dead: &[&OtherProvider]) -> Finding {
    let mut finding = Finding::note(match dead.len() {
        1 => "the issuer of an IAM OIDC provider is gone, and no role trusts it".to_owned(),
        count => {
            format!("the issuers of {count} IAM OIDC providers are gone, and no role trusts them")
        }
    });
    let regions: BTreeSet<&str> = dead.iter().filter_map(|it| region(&it.arn)).collect();
    for provider in dead {
        finding = finding.seen("provider", &provider.arn);
    }
    for region in regions {
        finding = finding.fix(CommandLine::of("irsactl gc --region {}", &[&region]));
    }
    finding.because("issuer-gone")
}

fn trusted_issuer_gone(provider: &OtherProvider, roles: &[RoleArn]) -> Finding {
    let region = region(&provider.arn).unwrap_or_default();
    let roles: Vec<String> = roles.iter().map(ToString::to_string).collect();
    Finding::note("the issuer of an IAM OIDC provider is gone, and roles trust it still")
        .because("trusted-issuer-gone")
        .seen("provider", &provider.arn)
        .seen("trusted by", roles.join(", "))
        .fix(CommandLine::of("irsactl gc --region {}", &[&region]))
}

/// That of the EKS whose issuer a provider is of.
fn region(provider: &str) -> Option<&str> {
    region_of_eks_host(issuer_of_provider(provider)?.split('/').next()?)
}

/// Holds without kube2iam and kiam's agent; a note for each, which answers pods in the place of the
/// instance metadata. Does not apply where nothing was asked of Kubernetes.
pub fn metadata_agents(world: &World) -> Verdict {
    let Some(kubernetes) = &world.kubernetes else {
        return Verdict::DoesNotApply;
    };
    let agents = known!(kubernetes.metadata_agents, Verdict::holds("agents", "none"));
    // kiam's server gives no metadata away; its agent does.
    let on_nodes = agents.iter().filter(|it| it.kind != AgentKind::KiamServer);
    let found = on_nodes.map(|agent| {
        Finding::note(format!(
            "{} ({}/{}) answers pods in the place of the instance metadata: a pod without IRSA gets its role from there",
            agent.kind.word(), agent.workload.namespace, agent.workload.name
        ))
        .because("metadata-agent")
    });
    Verdict::of(found.collect(), "agents", "none")
}
