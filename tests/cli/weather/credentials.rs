//! Who calls, and where: keys, sessions, profiles, regions.

use insta::assert_snapshot;

use super::{ASSOCIATE, DELETE, GET, create};
use crate::support::{ACCOUNT, Bench};

const LIST: &str = "get iamserviceaccount --cluster demo";

fn without_keys() -> Bench {
    let mut bench = Bench::new();
    bench.set("AWS_ACCESS_KEY_ID", "");
    bench.set("AWS_SECRET_ACCESS_KEY", "");
    bench
}

#[test]
fn no_credentials_are_told_by_every_command() {
    let bench = without_keys();
    let expected = bench.run(LIST);
    assert_snapshot!(expected, @"
    [stderr]
    error: no usable AWS credentials: none in the environment, the profile, a web identity token, or the metadata of container and instance
    hint: sign in (`aws login`, `aws sso login`), choose a profile (`--profile NAME`; `aws configure list-profiles`), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
    [exit 4]
    ");
    for line in [ASSOCIATE, GET, DELETE, &create()] {
        assert_eq!(bench.run(line), expected, "{line}");
    }
    assert_eq!(bench.calls(), "");
}

#[test]
fn an_expired_session_is_told_by_every_command() {
    let mut bench = Bench::new();
    bench.set("AWS_SESSION_TOKEN", "expired");
    assert_snapshot!(bench.run(LIST), @"
    [stderr]
    error: no usable AWS credentials: ExpiredToken: The security token included in the request is expired
    hint: check them: `aws sts get-caller-identity`
    hint: they are those of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN: set them anew, or `unset` them to use a profile
    [exit 4]
    ");
    for line in [ASSOCIATE, GET, DELETE, &create()] {
        let result = bench.run(line);
        assert!(
            result.contains("error: no usable AWS credentials: ExpiredToken"),
            "{result}"
        );
        assert!(result.ends_with("[exit 4]\n"), "{result}");
    }
}

#[test]
fn an_unknown_key_is_told_and_not_shown() {
    let mut bench = Bench::new();
    bench.set("AWS_ACCESS_KEY_ID", "AKIA999999999999");
    assert_snapshot!(bench.run(LIST), @"
    [stderr]
    error: no usable AWS credentials: InvalidClientTokenId: The security token included in the request is invalid.
    hint: check them: `aws sts get-caller-identity`
    hint: they are those of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN: set them anew, or `unset` them to use a profile
    [exit 4]
    ");
    assert!(bench.run(ASSOCIATE).ends_with("[exit 4]\n"));
}

#[test]
fn an_unknown_profile_is_told_by_its_name() {
    let bench = Bench::new();
    assert_snapshot!(bench.run(&format!("{LIST} --profile nowhere")), @r#"
    [stderr]
    error: no usable AWS credentials: there is no profile "nowhere" in "~/.aws/config" (not there) and "~/.aws/credentials" (not there)
    hint: list the profiles: `aws configure list-profiles`
    [exit 4]
    "#);
}

#[test]
fn an_unknown_profile_is_told_beside_others() {
    let bench = Bench::new();
    bench.file(".aws/config", "[profile other]\nregion = eu-west-1\n");
    assert_snapshot!(bench.run(&format!("{LIST} --profile nowhere")), @r#"
    [stderr]
    error: no usable AWS credentials: there is no profile "nowhere" in "~/.aws/config" and "~/.aws/credentials" (not there)
    hint: list the profiles: `aws configure list-profiles`
    [exit 4]
    "#);
}

#[test]
fn a_profile_without_keys_is_told() {
    let bench = Bench::new();
    bench.file(".aws/config", "[profile other]\nregion = eu-west-1\n");
    assert_snapshot!(bench.run(&format!("{LIST} --profile other")), @r#"
    [stderr]
    error: no usable AWS credentials: profile "other" has none
    hint: list the profiles: `aws configure list-profiles`
    [exit 4]
    "#);
}

/// A second account with a cluster of its own, and a profile for it.
fn with_other_account() -> Bench {
    let bench = Bench::new();
    bench
        .sandbox
        .world()
        .add_cluster("theirs", "444455556666", "eu-west-1");
    bench.file(".aws/config", "[profile other]\nregion = eu-west-1\n");
    bench.file(
        ".aws/credentials",
        "[other]\naws_access_key_id = AKIA444455556666\naws_secret_access_key = sandbox-secret-key\n",
    );
    bench
}

#[test]
fn a_profile_outranks_the_keys_of_the_environment() {
    let bench = with_other_account();
    assert_snapshot!(bench.run("associate-oidc-provider --cluster theirs --approve --profile other"), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/5958ACDA4AC28C6450F52FECAB2D2553   created
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/5958ACDA4AC28C6450F52FECAB2D2553
    tagged cluster/theirs with alpha.eksctl.io/cluster-oidc-enabled=true
    [exit 0]
    ");
    let providers = |account: &str| bench.sandbox.world().accounts[account].providers.len();
    assert_eq!((providers(ACCOUNT), providers("444455556666")), (0, 1));
}

#[test]
fn the_keys_of_the_environment_outrank_aws_profile() {
    let mut bench = with_other_account();
    bench.set("AWS_PROFILE", "other");
    assert!(bench.run(LIST).ends_with("[exit 0]\n"));
    bench.set("AWS_ACCESS_KEY_ID", "");
    bench.set("AWS_SECRET_ACCESS_KEY", "");
    assert_snapshot!(bench.run(LIST), @r#"
    [stderr]
    error: there is no EKS cluster "demo" in eu-west-1
    hint: list the clusters: `aws eks list-clusters --region eu-west-1`
    hint: look in another region with `--region`; "demo" is looked for in one only
    [exit 1]
    "#);
}

#[test]
fn hints_carry_the_profile_and_the_region() {
    let bench = with_other_account();
    let line = "create iamserviceaccount a --cluster theirs --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess \
                --profile other --region eu-west-1 --approve";
    assert_snapshot!(bench.run(line), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    default     a      refused
    [stderr]
    error: default/a: cluster "theirs" has no IAM OIDC provider, so no pod of it could assume a role
    hint: run `irsactl associate-oidc-provider --cluster theirs --approve --region eu-west-1 --profile other` first
    hint: or add `--associate-oidc-provider` to this command
    [exit 1]
    "#);
}

#[test]
fn no_region_is_told_before_any_call() {
    let mut bench = Bench::new();
    bench.set("AWS_REGION", "");
    bench.set("AWS_DEFAULT_REGION", "");
    assert_snapshot!(bench.run(LIST), @"
    [stderr]
    error: no AWS region is set
    hint: name it: `--region eu-west-1`, `export AWS_REGION=eu-west-1`, or `aws configure set region eu-west-1`
    [exit 2]
    ");
    assert_eq!(bench.calls(), "");
}

#[test]
fn the_region_comes_from_the_flag_then_the_environment_then_the_profile() {
    let mut bench = Bench::new();
    bench.file(".aws/config", "[default]\nregion = us-east-1\n");
    let in_region = |bench: &Bench, line: &str| {
        let result = bench.run(line);
        let text = result.split(" in ").nth(1).unwrap_or(&result);
        text.lines().next().unwrap_or_default().to_owned()
    };
    let line = "get iamserviceaccount --cluster none";
    assert_eq!(
        in_region(&bench, &format!("{line} -r eu-central-1")),
        "eu-central-1"
    );
    assert_eq!(in_region(&bench, line), "eu-west-1");
    bench.set("AWS_REGION", "");
    bench.set("AWS_DEFAULT_REGION", "");
    assert_eq!(in_region(&bench, line), "us-east-1");
    bench.set("AWS_DEFAULT_REGION", "eu-west-3");
    assert_eq!(in_region(&bench, line), "eu-west-3");
}

#[test]
fn no_secret_is_in_the_log_at_any_verbosity() {
    let mut bench = Bench::new();
    bench.set("IRSACTL_LOG", "trace");
    let result = bench.run(&format!("{} -vvv", create()));
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    for secret in [
        "sandbox-secret-key",
        "k8s-aws-v1.",
        "X-Amz-Signature=",
        "Signature=",
        "BEGIN PRIVATE",
    ] {
        let line = result.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}
