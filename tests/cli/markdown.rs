//! `-o markdown`: plan, result, list and findings for a pull request or a step summary. What others wrote
//! gets no HTML, no cell and no command of a CI system through.

use insta::assert_snapshot;

use crate::file::{account, file_of};
use crate::support::Bench;

/// As a CI system sees it: no line of stdout may be a command, no cell may hold HTML.
fn assert_harmless(result: &str) {
    let stdout = result.split("[stderr]").next().unwrap_or_default();
    for line in stdout.lines() {
        let is_command = line.trim_start().starts_with("::") || line.contains("##[");
        assert!(
            !is_command && !line.contains("<img") && !line.contains('@'),
            "{line}"
        );
    }
}

#[test]
fn plan_and_result_are_tables() {
    let bench = Bench::associated();
    bench.config_of(&["web/api"]);
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml -o markdown"), @"
    [stdout]
    **Plan: 2 to create, 0 to change, 0 to delete**

    |  | Action | Details |
    | --- | --- | --- |
    | + | create stack eksctl-demo-addon-iamserviceaccount-web-api | trusted: web/api, audience sts.amazonaws.com<br>managed policy: arn:aws:iam:&#58;aws:policy/AmazonS3ReadOnlyAccess |
    | + | create service account web/api | role: known when stack eksctl-demo-addon-iamserviceaccount-web-api is ready<br>label: app.kubernetes.io/managed-by=eksctl<br>namespace: web, made where it is missing |
    [stderr]
    plan: 2 to create, 0 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml -o markdown --approve"), @"
    [stdout]
    | Target | Status | Role | Error |
    | --- | --- | --- | --- |
    | https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E | unchanged |  |  |
    | web/api | created | arn:aws:iam:&#58;111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU |  |
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    created service account web/api
    [exit 0]
    ");
    // What is empty says so.
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml -o markdown"), @"
    [stdout]
    **Plan: nothing to do**, all is as asked
    [stderr]
    nothing to do: all is as asked
    [exit 0]
    ");
    bench.file("cluster.yaml", &file_of(&account("web", "other")));
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml -o markdown --prune"), @"
    [stdout]
    **Plan: 2 to create, 0 to change, 2 to delete**

    |  | Action | Details |
    | --- | --- | --- |
    | + | create stack eksctl-demo-addon-iamserviceaccount-web-other | trusted: web/other, audience sts.amazonaws.com<br>managed policy: arn:aws:iam:&#58;aws:policy/AmazonS3ReadOnlyAccess |
    | + | create service account web/other | role: known when stack eksctl-demo-addon-iamserviceaccount-web-other is ready<br>label: app.kubernetes.io/managed-by=eksctl<br>namespace: web, made where it is missing |
    | - | **delete service account web/api** |  |
    | - | **delete stack eksctl-demo-addon-iamserviceaccount-web-api** |  |
    [stderr]
    plan: 2 to create, 0 to change, 2 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
}

#[test]
fn what_is_refused_is_in_the_plan() {
    let bench = Bench::new();
    let line = "create iamserviceaccount web/api --cluster demo --attach-policy-arn arn:aws:iam::aws:policy/None -o markdown";
    assert_snapshot!(bench.run(line), @r#"
    [stdout]
    **Plan: nothing that can be done**

    - **refused**: web/api: cluster "demo" has no IAM OIDC provider, so no pod of it could assume a role
    - **refused**: web/api: policy arn:aws:iam:&#58;aws:policy/None does not exist
    [stderr]
    error: web/api: cluster "demo" has no IAM OIDC provider, so no pod of it could assume a role
    hint: run `irsactl associate-oidc-provider --cluster demo --approve` first
    hint: or add `--associate-oidc-provider` to this command
    error: web/api: policy arn:aws:iam::aws:policy/None does not exist
    hint: look for its ARN: `aws iam list-policies --query 'Policies[].Arn'`
    [exit 1]
    "#);
}

#[test]
fn the_list_and_findings_are_markdown() {
    let bench = Bench::associated();
    assert_snapshot!(bench.run("get iamserviceaccount --cluster demo -o markdown"), @"
    [stdout]
    No IAM service accounts found.
    [stderr]
    no IAM service accounts found
    [exit 0]
    ");
    bench.create("web/api");
    assert_snapshot!(bench.run("get iamserviceaccount --cluster demo -o markdown"), @"
    [stdout]
    | Service account | Role | Status | Stack |
    | --- | --- | --- | --- |
    | web/api | arn:aws:iam:&#58;111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU | CREATE&#95;COMPLETE | eksctl-demo-addon-iamserviceaccount-web-api |
    [exit 0]
    ");
    bench.account(|account| account.providers.clear());
    assert_snapshot!(bench.run("doctor web/api --cluster demo -o markdown"), @"
    [stdout]
    **web/api: 1 problem**<br>&nbsp;&nbsp;role: arn:aws:iam:&#58;111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU<br>&nbsp;&nbsp;pods: none runs

    **problem: account 111122223333 has no IAM OIDC provider for the cluster's issuer &#91;provider&#93;**<br>&nbsp;&nbsp;provider<br>&nbsp;&nbsp;&nbsp;&nbsp;wanted: arn:aws:iam:&#58;111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E<br>&nbsp;&nbsp;&nbsp;&nbsp;found:  none<br>&nbsp;&nbsp;hence: STS refuses the token: InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E &#91;sts-accepts&#93;<br>&nbsp;&nbsp;fix: irsactl associate-oidc-provider --cluster demo --approve

    &nbsp;&nbsp;18 checks hold
    [exit 1]
    ");
}

#[test]
fn hostile_values_are_plain_text() {
    let bench = Bench::associated();
    let accounts = "  - metadata: {name: api, namespace: web, annotations: {note: \"::set-output name=x::y|<img src=x>|##[error]@team\"}}\n    \
         tags: {team: \"::add-mask:://@team\"}\n    attachPolicyARNs: [arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess]\n";
    bench.file("cluster.yaml", &file_of(accounts));
    let plan = bench.run("apply -f ~/cluster.yaml -o markdown");
    assert_harmless(&plan);
    assert_snapshot!(plan, @r#"
    [stdout]
    **Plan: 2 to create, 0 to change, 0 to delete**

    |  | Action | Details |
    | --- | --- | --- |
    | + | create stack eksctl-demo-addon-iamserviceaccount-web-api | trusted: web/api, audience sts.amazonaws.com<br>managed policy: arn:aws:iam:&#58;aws:policy/AmazonS3ReadOnlyAccess<br>tag: team=&#58;&#58;add-mask:&#58;//team |
    | + | create service account web/api | role: known when stack eksctl-demo-addon-iamserviceaccount-web-api is ready<br>label: app.kubernetes.io/managed-by=eksctl<br>annotation: "note=&#58;&#58;set-output name=x:&#58;y&#124;&#60;img src=x&#62;&#124;&#92;u0023&#35;&#91;error&#93;&#64;team"<br>namespace: web, made where it is missing |
    [stderr]
    plan: 2 to create, 0 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
}
