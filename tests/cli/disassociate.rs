//! `disassociate-oidc-provider`: takes the provider away, but not from under roles that trust it.

use insta::assert_snapshot;

use crate::sandbox::Role;
use crate::support::{ACCOUNT, Bench};

const DISASSOCIATE: &str = "disassociate-oidc-provider --cluster demo";
const APPROVED: &str = "disassociate-oidc-provider --cluster demo --approve";

/// An associated cluster whose provider the named roles trust, and one role that trusts another.
fn trusted_by(names: &[&str]) -> Bench {
    let bench = Bench::associated();
    bench.sandbox.world().become_past();
    bench.account(|account| {
        let provider = account.providers.keys().next().expect("a provider").clone();
        let other = format!("{provider}0");
        let trusting = names.iter().map(|name| (*name, provider.as_str()));
        for (name, provider) in [("a-stranger", other.as_str())].into_iter().chain(trusting) {
            let trust = serde_json::json!({
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Principal": { "Federated": provider },
                    "Action": "sts:AssumeRoleWithWebIdentity"
                }]
            });
            let role = Role::new("aws", ACCOUNT, "/", name, trust);
            account.create_role(role).expect("a role");
        }
    });
    bench
}

#[test]
fn without_approval_the_plan_is_shown_and_nothing_changes() {
    let bench = Bench::associated();
    let before = bench.providers();
    assert_snapshot!(bench.run(DISASSOCIATE), @"
    [stdout]
    - delete IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    ~ untag cluster/demo of alpha.eksctl.io/cluster-oidc-enabled
    [stderr]
    plan: 0 to create, 1 to change, 1 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_eq!(bench.providers(), before);
}

#[test]
fn the_provider_and_the_cluster_tag_go() {
    let bench = Bench::associated();
    assert_snapshot!(bench.run(APPROVED), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   deleted
    [stderr]
    deleted IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    untagged cluster/demo of alpha.eksctl.io/cluster-oidc-enabled
    [exit 0]
    ");
    assert_eq!(bench.providers(), "");
}

#[test]
fn the_second_run_changes_nothing() {
    let bench = Bench::associated();
    bench.run(APPROVED);
    assert_snapshot!(bench.run(APPROVED), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   absent
    [exit 0]
    ");
    assert_snapshot!(bench.run(DISASSOCIATE), @"
    [stderr]
    nothing to do: all is as asked
    [exit 0]
    ");
}

#[test]
fn a_run_killed_before_the_tag_is_finished_by_the_next() {
    let bench = Bench::associated();
    bench.account(|account| account.providers.clear());
    assert_snapshot!(bench.run(APPROVED), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   changed
    [stderr]
    untagged cluster/demo of alpha.eksctl.io/cluster-oidc-enabled
    [exit 0]
    ");
    assert_eq!(bench.providers(), "");
}

#[test]
fn roles_that_trust_the_provider_keep_it() {
    let bench = trusted_by(&["reader", "writer"]);
    // One role a page, so that the last page counts.
    bench.sandbox.world().page_size = 1;
    let before = bench.providers();
    assert_snapshot!(bench.run(APPROVED), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   refused
    [stderr]
    error: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: its IAM OIDC provider is still trusted by
      arn:aws:iam::111122223333:role/reader
      arn:aws:iam::111122223333:role/writer
    hint: delete those roles first, or go on without them: `--force`
    [exit 1]
    ");
    assert_eq!(bench.providers(), before);
    assert_eq!(bench.calls().matches("iam ListRoles").count(), 3);
}

#[test]
fn a_refused_plan_exits_with_failure() {
    let bench = trusted_by(&["reader"]);
    assert_snapshot!(bench.run(DISASSOCIATE), @"
    [stderr]
    error: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: its IAM OIDC provider is still trusted by
      arn:aws:iam::111122223333:role/reader
    hint: delete those roles first, or go on without them: `--force`
    [exit 1]
    ");
}

#[test]
fn force_takes_the_provider_from_under_its_roles() {
    let bench = trusted_by(&["reader", "writer"]);
    assert_snapshot!(bench.run(&format!("{DISASSOCIATE} --force")), @"
    [stdout]
    - delete IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    ~ untag cluster/demo of alpha.eksctl.io/cluster-oidc-enabled
    [stderr]
    note: pods can no longer assume the roles arn:aws:iam::111122223333:role/reader, arn:aws:iam::111122223333:role/writer
    plan: 0 to create, 1 to change, 1 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{APPROVED} --force")), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   deleted
    [stderr]
    note: pods can no longer assume the roles arn:aws:iam::111122223333:role/reader, arn:aws:iam::111122223333:role/writer
    deleted IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    untagged cluster/demo of alpha.eksctl.io/cluster-oidc-enabled
    [exit 0]
    ");
    assert_eq!(bench.providers(), "");
    assert_eq!(bench.roles(), "a-stranger\nreader\nwriter\n");
}

#[test]
fn a_role_that_trusts_another_provider_is_no_obstacle() {
    let bench = trusted_by(&[]);
    let text = bench.run(APPROVED);
    assert!(text.ends_with("[exit 0]\n"), "{text}");
}

#[test]
fn roles_that_cannot_be_listed_keep_the_provider() {
    let bench = Bench::associated();
    bench.sandbox.fault("iam ListRoles deny");
    assert_snapshot!(bench.run(APPROVED), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   refused
    [stderr]
    error: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: cannot tell whether roles still trust its IAM OIDC provider: not allowed to call iam:ListRoles: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:ListRoles because no identity-based policy allows the iam:ListRoles action
    hint: allow `iam:ListRoles` to this identity, or go on without the check: `--force`
    [exit 1]
    ");
    let forced = bench.run(&format!("{APPROVED} --force"));
    assert!(forced.ends_with("[exit 0]\n"), "{forced}");
    assert_eq!(bench.providers(), "");
}

#[test]
fn a_refused_untagging_is_a_warning() {
    let bench = Bench::associated();
    bench.sandbox.fault("eks UntagResource deny");
    assert_snapshot!(bench.run(APPROVED), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   deleted
    [stderr]
    deleted IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    warning: did not untag cluster/demo of alpha.eksctl.io/cluster-oidc-enabled: not allowed to call eks:UntagResource on arn:aws:eks:eu-west-1:111122223333:cluster/demo: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: eks:UntagResource because no identity-based policy allows the eks:UntagResource action
    [exit 0]
    ");
}

#[test]
fn a_denied_deletion_names_the_permission() {
    let bench = Bench::associated();
    bench.sandbox.fault("iam DeleteOpenIDConnectProvider deny");
    assert_snapshot!(bench.run(APPROVED), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   failed
    [stderr]
    error: not allowed to call iam:DeleteOpenIDConnectProvider on arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:DeleteOpenIDConnectProvider because no identity-based policy allows the iam:DeleteOpenIDConnectProvider action
    hint: allow `iam:DeleteOpenIDConnectProvider` to this identity (`aws sts get-caller-identity` names it)
    [exit 1]
    ");
}

#[test]
fn the_issuer_is_not_contacted() {
    let bench = Bench::associated();
    bench.sandbox.world().connections.clear();
    bench.run(APPROVED);
    assert_eq!(bench.sandbox.world().connections, [] as [String; 0]);
}

#[test]
fn another_issuers_provider_goes_too() {
    let bench = Bench::new();
    let url =
        bench
            .sandbox
            .world()
            .add_issuer("oidc.example.com", "", crate::sandbox::Chain::Public);
    bench.run(&format!(
        "associate-oidc-provider --issuer-url {url} --approve"
    ));
    assert_ne!(bench.providers(), "");
    let line = format!("disassociate-oidc-provider --issuer-url {url} --approve");
    assert_snapshot!(bench.run(&line), @"
    [stdout]
    PROVIDER                   STATUS
    https://oidc.example.com   deleted
    [stderr]
    deleted IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.example.com
    [exit 0]
    ");
    assert_eq!(bench.providers(), "");
}

/// The right provider stays; other forms of EKS's issuers are refused here too.
#[test]
fn the_provider_of_a_dual_stack_issuer_can_be_deleted() {
    let bench = Bench::associated();
    let before = bench.providers();
    let url = "https://oidc-eks.eu-west-1.api.aws/id/ACA918B97A182DBCBA56500C5E47D92E";
    bench.account(|account| {
        let mut provider = account.providers.values().next().cloned().unwrap();
        let host_and_path = url.trim_start_matches("https://");
        provider.arn = format!("arn:aws:iam::111122223333:oidc-provider/{host_and_path}");
        provider.url = url.to_owned();
        account.providers.insert(provider.arn.clone(), provider);
    });
    assert_ne!(bench.providers(), before);
    let line = format!("disassociate-oidc-provider --issuer-url {url} --approve");
    assert_snapshot!(bench.run(&line), @r#"
    [stdout]
    PROVIDER                                                                 STATUS
    https://oidc-eks.eu-west-1.api.aws/id/ACA918B97A182DBCBA56500C5E47D92E   deleted
    [stderr]
    warning: tokens of EKS say "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E": this is about the provider of the dual-stack name alone
    deleted IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc-eks.eu-west-1.api.aws/id/ACA918B97A182DBCBA56500C5E47D92E
    [exit 0]
    "#);
    assert_eq!(bench.providers(), before);
    let told = bench.run(&line.replace(url, &format!("{url}/")));
    assert!(told.ends_with("[exit 2]\n"), "{told}");
}

#[test]
fn the_plan_as_json_is_whole() {
    let bench = Bench::associated();
    assert_snapshot!(bench.run(&format!("{DISASSOCIATE} -o json")), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Plan",
        "summary": {
            "create": 0,
            "change": 1,
            "delete": 1,
            "wait": 0
        },
        "tracks": [
            {
                "target": {
                    "provider": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                },
                "actions": [
                    {
                        "action": "deleteOidcProvider",
                        "arn": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                    },
                    {
                        "action": "untagCluster",
                        "cluster": "arn:aws:eks:eu-west-1:111122223333:cluster/demo",
                        "key": "alpha.eksctl.io/cluster-oidc-enabled"
                    }
                ]
            }
        ]
    }
    [stderr]
    plan: 0 to create, 1 to change, 1 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
}

#[test]
fn a_refused_result_as_json_names_the_roles() {
    let bench = trusted_by(&["reader"]);
    assert_snapshot!(bench.run(&format!("{APPROVED} -o json")), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Result",
        "items": [
            {
                "done": [],
                "errors": [
                    "its IAM OIDC provider is still trusted by\n  arn:aws:iam::111122223333:role/reader"
                ],
                "status": "refused",
                "target": {
                    "provider": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                }
            }
        ]
    }
    [stderr]
    error: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: its IAM OIDC provider is still trusted by
      arn:aws:iam::111122223333:role/reader
    hint: delete those roles first, or go on without them: `--force`
    [exit 1]
    "#);
}

#[test]
fn the_detailed_exit_status_tells_of_pending_changes() {
    let bench = Bench::associated();
    let line = format!("{DISASSOCIATE} --detailed-exitcode");
    assert!(bench.run(&line).ends_with("[exit 3]\n"));
    bench.run(APPROVED);
    assert!(bench.run(&line).ends_with("[exit 0]\n"));
}

/// ListRoles may not know yet of a role that was made a moment ago.
#[test]
fn one_list_without_the_roles_deletes_nothing() {
    for line in [DISASSOCIATE, APPROVED] {
        let bench = trusted_by(&["reader"]);
        bench.sandbox.fault("iam ListRoles times 1 stale");
        let result = bench.run(line);
        assert!(
            result.contains("arn:aws:iam::111122223333:role/reader"),
            "{result}"
        );
        assert!(result.ends_with("[exit 1]\n"), "{result}");
        assert_ne!(bench.providers(), "");
    }
}
