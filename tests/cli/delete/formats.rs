//! Plan and result as documents for machines.

use insta::assert_snapshot;

use super::{DELETE, with_s3_reader};

#[test]
fn the_plan_as_json_has_everything_that_is_sent() {
    let bench = with_s3_reader();
    assert_snapshot!(bench.run(&format!("{DELETE} --dry-run -o json")), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Plan",
        "summary": {
            "create": 0,
            "change": 0,
            "delete": 2,
            "wait": 0
        },
        "tracks": [
            {
                "target": {
                    "serviceAccount": "default/s3-reader"
                },
                "actions": [
                    {
                        "action": "deleteStack",
                        "stack": "eksctl-demo-addon-iamserviceaccount-default-s3-reader",
                        "id": "arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-demo-addon-iamserviceaccount-default-s3-reader/7835407f-c76c-fe3d-e2a7-b08d7e2d3c20",
                        "liftProtection": true,
                        "deploymentMode": "standard",
                        "ending": "awaited"
                    },
                    {
                        "action": "deleteServiceAccount",
                        "name": "default/s3-reader",
                        "uid": "5a4db0c5-0000-4000-8000-000000000023",
                        "resourceVersion": "36",
                        "ending": "awaited"
                    }
                ]
            }
        ]
    }
    [stderr]
    plan: 0 to create, 0 to change, 2 to delete
    nothing was changed: run again without `--dry-run` to carry the plan out
    [exit 0]
    "#);
}

#[test]
fn the_plan_as_yaml() {
    let bench = with_s3_reader();
    assert_snapshot!(bench.run(&format!("{DELETE} --dry-run -o yaml --quiet")), @r#"
    [stdout]
    apiVersion: irsactl/v1
    kind: Plan
    summary:
      create: 0
      change: 0
      delete: 2
      wait: 0
    tracks:
    - target:
        serviceAccount: default/s3-reader
      actions:
      - action: deleteStack
        stack: eksctl-demo-addon-iamserviceaccount-default-s3-reader
        id: arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-demo-addon-iamserviceaccount-default-s3-reader/7835407f-c76c-fe3d-e2a7-b08d7e2d3c20
        liftProtection: true
        deploymentMode: standard
        ending: awaited
      - action: deleteServiceAccount
        name: default/s3-reader
        uid: 5a4db0c5-0000-4000-8000-000000000023
        resourceVersion: "36"
        ending: awaited
    [exit 0]
    "#);
}

#[test]
fn the_result_as_json() {
    let bench = with_s3_reader();
    assert_snapshot!(bench.run(&format!("{DELETE} -o json")), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Result",
        "items": [
            {
                "done": [
                    "deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader",
                    "deleted service account default/s3-reader"
                ],
                "status": "deleted",
                "target": {
                    "serviceAccount": "default/s3-reader"
                }
            }
        ]
    }
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    deleted service account default/s3-reader
    [exit 0]
    "#);
}

#[test]
fn the_result_as_yaml() {
    let bench = with_s3_reader();
    assert_snapshot!(bench.run(&format!("{DELETE} -o yaml --quiet")), @"
    [stdout]
    apiVersion: irsactl/v1
    kind: Result
    items:
    - done:
      - deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
      - deleted service account default/s3-reader
      status: deleted
      target:
        serviceAccount: default/s3-reader
    [exit 0]
    ");
}

#[test]
fn the_result_as_a_name() {
    let bench = with_s3_reader();
    assert_snapshot!(bench.run(&format!("{DELETE} -o name --quiet")), @"
    [stdout]
    default/s3-reader
    [exit 0]
    ");
}
