//! `doctor --fix`: what it plans, carries out, and leaves to people.

use std::process::Stdio;

use insta::assert_snapshot;

use super::{healthy, without_pod_names, without_times};
use crate::sandbox::World;
use crate::support::{ACCOUNT, Bench};

const FIX: &str = "doctor --cluster demo web/api --fix";
const ACT: &str = "doctor --cluster demo web/api --fix --approve";

fn run(bench: &Bench, line: &str) -> String {
    without_times(&without_pod_names(&bench.run(line)))
}

/// The healthy world with something broken.
fn broken(change: impl FnOnce(&mut World)) -> Bench {
    let bench = healthy();
    change(&mut bench.sandbox.world());
    bench.sandbox.world().calls.clear();
    bench
}

/// The calls that changed something; doctor's own questions are none, though they look like it.
pub fn changes(bench: &Bench) -> String {
    let asked = [
        "LookupEvents",
        "ValidatePolicy",
        "serviceaccounts/token",
        "sts AssumeRole",
        "eks-auth ",
    ];
    let changes = bench.changes();
    let changes = changes.split_inclusive('\n');
    changes
        .filter(|call| !asked.iter().any(|asked| call.contains(asked)))
        .collect()
}

fn forget_annotation(world: &mut World) {
    let api = world.api("demo");
    api.put_service_account("web", "api", &[], &[], "kubectl");
}

fn forget_provider(world: &mut World) {
    let mut accounts = world.accounts.values_mut();
    accounts.next().expect("an account").providers.clear();
}

/// As of a cluster of the same name that was there before.
fn forget_issuer(world: &mut World) {
    let issuer = world.clusters[0].issuer.clone().expect("an issuer");
    let issuer = issuer.trim_start_matches("https://");
    let id = issuer.rsplit('/').next().expect("an id").to_owned();
    let role = world.role_of("web/api");
    let old = role
        .trust
        .to_string()
        .replace(&id, "0123456789ABCDEF0123456789ABCDEF");
    role.trust = serde_json::from_str(&old).expect("JSON");
}

#[test]
fn a_plan_is_shown_and_nothing_changed() {
    let bench = broken(forget_provider);
    assert_snapshot!(run(&bench, FIX), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      pods: 2

    problem: account 111122223333 has no IAM OIDC provider for the cluster's issuer [provider]
      provider
        wanted: arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
        found:  none
      hence: STS refuses the token: InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E [sts-accepts]
      fix: irsactl associate-oidc-provider --cluster demo --approve

      34 checks hold

    --fix --approve would:
      + create IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
          audience: sts.amazonaws.com
          thumbprint: 2@oidc.eks.eu-west-1.amazonaws.com------
    [stderr]
    nothing was changed: run again with `--approve` to repair it
    [exit 1]
    ");
    assert_snapshot!(changes(&bench), @"");
    let ended = |line: &str| bench.run(line).lines().last().map(str::to_owned);
    assert_eq!(
        ended(&format!("{FIX} --detailed-exitcode")).as_deref(),
        Some("[exit 3]")
    );
    bench.arrange(ACT);
    assert_eq!(
        ended(&format!("{FIX} --detailed-exitcode")).as_deref(),
        Some("[exit 0]")
    );
}

#[test]
fn each_safe_repair_is_carried_out_once() {
    for (name, change) in [
        ("annotation", forget_annotation as fn(&mut World)),
        ("provider", forget_provider),
        ("issuer", forget_issuer),
        ("audience", |world| {
            let mut accounts = world.accounts.values_mut();
            let account = accounts.next().expect("an account");
            for provider in account.providers.values_mut() {
                provider.client_ids = vec!["another".to_owned()];
            }
        }),
    ] {
        let bench = broken(change);
        let first = run(&bench, ACT);
        let changed = changes(&bench);
        let second = run(&bench, ACT);
        let text = format!("{first}{changed}again:\n{second}{}", changes(&bench));
        match name {
            "annotation" => assert_snapshot!(text, @"
            [stdout]
            web/api: healthy
              role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
              proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
              pods: 2
              38 checks hold
            [stderr]
            annotated service account web/api
            [exit 0]
            kubernetes apply serviceaccounts
            again:
            [stdout]
            web/api: healthy
              role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
              proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
              pods: 2
              38 checks hold
            [stderr]
            nothing to repair
            [exit 0]
            "),
            "provider" => assert_snapshot!(text, @"
            [stdout]
            web/api: healthy
              role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
              proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
              pods: 2
              38 checks hold
            [stderr]
            created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
            [exit 0]
            iam CreateOpenIDConnectProvider
            again:
            [stdout]
            web/api: healthy
              role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
              proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
              pods: 2
              38 checks hold
            [stderr]
            nothing to repair
            [exit 0]
            "),
            "issuer" => assert_snapshot!(text, @r#"
            [stdout]
            web/api: 1 warning
              role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
              proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
              pods: 2

            warning: role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU was changed by hand: its stack says otherwise [role-drift]
                ~ trust policy:
                          "Action": "sts:AssumeRoleWithWebIdentity",
                          "Condition": {
                            "StringEquals": {
                  -           "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF:aud": "sts.amazonaws.com",
                  -           "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF:sub": "system:serviceaccount:web:api"
                  -         }
                  -       },
                  -       "Effect": "Allow",
                  -       "Principal": {
                  -         "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
                  -       }
                  -     },
                  -     {
                  -       "Action": "sts:AssumeRoleWithWebIdentity",
                  -       "Condition": {
                  -         "StringEquals": {
                              "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
                              "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:api"
                            }
              fix: irsactl update iamserviceaccount --cluster demo web/api --repair-drift --approve

              37 checks hold
            [stderr]
            repaired role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
            [exit 0]
            iam UpdateAssumeRolePolicy
            again:
            [stdout]
            web/api: 1 warning
              role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
              proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
              pods: 2

            warning: role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU was changed by hand: its stack says otherwise [role-drift]
                ~ trust policy:
                          "Action": "sts:AssumeRoleWithWebIdentity",
                          "Condition": {
                            "StringEquals": {
                  -           "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF:aud": "sts.amazonaws.com",
                  -           "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF:sub": "system:serviceaccount:web:api"
                  -         }
                  -       },
                  -       "Effect": "Allow",
                  -       "Principal": {
                  -         "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
                  -       }
                  -     },
                  -     {
                  -       "Action": "sts:AssumeRoleWithWebIdentity",
                  -       "Condition": {
                  -         "StringEquals": {
                              "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
                              "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:api"
                            }
              fix: irsactl update iamserviceaccount --cluster demo web/api --repair-drift --approve

              37 checks hold
            [stderr]
            nothing that is safe to repair: what was found is for a person
            [exit 0]
            "#),
            _ => assert_snapshot!(text, @r#"
            [stdout]
            web/api: healthy
              role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
              proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
              pods: 2
              38 checks hold
            [stderr]
            added audience "sts.amazonaws.com" to IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
            [exit 0]
            iam AddClientIDToOpenIDConnectProvider
            again:
            [stdout]
            web/api: healthy
              role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
              proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
              pods: 2
              38 checks hold
            [stderr]
            nothing to repair
            [exit 0]
            "#),
        }
    }
}

#[test]
fn a_killed_repair_is_finished_by_the_next_run() {
    let bench = broken(|world| {
        forget_provider(world);
        forget_annotation(world);
    });
    bench.sandbox.fault("kubernetes apply serviceaccounts hang");
    let mut command = bench.command_line(ACT);
    let mut child = command
        .stderr(Stdio::null())
        .spawn()
        .expect("irsactl starts");
    bench.sandbox.until(|world| {
        let mut calls = world.calls.iter();
        calls.any(|call| call.to_string() == "kubernetes apply serviceaccounts")
    });
    child.kill().expect("killed");
    child.wait().expect("it ends");
    bench.sandbox.world().faults.clear();
    assert!(changes(&bench).contains("CreateOpenIDConnectProvider"));
    assert_snapshot!(run(&bench, ACT), @"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2
      38 checks hold
    [stderr]
    annotated service account web/api
    [exit 0]
    ");
}

#[test]
fn what_someone_else_repaired_meanwhile_is_well() {
    let bench = healthy();
    let kept = bench.account(|account| std::mem::take(&mut account.providers));
    bench
        .sandbox
        .before("iam CreateOpenIDConnectProvider", 1, move |world| {
            let mut accounts = world.accounts.values_mut();
            accounts.next().expect("an account").providers = kept.clone();
        });
    assert_snapshot!(run(&bench, ACT), @"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2
      38 checks hold
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    [exit 0]
    ");
}

/// The repair is one by force, and was decided by an object without an annotation.
#[test]
fn a_role_that_someone_else_sets_meanwhile_stays() {
    let bench = broken(forget_annotation);
    bench
        .sandbox
        .before("kubernetes apply serviceaccounts", 1, |world| {
            let theirs = "arn:aws:iam::111122223333:role/theirs";
            let role = [("eks.amazonaws.com/role-arn", theirs)];
            world.api("demo").annotate("web", "api", &role, "Terraform");
        });
    let result = run(&bench, ACT);
    assert!(result.contains("names another role"), "{result}");
    assert!(result.ends_with("[exit 1]\n"), "{result}");
    let object = bench.service_account("web", "api");
    assert!(object.contains("role/theirs"), "{object}");
}

#[test]
fn pods_are_restarted_and_waited_for_once_the_annotation_is_back() {
    let bench = Bench::associated();
    bench.create_role("web/api");
    bench
        .sandbox
        .world()
        .api("demo")
        .run_deployment("web", "api", "api", 2);
    assert_snapshot!(run(&bench, FIX), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2

    problem: ServiceAccount web/api has no role annotation [role-annotation]
      eks.amazonaws.com/role-arn
        wanted: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
        found:  no such annotation
      fix: kubectl annotate serviceaccount api --namespace web --overwrite eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU   # in cluster demo

      29 checks hold

    --fix --approve would:
      ~ annotate service account web/api
          role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
          + annotation eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      ~ restart deployment web/api
          pod api-HASH: container app has no role
          pod api-HASH: container app has no role
    [stderr]
    nothing was changed: run again with `--approve` to repair it
    [exit 1]
    ");
    assert_snapshot!(run(&bench, &format!("{ACT} --wait-for-pods")), @"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2
      38 checks hold
    [stderr]
    annotated service account web/api
    restarted deployment web/api
    waited for the new pods of deployment web/api
    [exit 0]
    ");
    assert_snapshot!(changes(&bench), @"
    kubernetes apply serviceaccounts
    kubernetes patch deployments
    ");
}

/// Pods that work by the role of before must not lose it for one that does not exist.
#[test]
fn nothing_is_restarted_for_a_role_that_does_not_exist() {
    let gone = format!("arn:aws:iam::{ACCOUNT}:role/gone");
    let annotation = [("eks.amazonaws.com/role-arn", gone.as_str())];
    let bench = broken(|world| {
        let api = world.api("demo");
        api.annotate("web", "api", &annotation, "kubectl");
    });
    for line in [
        ACT,
        "doctor --cluster demo web/api --fix --restart --approve",
    ] {
        let told = run(&bench, line);
        assert!(told.contains("there is no role gone"), "{told}");
        assert_eq!(changes(&bench), "", "{told}");
    }
}

/// Pods get their security groups when they are made: those that run have a way out, new ones would have none.
#[test]
fn nothing_is_restarted_into_security_groups_without_a_way_out() {
    let bench = Bench::associated();
    bench.create_role("web/api");
    let mut world = bench.sandbox.world();
    world.api("demo").run_deployment("web", "api", "api", 2);
    let role = world.role_of("web/api").arn.clone();
    let annotation = [("eks.amazonaws.com/role-arn", role.as_str())];
    let api = world.api("demo");
    api.annotate("web", "api", &annotation, "kubectl");
    drop(world);
    let planned = run(&bench, FIX);
    assert!(
        planned.contains("~ restart deployment web/api"),
        "{planned}"
    );
    super::causes::shut_in(&bench);
    bench.calls();
    for line in [
        ACT,
        "doctor --cluster demo web/api --fix --restart --approve",
    ] {
        let told = run(&bench, line);
        assert!(told.contains("[pod-security-groups]"), "{told}");
        assert_eq!(changes(&bench), "", "{told}");
    }
}

#[test]
fn what_a_restart_cannot_do_is_told_in_the_plan_too() {
    let bench = healthy();
    let old = "2020-01-01T00:00:00Z";
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    for ((resource, ..), object) in &mut api.objects {
        match resource.as_str() {
            "deployments" => object["spec"]["paused"] = true.into(),
            "pods" => {
                object["metadata"]["creationTimestamp"] = old.into();
                object["spec"]["containers"][0]["env"] = serde_json::json!([]);
            }
            _ => {}
        }
    }
    drop(world);
    let told = run(&bench, FIX);
    assert!(
        told.contains("warning: deployment web/api is paused and cannot be restarted"),
        "{told}"
    );
    assert!(!told.contains("--fix --approve would"), "{told}");
}
