//! `get podidentityassociation`: all pages of the list.

use insta::assert_snapshot;

use super::ready;
use crate::support::Bench;

fn some(count: usize) -> Bench {
    let bench = ready();
    let mut world = bench.sandbox.world();
    let role = world.add_role_of_pods("reader");
    for index in 0..count {
        world.clusters[0].add_association("web", &format!("api-{index:04}"), &role);
    }
    drop(world);
    bench
}

#[test]
fn the_columns_and_the_json_are_eksctls_with_more() {
    let bench = some(2);
    assert_snapshot!(bench.run("get podidentityassociation --cluster demo"), @"
    [stdout]
    ASSOCIATION ARN                                                                      NAMESPACE   SERVICE ACCOUNT NAME   IAM ROLE ARN                            OWNER ARN
    arn:aws:eks:eu-west-1:111122223333:podidentityassociation/demo/a-7e5fb9ff4a486f453   web         api-0000               arn:aws:iam::111122223333:role/reader   -
    arn:aws:eks:eu-west-1:111122223333:podidentityassociation/demo/a-029951e387f27e01b   web         api-0001               arn:aws:iam::111122223333:role/reader   -
    [exit 0]
    ");
    assert_snapshot!(bench.run("get pia web/api-0001 --cluster demo -o wide"), @"
    [stdout]
    ASSOCIATION ARN                                                                      NAMESPACE   SERVICE ACCOUNT NAME   IAM ROLE ARN                            OWNER ARN   TARGET ROLE ARN   SESSION TAGS   SESSION POLICY
    arn:aws:eks:eu-west-1:111122223333:podidentityassociation/demo/a-029951e387f27e01b   web         api-0001               arn:aws:iam::111122223333:role/reader   -           -                 sent           -
    [exit 0]
    ");
    assert_snapshot!(bench.run("get pia -n web --name api-0001 --cluster demo -o json"), @r#"
    [stdout]
    [
        {
            "AssociationARN": "arn:aws:eks:eu-west-1:111122223333:podidentityassociation/demo/a-029951e387f27e01b",
            "AssociationID": "a-029951e387f27e01b",
            "DisableSessionTags": false,
            "ExternalID": null,
            "Namespace": "web",
            "OwnerARN": "",
            "Policy": null,
            "RoleARN": "arn:aws:iam::111122223333:role/reader",
            "ServiceAccountName": "api-0001",
            "Tags": {},
            "TargetRoleARN": null
        }
    ]
    [exit 0]
    "#);
    assert_snapshot!(bench.run("get pia --cluster demo -o markdown"), @"
    [stdout]
    | Service account | Role | Association | Owner |
    | --- | --- | --- | --- |
    | web/api-0000 | arn:aws:iam:&#58;111122223333:role/reader | a-7e5fb9ff4a486f453 | - |
    | web/api-0001 | arn:aws:iam:&#58;111122223333:role/reader | a-029951e387f27e01b | - |
    [exit 0]
    ");
    assert_snapshot!(bench.run("get pia --cluster demo -o name"), @"
    [stdout]
    web/api-0000
    web/api-0001
    [exit 0]
    ");
}

#[test]
fn a_thousand_are_all_there() {
    let bench = some(1_000);
    let told = bench.run("get pia --cluster demo -o name");
    assert_eq!(told.matches("web/api-").count(), 1_000);
    let lists = bench.calls();
    assert_eq!(
        lists.matches("ListPodIdentityAssociations").count(),
        10,
        "{lists}"
    );
}

#[test]
fn nothing_found_is_an_answer_and_a_name_is_none() {
    let bench = some(1);
    assert_snapshot!(bench.run("get pia -n other --cluster demo"), @"
    [stderr]
    no EKS Pod Identity associations found
    [exit 0]
    ");
    assert_snapshot!(bench.run("get pia web/api --cluster demo"), @r#"
    [stderr]
    error: cluster "demo" has no EKS Pod Identity association "api" in namespace "web"
    hint: list all of them: `irsactl get podidentityassociation --cluster demo`
    [exit 1]
    "#);
    assert_snapshot!(bench.run("get pia --cluster dmeo"), @r#"
    [stderr]
    error: there is no EKS cluster "dmeo" in eu-west-1
    hint: did you mean `--cluster demo`?
    hint: list the clusters: `aws eks list-clusters --region eu-west-1`
    hint: look in another region with `--region`; "dmeo" is looked for in one only
    [exit 1]
    "#);
}
