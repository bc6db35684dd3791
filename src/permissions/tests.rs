use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::model::{ClusterName, ServiceAccountName, StackName, Way};

fn place(cluster: &str, region: &str) -> PermissionScope {
    PermissionScope {
        cluster: Some(cluster.parse().unwrap()),
        region: Some(region.to_owned()),
        account: Some("111122223333".to_owned()),
        ..PermissionScope::default()
    }
}

#[test]
fn every_row_has_commands_and_a_reason() {
    let mut seen = BTreeSet::new();
    for row in table::CALLS.iter().chain(table::HANDLERS) {
        assert!(!row.commands.is_empty() && !row.why.is_empty(), "{row:?}");
        for command in row.commands {
            let key = (
                format!("{:?}{:?}", row.by, row.need),
                row.on,
                row.action,
                command,
            );
            assert!(seen.insert(key), "twice: {row:?} for {command}");
        }
    }
    let mut seen = BTreeSet::new();
    for row in table::RIGHTS {
        for command in row.commands {
            let key = (row.right.verb, row.right.resource, command);
            assert!(seen.insert(key), "twice: {row:?} for {command}");
        }
    }
}

#[test]
fn every_command_needs_something() {
    for command in CommandName::ALL {
        assert!(!lines(&[command], &PermissionScope::default()).is_empty());
    }
}

#[test]
fn resources_are_as_narrow_as_what_is_known() {
    let everywhere = PermissionScope::default();
    let here = place("demo", "eu-west-1");
    let china = place("demo", "cn-north-1");
    let team = PermissionScope {
        role_path: Some("/team/".to_owned()),
        role_name: Some("app-*".to_owned()),
        ..here.clone()
    };
    for (place, on, wanted) in [
        (
            &everywhere,
            PermissionResource::Cluster,
            "arn:aws:eks:*:*:cluster/*",
        ),
        (
            &here,
            PermissionResource::Cluster,
            "arn:aws:eks:eu-west-1:111122223333:cluster/demo",
        ),
        (
            &everywhere,
            PermissionResource::Provider,
            "arn:aws:iam::*:oidc-provider/oidc.eks.*.amazonaws.com/id/*",
        ),
        (
            &china,
            PermissionResource::Provider,
            "arn:aws-cn:iam::111122223333:oidc-provider/oidc.eks.cn-north-1.amazonaws.com.cn/id/*",
        ),
        (
            &here,
            PermissionResource::Stacks,
            "arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-demo-addon-iamserviceaccount-*/*",
        ),
        (
            &here,
            PermissionResource::Roles,
            "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-*",
        ),
        (
            &everywhere,
            PermissionResource::Roles,
            "arn:aws:iam::*:role/eksctl-*-addon-iamserviceaccount-*",
        ),
        (
            &team,
            PermissionResource::Roles,
            "arn:aws:iam::111122223333:role/team/app-*",
        ),
    ] {
        assert_eq!(place.resources(on)[0], wanted);
    }
}

/// Of a long cluster name CloudFormation keeps less in the role's name than the stack has.
#[test]
fn stacks_and_roles_of_any_cluster_are_covered() {
    for cluster in ["demo", "a_b", &"c".repeat(30), &"long_".repeat(20)] {
        let name: ClusterName = cluster.parse().unwrap();
        let place = place(cluster, "eu-west-1");
        for account in [
            "default/app",
            "kube-system/x.y",
            &format!("{}/{}", "n".repeat(63), "s".repeat(200)),
        ] {
            let account: ServiceAccountName = account.parse().unwrap();
            let of = |way| {
                [
                    StackName::new(way, &name, &account),
                    StackName::hashed(way, &name, &account),
                ]
            };
            for stack in Way::ALL.map(of).concat() {
                let kept: String = stack.as_str().chars().take(45).collect();
                let role = format!("arn:aws:iam::111122223333:role/{kept}-Role1-ABCDEFGHIJKL");
                let stack =
                    format!("arn:aws:cloudformation:eu-west-1:111122223333:stack/{stack}/id");
                for (on, arn) in [
                    (PermissionResource::Stacks, stack),
                    (PermissionResource::Roles, role),
                ] {
                    let patterns = place.resources(on);
                    let mut starts = patterns.iter().map(|it| it.split('*').next().unwrap());
                    assert!(
                        starts.any(|it| arn.starts_with(it)),
                        "{arn} is not of {patterns:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_policy_of_all_commands_fits_into_a_managed_policy() {
    for place in [
        PermissionScope::default(),
        place(&"c".repeat(100), "ap-southeast-1"),
    ] {
        let document = policy(&permissions(&CommandName::ALL, &place), &place);
        assert!(size(&document) <= POLICY_QUOTA, "{}", size(&document));
        let text = serde_json::json!(document).to_string();
        crate::policy::PolicyDocument::parse(&text).unwrap();
    }
}

#[test]
fn a_service_role_takes_what_cloudformation_needs() {
    let mut place = place("demo", "eu-west-1");
    let role = "arn:aws:iam::111122223333:role/deployer";
    place.service_role = Some(role.parse().unwrap());
    let document = serde_json::json!(policy(&permissions(&[CommandName::Create], &place), &place));
    let text = document.to_string();
    assert!(!text.contains("iam:CreateRole"), "{text}");
    let statements = document["Statement"].as_array().unwrap();
    let pass = statements.iter().find(|it| it["Resource"] == role).unwrap();
    assert_eq!(pass["Action"], serde_json::json!(["iam:PassRole"]));
    assert_ne!(pass["Condition"], Value::Null);
}
