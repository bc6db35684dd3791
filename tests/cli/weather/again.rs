//! What a read accuses someone of is read again before it is told: one answer may be out of date.

use serde_json::json;

use super::{DELETE, made};
use crate::sandbox::{ManagedPolicy, Role};
use crate::support::{ACCOUNT, Bench, S3};

const SQS: &str = "arn:aws:iam::aws:policy/AmazonSQSFullAccess";
const CREATE: &str = "create iamserviceaccount app --cluster demo --approve";

/// The run whose first read of that kind does not know yet what `change` does now.
fn ended(bench: &Bench, change: impl FnOnce(&Bench), read: &str, line: &str) -> String {
    bench.sandbox.world().become_past();
    change(bench);
    bench.sandbox.fault(&format!("iam {read} times 1 stale"));
    bench.run(line)
}

/// How often the policies of roles were listed.
fn reads(bench: &Bench) -> usize {
    let calls = bench.sandbox.calls();
    let lists = calls.iter();
    lists
        .filter(|call| *call == "iam ListAttachedRolePolicies")
        .count()
}

fn document() -> serde_json::Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
}

/// default/s3-reader, whose policy was just replaced by its stack.
fn updated() -> (Bench, String) {
    let bench = Bench::associated();
    bench.create("s3-reader");
    bench.sandbox.world().become_past();
    let line = format!(
        "update iamserviceaccount s3-reader --cluster demo --attach-policy-arn {SQS} --approve"
    );
    bench.arrange(&line);
    bench
        .sandbox
        .fault("iam ListAttachedRolePolicies times 1 stale");
    (bench, line)
}

#[test]
fn a_role_that_its_stack_just_changed_is_not_called_changed_by_hand() {
    let (bench, line) = updated();
    let result = bench.run(&line);
    assert!(result.contains("unchanged"), "{result}");
    assert!(!result.contains("by hand"), "{result}");
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    assert_eq!(reads(&bench), 2);
}

#[test]
fn what_was_changed_long_ago_is_told_at_once() {
    let (bench, line) = updated();
    bench.account(|account| {
        for stack in &mut account.stacks {
            (stack.created, stack.updated) = (0, Some(0));
        }
        for role in account.roles.values_mut() {
            role.created = 0;
        }
    });
    let result = bench.run(&line);
    assert!(result.contains("the role was changed by hand"), "{result}");
    assert_eq!(reads(&bench), 1);
}

#[test]
fn a_change_by_hand_is_told_though_the_stack_is_young() {
    let bench = made();
    let role = bench.role_name();
    bench.account(|account| account.attach_policy(&role, SQS).expect("attached"));
    let line =
        format!("update iamserviceaccount s3-reader --cluster demo --attach-policy-arn {S3}");
    let result = bench.run(&line);
    assert!(result.contains(SQS), "{result}");
    assert_eq!(reads(&bench), 3);
}

#[test]
fn a_policy_that_was_just_detached_hinders_no_deletion() {
    let bench = made();
    let role = bench.role_name();
    bench.account(|account| account.attach_policy(&role, SQS).expect("attached"));
    let detach = |bench: &Bench| {
        bench.account(|account| {
            let role = account
                .roles
                .get_mut(&role.to_lowercase())
                .expect("the role");
            role.attached.retain(|arn| arn != SQS);
        });
    };
    let line = DELETE.replace(" --detach-foreign", "");
    let result = ended(&bench, detach, "ListAttachedRolePolicies", &line);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    assert_eq!(bench.stacks(), "");
}

#[test]
fn a_provider_that_was_just_made_is_there() {
    let associate = |bench: &Bench| bench.associate();
    let line = format!("{CREATE} --attach-policy-arn {S3}");
    let read = "GetOpenIDConnectProvider";
    let result = ended(&Bench::new(), associate, read, &line);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    let bench = Bench::new();
    let line = "disassociate-oidc-provider --cluster demo --approve";
    let result = ended(&bench, associate, read, line);
    assert!(result.contains(" deleted\n"), "{result}");
    assert_eq!(bench.providers(), "");
    let doctor = |bench: &Bench| {
        bench.associate();
        bench.create("app");
    };
    let result = ended(&Bench::new(), doctor, read, "doctor app --cluster demo");
    assert!(!result.contains("provider"), "{result}");
}

#[test]
fn an_audience_that_was_just_added_is_there() {
    let bench = Bench::associated();
    let add = |bench: &Bench| {
        bench.account(|account| {
            for provider in account.providers.values_mut() {
                provider.client_ids.push("other".to_owned());
            }
        });
    };
    let line = format!("{CREATE} --attach-policy-arn {S3} --audience other");
    let result = ended(&bench, add, "GetOpenIDConnectProvider", &line);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
}

#[test]
fn a_policy_that_was_just_made_is_there() {
    let bench = Bench::associated();
    let policy = ManagedPolicy::new("aws", ACCOUNT, "/", "own", document());
    let arn = policy.arn.clone();
    let make = |bench: &Bench| {
        bench.account(|account| account.policies.insert(policy.arn.clone(), policy));
    };
    let line = format!("{CREATE} --attach-policy-arn {arn}");
    let result = ended(&bench, make, "GetPolicy", &line);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
}

#[test]
fn a_role_that_was_just_made_can_be_attached() {
    let bench = Bench::associated();
    bench.create_role("app");
    let role = bench.role_name();
    let trust = bench.account(|account| account.roles[&role.to_lowercase()].trust.clone());
    bench.arrange("delete iamserviceaccount app --cluster demo");
    let make = |bench: &Bench| {
        let role = Role::new("aws", ACCOUNT, "/", "own", trust);
        bench.account(|account| {
            account.create_role(role).expect("a role");
        });
    };
    let line = format!("{CREATE} --attach-role-arn arn:aws:iam::{ACCOUNT}:role/own");
    let result = ended(&bench, make, "GetRole", &line);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
}
