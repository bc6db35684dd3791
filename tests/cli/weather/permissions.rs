//! Each call of each command refused in turn: the missing permission is named, or is not needed.

use insta::assert_snapshot;

use super::{Scenario, scenarios, trouble};

/// Each AWS call refused: what is told, without AWS's own sentence.
fn denied(scenario: &Scenario) -> String {
    let mut text = String::new();
    for (call, result) in scenario.with_each_call("deny") {
        if call.starts_with("kubernetes") || call.starts_with("issuer") {
            continue;
        }
        let permission = call.replace(' ', ":");
        assert!(
            !result.contains("error:") || result.contains(&permission),
            "{call}: {result}"
        );
        let sentence = format!(
            "User: arn:aws:iam::111122223333:user/someone is not authorized to perform: {permission} because no \
             identity-based policy allows the {permission} action"
        );
        text.push_str(&format!(
            "{call}:\n  {}\n",
            trouble(&result.replace(&sentence, "AWS's words"))
        ));
    }
    text
}

#[test]
fn associating_names_the_missing_permission() {
    let [associate, ..] = scenarios();
    assert_snapshot!(denied(&associate), @"
    eks DescribeCluster:
      error: not allowed to call eks:DescribeCluster on demo: AWS's words
      hint: allow `eks:DescribeCluster` to this identity (`aws sts get-caller-identity` names it)
      [exit 1]
    eks TagResource:
      warning: did not tag cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true: not allowed to call eks:TagResource on arn:aws:eks:eu-west-1:111122223333:cluster/demo: AWS's words
      [exit 0]
    iam CreateOpenIDConnectProvider:
      error: not allowed to call iam:CreateOpenIDConnectProvider on https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: AWS's words
      hint: allow `iam:CreateOpenIDConnectProvider` to this identity (`aws sts get-caller-identity` names it)
      [exit 1]
    iam GetOpenIDConnectProvider:
      error: not allowed to call iam:GetOpenIDConnectProvider on arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: AWS's words
      hint: allow `iam:GetOpenIDConnectProvider` to this identity (`aws sts get-caller-identity` names it)
      [exit 1]
    ");
}

#[test]
fn creating_names_the_missing_permission() {
    let [_, create, ..] = scenarios();
    assert_snapshot!(denied(&create), @"
    cloudformation CreateStack:
      error: not allowed to call cloudformation:CreateStack on eksctl-demo-addon-iamserviceaccount-default-s3-reader: AWS's words
      hint: allow `cloudformation:CreateStack` to this identity (`aws sts get-caller-identity` names it)
      [exit 1]
    cloudformation DescribeStacks:
      error: not allowed to call cloudformation:DescribeStacks on eksctl-demo-addon-iamserviceaccount-default-s3-reader: AWS's words
      hint: allow `cloudformation:DescribeStacks` to this identity (`aws sts get-caller-identity` names it)
      [exit 1]
    eks DescribeCluster:
      error: not allowed to call eks:DescribeCluster on demo: AWS's words
      hint: allow `eks:DescribeCluster` to this identity (`aws sts get-caller-identity` names it)
      [exit 1]
    eks TagResource:
      warning: did not tag cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true: not allowed to call eks:TagResource on arn:aws:eks:eu-west-1:111122223333:cluster/demo: AWS's words
      [exit 0]
    iam CreateOpenIDConnectProvider:
      error: not allowed to call iam:CreateOpenIDConnectProvider on https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: AWS's words
      hint: allow `iam:CreateOpenIDConnectProvider` to this identity (`aws sts get-caller-identity` names it)
      [exit 1]
    iam GetOpenIDConnectProvider:
      error: not allowed to call iam:GetOpenIDConnectProvider on arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: AWS's words
      hint: allow `iam:GetOpenIDConnectProvider` to this identity (`aws sts get-caller-identity` names it)
      [exit 1]
    iam GetPolicy:
      note: cannot tell whether policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess exists: not allowed to call iam:GetPolicy: AWS's words
      [exit 0]
    ");
}

#[test]
fn creating_again_names_the_missing_permission() {
    let [_, _, again, ..] = scenarios();
    assert_snapshot!(denied(&again), @"
    cloudformation DescribeStacks:
      error: not allowed to call cloudformation:DescribeStacks on eksctl-demo-addon-iamserviceaccount-default-s3-reader: AWS's words
      hint: allow `cloudformation:DescribeStacks` to this identity (`aws sts get-caller-identity` names it)
      [exit 1]
    cloudformation GetTemplate:
      error: not allowed to call cloudformation:GetTemplate on arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-demo-addon-iamserviceaccount-default-s3-reader/7835407f-c76c-fe3d-e2a7-b08d7e2d3c20: AWS's words
      hint: allow `cloudformation:GetTemplate` to this identity (`aws sts get-caller-identity` names it)
      [exit 1]
    eks DescribeCluster:
      error: not allowed to call eks:DescribeCluster on demo: AWS's words
      hint: allow `eks:DescribeCluster` to this identity (`aws sts get-caller-identity` names it)
      [exit 1]
    iam GetOpenIDConnectProvider:
      error: not allowed to call iam:GetOpenIDConnectProvider on arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: AWS's words
      hint: allow `iam:GetOpenIDConnectProvider` to this identity (`aws sts get-caller-identity` names it)
      [exit 1]
    iam GetPolicy:
      note: cannot tell whether policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess exists: not allowed to call iam:GetPolicy: AWS's words
      [exit 0]
    iam GetRole:
      note: cannot read the role's trust policy, the template's is compared: not allowed to call iam:GetRole: AWS's words
      [exit 0]
    iam ListAttachedRolePolicies:
      note: cannot tell whether the role's policies were changed by hand: not allowed to call iam:ListAttachedRolePolicies: AWS's words
      [exit 0]
    iam ListRolePolicies:
      note: cannot tell whether the role's policies were changed by hand: not allowed to call iam:ListRolePolicies: AWS's words
      [exit 0]
    ");
}

#[test]
fn listing_names_the_missing_permission() {
    let [.., get, _] = scenarios();
    assert_snapshot!(denied(&get), @"
    cloudformation DescribeStacks:
      error: not allowed to call cloudformation:DescribeStacks: AWS's words
      hint: allow `cloudformation:DescribeStacks` on `*` to this identity (`aws sts get-caller-identity` names it)
      [exit 1]
    cloudformation GetTemplate:
      warning: the roles' policies are not known: not allowed to call cloudformation:GetTemplate: AWS's words
      [exit 0]
    eks DescribeCluster:
      warning: the Kubernetes side is not known: not allowed to call eks:DescribeCluster on demo: AWS's words
      [exit 0]
    ");
}

#[test]
fn deleting_names_the_missing_permission() {
    let [.., delete] = scenarios();
    assert_snapshot!(denied(&delete), @r#"
    cloudformation DeleteStack:
      error: not allowed to call cloudformation:DeleteStack on arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-demo-addon-iamserviceaccount-default-s3-reader/7835407f-c76c-fe3d-e2a7-b08d7e2d3c20: AWS's words
      hint: allow `cloudformation:DeleteStack` to this identity (`aws sts get-caller-identity` names it)
      [exit 1]
    cloudformation DescribeStacks:
      error: not allowed to call cloudformation:DescribeStacks on eksctl-demo-addon-iamserviceaccount-default-s3-reader: AWS's words
      hint: allow `cloudformation:DescribeStacks` to this identity (`aws sts get-caller-identity` names it)
      [exit 1]
    cloudformation GetTemplate:
      note: cannot tell whether policies were attached to the role by hand: not allowed to call cloudformation:GetTemplate: AWS's words
      error: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" ended in DELETE_FAILED: Role1 (AWS::IAM::Role): Resource handler returned message: "Cannot delete entity, must detach all policies first. (Service: Iam, Status Code: 409, Request ID: 44adea04-f48f-cb6b-585a-c4e4a81495c0)"
      hint: mend the cause and run the same command again; `--detach-foreign` detaches policies that were attached by hand
      hint: see all its events: `aws cloudformation describe-stack-events --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
      [exit 1]
    cloudformation UpdateTerminationProtection:
      error: not allowed to call cloudformation:UpdateTerminationProtection on arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-demo-addon-iamserviceaccount-default-s3-reader/7835407f-c76c-fe3d-e2a7-b08d7e2d3c20: AWS's words
      hint: allow `cloudformation:UpdateTerminationProtection` to this identity (`aws sts get-caller-identity` names it)
      [exit 1]
    eks DescribeCluster:
      error: not allowed to call eks:DescribeCluster on demo: AWS's words
      hint: allow `eks:DescribeCluster` to this identity (`aws sts get-caller-identity` names it)
      [exit 1]
    eks ListPodIdentityAssociations:
      error: default/s3-reader: whether its ServiceAccount has an EKS Pod Identity association, whose pods would lose it, cannot be told: not allowed to call eks:ListPodIdentityAssociations
      hint: allow `eks:ListPodIdentityAssociations` to this identity
      hint: or leave the ServiceAccount where it is: `irsactl delete iamserviceaccount s3-reader --namespace default --cluster demo --role-only`
      [exit 1]
    iam DetachRolePolicy:
      error: not allowed to call iam:DetachRolePolicy on eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK: AWS's words
      hint: allow `iam:DetachRolePolicy` to this identity (`aws sts get-caller-identity` names it)
      [exit 1]
    iam GetRole:
      error: default/s3-reader: role "eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK" may not be the one that the stack made: not allowed to call iam:GetRole: AWS's words
      hint: look at it, and detach by hand what may go: `aws iam get-role --role-name eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK`
      [exit 1]
    iam ListAttachedRolePolicies:
      note: cannot tell whether policies were attached to the role by hand: not allowed to call iam:ListAttachedRolePolicies: AWS's words
      error: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" ended in DELETE_FAILED: Role1 (AWS::IAM::Role): Resource handler returned message: "Cannot delete entity, must detach all policies first. (Service: Iam, Status Code: 409, Request ID: 44adea04-f48f-cb6b-585a-c4e4a81495c0)"
      hint: mend the cause and run the same command again; `--detach-foreign` detaches policies that were attached by hand
      hint: see all its events: `aws cloudformation describe-stack-events --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
      [exit 1]
    iam ListInstanceProfilesForRole:
      note: cannot tell whether instances have the role by an instance profile: not allowed to call iam:ListInstanceProfilesForRole: AWS's words
      [exit 0]
    iam ListRolePolicies:
      note: cannot tell whether policies were attached to the role by hand: not allowed to call iam:ListRolePolicies: AWS's words
      [exit 0]
    "#);
}

#[test]
fn a_refused_read_changes_nothing() {
    let [_, create, ..] = scenarios();
    for call in [
        "eks DescribeCluster",
        "iam GetOpenIDConnectProvider",
        "cloudformation DescribeStacks",
    ] {
        let bench = (create.arrange)();
        bench.sandbox.fault(&format!("{call} deny"));
        let result = bench.run(&create.line);
        assert!(result.ends_with("[exit 1]\n"), "{call}: {result}");
        let calls = bench.calls();
        let is_write = |call: &&str| {
            ["Create", "Tag", "apply"]
                .iter()
                .any(|verb| call.contains(verb))
        };
        assert_eq!(calls.lines().find(is_write), None, "{call}");
    }
}
