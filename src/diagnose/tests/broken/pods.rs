//! Of pods, of what surrounds them, and of Pod Identity.

use super::*;
use crate::proof::{Assumption, Proof, TokenRefusal};
use crate::world::ValueSource;

pub const PODS: &[Broken] = &[
    // The pods.
    ("pod-service-account", "default-service-account", |case| {
        case.pod(|pod| pod.service_account = "default".to_owned());
    }),
    ("pod-service-account", "other-service-account", |case| {
        case.pod(|pod| pod.service_account = "other".to_owned());
    }),
    ("pod-skipped", "skip-label", |case| {
        case.pod(|pod| {
            let label = "eks.amazonaws.com/skip-pod-identity-webhook".to_owned();
            pod.labels.insert(label, String::new());
        });
    }),
    ("pod-skipped", "skipped-containers", |case| {
        case.pod(|pod| {
            let key = "eks.amazonaws.com/skip-containers".to_owned();
            pod.annotations.insert(key, "sidecar".to_owned());
        });
    }),
    ("pod-skipped", "skipped-containers-blanks", |case| {
        case.pod(|pod| {
            let key = "eks.amazonaws.com/skip-containers".to_owned();
            pod.annotations.insert(key, "sidecar, other".to_owned());
        });
    }),
    ("pod-age", "not-restarted", |case| {
        case.pod(|pod| pod.created = NOW - 3 * DAY);
        case.container(|container| container.env.clear());
    }),
    ("pod-age", "old-role", |case| {
        case.pod(|pod| pod.created = NOW - 3 * DAY);
        case.variable("AWS_ROLE_ARN", Some("arn:aws:iam::111122223333:role/old"));
    }),
    ("pod-own-role", "pre-set-environment", |case| {
        case.variable("AWS_ROLE_ARN", Some("arn:aws:iam::111122223333:role/own"));
    }),
    ("pod-own-role", "injected-earlier", |case| {
        case.annotation(None);
    }),
    ("pod-own-role", "role-without-annotation", |case| {
        case.annotation(None);
        case.pod(|pod| pod.tokens.clear());
    }),
    ("pod-role", "not-injected", |case| {
        case.container(|it| it.env.clear());
    }),
    ("pod-role", "other-role", |case| {
        case.variable("AWS_ROLE_ARN", Some("arn:aws:iam::111122223333:role/other"));
    }),
    ("pod-token-file", "no-token-file", |case| {
        case.without("AWS_WEB_IDENTITY_TOKEN_FILE");
    }),
    ("pod-token-volume", "no-token-volume", |case| {
        case.pod(|pod| pod.tokens.clear());
    }),
    ("pod-token-volume", "other-audience", |case| {
        case.pod(|pod| {
            pod.tokens
                .iter_mut()
                .for_each(|token| token.audience = None);
        });
    }),
    ("pod-token-volume", "token-not-mounted", |case| {
        case.container(|it| it.mounts.clear());
    }),
    ("pod-region", "legacy-sts-endpoint", |case| {
        case.variable("AWS_STS_REGIONAL_ENDPOINTS", Some("legacy"));
    }),
    ("pod-region", "other-partition", |case| {
        case.variable("AWS_REGION", Some("cn-north-1"));
    }),
    ("pod-region", "no-region", |case| case.without("AWS_REGION")),
    ("pod-static-keys", "static-credentials", |case| {
        case.variable("AWS_PROFILE", Some("dev"));
    }),
    ("pod-static-keys", "environment-from", |case| {
        let secret = ValueSource::Secret("aws".to_owned());
        case.container(|it| it.env_from.push(secret.clone()));
    }),
    ("pod-token-readable", "unreadable-token", |case| {
        case.kubernetes(|it| it.version = Lookup::Found("v1.18.9".to_owned()));
        case.pod(|pod| pod.run_as_user = Some(1000));
    }),
    ("pod-windows", "windows-without-selector", |case| {
        case.node(|node| node.windows = true);
    }),
    ("pod-host-network", "host-network", |case| {
        case.pod(|pod| pod.host_network = true);
    }),
    ("pod-host-network", "host-network-pod-identity", |case| {
        case.associated();
        case.pod(|pod| pod.host_network = true);
    }),
    ("pod-proxy", "proxy", |case| {
        case.variable("HTTPS_PROXY", Some("http://proxy"));
    }),
    ("pod-proxy", "proxy-before-agent", |case| {
        case.associated();
        case.variable("HTTP_PROXY", Some("http://proxy"));
    }),
    ("automount", "automount-off", |case| {
        case.pod(|pod| pod.automount = Some(false));
    }),
    ("sdk-version", "role-not-taken", |case| {
        case.role_facts(|it| it.history.last_used = None);
        case.pod(|pod| pod.created = NOW - 3 * DAY);
    }),
    // What surrounds them.
    ("metadata-hop-limit", "metadata-open", |case| {
        case.account.metadata = Lookup::Found(vec![MetadataOptions {
            instance: "i-1".to_owned(),
            enabled: true,
            hop_limit: 2,
            token_required: false,
        }]);
    }),
    ("pod-security-groups", "no-https-out", shut_groups),
    ("pod-security-groups", "no-dns-out", shut_groups),
    ("pod-network-policy", "no-dns", |case| {
        network_policy(case, &[]);
    }),
    ("pod-network-policy", "no-sts", |case| {
        network_policy(case, &[53]);
    }),
    // Pod Identity.
    ("pod-identity-association", "two-roles", |case| {
        case.associated();
        case.annotation(Some(&ROLE.replace("ABC", "DEF")));
    }),
    ("pod-identity-association", "both-ways", |case| {
        case.associated();
        case.annotation(Some(ROLE));
    }),
    ("pod-identity-platform", "platform-too-old", |case| {
        case.associated();
        case.facts(|facts| facts.version = "1.23".to_owned());
    }),
    ("pod-identity-agent", "no-agent", |case| {
        case.associated();
        case.kubernetes(|it| it.identity_agent = Lookup::Missing);
    }),
    ("pod-identity-agent", "agent-network", |case| {
        agent(case, 2, false);
    }),
    ("pod-identity-agent", "agent-not-ready", |case| {
        agent(case, 1, true);
    }),
    ("pod-identity-endpoint", "endpoint-not-available", |case| {
        case.associated();
        endpoint(case, "eks-auth", |it| it.state = "pending".to_owned());
    }),
    ("pod-identity-trust", "no-role", |case| {
        case.associated();
        if let Some(role) = &mut case.account.identity_role {
            role.role = Lookup::Missing;
        }
    }),
    ("pod-identity-trust", "pod-identity-trust", |case| {
        case.associated();
        case.account.identity_role = Some(role(json!({"Statement": []})));
    }),
    (
        "pod-identity-trust",
        "open-pod-identity-trust",
        Case::associated,
    ),
    (
        "pod-identity-trust",
        "unconditional-pod-identity-trust",
        |case| {
            case.associated();
            let narrow = json!({"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"},
                "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:RequestTag/kubernetes-namespace": "x"}}});
            if let Some(Lookup::Found(facts)) =
                case.account.identity_role.as_mut().map(|it| &mut it.role)
                && let Some(statements) = facts.trust["Statement"].as_array_mut()
            {
                statements.push(narrow);
            }
        },
    ),
    ("pod-identity-target", "no-target-role", |case| {
        target(case);
        if let Some(role) = &mut case.account.target_role {
            role.role = Lookup::Missing;
        }
    }),
    ("pod-identity-target", "target-trust", target),
    ("pod-identity-session", "policy-with-tags", |case| {
        case.associated();
        case.association(|it| it.policy = Some("{}".to_owned()));
    }),
    ("pod-identity-session", "tags-disabled", |case| {
        case.associated();
        case.association(|it| it.session_tags_disabled = true);
        case.account.identity_role = Some(role(json!({"Statement": [{
            "Condition": {"StringEquals": {"aws:RequestTag/kubernetes-namespace": "web"}},
        }]})));
    }),
    ("pod-identity-accepts", "not-authorized-by-eks", |case| {
        refused(case, "AccessDeniedException");
    }),
    ("pod-identity-accepts", "no-association", |case| {
        refused(case, "ResourceNotFoundException");
    }),
    ("pod-identity-accepts", "refused-by-eks", |case| {
        refused(case, "InvalidTokenException");
    }),
    ("pod-identity-accepts", "other-role", |case| {
        identity_proof(case, |proof| {
            proof.assumption = Assumption::OtherRole {
                arn: "arn:aws:sts::111122223333:assumed-role/other/s"
                    .parse()
                    .expect("an ARN"),
                role: ROLE.parse().expect("an ARN"),
            };
        });
    }),
    ("pod-identity-accepts", "other-pod", |case| {
        identity_proof(case, |proof| {
            proof.claim_faults = vec![ClaimFault::Pod {
                wanted: "a".to_owned(),
                got: None,
            }];
        });
    }),
    ("pod-identity-accepts", "bad-signature", |case| {
        identity_proof(case, |proof| {
            let key = "k".to_owned();
            proof.signature = Signature::Fault {
                fault: SignatureFault::Wrong { key },
            };
        });
    }),
    ("pod-identity-environment", "pod-identity-compute", |case| {
        case.associated();
        case.node(|node| node.compute = "fargate".to_owned());
    }),
    ("pod-identity-environment", "web-identity-first", |case| {
        case.associated();
        case.variable("AWS_ROLE_ARN", Some(ROLE));
    }),
    (
        "pod-identity-environment",
        "pod-identity-not-injected",
        |case| {
            case.associated();
            case.container(|container| container.env.clear());
        },
    ),
];

fn agent(case: &mut Case, ready: i64, host_network: bool) {
    case.associated();
    case.kubernetes(|it| {
        it.identity_agent = Lookup::Found(IdentityAgent {
            desired: 2,
            ready,
            host_network,
        });
    });
}

/// With a proof by Pod Identity that found something else.
fn identity_proof(case: &mut Case, change: impl Fn(&mut Proof)) {
    case.associated();
    case.account.identity_proof = case.account.proof.clone().map(|mut proof| {
        proof.pod = Some(Lookup::Found("app-1".to_owned()));
        change(&mut proof);
        proof
    });
}

fn refused(case: &mut Case, code: &str) {
    identity_proof(case, |proof| {
        proof.assumption = Assumption::Refused {
            refusal: TokenRefusal::of_eks(code, "no"),
            because: None,
            tries: 1,
            waited: 0,
        };
    });
}

/// A target role that trusts somebody else.
fn target(case: &mut Case) {
    case.associated();
    case.association(|it| it.target_role = "arn:aws:iam::444455556666:role/t".parse().ok());
    let trust = json!({"Statement": [
        {"Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": "sts:AssumeRole"},
    ]});
    case.account.target_role = Some(role(trust));
}
