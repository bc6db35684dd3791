//! Roles in another account than the cluster's: provider, stack and role there, the ServiceAccount here.

pub mod file;

use insta::assert_snapshot;
use serde_json::json;

use crate::sandbox::{Account, Options, Role};
use crate::support::{Bench, S3};

/// The account of the roles.
const DATA: &str = "444455556666";
const PROFILE: &str = "--role-profile data";
const VIA: &str = "--role-via arn:aws:iam::444455556666:role/irsa-admin";

/// With a profile of the other account's user.
fn bench() -> Bench {
    with(Options::default())
}

fn with(options: Options) -> Bench {
    let mut bench = Bench::with(options);
    let config = bench.file(
        "aws/config",
        "[profile data]\naws_access_key_id = AKIA444455556666\naws_secret_access_key = sandbox-secret-key\n\
         [profile far]\nregion = cn-north-1\naws_access_key_id = AKIA444455556666\naws_secret_access_key = sandbox-secret-key\n",
    );
    bench.set("AWS_CONFIG_FILE", &config.display().to_string());
    bench
}

/// With the provider there, and default/s3-reader.
fn with_s3_reader() -> Bench {
    let bench = bench();
    bench.arrange(&associate(PROFILE));
    bench.arrange(&create(PROFILE));
    bench
}

fn associate(roles: &str) -> String {
    format!("associate-oidc-provider --cluster demo {roles} --approve")
}

fn create(roles: &str) -> String {
    format!(
        "create iamserviceaccount s3-reader --cluster demo --attach-policy-arn {S3} {roles} --approve"
    )
}

fn data<T>(bench: &Bench, look: impl FnOnce(&mut Account) -> T) -> T {
    let mut world = bench.sandbox.world();
    look(world.accounts.get_mut(DATA).expect("the account"))
}

/// How many providers, stacks and roles each account has, the cluster's first.
fn counts(bench: &Bench) -> String {
    let count = |account: &mut Account| {
        let stacks = account.stacks.iter();
        let stacks = stacks.filter(|stack| stack.deleted.is_none()).count();
        (account.providers.len(), stacks, account.roles.len())
    };
    let (own, other) = (bench.account(count), data(bench, count));
    format!("{own:?} {other:?}")
}

/// A role there that lets somebody in.
fn put_admin(bench: &Bench, principal: &str) {
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}]});
    let role = Role::new("aws", DATA, "/", "irsa-admin", trust);
    data(bench, |account| {
        account.create_role(role).expect("a role");
    });
}

#[test]
fn a_role_in_another_account_is_made_proved_listed_and_deleted() {
    let bench = bench();
    assert_snapshot!(bench.run(&associate(PROFILE)), @"
    [stdout]
    PROVIDER                                                                                               STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E in account 444455556666   created
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E in account 444455556666
    [exit 0]
    ");
    let verified = format!("{} --verify", create(PROFILE));
    assert_snapshot!(bench.run(&verified), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   arn:aws:iam::444455556666:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-GHPWCPBXSQAJ

    NAMESPACE   NAME        VERIFIED   CALLER
    default     s3-reader   yes        arn:aws:sts::444455556666:assumed-role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-GHPWCPBXSQAJ/irsactl-verify
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader in account 444455556666
    created service account default/s3-reader
    [exit 0]
    ");
    assert_eq!(counts(&bench), "(0, 0, 0) (1, 1, 1)");
    bench.calls();
    for again in [associate(PROFILE), create(PROFILE)] {
        let told = bench.run(&again);
        assert!(told.ends_with("[exit 0]\n"), "{told}");
    }
    assert_eq!(bench.changes(), "");
    assert_snapshot!(bench.run(&format!("get iamserviceaccount --cluster demo {PROFILE}")), @r"
    [stdout]
    NAMESPACE   NAME        ROLE ARN
    default     s3-reader   arn:aws:iam::444455556666:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-GHPWCPBXSQAJ
    [exit 0]
    ");
    assert_snapshot!(bench.run("get iamserviceaccount s3-reader -n default --cluster demo"), @r"
    [stdout]
    NAMESPACE   NAME        ROLE ARN
    default     s3-reader   arn:aws:iam::444455556666:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-GHPWCPBXSQAJ
    [stderr]
    note: default/s3-reader has role arn:aws:iam::444455556666:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-GHPWCPBXSQAJ of account 444455556666, and only account 111122223333 was looked at: `--role-profile PROFILE` or `--role-via ROLE_ARN` looks there
    [exit 0]
    ");
    assert_snapshot!(bench.run("delete iamserviceaccount s3-reader --cluster demo"), @r"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: a stack of account 444455556666 made its role arn:aws:iam::444455556666:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-GHPWCPBXSQAJ, and only account 111122223333 was looked at
    hint: delete it with a profile of that account: `irsactl delete iamserviceaccount s3-reader --namespace default --cluster demo --role-profile PROFILE`, or with a role of it by `--role-via ROLE_ARN`
    [exit 1]
    ");
    assert_eq!(bench.changes(), "");
    assert_snapshot!(bench.run(&format!("delete iamserviceaccount s3-reader --cluster demo {PROFILE}")), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader in account 444455556666
    deleted service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("disassociate-oidc-provider --cluster demo {PROFILE} --approve")), @"
    [stdout]
    PROVIDER                                                                                               STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E in account 444455556666   deleted
    [stderr]
    deleted IAM OIDC provider arn:aws:iam::444455556666:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    [exit 0]
    ");
    assert_eq!(counts(&bench), "(0, 0, 0) (0, 0, 0)");
}

#[test]
fn a_role_is_assumed_first_where_it_lets_the_run_in() {
    let bench = bench();
    assert_snapshot!(bench.run(&associate(VIA)), @r"
    [stderr]
    error: no usable AWS credentials: arn:aws:iam::444455556666:role/irsa-admin cannot be assumed: AccessDenied: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/irsa-admin
    hint: the run's own identity (`aws sts get-caller-identity` names it) needs `sts:AssumeRole` on it, and the role a trust policy that lets that identity in
    hint: or use a profile of that account in its place: `--role-profile PROFILE`
    [exit 4]
    ");
    put_admin(&bench, "arn:aws:iam::777788889999:root");
    assert_snapshot!(bench.run(&associate(VIA)), @r"
    [stderr]
    error: no usable AWS credentials: arn:aws:iam::444455556666:role/irsa-admin cannot be assumed: AccessDenied: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/irsa-admin
    hint: the run's own identity (`aws sts get-caller-identity` names it) needs `sts:AssumeRole` on it, and the role a trust policy that lets that identity in
    hint: or use a profile of that account in its place: `--role-profile PROFILE`
    [exit 4]
    ");
    data(&bench, |account| account.roles.clear());
    put_admin(&bench, "arn:aws:iam::111122223333:root");
    bench.arrange(&associate(VIA));
    bench.arrange(&create(VIA));
    assert_eq!(counts(&bench), "(0, 0, 0) (1, 1, 2)");
}

#[test]
fn what_cannot_be_is_refused_before_any_call() {
    let bench = bench();
    for (roles, wanted) in [
        (
            "--role-via arn:aws-cn:iam::444455556666:role/admin",
            "error: --role-via arn:aws-cn:iam::444455556666:role/admin is of the partition aws-cn, the cluster's region eu-west-1 of aws: no role is assumed from one in another\n",
        ),
        (
            "--role-profile far",
            "error: --role-profile far, whose region is cn-north-1, is of the partition aws-cn, the cluster's region eu-west-1 of aws: no role is assumed from one in another\n",
        ),
        (
            "--role-profile nosuch",
            "error: no usable AWS credentials: there is no profile \"nosuch\" in ",
        ),
        (
            "--role-profile data --role-via arn:aws:iam::444455556666:role/admin",
            "error: the argument '--role-profile <PROFILE>' cannot be used with '--role-via <ROLE_ARN>'\n",
        ),
    ] {
        let told = bench.run(&create(roles));
        assert!(told.contains(wanted), "{told}");
    }
    let association = "create podidentityassociation api -n web --cluster demo --role-profile data";
    assert!(
        bench
            .run(association)
            .contains("unexpected argument '--role-profile'")
    );
    assert_eq!(bench.calls(), "");
}

/// Two accounts may each have a cluster of one name, and in the second one the stack's name is the same.
#[test]
fn a_stack_of_another_cluster_of_the_same_name_is_left_alone() {
    let bench = with_s3_reader();
    bench.sandbox.world().clusters[0].issuer = Some(
        "https://oidc.eks.eu-west-1.amazonaws.com/id/00000000000000000000000000000000".to_owned(),
    );
    bench.arrange(&associate(PROFILE));
    assert_snapshot!(bench.run(&create(PROFILE)), @r"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: in account 444455556666 the role of that name may be another cluster's, which has the same name
      role trusts: arn:aws:iam::444455556666:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      cluster has: arn:aws:iam::444455556666:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/00000000000000000000000000000000
    hint: if it is this cluster's, from before the cluster was made anew, let its trust policy name the present issuer, with credentials of that account
    [exit 1]
    ");
    let update = format!(
        "update iamserviceaccount s3-reader --cluster demo --attach-policy-arn {S3} {PROFILE} --approve"
    );
    assert!(bench.run(&update).contains("may be another cluster's"));
    for words in ["", "--role-only"] {
        let delete = format!("delete iamserviceaccount s3-reader --cluster demo {words} {PROFILE}");
        assert!(bench.run(&delete).contains("may be another cluster's"));
    }
    assert_eq!(bench.changes(), "");
}

/// Rights on IAM and CloudFormation are needed in the account of the roles alone, all others in the cluster's.
#[test]
fn each_account_needs_its_own_rights() {
    let bench = bench();
    let only = |actions: &[&str]| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": actions, "Resource": "*"}]})
    };
    bench.sandbox.world().allow_only(only(&["eks:*"]));
    data(&bench, |account| {
        account.rights.policy = Some(only(&["iam:*", "cloudformation:*"]));
    });
    bench.arrange(&associate(PROFILE));
    bench.arrange(&create(PROFILE));
    bench.arrange(&format!(
        "delete iamserviceaccount s3-reader --cluster demo {PROFILE}"
    ));
    data(&bench, |account| {
        account.rights.policy = Some(only(&["iam:*"]));
    });
    assert_snapshot!(bench.run(&create(PROFILE)), @r"
    [stderr]
    error: not allowed to call cloudformation:DescribeStacks on eksctl-demo-addon-iamserviceaccount-default-s3-reader: User: arn:aws:iam::444455556666:user/someone is not authorized to perform: cloudformation:DescribeStacks on resource: arn:aws:cloudformation:eu-west-1:444455556666:stack/eksctl-demo-addon-iamserviceaccount-default-s3-reader/* because no identity-based policy allows the cloudformation:DescribeStacks action
    hint: allow `cloudformation:DescribeStacks` to this identity (`aws sts get-caller-identity --profile data` names it)
    [exit 1]
    ");
}
