//! The ServiceAccount, its role, the provider, and what the role may do.

use super::{Broken, broken, found, healthy, without_pods};
use crate::sandbox::Role;
use crate::support::{ACCOUNT, Bench};

/// The role's ARN, changed, as the annotation.
fn annotated(change: impl Fn(&str) -> String) -> Bench {
    let bench = without_pods();
    let mut world = bench.sandbox.world();
    let role = change(&world.role_of("web/api").arn);
    let api = world.api("demo");
    api.annotate(
        "web",
        "api",
        &[("eks.amazonaws.com/role-arn", &role)],
        "kubectl",
    );
    drop(world);
    bench
}

/// A role that no stack made, under a path, and an annotation with its ARN, changed.
fn by_hand(change: impl Fn(&str) -> String) -> Bench {
    let bench = without_pods();
    let mut world = bench.sandbox.world();
    let trust = world.role_of("web/api").trust.clone();
    let account = world.accounts.get_mut(ACCOUNT).expect("the account");
    account.stacks.iter_mut().for_each(|stack| {
        stack.status = "DELETE_COMPLETE".to_owned();
        stack.deleted = Some(0);
    });
    let mut role = Role::new("aws", ACCOUNT, "/team/", "api", trust);
    role.created -= 3_600_000;
    let arn = change(&role.arn);
    account.roles.clear();
    account.roles.insert("api".to_owned(), role);
    account
        .attach_policy("api", crate::support::S3)
        .expect("attached");
    let api = world.api("demo");
    api.annotate(
        "web",
        "api",
        &[("eks.amazonaws.com/role-arn", &arn)],
        "kubectl",
    );
    api.run_deployment("web", "api", "api", 2);
    drop(world);
    bench
}

#[test]
fn service_accounts_and_roles() {
    insta::assert_snapshot!(found(&[
        broken("a role that no stack made", || by_hand(str::to_owned)),
        broken("no namespace", || {
            let bench = without_pods();
            bench.sandbox.world().api("demo").delete_namespace("web");
            bench
        }),
        broken("no ServiceAccount", || {
            let bench = without_pods();
            bench.sandbox.world().api("demo").delete_service_account("web", "api");
            bench
        }),
        broken("no annotation", || {
            let bench = healthy();
            let mut world = bench.sandbox.world();
            world.api("demo").put_service_account("web", "api", &[], &[], "helm");
            drop(world);
            bench
        }),
        broken("an annotation under another key", || {
            let bench = healthy();
            let mut world = bench.sandbox.world();
            let role = world.role_of("web/api").arn.clone();
            let annotations = [("eks.amazon.com/role-arn", role.as_str())];
            let api = world.api("demo");
            api.put_service_account("web", "api", &[], &annotations, "helm");
            drop(world);
            bench
        }),
        broken("a blank in the annotation", || annotated(|role| format!("{role} "))),
        broken("quotes in the annotation", || annotated(|role| format!("\"{role}\""))),
        broken("the name alone in the annotation", || {
            annotated(|role| role.rsplit('/').next().unwrap_or_default().to_owned())
        }),
        broken("a user's ARN", || annotated(|role| role.replace(":role/", ":user/"))),
        broken("the account mistyped", || {
            annotated(|role| role.replace(ACCOUNT, "444455556666"))
        }),
        broken("a path in the annotation that the role has not", || {
            annotated(|role| role.replace(":role/", ":role/team/"))
        }),
        broken("no path in the annotation", || by_hand(|role| role.replace("team/", ""))),
        broken("another case in the annotation", || by_hand(|role| role.replace("/api", "/Api"))),
        broken("another role in the annotation", || {
            annotated(|_| format!("arn:aws:iam::{ACCOUNT}:role/other"))
        }),
        broken("the role is gone", || {
            let bench = healthy();
            bench.account(|account| account.roles.clear());
            bench
        }),
        broken("the role is in another account", || {
            by_hand(|_| "arn:aws:iam::444455556666:role/api".to_owned())
        }),
        broken("the stack's creation failed", || {
            let bench = without_pods();
            bench.account(|account| {
                account.roles.clear();
                for stack in account.stacks.iter_mut() {
                    stack.status = "ROLLBACK_COMPLETE".to_owned();
                    stack.outputs.clear();
                }
            });
            let mut world = bench.sandbox.world();
            world.api("demo").put_service_account("web", "api", &[], &[], "kubectl");
            drop(world);
            bench
        }),
    ]), @"
    a role that no stack made: nothing
    no namespace: problem service-account/no-namespace | by hand
    no ServiceAccount: problem service-account/no-service-account | by hand
    no annotation: problem role-annotation/no-annotation | repaired
    an annotation under another key: problem role-annotation/no-annotation, warning role-annotation/look-alike-annotation | repaired; left: warning role-annotation/look-alike-annotation
    a blank in the annotation: problem role-annotation/malformed-arn | repaired
    quotes in the annotation: problem role-annotation/malformed-arn | repaired
    the name alone in the annotation: problem role-annotation/malformed-arn | repaired
    a user's ARN: problem role-annotation/malformed-arn | repaired
    the account mistyped: problem role-annotation/other-account | repaired
    a path in the annotation that the role has not: problem role-annotation/other-account | repaired
    no path in the annotation: problem role-exists/other-path | by hand
    another case in the annotation: problem role-exists/other-path | by hand
    another role in the annotation: problem role-exists/no-role, warning role-annotation/other-role | by hand
    the role is gone: problem role-exists/no-role | by hand
    the role is in another account: problem trust-accounts/no-provider-in-other-account | by hand
    the stack's creation failed: problem stack/stack-not-ready | by hand
    ");
}

#[test]
fn providers() {
    insta::assert_snapshot!(found(&[
        broken("no provider", || {
            let bench = healthy();
            bench.account(|account| account.providers.clear());
            bench
        }),
        broken("a provider without the audience", || {
            let bench = healthy();
            bench.account(|account| {
                let provider = account.providers.values_mut().next().expect("one");
                provider.client_ids = vec!["vault".to_owned()];
            });
            bench
        }),
        broken("an audience with China's suffix in the annotation", || {
            let bench = without_pods();
            let mut world = bench.sandbox.world();
            let audience = [("eks.amazonaws.com/audience", "sts.amazonaws.com.cn")];
            world.api("demo").annotate("web", "api", &audience, "kubectl");
            drop(world);
            bench
        }),
        broken("another audience in the annotation", || {
            let bench = without_pods();
            let mut world = bench.sandbox.world();
            let audience = [("eks.amazonaws.com/audience", "vault")];
            world.api("demo").annotate("web", "api", &audience, "kubectl");
            drop(world);
            bench
        }),
        broken("another thumbprint", || {
            let bench = healthy();
            bench.account(|account| {
                let provider = account.providers.values_mut().next().expect("one");
                provider.thumbprints = vec!["0123456789abcdef0123456789abcdef01234567".to_owned()];
            });
            bench
        }),
    ]), @"
    no provider: problem provider/no-provider | repaired
    a provider without the audience: problem provider-audience/unknown-audience | repaired
    an audience with China's suffix in the annotation: problem provider-audience/unknown-audience | by hand
    another audience in the annotation: problem provider-audience/unknown-audience, problem trust-policy/other-audience | by hand
    another thumbprint: note provider-thumbprint/other-thumbprint | by hand
    ");
}

fn can(told: &'static str, bench: fn() -> Bench) -> Broken {
    Broken {
        asked: "web/api --can s3:DeleteObject=arn:aws:s3:::bucket/key",
        ..broken(told, bench)
    }
}

#[test]
fn permissions() {
    insta::assert_snapshot!(found(&[
        can("not allowed by any policy", healthy),
        broken("no policies", || {
            let bench = healthy();
            bench.sandbox.world().role_of("web/api").attached.clear();
            bench
        }),
        broken("everything allowed", || {
            let bench = healthy();
            let all = serde_json::json!({
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
            });
            let mut world = bench.sandbox.world();
            world.role_of("web/api").inline.insert("all".to_owned(), all);
            drop(world);
            bench
        }),
        broken("a boundary that is gone", || {
            let bench = healthy();
            let boundary = format!("arn:aws:iam::{ACCOUNT}:policy/gone");
            bench.sandbox.world().role_of("web/api").boundary = Some(boundary);
            bench
        }),
    ]), @"
    not allowed by any policy: problem role-permissions/not-allowed | by hand
    no policies: warning role-drift/drift, warning role-policies/no-permissions | by hand
    everything allowed: warning role-drift/drift, warning role-policies/wide-permissions | by hand
    a boundary that is gone: problem role-policies/boundary-gone, warning role-drift/drift | by hand
    ");
}

#[test]
fn a_role_by_itself() {
    let bench = healthy();
    let role = bench.role_arn();
    insta::assert_snapshot!(bench.run(&format!("doctor --role-arn {role}")), @"
    [stdout]
    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU: healthy
      7 checks hold
    [exit 0]
    ");
    insta::assert_snapshot!(bench.run(&format!("doctor --role-arn {role}x")), @"
    [stdout]
    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GUx: 1 problem

    problem: there is no role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GUx [role-exists]
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GUx

      1 check holds
    [exit 1]
    ");
}

#[test]
fn the_role_of_another_account_needs_a_provider_there() {
    let bench = by_hand(|_| "arn:aws:iam::444455556666:role/api".to_owned());
    insta::assert_snapshot!(bench.run("doctor --cluster demo web/api"), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::444455556666:role/api
      pods: 2

    problem: the role is in account 444455556666, which has no provider for the cluster's issuer [trust-accounts]
      provider
        wanted: arn:aws:iam::444455556666:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
        found:  none
      hence: STS refuses the token: InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E [sts-accepts]
      fix: irsactl associate-oidc-provider --cluster demo --issuer-url https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E --approve --profile PROFILE   # PROFILE: one of account 444455556666

      22 checks hold
      unknown: role-exists, provider and 5 more: it is of account 444455556666, and these credentials are of 111122223333
    [exit 1]
    ");
}
