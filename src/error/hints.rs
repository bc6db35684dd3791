//! What to do next about each failure.

use super::association::quota_hint;
use super::kubernetes::{forbidden_hints, held_hints, unauthorized_hints};
use super::vault::token_hints;
use super::{CodeMeaning, Error};
use crate::model::{
    AGENT, ClusterName, CommandLine, Connection, Fix, Map, SERVICE_ACCOUNT_TAG, ServiceAccountName,
    Workload, is_aws_tag,
};
use crate::world::{ClusterStatus, StackStatus};

const AGAIN: &str = "run the same command again in a minute";

impl Error {
    /// What to do next, names filled in.
    pub fn hints(&self) -> Vec<Fix> {
        match self {
            Self::Setting(_)
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::Several(_)
            | Self::Output(_)
            | Self::Kubernetes { lasting: true, .. } => Vec::new(),
            Self::Usage { flag: "--issuer-url", .. } => vec![Fix::by(
                "EKS tells it as its tokens say it",
                "aws eks describe-cluster --name NAME --query cluster.identity.oidc.issuer --output text",
            )],
            Self::Usage { .. } | Self::Flags(_) => vec!["see `--help`".into()],
            Self::Config(_) => vec![
                Fix::by("every field, and what it holds", "irsactl explain config"),
                Fix::by("a file that is right, to compare with", "irsactl export --cluster NAME"),
            ],
            Self::Shared { error, .. } => error.hints(),
            Self::OfRoles { roles, error } => {
                let connection = Connection::of_roles_in_file(roles.clone());
                let hints = error.hints().into_iter();
                hints.map(|hint| hint.with(&connection)).collect()
            }
            Self::NoRegion => vec![
                Fix::say("name it: `--region eu-west-1`, `export AWS_REGION=eu-west-1`, or ")
                    .run("aws configure set region eu-west-1"),
            ],
            Self::RegionUnread { .. } => vec![Fix::by(
                "what is to be allowed in each region",
                "irsactl permissions --for gc",
            )],
            Self::NoVaultToken => token_hints(),
            Self::Vault { path, failure, .. } => failure.hints(path),
            Self::Credentials { sign_in, .. } => sign_in.hints(),
            Self::ClusterNotFound { name, region, similar } => cluster_hints(name, region, similar),
            Self::NoServiceAccount(way, cluster, ..) => vec![Fix::by(
                "list all of them",
                CommandLine::of("irsactl get {} --cluster {}", &[&way.noun(), cluster]),
            )],
            Self::NothingOfName(cluster, _) => vec![Fix::by(
                "list all of them",
                CommandLine::of("irsactl migrate scan --cluster {}", &[cluster]),
            )],
            Self::AgentFailed { cluster, .. } => vec![Fix::by(
                "look at it",
                CommandLine::of(
                    "aws eks describe-addon --cluster-name {} --addon-name {}",
                    &[cluster, &AGENT],
                ),
            )],
            Self::WorkloadNotFound(workload) => vec![all_like(workload)],
            Self::NoRole(_) => vec![Fix::by("list the roles that clusters' tokens are let into", "irsactl trust list --all")],
            Self::ClusterNotReady { name, status } => vec![unready_hint(name, status)],
            Self::NoIssuer { .. } => {
                vec!["if it has an issuer that EKS does not tell, name it: `--issuer-url URL`".into()]
            }
            Self::AccessDenied { permission, subject, .. } => vec![allow(permission, subject)],
            Self::Aws { operation, code, .. }
                if operation == "iam:CreateOpenIDConnectProvider"
                    && code.meaning == CodeMeaning::LimitExceeded =>
            {
                vec![
                    Fix::by("find the providers of dead clusters", "irsactl gc --all-regions"),
                    "or raise the quota in Service Quotas".into(),
                ]
            }
            Self::Aws { code, .. } => aws_hints(code.meaning),
            Self::AssociationRefused { refusal, cluster, .. } => refusal.hints(cluster),
            Self::NoRoomForAssociations { cluster, .. } => vec![
                "take fewer at once: choose with `--include`".into(),
                quota_hint(cluster),
            ],
            Self::Unreachable { .. } => {
                vec!["check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL".into()]
            }
            Self::StackFailed { stack, status, .. } => stack_hints(stack, status),
            Self::Overtaken { .. } => {
                vec!["run the same command again: it looks at the stack first".into()]
            }
            Self::TrustOvertaken { .. } => {
                vec!["run the same command again: it looks at the role first".into()]
            }
            Self::NotRestarted { .. } => vec![
                "have them made anew, and run the same command again".into(),
            ],
            Self::StackInDoubt { stack, account, tags, .. } => vec![with_tag(stack, account, tags)],
            Self::Contradiction { .. } => vec![format!("{AGAIN}: it looks at both first").into()],
            Self::Unsettled { .. } => vec![format!("{AGAIN}: it looks at the stack first").into()],
            Self::ChangeRefused { stack, .. } => vec![Fix::by(
                "nothing was changed; look at the stack",
                CommandLine::of("aws cloudformation describe-stacks --stack-name {}", &[stack]),
            )],
            Self::Drifted { .. } => vec!["undo that in the same run: `--repair-drift`".into()],
            Self::Timeout { .. } | Self::NotBegun { .. } => vec![
                "what was begun goes on by itself: the same command again goes on from there; `--timeout 1h` waits longer".into(),
            ],
            Self::ServiceAccountHeld { name, .. } => held_hints(name),
            Self::IssuerUntrusted { likely, .. } => {
                let likely = likely.iter().map(|cause| format!("likely cause: {cause}").into());
                likely.chain(without_reading()).collect()
            }
            Self::IssuerTls { .. } | Self::IssuerUnreachable { .. } => {
                let check = "check HTTPS_PROXY and NO_PROXY, or run this where the issuer can be reached";
                std::iter::once(check.into()).chain(without_reading()).collect()
            }
            Self::ProxyUnreachable { .. } => {
                let check = "check HTTPS_PROXY and NO_PROXY: without them irsactl goes directly";
                std::iter::once(check.into()).chain(without_reading()).collect()
            }
            Self::IssuerDocument { url, .. } => {
                let look = Fix::by("look at it", CommandLine::of("curl {}", &[url]));
                std::iter::once(look).chain(without_reading()).collect()
            }
            Self::Kubernetes { lasting: false, .. } => vec![
                "the API has trouble: run the same command again in a minute".into(),
                Fix::role_only(),
            ],
            Self::KubernetesUnauthorized { eks, .. } => unauthorized_hints(eks.as_ref()),
            Self::KubernetesForbidden { right, .. } => forbidden_hints(right),
            Self::KubernetesRefused { objection, .. } => objection.hints(),
            Self::KubernetesConflict { right, .. } if right.resource == "serviceaccounts" => {
                vec!["take the fields over by adding `--override-existing-serviceaccounts`".into()]
            }
            Self::KubernetesConflict { .. } => {
                vec!["change it where that field manager has it from".into()]
            }
            Self::KubernetesOvertaken { .. } => {
                vec!["run the same command again: it looks at the object first".into()]
            }
            Self::KubernetesUnreachable { .. } => vec![
                "check the way to the Kubernetes API: a private endpoint is reached only from its network".into(),
                Fix::role_only(),
            ],
            Self::RolloutFailed { workload, .. } => vec![
                Fix::by("look at it", workload.kubectl("describe")),
                "the role is in place: once the pods can start, they have it".into(),
            ],
            Self::PodsLackRole { doctor, .. } => vec![Fix::by("find out why", doctor.clone())],
            Self::Kubeconfig { .. } => vec![Fix::by("check it", "kubectl config view --minify")],
            Self::Refused { refusal, .. } => refusal.hints.clone(),
            Self::Unproven(unproven) => unproven.hints(),
            Self::Withdrawn { proof, stranded, back } => {
                let is_left = stranded.unknown().is_some()
                    || stranded.as_found().is_some_and(|all| !all.is_empty());
                let restart = Fix::by("give those pods the way of before", back.clone());
                let restart = is_left.then_some(restart);
                restart.into_iter().chain(proof.hints()).collect()
            }
            Self::NotWithdrawn { proof, failure, back } => {
                let back = Fix::by("once that is mended, go back, as pods that start have nothing else", back.clone());
                let first = failure.hints().into_iter().chain([back]);
                first.chain(proof.hints()).collect()
            }
            Self::Unrenderable { hints, .. } => hints.clone(),
            Self::Interrupted { has_begun: true, .. } => {
                vec!["run the same command again: it finishes the work".into()]
            }
            Self::Interrupted { has_begun: false, .. } => {
                vec!["nothing was changed: run the same command again".into()]
            }
            Self::Stopped { .. } => {
                vec!["mend that, and run the same command again: it finishes the work".into()]
            }
        }
    }
}

fn cluster_hints(name: &ClusterName, region: &str, similar: &[String]) -> Vec<Fix> {
    let similar = similar.iter();
    let similar = similar.map(|other| format!("did you mean `--cluster {other}`?").into());
    let all = [
        Fix::by(
            "list the clusters",
            CommandLine::of("aws eks list-clusters --region {}", &[&region]),
        ),
        format!("look in another region with `--region`; \"{name}\" is looked for in one only")
            .into(),
    ];
    similar.chain(all).collect()
}

fn unready_hint(name: &ClusterName, status: &ClusterStatus) -> Fix {
    match status {
        ClusterStatus::Creating | ClusterStatus::Pending => Fix::by(
            "wait for it",
            CommandLine::of("aws eks wait cluster-active --name {}", &[name]),
        ),
        _ => Fix::by(
            "look at it",
            CommandLine::of("aws eks describe-cluster --name {}", &[name]),
        ),
    }
}

fn all_like(
    Workload {
        kind, namespace, ..
    }: &Workload,
) -> Fix {
    Fix::by(
        "look what there is",
        CommandLine::of("kubectl get {}s --namespace {}", &[&kind.word(), namespace]),
    )
}

/// What is about nothing by name is a list: a policy must name it on all.
fn allow(permission: &str, subject: &str) -> Fix {
    let on = if subject.is_empty() { " on `*`" } else { "" };
    let who = CommandLine::from("aws sts get-caller-identity");
    let of_role = ["iam:", "cloudformation:"]
        .iter()
        .any(|it| permission.starts_with(it));
    let who = if of_role {
        who.in_account_of_roles()
    } else {
        who
    };
    Fix::say(format!("allow `{permission}`{on} to this identity ("))
        .run(who)
        .and(" names it)")
}

fn stack_hints(stack: &str, status: &StackStatus) -> Vec<Fix> {
    let mend = match status {
        StackStatus::DeleteFailed => {
            "mend the cause and run the same command again; `--detach-foreign` detaches policies that were attached by hand"
        }
        StackStatus::UpdateComplete => {
            "the rest is done; mend the cause, then the next update with `--repair-drift` deletes what stayed on the role"
        }
        StackStatus::UpdateRollbackComplete => {
            "the role is as it was before; mend the cause and run the same command again"
        }
        StackStatus::UpdateRollbackFailed => {
            "mend the cause; `update` and `apply` then finish the roll-back first"
        }
        _ => "mend the cause and run the same command again: a failed stack is replaced",
    };
    let events = "aws cloudformation describe-stack-events --stack-name {}";
    vec![
        mend.into(),
        Fix::by("see all its events", CommandLine::of(events, &[&stack])),
    ]
}

/// What to do about an error of AWS by its code alone; empty where that tells nothing.
pub fn aws_hints(meaning: CodeMeaning) -> Vec<Fix> {
    let hint = match meaning {
        CodeMeaning::LimitExceeded => {
            "raise the quota in Service Quotas, or delete what is no longer needed"
        }
        CodeMeaning::AlreadyExists => {
            "it was made meanwhile: run the same command again, which looks at it first"
        }
        CodeMeaning::Missing => {
            "it went meanwhile: run the same command again, which looks at it first"
        }
        CodeMeaning::Throttled => {
            "AWS is busy for this account: run the same command again in a minute"
        }
        CodeMeaning::ServiceFailed => {
            "AWS has trouble there: run the same command again in a minute"
        }
        CodeMeaning::IssuerUnreachable => {
            "IAM cannot reach the issuer either; name the thumbprint, so that IAM need not fetch it: `--thumbprint HEX`"
        }
        CodeMeaning::NotOptedIn
        | CodeMeaning::RegionDisabled
        | CodeMeaning::TokenTaken
        | CodeMeaning::Other => return Vec::new(),
    };
    vec![hint.into()]
}

/// How to make the provider without a look at the issuer. Whole commands, as other commands than
/// `associate-oidc-provider` meet these errors too.
fn without_reading() -> [Fix; 2] {
    [
        Fix::by(
            "let IAM fetch the thumbprint itself",
            "irsactl associate-oidc-provider --cluster NAME --no-thumbprint",
        ),
        Fix::by(
            "or name it, where you know it",
            "irsactl associate-oidc-provider --cluster NAME --thumbprint HEX",
        ),
    ]
}

/// The tag is put back, the others stay: CloudFormation takes the list for all that there are to be.
fn with_tag(stack: &str, account: &ServiceAccountName, tags: &Map) -> Fix {
    let update = CommandLine::of(
        "aws cloudformation update-stack --stack-name {} --use-previous-template --capabilities CAPABILITY_NAMED_IAM --tags",
        &[&stack],
    );
    let own = tags.iter().filter(|(key, _)| !is_aws_tag(key));
    let update = own.fold(update, |it, (key, value)| {
        it.and("Key={},Value={}", &[key, value])
    });
    let update = update.and("Key={},Value={}", &[&SERVICE_ACCOUNT_TAG, account]);
    Fix::by(format!("if it is that of {account}, say so"), update)
}
