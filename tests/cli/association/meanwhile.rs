//! An association that a second run makes between the look and the call: EKS answers 409, and it is looked at
//! again.

use insta::assert_snapshot;

use super::{association, create, ready};
use crate::support::{ACCOUNT, Bench};

const READER: &str = "arn:aws:iam::111122223333:role/reader";

/// Somebody associates web/api with the role of that name just before.
fn overtaken(bench: &Bench, role: &str) {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/{role}");
    let call = "eks CreatePodIdentityAssociation";
    bench.sandbox.before(call, 1, move |world| {
        world.clusters[0].add_association("web", "api", &role);
    });
}

fn with_roles() -> Bench {
    let bench = ready();
    let mut world = bench.sandbox.world();
    for name in ["reader", "other"] {
        world.add_role_of_pods(name);
    }
    drop(world);
    bench
}

#[test]
fn with_the_same_role_it_is_taken() {
    let bench = with_roles();
    overtaken(&bench, "reader");
    let line = format!("create podidentityassociation web/api --cluster demo --role-arn {READER}");
    assert_snapshot!(bench.run(&format!("{line} --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/reader
    [exit 0]
    ");
    assert_snapshot!(association(&bench), @"reader target None tags true policy None");
    assert_eq!(bench.sandbox.world().clusters[0].associations.len(), 1);
}

#[test]
fn with_another_role_it_is_refused_and_stays() {
    let bench = with_roles();
    overtaken(&bench, "other");
    let line = format!("create podidentityassociation web/api --cluster demo --role-arn {READER}");
    assert_snapshot!(bench.run(&format!("{line} --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused   arn:aws:iam::111122223333:role/reader
    [stderr]
    error: web/api (EKS Pod Identity): the association has another role
      asked: arn:aws:iam::111122223333:role/reader
      found: arn:aws:iam::111122223333:role/other
    hint: replace it by adding `--override-existing` to `create podidentityassociation`, which takes a file too
    hint: or keep that role: `irsactl create podidentityassociation api --namespace web --cluster demo --role-arn arn:aws:iam::111122223333:role/other`
    [exit 1]
    ");
    assert_snapshot!(association(&bench), @"other target None tags true policy None");
    // The role of its own that was made before it is there for the next run.
    let bench = with_roles();
    overtaken(&bench, "other");
    assert_snapshot!(bench.run(&format!("{} --approve", create())), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    created stack eksctl-demo-podidentityrole-web-api
    error: web/api (EKS Pod Identity): the association has another role
      asked: arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
      found: arn:aws:iam::111122223333:role/other
    hint: replace it by adding `--override-existing` to `create podidentityassociation`, which takes a file too
    hint: or keep that role: `irsactl create podidentityassociation api --namespace web --cluster demo --role-arn arn:aws:iam::111122223333:role/other`
    [exit 1]
    ");
    assert_snapshot!(association(&bench), @"other target None tags true policy None");
}
