//! What fails for many accounts for one reason is told once, with how many it is so for.

use insta::assert_snapshot;

use super::{APPLY, file, found, with_policy};
use crate::sandbox::Pace;
use crate::support::{Bench, S3};

/// So many accounts to be made.
fn new(count: usize) -> Bench {
    let bench = Bench::associated();
    let accounts: Vec<String> = (1..=count)
        .map(|number| with_policy("apps", &format!("a{number:02}"), S3))
        .collect();
    file(&bench, &accounts);
    bench
}

/// The errors and hints of a run.
fn told(result: &str) -> String {
    let start = result.find("\nerror: ").map_or(0, |at| at + 1);
    result[start..].to_owned()
}

#[test]
fn credentials_that_expire_meanwhile_are_told_once() {
    let bench = new(20);
    bench.sandbox.fault(
        "cloudformation CreateStack from 6 error 403 ExpiredToken The security token included in the request is expired",
    );
    let result = bench.run(&format!("{APPLY} --parallel 1"));
    assert_snapshot!(told(&result), @"
    error: apps/a06: no usable AWS credentials: ExpiredToken: The security token included in the request is expired
    hint: check them: `aws sts get-caller-identity --region eu-west-1`
    hint: they are those of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN: set them anew, or `unset` them to use a profile
    error: stopped: 5 of 20 done
    hint: mend that, and run the same command again: it finishes the work
    [exit 4]
    ");
    let failed = result.lines().filter(|line| line.starts_with("failed "));
    assert_eq!(failed.count(), 1, "{result}");
    assert_eq!(bench.sandbox.count("cloudformation CreateStack").calls, 6);
    bench.sandbox.world().faults.clear();
    let result = bench.run(APPLY);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
}

/// What was begun goes on by itself, what was not begun is not tried, and what would help is told.
#[test]
fn credentials_that_expire_during_the_waits_leave_what_was_begun() {
    let bench = new(20);
    bench.sandbox.world().options.pace = Pace::Polls(u32::MAX);
    bench.sandbox.before("cloudformation CreateStack", 4, |world| {
        let expired =
            "cloudformation DescribeStacks error 403 ExpiredToken The security token included in the request is expired";
        world.faults.push(expired.parse().expect("a rule"));
    });
    let result = bench.run(&format!("{APPLY} --parallel 4"));
    // How many have begun by then is a matter of time: who waits leaves the place to the next.
    let begun = bench.stacks().matches("CREATE_IN_PROGRESS").count();
    assert!((4..20).contains(&begun), "{begun}: {result}");
    let told = told(&result)
        .replace(&format!("so for {begun}: "), "so for ALL: ")
        .replace(&format!(" and {} more", begun - 3), " and MORE")
        .replace(&format!("creation of {begun} stacks"), "creation of ALL");
    assert_snapshot!(told, @"
    error: no usable AWS credentials: ExpiredToken: The security token included in the request is expired
      so for ALL: apps/a01, apps/a02, apps/a03 and MORE
    hint: check them: `aws sts get-caller-identity --region eu-west-1`
    hint: they are those of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN: set them anew, or `unset` them to use a profile
    error: stopped: 0 of 20 done; what was begun goes on: creation of ALL
    hint: mend that, and run the same command again: it finishes the work
    [exit 4]
    ");
    let skipped = format!("skipped {}: they would fail likewise", 20 - begun);
    assert!(result.contains(&skipped), "{skipped}: {result}");
}

#[test]
fn an_operation_that_was_refused_is_not_told_to_go_on() {
    let bench = new(1);
    bench.sandbox.fault(
        "cloudformation CreateStack error 403 ExpiredToken The security token included in the request is expired",
    );
    let result = bench.run(APPLY);
    assert!(!result.contains("goes on"), "{result}");
    let bench = new(1);
    bench.sandbox.world().options.pace = Pace::Polls(u32::MAX);
    bench.sandbox.fault(
        "cloudformation DescribeStacks from 3 error 403 ExpiredToken The security token included in the request is expired",
    );
    assert_snapshot!(told(&bench.run(APPLY)), @"
    error: apps/a01: no usable AWS credentials: ExpiredToken: The security token included in the request is expired
    hint: check them: `aws sts get-caller-identity --region eu-west-1`
    hint: they are those of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN: set them anew, or `unset` them to use a profile
    error: stopped; what was begun goes on: creation of stack eksctl-demo-addon-iamserviceaccount-apps-a01
    hint: mend that, and run the same command again: it finishes the work
    [exit 4]
    ");
}

#[test]
fn a_network_that_is_lost_meanwhile_is_told_once() {
    let bench = new(20);
    bench.sandbox.fault("cloudformation * from 30 reset");
    let result = bench.run(&format!("{APPLY} --parallel 4"));
    assert_eq!(result.matches("error: ").count(), 2, "{result}");
    assert!(result.contains("\nerror: stopped: "), "{result}");
    assert!(
        result.contains("cannot reach AWS for cloudformation:"),
        "{result}"
    );
    assert!(result.ends_with("[exit 1]\n"), "{result}");
    bench.sandbox.world().faults.clear();
    assert!(bench.run(APPLY).ends_with("[exit 0]\n"));
}

#[test]
fn a_permission_that_all_lack_is_told_once() {
    let bench = new(12);
    bench.sandbox.fault("cloudformation CreateStack deny");
    let line = format!("{APPLY} --parallel 1");
    assert_snapshot!(told(&bench.run(&line)), @"
    error: not allowed to call cloudformation:CreateStack on eksctl-demo-addon-iamserviceaccount-apps-a01: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: cloudformation:CreateStack because no identity-based policy allows the cloudformation:CreateStack action
      so for 12: apps/a01, apps/a02, apps/a03 and 9 more
    hint: allow `cloudformation:CreateStack` to this identity (`aws sts get-caller-identity --region eu-west-1` names it)
    [exit 1]
    ");
}

#[test]
fn a_right_in_the_cluster_that_all_lack_is_told_once() {
    let bench = new(12);
    bench.sandbox.fault("kubernetes apply serviceaccounts deny");
    let line = format!("{APPLY} --parallel 1");
    assert_snapshot!(told(&bench.run(&line)), @"
    error: the Kubernetes API refuses to apply service account apps/a01: not allowed by the sandbox's fault rule
      so for 12: apps/a01, apps/a02, apps/a03 and 9 more
    hint: this identity needs get, create, patch and delete on serviceaccounts, and create on namespaces
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    ");
}

/// Nobody's failure hides another's.
#[test]
fn different_failures_are_told_one_by_one() {
    let bench = new(3);
    for (name, effect) in [
        ("a01", "deny"),
        (
            "a02",
            "error 500 InternalFailure We encountered an internal error.",
        ),
        ("a03", "reset"),
    ] {
        bench.sandbox.fault(&format!(
            "cloudformation CreateStack of {} {effect}",
            super::stack(name)
        ));
    }
    assert_snapshot!(told(&bench.run(APPLY)), @"
    error: apps/a01: not allowed to call cloudformation:CreateStack on eksctl-demo-addon-iamserviceaccount-apps-a01: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: cloudformation:CreateStack because no identity-based policy allows the cloudformation:CreateStack action
    hint: allow `cloudformation:CreateStack` to this identity (`aws sts get-caller-identity --region eu-west-1` names it)
    error: apps/a02: cloudformation:CreateStack failed on eksctl-demo-addon-iamserviceaccount-apps-a02: InternalFailure: We encountered an internal error.
    hint: AWS has trouble there: run the same command again in a minute
    error: apps/a03: cannot reach AWS for cloudformation:CreateStack: connection closed before message completed
    hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
    error: stopped: 0 of 3 done
    hint: mend that, and run the same command again: it finishes the work
    [exit 1]
    ");
}

/// What all need and one cannot have is not the failure of the others.
#[test]
fn a_policy_that_cannot_be_read_fails_those_that_ask_for_it() {
    let bench = new(3);
    found(&bench, "other", "CREATE_COMPLETE");
    let mut accounts = vec![with_policy("apps", "other", super::SQS)];
    accounts.extend((1..=3).map(|number| with_policy("apps", &format!("a{number:02}"), S3)));
    file(&bench, &accounts);
    bench.sandbox.fault(&format!(
        "iam GetPolicy of {S3} error 500 InternalFailure We encountered an internal error."
    ));
    let result = bench.run(APPLY);
    assert_snapshot!(told(&result), @"
    error: iam:GetPolicy failed on arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess: InternalFailure: We encountered an internal error.
      so for 3: apps/a01, apps/a02, apps/a03
    hint: AWS has trouble there: run the same command again in a minute
    [exit 1]
    ");
    assert_snapshot!(super::rows(&result), @"
    NAMESPACE NAME STATUS ROLE ARN
    apps other updated arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-othe-Role1
    apps a01 failed
    apps a02 failed
    apps a03 failed
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E unchanged
    [exit 1]
    ");
    let line = APPLY.replace("--approve", "--dry-run");
    assert_snapshot!(told(&bench.run(&line)), @"
    error: iam:GetPolicy failed on arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess: InternalFailure: We encountered an internal error.
      so for 3: apps/a01, apps/a02, apps/a03
    hint: AWS has trouble there: run the same command again in a minute
    [exit 1]
    ");
}

/// The second look, after another's operation has ended, fails: what was done stays told.
#[test]
fn what_was_done_is_told_though_the_second_look_fails() {
    let bench = new(2);
    found(&bench, "stuck", "UPDATE_ROLLBACK_FAILED");
    let accounts = ["a01", "a02", "stuck"].map(|name| with_policy("apps", name, S3));
    file(&bench, &accounts);
    bench.sandbox.fault("eks DescribeCluster from 2 deny");
    let result = bench.run(APPLY);
    assert_snapshot!(super::rows(&result), @"
    NAMESPACE NAME STATUS ROLE ARN
    apps a01 created arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-a01-Role1
    apps a02 created arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-a02-Role1
    apps stuck failed
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E unchanged
    [exit 1]
    ");
    assert_snapshot!(told(&result), @"
    error: apps/stuck: not allowed to call eks:DescribeCluster on demo: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: eks:DescribeCluster because no identity-based policy allows the eks:DescribeCluster action
    hint: allow `eks:DescribeCluster` to this identity (`aws sts get-caller-identity --region eu-west-1` names it)
    [exit 1]
    ");
}
