//! A cluster and a service account with which all is well, to be broken by tests.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::diagnose::{Report, account, cluster};
use crate::model::{
    Cluster, ClusterFacts, EksCluster, Lookup, Map, ROLE_ANNOTATION, StackName, Way, Workload,
    WorkloadKind,
};
use crate::proof::{Assumption, Proof, Signature, TokenRefusal};
use crate::token::{Claims, Header, Keys, Token};
use crate::world::{
    AccountHealth, Association, ClusterHealth, Container, FoundStack, IdentityAgent,
    KubernetesHealth, LastUse, LivePolicies, MetadataOptions, Mount, Node, ObjectHealth,
    ObservedAccount, OidcProvider, Pod, ProjectedToken, Reading, RecordedFailure, RoleFacts,
    RoleHealth, RoleHistory, ServiceAccount, ServiceAccountHistory, ServiceAccountState, Stack,
    StackState, StackStatus, StsActivation, Webhook, World,
};

pub const NOW: i64 = 1_800_000_000;
pub const DAY: i64 = 24 * 60 * 60;
pub const ISSUER: &str = "oidc.eks.eu-west-1.amazonaws.com/id/AB12";
pub const PROVIDER: &str =
    "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12";
pub const ROLE: &str = "arn:aws:iam::111122223333:role/demo-Role1-ABC";
pub const SUBJECT: &str = "system:serviceaccount:web:api";
pub const POLICY: &str = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";

#[derive(Clone, Debug)]
pub struct Case {
    pub world: World,
    pub account: AccountHealth,
}

/// What is found may have been hidden by another change: then there is nothing to change.
pub fn found<T>(lookup: &mut Lookup<T>) -> Option<&mut T> {
    match lookup {
        Lookup::Found(value) => Some(value),
        Lookup::Missing | Lookup::Unknown(_) => None,
    }
}

impl Case {
    pub fn reports(&self) -> (Report, Report) {
        (cluster(&self.world), account(&self.world, &self.account))
    }

    /// Puts these into the list of the issuer's keys.
    pub fn publish(&mut self, keys: &str) {
        let document = format!("{{\"keys\": [{keys}]}}");
        self.world.keys = Lookup::Found(Keys::parse(document.as_bytes()).expect("keys"));
    }

    pub fn health(&mut self, change: impl FnMut(&mut ClusterHealth)) {
        self.world.health.iter_mut().for_each(change);
    }

    pub fn facts(&mut self, change: impl Fn(&mut ClusterFacts)) {
        self.health(|health| {
            found(&mut health.facts).into_iter().for_each(&change);
        });
    }

    pub fn kubernetes(&mut self, change: impl FnMut(&mut KubernetesHealth)) {
        self.world.kubernetes.iter_mut().for_each(change);
    }

    pub fn webhook(&mut self, change: impl Fn(&mut Webhook)) {
        self.kubernetes(|kubernetes| {
            let all = found(&mut kubernetes.webhooks).into_iter().flatten();
            all.take(1).for_each(&change);
        });
    }

    pub fn object(&mut self, change: impl FnMut(&mut ObjectHealth)) {
        self.account.object.iter_mut().for_each(change);
    }

    pub fn service_account(
        &mut self,
        change: impl Fn(&mut ServiceAccount, &mut ServiceAccountHistory),
    ) {
        self.object(|object| {
            if let Some((object, history)) = found(&mut object.service_account) {
                change(object, history);
            }
        });
    }

    pub fn annotate(&mut self, key: &str, value: &str) {
        self.service_account(|object, _| {
            object.annotations.insert(key.to_owned(), value.to_owned());
        });
    }

    pub fn annotation(&mut self, value: Option<&str>) {
        self.service_account(|object, _| {
            object.annotations.remove(ROLE_ANNOTATION);
            let annotation = value.map(|value| (ROLE_ANNOTATION.to_owned(), value.to_owned()));
            object.annotations.extend(annotation);
        });
        self.account.role_arn = value.and_then(|value| value.parse().ok());
    }

    pub fn pod(&mut self, change: impl Fn(&mut Pod)) {
        self.object(|object| {
            let pods = found(&mut object.pods).into_iter().flatten();
            pods.for_each(&change);
        });
    }

    pub fn node(&mut self, change: impl Fn(&mut Node)) {
        self.object(|object| {
            let nodes = found(&mut object.nodes).into_iter().flatten();
            nodes.for_each(&change);
        });
    }

    pub fn container(&mut self, change: impl Fn(&mut Container)) {
        self.pod(|pod| pod.containers.iter_mut().for_each(&change));
    }

    pub fn variable(&mut self, name: &str, value: Option<&str>) {
        self.container(|container| {
            container
                .env
                .insert(name.to_owned(), value.map(str::to_owned));
        });
    }

    pub fn without(&mut self, name: &str) {
        self.container(|container| {
            container.env.remove(name);
        });
    }

    pub fn role(&mut self, change: impl FnMut(&mut RoleHealth)) {
        self.account.role.iter_mut().for_each(change);
    }

    pub fn role_facts(&mut self, change: impl Fn(&mut RoleFacts)) {
        self.role(|role| {
            found(&mut role.role).into_iter().for_each(&change);
        });
    }

    pub fn condition(&mut self, condition: Value) {
        self.role_facts(|facts| facts.trust["Statement"][0]["Condition"] = condition.clone());
    }

    pub fn provider(&mut self, change: impl Fn(&mut OidcProvider)) {
        self.role(|role| {
            found(&mut role.provider).into_iter().for_each(&change);
        });
    }

    pub fn refused(&mut self, code: &str, message: &str) {
        if let Some(proof) = &mut self.account.proof {
            proof.assumption = Assumption::Refused {
                refusal: TokenRefusal::of_sts(code, message),
                because: None,
                tries: 1,
                waited: 0,
            };
        }
    }

    pub fn recorded(&mut self, code: &str, message: &str) {
        let failure = RecordedFailure {
            at: NOW,
            subject: Some(SUBJECT.to_owned()),
            provider: None,
            role: None,
            code: code.to_owned(),
            message: message.to_owned(),
            region: "eu-west-1".to_owned(),
        };
        self.role(|role| role.failures = Lookup::Found(vec![failure.clone()]));
    }

    /// With a stack that made this role.
    pub fn stack(&mut self, role: &str, status: StackStatus) {
        let cluster = "demo".parse().expect("a name");
        let name = "web/api".parse().expect("a name");
        let name = StackName::new(Way::Irsa, &cluster, &name);
        let stack = Stack {
            name: name.clone(),
            id: String::new(),
            status,
            reason: Some("it failed".to_owned()),
            updated: None,
            changed: None,
            tags: Map::new(),
            capabilities: Vec::new(),
            role_arn: role.parse().ok(),
            protected: false,
        };
        let found = FoundStack {
            stack,
            failure: None,
            body: Some(json!({
                "Resources": { "Role1": { "Type": "AWS::IAM::Role" } },
                "Outputs": { "Role1": { "Value": { "Fn::GetAtt": "Role1.Arn" } } },
            })),
            template: None,
            resources: Lookup::Missing,
            role: Lookup::Missing,
            policies: Lookup::Missing,
            associations: Lookup::Missing,
        };
        self.account.observed = Lookup::Found(ObservedAccount {
            association: None,
            stack: StackState::Found(Box::new(found)),
            stack_name: name,
            policies: Vec::new(),
            role: Lookup::Missing,
            trusting: None,
            service_account: ServiceAccountState::NotLooked,
            quotas: crate::policy::Quotas::default(),
        });
    }

    /// With a Pod Identity association and all that it needs, in the place of the annotation.
    pub fn associated(&mut self) {
        self.annotation(None);
        self.account.associations = Lookup::Found(vec![Association {
            id: "a-1".to_owned(),
            ..Association::of(ROLE.parse().unwrap())
        }]);
        let trust = json!({"Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }]});
        self.account.identity_role = Some(role(trust));
        self.kubernetes(|kubernetes| {
            kubernetes.identity_agent = Lookup::Found(IdentityAgent {
                desired: 2,
                ready: 2,
                host_network: true,
            });
        });
        self.container(|container| container.env.clear());
        let name = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
        self.variable(name, Some("http://169.254.170.23/v1/credentials"));
    }

    pub fn association(&mut self, change: impl Fn(&mut Association)) {
        let all = found(&mut self.account.associations).into_iter().flatten();
        all.take(1).for_each(change);
    }
}

pub fn healthy() -> Case {
    Case {
        world: world(),
        account: healthy_account(),
    }
}

fn world() -> World {
    let facts = ClusterFacts {
        version: "1.33".to_owned(),
        platform_version: "eks.4".to_owned(),
        public_endpoint: true,
        ..ClusterFacts::default()
    };
    let arn = "arn:aws:eks:eu-west-1:111122223333:cluster/demo";
    let keys =
        br#"{"keys": [{"kty": "RSA", "kid": "k", "alg": "RS256", "n": "AQAB", "e": "AQAB"}]}"#;
    World {
        now: NOW,
        region: "eu-west-1".to_owned(),
        caller: Lookup::Found("arn:aws:iam::111122223333:user/me".parse().expect("an ARN")),
        cluster: Some(Cluster {
            name: "demo".parse().expect("a name"),
            partition: "aws".to_owned(),
            account: "111122223333".to_owned(),
            issuer: format!("https://{ISSUER}").parse().expect("an issuer"),
            has_roles_elsewhere: false,
            eks: Some(EksCluster {
                arn: arn.parse().expect("an ARN"),
                endpoint: String::new(),
                certificate_authority: String::new(),
                token_id: "demo".to_owned(),
                tags: Map::new(),
                facts: facts.clone(),
            }),
        }),
        health: Some(ClusterHealth {
            facts: Lookup::Found(facts),
            addons: Lookup::Found(Vec::new()),
            other_providers: Lookup::Found(Vec::new()),
            sts: Lookup::Found(StsActivation::Active),
            endpoints: Lookup::Found(Vec::new()),
        }),
        reading: Lookup::Found(Reading::Chains(Vec::new())),
        keys: Lookup::Found(Keys::parse(keys).expect("keys")),
        kubernetes: Some(KubernetesHealth {
            version: Lookup::Found("v1.33.1-eks".to_owned()),
            webhooks: Lookup::Found(vec![webhook()]),
            metadata_agents: Lookup::Found(Vec::new()),
            identity_agent: Lookup::Missing,
        }),
        listed: Lookup::Missing,
    }
}

fn webhook() -> Webhook {
    Webhook {
        name: "pod-identity-webhook".to_owned(),
        url: Some("https://127.0.0.1:23443/mutate".to_owned()),
        service: None,
        has_ca: true,
        failure_policy: None,
        namespace_selector: None,
        object_selector: None,
        on_pod_creation: true,
    }
}

fn healthy_account() -> AccountHealth {
    let trust = json!({"Statement": [{
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {
            format!("{ISSUER}:sub"): SUBJECT,
            format!("{ISSUER}:aud"): "sts.amazonaws.com",
        }},
    }]});
    AccountHealth {
        name: "web/api".parse().ok(),
        observed: Lookup::Missing,
        object: Some(object()),
        role_arn: ROLE.parse().ok(),
        named_role: None,
        named_audience: None,
        role: Some(role(trust)),
        associations: Lookup::Missing,
        identity_role: None,
        identity_proof: None,
        target_role: None,
        // As good as closed to pods.
        metadata: Lookup::Found(vec![MetadataOptions {
            instance: "i-1".to_owned(),
            enabled: false,
            hop_limit: 2,
            token_required: true,
        }]),
        security_groups: Lookup::Missing,
        proof: Some(proof()),
        simulated: Vec::new(),
    }
}

pub fn role(trust: Value) -> RoleHealth {
    let policy =
        json!({"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}});
    RoleHealth {
        role: Lookup::Found(RoleFacts {
            arn: ROLE.parse().unwrap(),
            trust,
            tags: Map::new(),
            history: RoleHistory {
                created: NOW - 2 * DAY,
                last_used: Some(LastUse {
                    at: NOW - 60,
                    region: "eu-west-1".to_owned(),
                }),
            },
            boundary: None,
            max_session_duration: None,
        }),
        policies: Lookup::Found(LivePolicies {
            managed: vec![POLICY.parse().unwrap()],
            inline: BTreeMap::new(),
        }),
        documents: BTreeMap::from([(POLICY.parse().unwrap(), Lookup::Found(policy))]),
        boundary: None,
        provider: Lookup::Found(OidcProvider {
            arn: PROVIDER.to_owned(),
            audiences: vec!["sts.amazonaws.com".to_owned()],
            thumbprints: Vec::new(),
            created: Lookup::Found(0),
        }),
        quotas: Lookup::Found(crate::policy::Quotas::default()),
        analyzer: Lookup::Found(Vec::new()),
        failures: Lookup::Found(Vec::new()),
        usage: None,
    }
}

fn object() -> ObjectHealth {
    let object = ServiceAccount {
        annotations: Map::from([(ROLE_ANNOTATION.to_owned(), ROLE.to_owned())]),
        ..ServiceAccount::default()
    };
    let history = ServiceAccountHistory {
        created: NOW - 2 * DAY,
        role_set: Some(("irsactl".to_owned(), NOW - 2 * DAY)),
        ..ServiceAccountHistory::default()
    };
    ObjectHealth {
        namespace: Lookup::Found(Map::new()),
        service_account: Lookup::Found((object, history)),
        pods: Lookup::Found(vec![pod()]),
        nodes: Lookup::Found(vec![Node {
            name: "n".to_owned(),
            instance: Some("i-1".to_owned()),
            compute: "ec2".to_owned(),
            windows: false,
        }]),
        network_policies: Lookup::Found(Vec::new()),
        security_groups: Lookup::Found(Vec::new()),
    }
}

fn pod() -> Pod {
    let file = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
    let env = [
        ("AWS_ROLE_ARN", ROLE),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file),
        ("AWS_REGION", "eu-west-1"),
    ];
    let env = env.map(|(name, value)| (name.to_owned(), Some(value.to_owned())));
    Pod {
        namespace: "web".to_owned(),
        name: "api-1".to_owned(),
        service_account: "api".to_owned(),
        created: NOW - DAY,
        phase: "Running".to_owned(),
        node: Some("n".to_owned()),
        labels: Map::from([("app".to_owned(), "api".to_owned())]),
        containers: vec![Container {
            name: "app".to_owned(),
            image: "app:1".to_owned(),
            env: BTreeMap::from(env),
            mounts: vec![Mount {
                volume: "aws-iam-token".to_owned(),
                path: "/var/run/secrets/eks.amazonaws.com/serviceaccount".to_owned(),
                read_only: true,
                source: None,
            }],
            ..Container::default()
        }],
        tokens: vec![ProjectedToken {
            volume: "aws-iam-token".to_owned(),
            audience: Some("sts.amazonaws.com".to_owned()),
            expiration: Some(86_400),
            path: "token".to_owned(),
        }],
        owner: Workload {
            kind: WorkloadKind::Deployment,
            namespace: "web".to_owned(),
            name: "api".to_owned(),
        },
        ..Pod::default()
    }
}

fn proof() -> Proof {
    let session = "arn:aws:sts::111122223333:assumed-role/demo-Role1-ABC/irsactl-verify";
    Proof {
        pod: None,
        lacks: None,
        token: Lookup::Found(Token {
            header: Header {
                algorithm: "RS256".to_owned(),
                key_id: None,
                kind: None,
            },
            claims: Claims {
                issuer: format!("https://{ISSUER}"),
                subject: SUBJECT.to_owned(),
                audiences: vec!["sts.amazonaws.com".to_owned()],
                issued_at: NOW,
                not_before: None,
                expires_at: NOW + 600,
                namespace: None,
                service_account: None,
                pod: None,
                node: None,
            },
        }),
        claim_faults: Vec::new(),
        signature: Signature::Verified {
            key_id: "k".to_owned(),
        },
        assumption: Assumption::Assumed {
            association: None,
            arn: session.parse().expect("an ARN"),
            tries: 1,
            waited: 0,
        },
    }
}
