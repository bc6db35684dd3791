//! `verify` by Pod Identity: a token that is bound to a running pod, exchanged at EKS.

use insta::assert_snapshot;
use serde_json::json;

use super::{sorted, timeless};
use crate::sandbox::{Access, World};
use crate::support::{ACCOUNT, Bench};

const VERIFY: &str = "verify web/api --cluster demo";
const ASSUME: &str = "eks-auth AssumeRoleForPodIdentity";

/// web/api with an association, and a pod that runs as it.
pub fn associated() -> Bench {
    let bench = without_pods();
    let mut world = bench.sandbox.world();
    world.api("demo").run_pod("web", "api-0", "api");
    drop(world);
    bench
}

fn without_pods() -> Bench {
    let bench = Bench::new();
    let mut world = bench.sandbox.world();
    let role = world.add_role_of_pods("pods");
    world.clusters[0].add_association("web", "api", &role);
    let api = world.api("demo");
    api.put_service_account("web", "api", &[], &[], "kubectl");
    drop(world);
    bench
}

/// What verify says when one thing is otherwise.
fn with(change: impl FnOnce(&mut World)) -> String {
    let bench = associated();
    change(&mut bench.sandbox.world());
    verify(&bench, "")
}

fn verify(bench: &Bench, flags: &str) -> String {
    timeless(&bench.run(&format!("{VERIFY}{flags}")))
}

#[test]
fn what_an_association_gives_is_proven() {
    let bench = associated();
    assert_snapshot!(verify(&bench, ""), @"
    [stdout]
    STEP          RESULT     DETAIL
    association   found      a-c88ffc65c1c760c9f
    pod           running    api-0
    token         issued     system:serviceaccount:web:api for pods.eks.amazonaws.com, for 10m
    claims        right      issuer, subject, audience, times, pod
    signature     verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role          assumed    arn:aws:iam::111122223333:role/pods
    caller        is         arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-0-UUID
    [exit 0]
    ");
    assert_snapshot!(sorted(&bench.calls()), @"
    eks DescribeCluster
    eks DescribePodIdentityAssociation
    eks ListPodIdentityAssociations
    eks-auth AssumeRoleForPodIdentity
    issuer /id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration
    issuer /id/ACA918B97A182DBCBA56500C5E47D92E/keys
    kubernetes create serviceaccounts/token
    kubernetes get serviceaccounts
    kubernetes list pods
    sts GetCallerIdentity
    ");
}

#[test]
fn the_token_is_bound_to_the_pod_and_lives_shortly() {
    let bench = associated();
    bench.run(VERIFY);
    let world = bench.sandbox.world();
    let mut calls = world.calls.iter();
    let request = calls.find(|call| call.operation == "create serviceaccounts/token");
    let request = serde_json::from_str::<serde_json::Value>(&request.expect("a request").body);
    let spec = &request.expect("JSON")["spec"];
    assert_eq!(
        *spec,
        json!({
            "audiences": ["pods.eks.amazonaws.com"],
            "expirationSeconds": 600,
            "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": "api-0"},
        })
    );
}

#[test]
fn the_proof_is_a_document_too() {
    let bench = associated();
    assert_snapshot!(verify(&bench, " -o json"), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Proof",
        "proven": true,
        "cluster": "demo",
        "serviceAccount": "web/api",
        "way": "pod-identity",
        "association": "a-c88ffc65c1c760c9f",
        "roleARN": "arn:aws:iam::111122223333:role/pods",
        "audience": "pods.eks.amazonaws.com",
        "steps": {
            "pod": "api-0",
            "token": {
                "header": {
                    "algorithm": "RS256",
                    "keyID": "icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E"
                },
                "claims": {
                    "issuer": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E",
                    "subject": "system:serviceaccount:web:api",
                    "audiences": [
                        "pods.eks.amazonaws.com"
                    ],
                    "issuedAt": TIME,
                    "notBefore": TIME,
                    "expiresAt": TIME,
                    "namespace": "web",
                    "serviceAccount": "api",
                    "pod": "api-0",
                    "node": "ip-10-0-1-10.internal"
                }
            },
            "claimFaults": [],
            "signature": {
                "state": "verified",
                "keyID": "icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E"
            },
            "assumption": {
                "state": "assumed",
                "arn": "arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-0-UUID",
                "association": "a-c88ffc65c1c760c9f",
                "tries": 1,
                "waited": 0
            }
        }
    }
    [exit 0]
    "#);
    assert_snapshot!(verify(&bench, " -o name"), @"
    [stdout]
    arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-0-UUID
    [exit 0]
    ");
}

#[test]
fn without_a_running_pod_nothing_is_proved() {
    let bench = without_pods();
    assert_snapshot!(verify(&bench, ""), @"
    [stdout]
    STEP          RESULT   DETAIL
    association   found    a-c88ffc65c1c760c9f
    pod           none     no pod of it runs
    [stderr]
    error: web/api: nothing is proved: no pod of it runs, and a token for EKS Pod Identity is bound to one
    hint: see what should run with it: `kubectl get pods --namespace web --field-selector spec.serviceAccountName=api`
    [exit 1]
    ");
    assert_snapshot!(verify(&bench, " -o json"), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Proof",
        "proven": false,
        "cluster": "demo",
        "serviceAccount": "web/api",
        "way": "pod-identity",
        "association": "a-c88ffc65c1c760c9f",
        "roleARN": "arn:aws:iam::111122223333:role/pods",
        "audience": "pods.eks.amazonaws.com",
        "steps": {
            "pod": null,
            "token": null,
            "claimFaults": [],
            "signature": {
                "state": "unknown",
                "why": "there is no token"
            },
            "assumption": {
                "state": "notTried"
            }
        }
    }
    [stderr]
    error: web/api: nothing is proved: no pod of it runs, and a token for EKS Pod Identity is bound to one
    hint: see what should run with it: `kubectl get pods --namespace web --field-selector spec.serviceAccountName=api`
    [exit 1]
    "#);
}

#[test]
fn a_pod_of_another_service_account_or_one_that_goes_is_no_pod_of_it() {
    let bench = without_pods();
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    api.run_pod("web", "other", "other");
    api.run_pod("default", "api", "api");
    api.run_pod("web", "done", "api");
    api.run_pod("web", "going", "api");
    let pod = |name: &str| ("pods".to_owned(), "web".to_owned(), name.to_owned());
    api.objects.get_mut(&pod("done")).expect("a pod")["status"]["phase"] = "Succeeded".into();
    api.objects.get_mut(&pod("going")).expect("a pod")["metadata"]["deletionTimestamp"] =
        "2026-01-01T00:00:00Z".into();
    drop(world);
    let told = bench.run(VERIFY);
    assert!(
        told.contains("error: web/api: nothing is proved: no pod of it runs"),
        "{told}"
    );
    assert_eq!(
        bench
            .sandbox
            .count("kubernetes create serviceaccounts/token")
            .calls,
        0
    );
}

#[test]
fn a_pod_that_went_meanwhile_is_passed_over() {
    let bench = associated();
    bench
        .sandbox
        .world()
        .api("demo")
        .run_pod("web", "api-1", "api");
    bench.sandbox.fault(
        "kubernetes create serviceaccounts/token times 1 error 404 NotFound pods \"api-0\" not found",
    );
    let told = bench.run(VERIFY);
    assert!(told.contains("pod           running    api-1\n"), "{told}");
    assert!(told.ends_with("[exit 0]\n"), "{told}");
}

#[test]
fn who_may_not_list_pods_or_ask_for_tokens_is_told_the_right() {
    let without =
        |rights: &[(&str, &str)]| with(|world| world.api("demo").access = Access::only(rights));
    assert_snapshot!(without(&[("get", "serviceaccounts")]), @r#"
    [stdout]
    STEP          RESULT    DETAIL
    association   found     a-c88ffc65c1c760c9f
    pod           unknown   the Kubernetes API refuses to list pods in namespace web: pods is forbidden: User "arn:aws:iam::111122223333:user/someone" cannot list resource "pods" in API group "" in the namespace "web"
    [stderr]
    error: web/api: no token to prove it with: the Kubernetes API refuses to list pods in namespace web: pods is forbidden: User "arn:aws:iam::111122223333:user/someone" cannot list resource "pods" in API group "" in the namespace "web"
    hint: this identity needs list on pods: `kubectl auth can-i list pods`
    [exit 1]
    "#);
    assert_snapshot!(without(&[("get", "serviceaccounts"), ("list", "pods")]), @r#"
    [stdout]
    STEP          RESULT    DETAIL
    association   found     a-c88ffc65c1c760c9f
    pod           running   api-0
    token         unknown   the Kubernetes API refuses to create a service account token of web/api: serviceaccounts "api" is forbidden: User "arn:aws:iam::111122223333:user/someone" cannot create resource "serviceaccounts/token" in API group "" in the namespace "web"
    [stderr]
    error: web/api: no token to prove it with: the Kubernetes API refuses to create a service account token of web/api: serviceaccounts "api" is forbidden: User "arn:aws:iam::111122223333:user/someone" cannot create resource "serviceaccounts/token" in API group "" in the namespace "web"
    hint: this identity needs create on serviceaccounts/token: `kubectl auth can-i create serviceaccounts/token`
    [exit 1]
    "#);
}

#[test]
fn who_may_not_exchange_tokens_is_told_so_and_nothing_is_proved() {
    let bench = associated();
    bench.sandbox.fault(&format!("{ASSUME} deny"));
    assert_snapshot!(verify(&bench, ""), @"
    [stdout]
    STEP          RESULT     DETAIL
    association   found      a-c88ffc65c1c760c9f
    pod           running    api-0
    token         issued     system:serviceaccount:web:api for pods.eks.amazonaws.com, for 10m
    claims        right      issuer, subject, audience, times, pod
    signature     verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role          unknown    arn:aws:iam::111122223333:role/pods: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: eks-auth:AssumeRoleForPodIdentity because no identity-based policy allows the eks-auth:AssumeRoleForPodIdentity action
    [stderr]
    error: web/api: nothing is proved: this identity may not exchange the token: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: eks-auth:AssumeRoleForPodIdentity because no identity-based policy allows the eks-auth:AssumeRoleForPodIdentity action
    hint: allow `eks-auth:AssumeRoleForPodIdentity` on the cluster to this identity; what a proof needs in all: `irsactl permissions --for verify`
    [exit 1]
    ");
}

#[test]
fn a_trust_that_asks_for_other_tags_is_refused() {
    assert_snapshot!(with(|world| {
        let role = world.accounts.get_mut(ACCOUNT).and_then(|it| it.roles.get_mut("pods"));
        let trust = &mut role.expect("a role").trust;
        trust["Statement"][0]["Condition"] = json!({"StringEquals": {
            "aws:RequestTag/kubernetes-namespace": "other",
        }});
    }), @"
    [stdout]
    STEP          RESULT     DETAIL
    association   found      a-c88ffc65c1c760c9f
    pod           running    api-0
    token         issued     system:serviceaccount:web:api for pods.eks.amazonaws.com, for 10m
    claims        right      issuer, subject, audience, times, pod
    signature     verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role          refused    arn:aws:iam::111122223333:role/pods: AccessDeniedException: Unauthorized Exception! EKS does not have permissions to assume the associated role.
    [stderr]
    web/api: not yet: AccessDeniedException: Unauthorized Exception! EKS does not have permissions to assume the associated role.; IAM may need up to 1m30s for what was just made, trying again
    error: web/api: EKS still refuses the token after 2s, as the role's trust policy does not let it in: AccessDeniedException: Unauthorized Exception! EKS does not have permissions to assume the associated role.
    hint: find the cause: `irsactl doctor web/api --cluster demo`
    [exit 1]
    ");
}

#[test]
fn an_association_whose_role_is_gone_is_refused() {
    let told = with(|world| {
        let account = world.accounts.get_mut(ACCOUNT).expect("an account");
        account.roles.remove("pods");
    });
    let wanted = "error: web/api: EKS still refuses the token after 2s, as IAM has no role pods: AccessDeniedException: ";
    assert!(told.contains(wanted), "{told}");
    assert!(told.ends_with("[exit 1]\n"), "{told}");
}

#[test]
fn what_was_just_associated_is_given_time() {
    let bench = associated();
    bench.sandbox.fault(&format!(
        "{ASSUME} times 2 error 404 ResourceNotFoundException No pod identity association found"
    ));
    assert_snapshot!(verify(&bench, ""), @"
    [stdout]
    STEP          RESULT     DETAIL
    association   found      a-c88ffc65c1c760c9f
    pod           running    api-0
    token         issued     system:serviceaccount:web:api for pods.eks.amazonaws.com, for 10m
    claims        right      issuer, subject, audience, times, pod
    signature     verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role          assumed    arn:aws:iam::111122223333:role/pods, at try 3 after 2s
    caller        is         arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-0-UUID
    [stderr]
    web/api: not yet: ResourceNotFoundException: No pod identity association found; IAM may need up to 1m30s for what was just made, trying again
    [exit 0]
    ");
}

#[test]
fn a_target_role_is_what_the_pods_have_in_the_end() {
    let bench = associated();
    let mut world = bench.sandbox.world();
    let first = world
        .role("arn:aws:iam::111122223333:role/pods")
        .expect("a role")
        .arn
        .clone();
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"AWS": first},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }]});
    let target = crate::sandbox::Role::new("aws", ACCOUNT, "/", "target", trust);
    let arn = target.arn.clone();
    let account = world.accounts.get_mut(ACCOUNT).expect("an account");
    account.roles.insert("target".to_owned(), target);
    let may = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": arn,
    }]});
    let role = account.roles.get_mut("pods").expect("a role");
    role.inline.insert("target".to_owned(), may);
    let association = world.clusters[0].association("web", "api");
    association.expect("an association").target_role = Some(arn);
    drop(world);
    assert_snapshot!(verify(&bench, ""), @"
    [stdout]
    STEP          RESULT     DETAIL
    association   found      a-c88ffc65c1c760c9f
    pod           running    api-0
    token         issued     system:serviceaccount:web:api for pods.eks.amazonaws.com, for 10m
    claims        right      issuer, subject, audience, times, pod
    signature     verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role          assumed    arn:aws:iam::111122223333:role/target
    caller        is         arn:aws:sts::111122223333:assumed-role/target/eks-demo-api-0-UUID
    [exit 0]
    ");
}

#[test]
fn a_role_other_than_the_one_that_it_must_be_is_told() {
    let bench = associated();
    let role = "arn:aws:iam::111122223333:role/wanted";
    assert_snapshot!(verify(&bench, &format!(" --role-arn {role}")), @"
    [stdout]
    STEP          RESULT     DETAIL
    association   found      a-c88ffc65c1c760c9f
    pod           running    api-0
    token         issued     system:serviceaccount:web:api for pods.eks.amazonaws.com, for 10m
    claims        right      issuer, subject, audience, times, pod
    signature     verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role          another    arn:aws:iam::111122223333:role/wanted
    caller        is         arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-0-UUID
    [stderr]
    error: web/api: its pods get arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-0-UUID, which is no session of arn:aws:iam::111122223333:role/wanted
    hint: find the cause: `irsactl doctor web/api --cluster demo`
    [exit 1]
    ");
}

#[test]
fn the_way_can_be_asked_for() {
    let bench = Bench::associated();
    bench.create("web/api");
    let mut world = bench.sandbox.world();
    world.api("demo").run_pod("web", "api-0", "api");
    let role = world.add_role_of_pods("pods");
    drop(world);
    assert_snapshot!(verify(&bench, " --way pod-identity"), @"
    [stderr]
    error: web/api: the service account has no EKS Pod Identity association
    hint: prove what its annotation gives: `irsactl verify web/api --cluster demo --way irsa`
    [exit 1]
    ");
    bench.sandbox.world().clusters[0].add_association("web", "api", &role);
    let name = |more: &str| bench.run(&format!("{VERIFY} -o name{more}"));
    let by = |role: &str| format!("assumed-role/{role}");
    for (flags, role) in [
        ("", "pods/eks-demo-api-0-"),
        (" --way pod-identity", "pods/eks-demo-api-0-"),
        (
            " --way irsa",
            "eksctl-demo-addon-iamserviceaccount-web-api-Role1-",
        ),
        (
            " --audience sts.amazonaws.com",
            "eksctl-demo-addon-iamserviceaccount-web-api-Role1-",
        ),
    ] {
        let told = name(flags);
        assert!(told.contains(&by(role)), "{flags}: {told}");
        assert!(told.ends_with("[exit 0]\n"), "{flags}: {told}");
    }
}

#[test]
fn who_may_not_look_for_an_association_gets_the_proof_of_the_annotation_with_a_note() {
    let bench = Bench::associated();
    bench.create("web/api");
    bench.sandbox.fault("eks ListPodIdentityAssociations deny");
    assert_snapshot!(verify(&bench, ""), @"
    [stdout]
    STEP        RESULT     DETAIL
    token       issued     system:serviceaccount:web:api for sts.amazonaws.com, for 10m
    claims      right      issuer, subject, audience, times
    signature   verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role        assumed    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    caller      is         arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
    [stderr]
    note: whether a Pod Identity association outdoes the annotation of web/api is not known: not allowed to call eks:ListPodIdentityAssociations: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: eks:ListPodIdentityAssociations because no identity-based policy allows the eks:ListPodIdentityAssociations action
    [exit 0]
    ");
    assert_snapshot!(verify(&bench, " --way pod-identity"), @"
    [stderr]
    error: web/api: whether it has an EKS Pod Identity association is not known: not allowed to call eks:ListPodIdentityAssociations: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: eks:ListPodIdentityAssociations because no identity-based policy allows the eks:ListPodIdentityAssociations action
    hint: prove what its annotation gives: `irsactl verify web/api --cluster demo --way irsa`
    [exit 1]
    ");
}

#[test]
fn each_refusal_of_eks_is_told_as_it_is() {
    let bench = associated();
    for (status, code, calls) in [
        (400, "InvalidTokenException", 1),
        (400, "ExpiredTokenException", 1),
        (400, "InvalidParameterException", 1),
        (400, "InvalidRequestException", 1),
        (404, "ResourceNotFoundException", 43),
        (400, "AccessDeniedException", 43),
    ] {
        let before = bench.sandbox.count(ASSUME).calls;
        bench
            .sandbox
            .fault(&format!("{ASSUME} error {status} {code} So it is"));
        let told = bench.run(VERIFY);
        bench.sandbox.world().faults.clear();
        assert!(told.contains("error: web/api: EKS "), "{told}");
        assert!(told.contains(&format!("{code}: So it is\n")), "{told}");
        assert!(
            told.contains("hint: find the cause: `irsactl doctor web/api --cluster demo`"),
            "{told}"
        );
        assert!(told.ends_with("[exit 1]\n"), "{told}");
        assert_eq!(bench.sandbox.count(ASSUME).calls - before, calls, "{told}");
    }
}

#[test]
fn without_an_answer_of_eks_nothing_is_proven() {
    let bench = associated();
    bench.sandbox.fault(&format!("{ASSUME} garbage"));
    assert_snapshot!(verify(&bench, ""), @"
    [stdout]
    STEP          RESULT     DETAIL
    association   found      a-c88ffc65c1c760c9f
    pod           running    api-0
    token         issued     system:serviceaccount:web:api for pods.eks.amazonaws.com, for 10m
    claims        right      issuer, subject, audience, times, pod
    signature     verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role          unknown    arn:aws:iam::111122223333:role/pods: cannot reach AWS for eks-auth:AssumeRoleForPodIdentity: something else answers there (HTTP 200)
    [stderr]
    error: web/api: EKS did not answer: cannot reach AWS for eks-auth:AssumeRoleForPodIdentity: something else answers there (HTTP 200)
    hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
    [exit 1]
    ");
}

/// What each run printed is looked through for the token's signature and the keys of the session.
#[test]
fn tokens_and_sessions_are_in_no_log() {
    let mut bench = associated();
    bench.set("IRSACTL_LOG", "trace");
    for flags in ["-v 4", "-v 4 -o json", "-v 4 -o yaml"] {
        let told = bench.run(&format!("{VERIFY} {flags}"));
        assert!(told.contains("AssumeRoleForPodIdentity: 200"), "{told}");
        assert!(told.ends_with("[exit 0]\n"), "{told}");
    }
    for fault in [
        format!("{ASSUME} half"),
        format!("{ASSUME} garbage"),
        format!("{ASSUME} error 400 InvalidTokenException {{request}}"),
        format!("{ASSUME} error 500 InternalServerException {{request}}"),
        "sts GetCallerIdentity error 403 AccessDenied {request}".to_owned(),
    ] {
        bench.sandbox.fault(&fault);
        let told = bench.run(&format!("{VERIFY} -v 4"));
        assert!(told.ends_with("[exit 1]\n"), "{told}");
        bench.sandbox.world().faults.clear();
    }
    assert!(!bench.sandbox.world().sessions.is_empty());
}

#[test]
fn an_association_that_may_not_be_read_is_no_proof_of_the_annotation() {
    let bench = associated();
    bench
        .sandbox
        .fault("eks DescribePodIdentityAssociation deny");
    assert_snapshot!(verify(&bench, ""), @"
    [stderr]
    error: not allowed to call eks:DescribePodIdentityAssociation on a-c88ffc65c1c760c9f: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: eks:DescribePodIdentityAssociation because no identity-based policy allows the eks:DescribePodIdentityAssociation action
    hint: allow `eks:DescribePodIdentityAssociation` to this identity (`aws sts get-caller-identity` names it)
    [exit 1]
    ");
}

/// A role that trusts EKS Pod Identity, the agent, and a pod that runs as web/api.
pub fn to_be_associated() -> Bench {
    let bench = Bench::new();
    let mut world = bench.sandbox.world();
    world.add_role_of_pods("pods");
    world.clusters[0].add_addon("eks-pod-identity-agent");
    let api = world.api("demo");
    api.put_service_account("web", "api", &[], &[], "kubectl");
    api.run_pod("web", "api-0", "api");
    drop(world);
    bench
}

fn create(bench: &Bench, flags: &str) -> String {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/pods");
    timeless(&bench.run(&format!(
        "create podidentityassociation web/api --cluster demo --role-arn {role} --approve --verify{flags}"
    )))
}

#[test]
fn what_was_associated_is_proven_in_the_end() {
    let bench = to_be_associated();
    assert_snapshot!(create(&bench, ""), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/pods

    NAMESPACE   NAME   VERIFIED   CALLER
    web         api    yes        arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-0-UUID
    [stderr]
    created EKS Pod Identity association of service account web/api
    note: these run without the role until they are restarted: pod web/api-0
    [exit 0]
    ");
}

#[test]
fn what_was_associated_and_cannot_be_proven_is_a_warning() {
    let bench = to_be_associated();
    let pod = ("pods".to_owned(), "web".to_owned(), "api-0".to_owned());
    bench.sandbox.world().api("demo").objects.remove(&pod);
    assert_snapshot!(create(&bench, ""), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/pods

    NAMESPACE   NAME   VERIFIED   CALLER
    web         api    unknown    -
    [stderr]
    created EKS Pod Identity association of service account web/api
    warning: web/api: nothing is proved: no pod of it runs, and a token for EKS Pod Identity is bound to one
    [exit 0]
    ");
    let bench = to_be_associated();
    bench.sandbox.fault(&format!("{ASSUME} deny"));
    assert_snapshot!(create(&bench, " -o json"), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Result",
        "items": [
            {
                "done": [
                    "created EKS Pod Identity association of service account web/api"
                ],
                "proof": {
                    "assumption": {
                        "state": "notAllowed",
                        "why": "User: arn:aws:iam::111122223333:user/someone is not authorized to perform: eks-auth:AssumeRoleForPodIdentity because no identity-based policy allows the eks-auth:AssumeRoleForPodIdentity action"
                    },
                    "claimFaults": [],
                    "pod": "api-0",
                    "proven": false,
                    "signature": {
                        "keyID": "icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E",
                        "state": "verified"
                    },
                    "token": {
                        "claims": {
                            "audiences": [
                                "pods.eks.amazonaws.com"
                            ],
                            "expiresAt": TIME,
                            "issuedAt": TIME,
                            "issuer": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E",
                            "namespace": "web",
                            "node": "ip-10-0-1-10.internal",
                            "notBefore": TIME,
                            "pod": "api-0",
                            "serviceAccount": "api",
                            "subject": "system:serviceaccount:web:api"
                        },
                        "header": {
                            "algorithm": "RS256",
                            "keyID": "icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E"
                        }
                    },
                    "unknown": "web/api: nothing is proved: this identity may not exchange the token: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: eks-auth:AssumeRoleForPodIdentity because no identity-based policy allows the eks-auth:AssumeRoleForPodIdentity action"
                },
                "roleARN": "arn:aws:iam::111122223333:role/pods",
                "staleWorkloads": [
                    {
                        "kind": "Pod",
                        "name": "api-0",
                        "namespace": "web",
                        "pods": [
                            {
                                "lacks": {
                                    "app": "noRole"
                                },
                                "name": "api-0"
                            }
                        ]
                    }
                ],
                "status": "created",
                "target": {
                    "podIdentityAssociation": "web/api"
                }
            }
        ]
    }
    [stderr]
    created EKS Pod Identity association of service account web/api
    note: these run without the role until they are restarted: pod web/api-0
    warning: web/api: nothing is proved: this identity may not exchange the token: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: eks-auth:AssumeRoleForPodIdentity because no identity-based policy allows the eks-auth:AssumeRoleForPodIdentity action
    [exit 0]
    "#);
}

#[test]
fn what_was_associated_and_is_refused_fails() {
    let bench = to_be_associated();
    bench.sandbox.fault(&format!(
        "{ASSUME} error 400 AccessDeniedException EKS does not have permissions"
    ));
    assert_snapshot!(create(&bench, ""), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/pods

    NAMESPACE   NAME   VERIFIED   CALLER
    web         api    no         -
    [stderr]
    created EKS Pod Identity association of service account web/api
    web/api: not yet: AccessDeniedException: EKS does not have permissions; IAM may need up to 1m30s for what was just made, trying again
    note: these run without the role until they are restarted: pod web/api-0
    error: web/api: EKS still refuses the token after 1m30s: AccessDeniedException: EKS does not have permissions
    hint: find the cause: `irsactl doctor web/api --cluster demo`
    [exit 1]
    ");
}

#[test]
fn the_endpoint_can_be_named_by_a_variable_and_in_the_profile() {
    let url = "http://127.0.0.1:1";
    let mut by_variable = associated();
    by_variable.set("AWS_ENDPOINT_URL_EKS_AUTH", url);
    let mut by_profile = associated();
    let all = by_profile.sandbox.environment();
    let all = all.iter().find(|(name, _)| *name == "AWS_ENDPOINT_URL");
    let (_, all) = all.expect("the sandbox's");
    let profile = format!("[default]\nregion = eu-west-1\nendpoint_url = {all}\nservices = mine\n");
    let services = format!("[services mine]\neks_auth =\n  endpoint_url = {url}\n");
    by_profile.file(".aws/config", &format!("{profile}{services}"));
    by_profile.set_empty("AWS_ENDPOINT_URL");
    for bench in [by_variable, by_profile] {
        let told = verify(&bench, "");
        assert!(
            told.contains("error: web/api: EKS did not answer: "),
            "{told}"
        );
        assert_eq!(bench.sandbox.count(ASSUME).calls, 0);
    }
}
