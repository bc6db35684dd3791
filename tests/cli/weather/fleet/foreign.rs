//! Somebody else changes stacks between what `apply` saw and what it does.

use insta::assert_snapshot;

use super::{APPLY, assert_settled, file, found, stack, with_policy, without_random_end};
use super::{SQS, rows};
use crate::sandbox::World;
use crate::support::{ACCOUNT, Bench, REGION, S3};

/// One account to be made, one to be changed.
fn two() -> Bench {
    let bench = Bench::associated();
    found(&bench, "changed", "CREATE_COMPLETE");
    file(
        &bench,
        &[
            with_policy("apps", "changed", SQS),
            with_policy("apps", "new", S3),
        ],
    );
    bench
}

/// eksctl's template of an account, with another policy.
fn template(bench: &Bench, name: &str, policy: &str) -> String {
    let made = Bench::with(Default::default());
    made.eksctl_stack(&format!("apps/{name}"), "CREATE_COMPLETE");
    let template = made
        .sandbox
        .world()
        .stack(ACCOUNT, REGION, &stack(name))
        .expect("a stack")
        .template
        .clone();
    assert_eq!(made.issuer(), bench.issuer());
    template.replace(S3, policy)
}

/// The policies of the role of `apps/NAME`.
fn policies(bench: &Bench, name: &str) -> Vec<String> {
    let mut world = bench.sandbox.world();
    world.role_of(&format!("apps/{name}")).attached.clone()
}

fn tags(account: &str) -> [(&str, &str); 4] {
    [
        ("alpha.eksctl.io/cluster-name", "demo"),
        ("eksctl.cluster.k8s.io/v1alpha1/cluster-name", "demo"),
        ("alpha.eksctl.io/eksctl-version", "0.231.0"),
        ("alpha.eksctl.io/iamserviceaccount-name", account),
    ]
}

/// Takes a stack away with its role, as a deletion does.
fn delete(world: &mut World, name: &str) {
    let stack = world.stack(ACCOUNT, REGION, name).expect("the stack");
    "DELETE_COMPLETE".clone_into(&mut stack.status);
    stack.deleted = Some(1);
    let roles: Vec<String> = stack
        .resources
        .values()
        .map(|it| it.physical_id.to_lowercase())
        .collect();
    let account = world.accounts.get_mut(ACCOUNT).expect("the account");
    account.roles.retain(|name, _| !roles.contains(name));
}

/// Applies with that in between: all ends as the file says, and a second run has nothing to do.
fn assert_made_true(bench: &Bench) -> String {
    let result = bench.run(&format!("{APPLY} -q"));
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    assert_eq!(policies(bench, "changed"), [SQS], "{result}");
    assert_eq!(policies(bench, "new"), [S3], "{result}");
    let stacks = bench.stacks();
    assert_eq!(stacks.lines().count(), 2, "{stacks}");
    assert_settled(bench, APPLY);
    rows(&result)
}

#[test]
fn another_update_before_ours_is_carried_out() {
    let bench = two();
    let other = template(
        &bench,
        "changed",
        "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess",
    );
    bench
        .sandbox
        .before("cloudformation ExecuteChangeSet", 1, move |world| {
            world.update_stack(ACCOUNT, REGION, &stack("changed"), &other, &[]);
        });
    assert_snapshot!(assert_made_true(&bench), @"
    NAMESPACE NAME STATUS ROLE ARN
    apps changed updated arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-chan-Role1
    apps new created arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-new-Role1
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E unchanged
    [exit 0]
    ");
}

#[test]
fn the_same_update_before_ours_is_carried_out() {
    let bench = two();
    let same = template(&bench, "changed", SQS);
    bench
        .sandbox
        .before("cloudformation ExecuteChangeSet", 1, move |world| {
            world.update_stack(ACCOUNT, REGION, &stack("changed"), &same, &[]);
        });
    assert_snapshot!(assert_made_true(&bench), @"
    NAMESPACE NAME STATUS ROLE ARN
    apps changed unchanged arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-chan-Role1
    apps new created arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-new-Role1
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E unchanged
    [exit 0]
    ");
}

#[test]
fn a_change_set_that_is_deleted_before_it_is_carried_out() {
    let bench = two();
    bench
        .sandbox
        .before("cloudformation ExecuteChangeSet", 1, |world| {
            let stack = world
                .stack(ACCOUNT, REGION, &stack("changed"))
                .expect("the stack");
            stack.change_sets.clear();
        });
    assert_snapshot!(assert_made_true(&bench), @"
    NAMESPACE NAME STATUS ROLE ARN
    apps changed updated arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-chan-Role1
    apps new created arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-new-Role1
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E unchanged
    [exit 0]
    ");
}

#[test]
fn a_stack_that_is_deleted_before_its_change() {
    for call in ["CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet"] {
        let bench = two();
        bench
            .sandbox
            .before(&format!("cloudformation {call}"), 1, |world| {
                delete(world, &stack("changed"));
            });
        let result = bench.run(&format!("{APPLY} -q"));
        assert!(result.ends_with("[exit 0]\n"), "{call}: {result}");
        assert_eq!(policies(&bench, "changed"), [SQS], "{call}: {result}");
        assert_settled(&bench, APPLY);
    }
}

#[test]
fn a_stack_that_another_makes_before_us() {
    let bench = two();
    let other = template(&bench, "new", S3);
    bench
        .sandbox
        .before("cloudformation CreateStack", 1, move |world| {
            world.add_stack(
                ACCOUNT,
                REGION,
                &stack("new"),
                &other,
                &tags("apps/new"),
                "CREATE_COMPLETE",
            );
        });
    assert_snapshot!(assert_made_true(&bench), @"
    NAMESPACE NAME STATUS ROLE ARN
    apps changed updated arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-chan-Role1
    apps new changed arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-new-Role1
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E unchanged
    [exit 0]
    ");
}

#[test]
fn a_stack_that_another_makes_otherwise_before_us() {
    let bench = two();
    let other = template(&bench, "new", SQS);
    bench
        .sandbox
        .before("cloudformation CreateStack", 1, move |world| {
            world.add_stack(
                ACCOUNT,
                REGION,
                &stack("new"),
                &other,
                &tags("apps/new"),
                "CREATE_COMPLETE",
            );
        });
    assert_snapshot!(assert_made_true(&bench), @"
    NAMESPACE NAME STATUS ROLE ARN
    apps changed updated arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-chan-Role1
    apps new updated arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-new-Role1
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E unchanged
    [exit 0]
    ");
}

/// Someone makes and breaks the stack again and again: that is told in the end, not tried for ever.
#[test]
fn whoever_is_always_overtaken_tells_it() {
    let bench = two();
    bench
        .sandbox
        .before_every("cloudformation ExecuteChangeSet", |world| {
            let stack = world
                .stack(ACCOUNT, REGION, &stack("changed"))
                .expect("the stack");
            stack.change_sets.clear();
        });
    let result = bench.run(&format!("{APPLY} -q"));
    let lines: Vec<String> = result.lines().map(without_random_end).collect();
    assert_snapshot!(lines.join("\n"), @r#"
    [stdout]
    NAMESPACE   NAME      STATUS    ROLE ARN
    apps        changed   failed    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-chan-Role1
    apps        new       created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-new-Role1
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: another run changed stack "eksctl-demo-addon-iamserviceaccount-apps-changed" meanwhile
    hint: run the same command again: it looks at the stack first
    [exit 1]
    "#);
}

/// What a hand did to the role between the look and the repair is found by the next run.
#[test]
fn a_role_that_changes_before_its_repair() {
    let bench = two();
    bench.arrange(APPLY);
    let attach = |world: &mut World, policy: &str| {
        world
            .role_of("apps/changed")
            .attached
            .push(policy.to_owned());
    };
    attach(
        &mut bench.sandbox.world(),
        "arn:aws:iam::aws:policy/AdministratorAccess",
    );
    bench
        .sandbox
        .before("iam DetachRolePolicy", 1, move |world| {
            let role = world.role_of("apps/changed");
            role.attached
                .retain(|arn| !arn.ends_with("AdministratorAccess"));
            attach(world, "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess");
        });
    let result = bench.run(APPLY);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    let result = bench.run(APPLY);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    assert_eq!(policies(&bench, "changed"), [SQS]);
    assert_settled(&bench, APPLY);
}

#[test]
fn a_role_that_is_deleted_before_its_repair() {
    let bench = two();
    bench.arrange(APPLY);
    bench
        .sandbox
        .world()
        .role_of("apps/changed")
        .attached
        .clear();
    bench.sandbox.before("iam AttachRolePolicy", 1, |world| {
        let name = world.role_of("apps/changed").name.to_lowercase();
        let account = world.accounts.get_mut(ACCOUNT).expect("the account");
        account.roles.remove(&name);
    });
    let result = bench.run(&format!("{APPLY} -q"));
    let lines: Vec<String> = result.lines().map(without_random_end).collect();
    assert_snapshot!(lines.join("\n"), @"
    [stdout]
    NAMESPACE   NAME      STATUS      ROLE ARN
    apps        changed   failed      arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-chan-Role1
    apps        new       unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-new-Role1
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: apps/changed: iam:AttachRolePolicy failed on eksctl-demo-addon-iamserviceaccount-apps-chan-Role1: NoSuchEntity: The role with name eksctl-demo-addon-iamserviceaccount-apps-chan-Role1-GAOOQJGI6GUT cannot be found.
    hint: it went meanwhile: run the same command again, which looks at it first
    [exit 1]
    ");
    let result = bench.run(APPLY);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    assert_eq!(policies(&bench, "changed"), [SQS]);
    assert_settled(&bench, APPLY);
}
