//! Each cause, made in a world in which all else is well; and what may not be read.

use serde_json::json;

use super::whole::{self, Case, DAY, ISSUER, NOW, POLICY, PROVIDER, ROLE, SUBJECT, role};
use crate::model::{AUDIENCE_ANNOTATION, Lookup, Workload, WorkloadKind};
use crate::proof::{Denier, Signature, SimulatedDecision, Simulation};
use crate::token::{ClaimFault, SignatureFault};
use crate::world::{
    Addon, AgentKind, AnalyzerFinding, EgressRule, IdentityAgent, KubernetesHealth, MetadataAgent,
    MetadataOptions, NetworkPolicy, ObjectHealth, PodSecurityGroups, Reading, SecurityGroup,
    Selector, StackStatus, StsActivation, VpcEndpoint,
};

mod drift;
mod pods;
mod providers;
mod unknown;
mod usage;

pub use unknown::{UNKNOWN, hidden};

/// Check, cause, and what breaks it.
pub type Broken = (&'static str, &'static str, fn(&mut Case));

const NOT_AUTHORIZED: &str = "Not authorized to perform sts:AssumeRoleWithWebIdentity";

/// All of them.
pub fn broken() -> Vec<Broken> {
    [
        ACCESS,
        drift::DRIFT,
        providers::PROVIDERS,
        pods::PODS,
        usage::USAGE,
    ]
    .concat()
}

const ACCESS: &[Broken] = &[
    // The cluster.
    ("cluster", "cluster-issue", |case| {
        case.facts(|facts| facts.issues.push("AccessDenied: no role".to_owned()));
    }),
    ("discovery", "issuer-unreachable-from-here", |case| {
        let (host, cause) = ("oidc".to_owned(), "no such host".to_owned());
        case.world.reading = Lookup::Found(Reading::Unreachable { host, cause });
    }),
    ("discovery", "issuer-document", |case| {
        case.world.reading = Lookup::Unknown("it names another issuer".to_owned());
        if let Some(cluster) = &mut case.world.cluster {
            cluster.issuer = "https://issuer.example.com".parse().expect("an issuer");
        }
    }),
    ("signing-keys", "no-verification-key", |it| it.publish("")),
    ("signing-keys", "key-without-kid", |case| {
        case.publish(r#"{"kty": "RSA"}"#);
    }),
    ("webhook", "no-webhook", |case| {
        case.kubernetes(|kubernetes| kubernetes.webhooks = Lookup::Missing);
    }),
    ("webhook", "webhook-rules", |case| {
        case.webhook(|it| it.on_pod_creation = false);
    }),
    ("webhook", "webhook-target", |case| {
        case.webhook(|it| it.url = None);
    }),
    ("webhook", "webhook-ca", |case| {
        case.webhook(|it| {
            (it.url, it.has_ca) = (None, false);
            it.service = Some("a/b".to_owned());
        });
    }),
    ("webhook-selection", "webhook-namespace", |case| {
        case.webhook(|it| it.namespace_selector = Some(labelled("irsa", "on")));
    }),
    ("sts-region", "region-disabled", |case| {
        case.health(|it| it.sts = Lookup::Found(StsActivation::Disabled("off".to_owned())));
    }),
    ("sts-endpoint", "endpoint-not-available", |case| {
        endpoint(case, "sts", |it| it.state = "pending".to_owned());
    }),
    ("sts-endpoint", "endpoint-private-dns", |case| {
        endpoint(case, "sts", |it| it.private_dns = false);
    }),
    ("sts-endpoint", "endpoint-security-group", |case| {
        endpoint(case, "sts", |it| {
            it.security_groups = Lookup::Found(vec![group()]);
        });
    }),
    ("sts-endpoint", "endpoint-policy", |case| {
        endpoint(case, "sts", |it| it.policy = Some(json!({"Statement": []})));
    }),
    ("metadata-agents", "metadata-agent", |case| {
        case.kubernetes(|it| {
            let workload = Workload {
                kind: WorkloadKind::DaemonSet,
                namespace: "kube-system".to_owned(),
                name: "kiam".to_owned(),
            };
            it.metadata_agents = Lookup::Found(vec![MetadataAgent {
                kind: AgentKind::Kiam,
                workload,
                tag: None,
                arguments: Vec::new(),
                is_on_nodes: true,
            }]);
        });
    }),
    // The ServiceAccount.
    ("service-account", "no-namespace", |case| {
        case.object(|it| it.namespace = Lookup::Missing);
    }),
    ("service-account", "no-service-account", |case| {
        case.object(|it| it.service_account = Lookup::Missing);
    }),
    ("service-account", "being-deleted", |case| {
        case.service_account(|it, _| it.held_by = Some(vec!["example.com/guard".to_owned()]));
    }),
    ("stack", "stack-not-ready", |case| {
        case.stack("", StackStatus::CreateFailed);
    }),
    ("role-annotation", "no-annotation", |case| {
        case.annotation(None);
    }),
    ("role-annotation", "malformed-arn", |case| {
        case.annotation(Some("demo"));
    }),
    ("role-annotation", "other-account", |case| {
        case.stack(&ROLE.replace("1111", "4444"), StackStatus::CreateComplete);
    }),
    ("role-annotation", "other-role", |case| {
        case.stack(&ROLE.replace("ABC", "DEF"), StackStatus::CreateComplete);
    }),
    ("role-annotation", "look-alike-annotation", |case| {
        case.annotate("eks.amazon.com/role-arn", ROLE);
    }),
    ("service-account-owner", "managed-elsewhere", |case| {
        case.service_account(|object, _| {
            let (key, value) = ("app.kubernetes.io/managed-by", "Helm");
            object.labels.insert(key.to_owned(), value.to_owned());
        });
    }),
    ("service-account-owner", "managed-by-addon", |case| {
        case.account.name = "kube-system/aws-node".parse().ok();
        addon(case, "vpc-cni", "ACTIVE");
    }),
    // The role and its provider.
    ("role-exists", "no-role", |case| {
        case.role(|role| role.role = Lookup::Missing);
    }),
    ("role-exists", "other-path", |case| {
        case.role_facts(|facts| facts.arn = ROLE.replace("role/", "role/team/").parse().unwrap());
    }),
    ("provider", "no-provider", |case| {
        case.role(|role| role.provider = Lookup::Missing);
    }),
    ("provider-audience", "unknown-audience", |case| {
        case.provider(|provider| provider.audiences.clear());
    }),
    ("provider-audience", "unknown-audience", |case| {
        case.annotate(AUDIENCE_ANNOTATION, "sts.amazonaws.com.cn");
    }),
    ("provider-thumbprint", "malformed-thumbprint", |case| {
        case.provider(|provider| provider.thumbprints.push("no".to_owned()));
    }),
    ("provider-thumbprint", "other-thumbprint", |case| {
        case.provider(|provider| provider.thumbprints.push("0".repeat(40)));
    }),
    ("provider-thumbprint", "thumbprint-mismatch", |case| {
        case.refused(
            "InvalidIdentityToken",
            "it doesn't match configured thumbprint",
        );
    }),
    ("sts-accepts", "thumbprint-mismatch", |case| {
        case.refused(
            "InvalidIdentityToken",
            "it doesn't match configured thumbprint",
        );
    }),
    ("trust-accounts", "role-in-other-account", |case| {
        elsewhere(case);
        case.account.proof = None;
    }),
    ("trust-accounts", "no-provider-in-other-account", |case| {
        elsewhere(case);
        case.refused(
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account",
        );
    }),
    ("trust-policy", "wrong-action", |case| {
        case.role_facts(|it| it.trust["Statement"][0]["Action"] = json!("sts:AssumeRole"));
    }),
    ("trust-policy", "condition-on-call", with_address),
    ("trust-narrow", "any-principal", |case| {
        case.role_facts(|it| it.trust["Statement"][0]["Principal"] = json!("*"));
    }),
    ("trust-narrow", "no-subject", |case| {
        case.condition(json!({}));
    }),
    ("trust-narrow", "any-service-account", |case| {
        like(case, "StringLike", "sub", "system:serviceaccount:*:*");
    }),
    ("trust-narrow", "several-namespaces", |case| {
        like(case, "StringLike", "sub", "system:serviceaccount:*:api");
    }),
    ("trust-narrow", "all-but-some", |case| {
        like(case, "StringNotEquals", "sub", "system:serviceaccount:a:b");
    }),
    ("trust-narrow", "no-audience", |case| {
        like(case, "StringEquals", "sub", SUBJECT);
    }),
    ("trust-narrow", "holds-without-claim", |case| {
        like(case, "StringEqualsIfExists", "sub", SUBJECT);
    }),
    ("trust-size", "trust-nearly-full", |case| {
        case.role_facts(|it| it.trust["Id"] = json!("a".repeat(2000)));
    }),
    ("trust-valid", "access-analyzer", |case| {
        let finding = AnalyzerFinding {
            kind: "WARNING".to_owned(),
            code: "CODE".to_owned(),
            details: "bad".to_owned(),
        };
        case.role(|role| role.analyzer = Lookup::Found(vec![finding.clone()]));
    }),
    // What the role may do.
    ("role-policies", "no-permissions", |case| {
        case.role(|role| role.policies = Lookup::Found(Default::default()));
    }),
    ("role-policies", "wide-permissions", |case| {
        let all = json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
        case.role(|it| {
            it.documents
                .insert(POLICY.parse().unwrap(), Lookup::Found(all.clone()));
        });
    }),
    ("role-policies", "policy-gone", |case| {
        case.role(|it| {
            it.documents
                .insert(POLICY.parse().unwrap(), Lookup::Missing);
        });
    }),
    ("role-policies", "boundary-gone", |case| {
        case.role(|it| it.boundary = Some(Lookup::Missing));
    }),
    ("role-permissions", "not-allowed", |case| {
        case.account.simulated = vec![Simulation {
            permission: "s3:GetObject".parse().expect("a permission"),
            decision: SimulatedDecision::Denied {
                by: vec![Denier::ImplicitDeny],
            },
        }];
    }),
    ("role-used", "never-used", |case| {
        case.role_facts(|it| it.history.last_used = None);
    }),
    // The token and STS.
    ("token", "other-issuer", |case| {
        claim(
            case,
            ClaimFault::Issuer {
                wanted: "a".to_owned(),
                got: "b".to_owned(),
            },
        );
    }),
    ("token", "other-subject", |case| {
        claim(
            case,
            ClaimFault::Subject {
                wanted: "a".to_owned(),
                got: "b".to_owned(),
            },
        );
    }),
    ("token", "other-audience", |case| {
        claim(
            case,
            ClaimFault::Audience {
                wanted: "a".to_owned(),
                got: Vec::new(),
            },
        );
    }),
    ("token", "expired-token", |case| {
        claim(
            case,
            ClaimFault::Expired {
                expires_at: 1,
                now: 2,
            },
        );
    }),
    ("token", "clock-skew", |case| {
        claim(
            case,
            ClaimFault::NotYetValid {
                valid_from: 2,
                now: 1,
            },
        );
    }),
    ("token", "bad-signature", |case| {
        if let Some(proof) = &mut case.account.proof {
            let fault = SignatureFault::Wrong {
                key: "k".to_owned(),
            };
            proof.signature = Signature::Fault { fault };
        }
    }),
    ("sts-accepts", "organisation-policy", |case| {
        case.refused("AccessDenied", NOT_AUTHORIZED);
    }),
    ("sts-accepts", "condition-on-call", |case| {
        with_address(case);
        case.refused("AccessDenied", NOT_AUTHORIZED);
    }),
    ("sts-accepts", "propagation", |case| {
        case.role_facts(|it| it.history.created = NOW);
        case.refused("AccessDenied", NOT_AUTHORIZED);
    }),
    ("sts-accepts", "not-authorized", |case| {
        elsewhere(case);
        case.refused("AccessDenied", NOT_AUTHORIZED);
    }),
    ("sts-accepts", "no-provider", |case| {
        case.refused(
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account",
        );
    }),
    ("sts-accepts", "unknown-audience", |case| {
        case.refused("InvalidIdentityToken", "Incorrect token audience");
    }),
    ("sts-accepts", "no-verification-key", |case| {
        case.refused("InvalidIdentityToken", "Couldn't retrieve verification key");
    }),
    ("sts-accepts", "missing-claim", |case| {
        case.refused("InvalidIdentityToken", "Missing a required claim: aud");
    }),
    ("sts-accepts", "bad-signature", |case| {
        case.refused("InvalidIdentityToken", "it could not be validated");
    }),
    ("sts-accepts", "expired-token", |case| {
        case.refused("ExpiredTokenException", "old");
    }),
    ("sts-accepts", "issuer-unreachable", |case| {
        case.refused("IDPCommunicationError", "");
    }),
    ("sts-accepts", "rejected-claim", |case| {
        case.refused("IDPRejectedClaim", "");
    }),
    ("sts-accepts", "malformed-arn", |case| {
        case.refused("ValidationError", "Request ARN is invalid");
    }),
    ("sts-accepts", "duration-too-long", |case| {
        case.refused(
            "ValidationError",
            "The requested DurationSeconds exceeds it",
        );
    }),
    ("sts-accepts", "region-disabled", |case| {
        case.refused("RegionDisabledException", "");
    }),
    ("sts-accepts", "throttled", |case| {
        case.refused("Throttling", "Rate exceeded");
    }),
    ("sts-accepts", "packed-policy-too-large", |case| {
        case.refused("PackedPolicyTooLarge", "");
    }),
    ("sts-accepts", "other-refusal", |case| {
        case.refused("Strange", "");
    }),
    ("recorded-failures", "recorded-failure", |case| {
        case.recorded("AccessDenied", "");
    }),
    ("recorded-failures", "expired-token", |case| {
        case.recorded("ExpiredTokenException", "");
    }),
    ("recorded-failures", "throttled", |case| {
        case.recorded("Throttling", "");
    }),
    ("recorded-failures", "duration-too-long", |case| {
        case.recorded(
            "ValidationError",
            "The requested DurationSeconds exceeds it",
        );
    }),
    ("recorded-failures", "packed-policy-too-large", |case| {
        case.recorded("PackedPolicyTooLarge", "");
    }),
    ("recorded-failures", "global-endpoint", |case| {
        case.recorded("SignatureDoesNotMatch", "");
    }),
    ("recorded-failures", "not-a-token", |case| {
        case.recorded(
            "InvalidIdentityToken",
            "The ID Token provided is not a valid JWT",
        );
    }),
];

fn labelled(key: &str, value: &str) -> Selector {
    Selector {
        match_labels: [(key.to_owned(), value.to_owned())].into(),
        ..Selector::default()
    }
}

fn group() -> SecurityGroup {
    SecurityGroup {
        id: "sg-1".to_owned(),
        https_from: Vec::new(),
        https_to: Vec::new(),
        dns_to: Vec::new(),
    }
}

fn endpoint(case: &mut Case, service: &str, change: impl Fn(&mut VpcEndpoint)) {
    let mut endpoint = VpcEndpoint {
        id: "vpce-1".to_owned(),
        service: format!("com.amazonaws.eu-west-1.{service}"),
        state: "available".to_owned(),
        private_dns: true,
        policy: None,
        security_groups: Lookup::Found(Vec::new()),
    };
    change(&mut endpoint);
    case.health(|it| it.endpoints = Lookup::Found(vec![endpoint.clone()]));
}

fn addon(case: &mut Case, name: &str, status: &str) {
    let addon = Addon {
        name: name.to_owned(),
        status: status.into(),
        version: String::new(),
        issues: Vec::new(),
        service_account_role: None,
        pod_identity_associations: Vec::new(),
    };
    case.health(|it| it.addons = Lookup::Found(vec![addon.clone()]));
}

/// The role is of another account: nothing of it can be read.
fn elsewhere(case: &mut Case) {
    case.annotation(Some("arn:aws:iam::444455556666:role/api"));
    case.role(|it| {
        it.role = hidden();
        it.provider = hidden();
    });
}

fn with_address(case: &mut Case) {
    case.condition(json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}));
}

/// A condition on one claim alone.
fn like(case: &mut Case, operator: &str, claim: &str, value: &str) {
    case.condition(json!({operator: {format!("{ISSUER}:{claim}"): value}}));
}

fn claim(case: &mut Case, fault: ClaimFault) {
    if let Some(proof) = &mut case.account.proof {
        proof.claim_faults.push(fault);
    }
}

fn shut_groups(case: &mut Case) {
    case.object(|it| {
        it.security_groups = Lookup::Found(vec![PodSecurityGroups {
            name: "pods".to_owned(),
            pod_selector: Some(labelled("app", "api")),
            service_account_selector: None,
            groups: vec!["sg-1".to_owned()],
        }]);
    });
    case.account.security_groups = Lookup::Found(vec![group()]);
}

fn network_policy(case: &mut Case, ports: &[u16]) {
    let rules = ports.iter().map(|port| EgressRule {
        to_all: true,
        ports: vec![("UDP".to_owned(), Some(*port), None)],
        ..EgressRule::default()
    });
    let policy = NetworkPolicy {
        name: "strict".to_owned(),
        selector: Selector::default(),
        egress: Some(rules.collect()),
    };
    case.object(|it| it.network_policies = Lookup::Found(vec![policy.clone()]));
}
