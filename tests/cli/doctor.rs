//! `doctor`: what it says of worlds in which something is wrong, and what it mends.

use crate::support::Bench;

mod authority;
mod causes;
mod drift;
mod flags;
mod fleet;
mod pod_identity;
mod pods;
mod repairs;

/// A service account web/api with its role, and a Deployment of two pods that carry it.
fn healthy() -> Bench {
    let bench = Bench::associated();
    bench.create("web/api");
    let mut world = bench.sandbox.world();
    world.api("demo").run_deployment("web", "api", "api", 2);
    drop(world);
    bench
}

fn doctor(bench: &Bench) -> String {
    bench.steady(&bench.run("doctor --cluster demo web/api"))
}

/// Points in time as `TIME`.
pub fn without_times(text: &str) -> String {
    let words = text.split_inclusive([' ', '\n']);
    let steady = words.map(|word| match word.starts_with("20") && word.contains("T") {
        true => format!("TIME{}", &word[word.trim_end().len()..]),
        false => word.to_owned(),
    });
    steady.collect()
}

#[test]
fn all_is_well() {
    let bench = healthy();
    insta::assert_snapshot!(doctor(&bench), @"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2
      38 checks hold
    [exit 0]
    ");
}

#[test]
fn pods_older_than_the_annotation_must_be_restarted() {
    let bench = Bench::associated();
    bench.sandbox.world().api("demo").put_namespace("web");
    bench
        .sandbox
        .world()
        .api("demo")
        .run_deployment("web", "api", "api", 2);
    bench.create("web/api");
    insta::assert_snapshot!(without_times(&doctor(&bench)), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2

    problem: deployment web/api: its pods are older than the annotation: they must be restarted [pod-age]
      pod created
        wanted: after TIME
        found:  TIME
      pods: api-6df9a677b4-0002d, api-6df9a677b4-00030
      hence: deployment web/api: its pods were not given the role, and use that of their node [pod-role]
      hence: deployment web/api: its pods do not know where their token is [pod-token-file]
      hence: deployment web/api: its pods have no token for AWS [pod-token-volume]
      fix: kubectl rollout restart deployment/api --namespace web   # in cluster demo

      34 checks hold
    [exit 1]
    ");
    insta::assert_snapshot!(without_times(&bench.run("doctor --cluster demo web/api --fix")), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2

    problem: deployment web/api: its pods are older than the annotation: they must be restarted [pod-age]
      pod created
        wanted: after TIME
        found:  TIME
      pods: api-6df9a677b4-0002d, api-6df9a677b4-00030
      hence: deployment web/api: its pods were not given the role, and use that of their node [pod-role]
      hence: deployment web/api: its pods do not know where their token is [pod-token-file]
      hence: deployment web/api: its pods have no token for AWS [pod-token-volume]
      fix: kubectl rollout restart deployment/api --namespace web   # in cluster demo

      34 checks hold

    --fix --approve would:
      ~ restart deployment web/api
          pod api-6df9a677b4-0002d: container app has no role
          pod api-6df9a677b4-00030: container app has no role
    [stderr]
    nothing was changed: run again with `--approve` to repair it
    [exit 1]
    ");
    insta::assert_snapshot!(bench.run("doctor --cluster demo web/api --fix --approve --wait-for-pods"), @"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2
      38 checks hold
    [stderr]
    restarted deployment web/api
    waited for the new pods of deployment web/api
    [exit 0]
    ");
}

#[test]
fn a_condition_key_with_its_scheme_is_named_and_corrected() {
    let bench = healthy();
    let issuer = bench.issuer();
    {
        let mut world = bench.sandbox.world();
        let role = world.role_of("web/api");
        let text = role.trust.to_string();
        let broken = text.replace(
            &format!("\"{issuer}:sub\""),
            &format!("\"https://{issuer}:sub\""),
        );
        role.trust = serde_json::from_str(&broken).expect("JSON");
    }
    insta::assert_snapshot!(doctor(&bench), @r#"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      pods: 2

    problem: the trust policy keeps web/api out: Statement[0] has a scheme in a condition key [trust-policy]
      Statement[0]
        wanted: oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub
        found:  https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub
                ],
                "Condition": {
                  "StringEquals": {
        -           "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:api",
        -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:api"
                  }
                },
                "Effect": "Allow",
      hence: STS refuses the token: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity [sts-accepts]
      fix: irsactl doctor --cluster demo web/api --fix --approve

      35 checks hold
    [exit 1]
    "#);
    insta::assert_snapshot!(bench.run("doctor --cluster demo web/api --fix"), @r#"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      pods: 2

    problem: the trust policy keeps web/api out: Statement[0] has a scheme in a condition key [trust-policy]
      Statement[0]
        wanted: oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub
        found:  https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub
                ],
                "Condition": {
                  "StringEquals": {
        -           "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:api",
        -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:api"
                  }
                },
                "Effect": "Allow",
      hence: STS refuses the token: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity [sts-accepts]
      fix: irsactl doctor --cluster demo web/api --fix --approve

      35 checks hold

    --fix --approve would:
      ~ repair role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
          ~ trust policy:
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {
                      "StringEquals": {
            -           "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:api",
            -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"
            +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
            +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:api"
                      }
                    },
                    "Effect": "Allow",
    [stderr]
    nothing was changed: run again with `--approve` to repair it
    [exit 1]
    "#);
    insta::assert_snapshot!(bench.run("doctor --cluster demo web/api --fix --approve"), @"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2
      38 checks hold
    [stderr]
    repaired role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [exit 0]
    ");
}

#[test]
fn a_missing_provider_comes_first() {
    let bench = healthy();
    bench.account(|account| account.providers.clear());
    insta::assert_snapshot!(doctor(&bench), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      pods: 2

    problem: account 111122223333 has no IAM OIDC provider for the cluster's issuer [provider]
      provider
        wanted: arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
        found:  none
      hence: STS refuses the token: InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E [sts-accepts]
      fix: irsactl associate-oidc-provider --cluster demo --approve

      34 checks hold
    [exit 1]
    ");
    insta::assert_snapshot!(bench.run("doctor --cluster demo web/api --fix --approve"), @"
    [stdout]
    web/api: healthy
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2
      38 checks hold
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    [exit 0]
    ");
}

#[test]
fn a_missing_annotation_is_mended() {
    let bench = healthy();
    let mut world = bench.sandbox.world();
    world
        .api("demo")
        .put_service_account("web", "api", &[], &[], "kubectl");
    drop(world);
    insta::assert_snapshot!(doctor(&bench), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2

    problem: ServiceAccount web/api has no role annotation [role-annotation]
      eks.amazonaws.com/role-arn
        wanted: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
        found:  no such annotation
      hence: deployment web/api: its pods have the role only until they are replaced [pod-own-role]
      fix: kubectl annotate serviceaccount api --namespace web --overwrite eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU   # in cluster demo

      28 checks hold
    [exit 1]
    ");
}

/// The hashes in the names of pods differ from run to run.
fn without_pod_names(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.strip_prefix("api-") {
        Some(rest) if rest.contains('-') => {
            let end = word.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '-');
            format!("api-HASH{end}")
        }
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// From the first finding on, without pods' names.
pub fn told(text: &str) -> String {
    let text = without_pod_names(text);
    let mut lines = text.lines().skip_while(|line| {
        let is_finding = ["problem: ", "warning: ", "note: "]
            .iter()
            .any(|start| line.starts_with(start));
        !is_finding && !line.ends_with("checks hold")
    });
    let first = lines.next().unwrap_or_default().to_owned();
    std::iter::once(first.as_str())
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}
