//! Roles of one file in several accounts.

use insta::assert_snapshot;
use serde_json::json;

use super::{PROFILE, counts, data, put_admin, with};
use crate::file::{account, file_of};
use crate::sandbox::{Options, Pace};
use crate::support::Bench;

const APPLY: &str = "apply -f ~/cluster.yaml --approve --parallel 1";
const NOTHING: &str = "[stderr]\nnothing to do: all is as asked\n[exit 0]\n";
/// Of the cluster's issuer.
const ID: &str = "ACA918B97A182DBCBA56500C5E47D92E";
const VIA: &str = "via: \"arn:aws:iam::444455556666:role/irsa-admin\"";

/// An entry whose role lives elsewhere.
fn elsewhere(namespace: &str, name: &str, way: &str) -> String {
    format!("{}    account: {{{way}}}\n", account(namespace, name))
}

/// A file with web/api in the cluster's account, web/data in the other one, and web/lake there too by a role.
pub fn mixed(pace: Pace) -> Bench {
    let bench = with(Options {
        pace,
        ..Options::default()
    });
    put_admin(&bench, "arn:aws:iam::111122223333:root");
    write(&bench, &mixed_accounts());
    bench
}

fn mixed_accounts() -> String {
    let own = account("web", "api");
    own + &elsewhere("web", "data", "profile: data") + &elsewhere("web", "lake", VIA)
}

fn at_once() -> Bench {
    mixed(Options::default().pace)
}

fn write(bench: &Bench, accounts: &str) {
    bench.file("cluster.yaml", &file_of(accounts));
}

/// Without the sign that a role was assumed, which changes nothing.
fn changes(bench: &Bench) -> String {
    bench.changes().replace("sts AssumeRole\n", "")
}

/// The roles that ServiceAccounts of web name, one a line.
fn annotated(bench: &Bench) -> String {
    let of = |name: &str| {
        let told = bench.service_account("web", name);
        let role = told.lines().find(|line| line.contains("role-arn"));
        let account = role.and_then(|role| role.split(':').nth(5));
        format!("{name} {}\n", account.unwrap_or("none"))
    };
    ["api", "data", "lake"].map(of).concat()
}

#[test]
fn one_file_makes_roles_in_several_accounts() {
    let bench = at_once();
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml"), @"
    [stdout]
    + create IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
        audience: sts.amazonaws.com
        thumbprint: 2@oidc.eks.eu-west-1.amazonaws.com------
    ~ tag cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    + create stack eksctl-demo-addon-iamserviceaccount-web-api
        trusted: web/api, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create service account web/api
        role: known when stack eksctl-demo-addon-iamserviceaccount-web-api is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: web, made where it is missing
    + create IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E in account 444455556666
        audience: sts.amazonaws.com
        thumbprint: 2@oidc.eks.eu-west-1.amazonaws.com------
    + create stack eksctl-demo-addon-iamserviceaccount-web-data in account 444455556666
        trusted: web/data, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create service account web/data
        role: known when stack eksctl-demo-addon-iamserviceaccount-web-data is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: web, made where it is missing
    + create stack eksctl-demo-addon-iamserviceaccount-web-lake in account 444455556666
        trusted: web/lake, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create service account web/lake
        role: known when stack eksctl-demo-addon-iamserviceaccount-web-lake is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: web, made where it is missing
    [stderr]
    plan: 8 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_eq!(changes(&bench), "");
    assert_snapshot!(bench.run(&format!("{APPLY} --verify")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    web         data   created   arn:aws:iam::444455556666:role/eksctl-demo-addon-iamserviceaccount-web-data-Role1-MMOKWP7QFRD4
    web         lake   created   arn:aws:iam::444455556666:role/eksctl-demo-addon-iamserviceaccount-web-lake-Role1-ZX3EDVUOO2KT
    PROVIDER                                                                                               STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E                           created
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E in account 444455556666   created

    NAMESPACE   NAME   VERIFIED   CALLER
    web         api    yes        arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
    web         data   yes        arn:aws:sts::444455556666:assumed-role/eksctl-demo-addon-iamserviceaccount-web-data-Role1-MMOKWP7QFRD4/irsactl-verify
    web         lake   yes        arn:aws:sts::444455556666:assumed-role/eksctl-demo-addon-iamserviceaccount-web-lake-Role1-ZX3EDVUOO2KT/irsactl-verify
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E in account 444455556666
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    created service account web/api
    created stack eksctl-demo-addon-iamserviceaccount-web-data in account 444455556666
    created service account web/data
    created stack eksctl-demo-addon-iamserviceaccount-web-lake in account 444455556666
    created service account web/lake
    [exit 0]
    ");
    assert_snapshot!(counts(&bench), @"(1, 1, 1) (1, 2, 3)");
    assert_snapshot!(annotated(&bench), @"
    api 111122223333
    data 444455556666
    lake 444455556666
    ");
    let told = bench.run(APPLY);
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    assert_eq!(
        told.matches("unchanged\n").count() + told.matches("unchanged  ").count(),
        5,
        "{told}"
    );
    assert_eq!(
        bench.run("apply -f ~/cluster.yaml --detailed-exitcode"),
        NOTHING
    );
    bench.calls();
    assert_eq!(changes(&bench), "");
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml -o json --include web/lake"), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Plan",
        "summary": {
            "create": 0,
            "change": 0,
            "delete": 0,
            "wait": 0
        },
        "tracks": [
            {
                "target": {
                    "provider": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                },
                "actions": []
            },
            {
                "target": {
                    "provider": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                },
                "actions": [],
                "account": "444455556666"
            },
            {
                "target": {
                    "serviceAccount": "web/lake"
                },
                "actions": [],
                "account": "444455556666",
                "role": {
                    "arn": "arn:aws:iam::444455556666:role/eksctl-demo-addon-iamserviceaccount-web-lake-Role1-ZX3EDVUOO2KT"
                }
            }
        ]
    }
    [stderr]
    nothing to do: all is as asked
    [exit 0]
    "#);
}

#[test]
fn what_one_account_refuses_stops_no_other() {
    let bench = at_once();
    let rights = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:CreateOpenIDConnectProvider", "Resource": "*"}]});
    data(&bench, |account| account.rights.policy = Some(rights));
    assert_snapshot!(bench.run(APPLY), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    web         data   skipped
    web         lake   skipped
    PROVIDER                                                                                               STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E                           created
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E in account 444455556666   failed
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    created service account web/api
    skipped 2: without its provider no role can be assumed
    error: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: not allowed to call iam:CreateOpenIDConnectProvider on https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: User: arn:aws:iam::444455556666:user/someone is not authorized to perform: iam:CreateOpenIDConnectProvider on resource: arn:aws:iam::444455556666:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E with an explicit deny in an identity-based policy
    hint: allow `iam:CreateOpenIDConnectProvider` to this identity (`aws sts get-caller-identity --profile data --region eu-west-1` names it)
    [exit 1]
    ");
    assert_snapshot!(annotated(&bench), @"
    api 111122223333
    data none
    lake none
    ");
    data(&bench, |account| account.rights.policy = None);
    let told = bench.run(APPLY);
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    assert_snapshot!(annotated(&bench), @"
    api 111122223333
    data 444455556666
    lake 444455556666
    ");
}

/// In each account of the file, and only what trusts this cluster's issuer.
#[test]
fn what_a_file_does_not_have_any_more_goes_in_each_account() {
    let bench = at_once();
    bench.arrange(APPLY);
    // Another cluster of the name has one there too.
    data(&bench, |account| {
        let mut stacks = account.stacks.iter();
        let own = stacks.find(|it| it.name.ends_with("web-lake"));
        let mut other = own.expect("a stack").clone();
        other.name = other.name.replace("web-lake", "web-other");
        other.id = other.id.replace("web-lake", "web-other");
        for tag in other.tags.values_mut() {
            *tag = tag.replace("web/lake", "web/other");
        }
        other.template = other.template.replace(ID, "OTHER");
        let role = account
            .roles
            .values()
            .find(|it| it.name.contains("web-lake"));
        let mut role = role.expect("a role").clone();
        let outputs = other.outputs.values_mut();
        for value in outputs.chain(
            other
                .resources
                .iter_mut()
                .map(|(_, it)| &mut it.physical_id),
        ) {
            *value = value.replace("web-lake", "web-other");
        }
        role.name = role.name.replace("web-lake", "web-other");
        role.arn = role.arn.replace("web-lake", "web-other");
        let trust = role.trust.to_string().replace(ID, "OTHER");
        role.trust = serde_json::from_str(&trust).expect("JSON");
        account.roles.insert(role.name.clone(), role);
        account.stacks.push(other);
    });
    write(&bench, &elsewhere("web", "data", "profile: data"));
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml --prune"), @"
    [stdout]
    - delete service account web/api
    - delete stack eksctl-demo-addon-iamserviceaccount-web-api
    - delete service account web/lake
    - delete stack eksctl-demo-addon-iamserviceaccount-web-lake in account 444455556666
    [stderr]
    note: web/other: it stays: in account 444455556666 the role of that name may be another cluster's, which has the same name
      role trusts: nobody, or it is not known whom
      cluster has: arn:aws:iam::444455556666:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    plan: 0 to create, 0 to change, 4 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    bench.arrange(&format!("{APPLY} --prune"));
    assert_snapshot!(annotated(&bench), @"
    api none
    data 444455556666
    lake none
    ");
    assert_snapshot!(counts(&bench), @"(1, 0, 0) (1, 2, 3)");
}

#[test]
fn a_flag_says_it_for_what_names_no_account() {
    let bench = at_once();
    write(
        &bench,
        &(account("web", "api") + &elsewhere("web", "lake", VIA)),
    );
    bench.arrange(&format!("{APPLY} {PROFILE}"));
    assert_snapshot!(annotated(&bench), @"
    api 444455556666
    data none
    lake 444455556666
    ");
    assert_snapshot!(counts(&bench), @"(0, 0, 0) (1, 2, 3)");
    bench.arrange(&format!("{APPLY} {PROFILE}"));
    let update = "update iamserviceaccount -f ~/cluster.yaml --approve";
    assert!(
        bench
            .run(&format!("{update} {PROFILE}"))
            .ends_with("[exit 0]\n")
    );
    let delete = "delete iamserviceaccount -f ~/cluster.yaml --approve --wait --parallel 1";
    assert_snapshot!(bench.run(&format!("{delete} {PROFILE}")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    web         lake   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-web-api in account 444455556666
    deleted service account web/api
    deleted stack eksctl-demo-addon-iamserviceaccount-web-lake in account 444455556666
    deleted service account web/lake
    [exit 0]
    ");
    assert_snapshot!(counts(&bench), @"(0, 0, 0) (1, 0, 1)");
}

#[test]
fn create_and_delete_take_the_account_from_the_file() {
    let bench = at_once();
    bench.arrange(&APPLY.replace("apply", "create iamserviceaccount"));
    assert_snapshot!(annotated(&bench), @"
    api 111122223333
    data 444455556666
    lake 444455556666
    ");
    write(&bench, &elsewhere("web", "data", "profile: data"));
    let missing =
        "delete iamserviceaccount -f ~/cluster.yaml --only-missing --approve --parallel 1";
    assert_snapshot!(bench.run(missing), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    web         lake   deleted
    [stderr]
    deleted service account web/api
    deleted stack eksctl-demo-addon-iamserviceaccount-web-api
    deleted service account web/lake
    deleted stack eksctl-demo-addon-iamserviceaccount-web-lake in account 444455556666
    [exit 0]
    ");
    assert_snapshot!(annotated(&bench), @"
    api none
    data 444455556666
    lake none
    ");
    write(&bench, &mixed_accounts());
    let delete = "delete iamserviceaccount -f ~/cluster.yaml --approve";
    assert!(bench.run(delete).ends_with("[exit 0]\n"));
    assert_snapshot!(annotated(&bench), @"
    api none
    data none
    lake none
    ");
}

/// The stack of before stays in its account, and is told.
#[test]
fn an_entry_that_moves_to_another_account() {
    let bench = at_once();
    write(&bench, &account("web", "api"));
    bench.arrange(APPLY);
    write(&bench, &elsewhere("web", "api", "profile: data"));
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml"), @"
    [stdout]
    + create IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E in account 444455556666
        audience: sts.amazonaws.com
        thumbprint: 2@oidc.eks.eu-west-1.amazonaws.com------
    + create stack eksctl-demo-addon-iamserviceaccount-web-api in account 444455556666
        trusted: web/api, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    ~ annotate service account web/api
        role: known when stack eksctl-demo-addon-iamserviceaccount-web-api is ready
    [stderr]
    note: web/api: its former role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU stays in account 111122223333: where a stack of its name made it, `irsactl delete iamserviceaccount api --namespace web --cluster demo --role-only --region eu-west-1` deletes that
    plan: 2 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_snapshot!(bench.run(APPLY), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::444455556666:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-PMBTFGNWIRYD
    PROVIDER                                                                                               STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E                           unchanged
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E in account 444455556666   created
    [stderr]
    note: web/api: its former role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU stays in account 111122223333: where a stack of its name made it, `irsactl delete iamserviceaccount api --namespace web --cluster demo --role-only --region eu-west-1` deletes that
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E in account 444455556666
    created stack eksctl-demo-addon-iamserviceaccount-web-api in account 444455556666
    annotated service account web/api
    [exit 0]
    ");
    assert_snapshot!(counts(&bench), @"(1, 1, 1) (1, 1, 2)");
}

#[test]
fn what_a_file_says_wrong_of_an_account_is_told_before_any_call() {
    let bench = at_once();
    let told = |text: &str| {
        write(&bench, text);
        let told = bench.run("apply -f ~/cluster.yaml");
        let lines = told.lines().filter(|line| !line.starts_with('['));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    let entry = |way: &str| elsewhere("web", "data", way);
    let twice = entry("profile: data")
        + "    roleName: Data\n"
        + &account("web", "api")
        + "    roleName: Data\n";
    let all = [
        entry(""),
        entry("profile: ''"),
        entry("profile: 4444"),
        entry("via: data"),
        entry("profile: data, via: \"arn:aws:iam::444455556666:role/a\""),
        entry("profil: data"),
        entry("via: \"arn:aws-cn:iam::444455556666:role/a\""),
        entry("profile: nosuch"),
    ];
    assert_snapshot!(all.map(|text| told(&text)).join("\n"), @r#"
    error: ~/cluster.yaml is no valid config file: 1 problem
      ~/cluster.yaml:9:14: iam.serviceAccounts[0] (web/data).account: `profile` or `via` must be set: the way to that account
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`

    error: ~/cluster.yaml is no valid config file: 1 problem
      ~/cluster.yaml:9:14: iam.serviceAccounts[0] (web/data).account: `profile` or `via` must be set: the way to that account
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`

    error: ~/cluster.yaml is no valid config file: 2 problems
      ~/cluster.yaml:9:14: iam.serviceAccounts[0] (web/data).account: `profile` or `via` must be set: the way to that account
      ~/cluster.yaml:9:24: iam.serviceAccounts[0] (web/data).account.profile: a text is wanted, this is the number `4444`: put it into quotes
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`

    error: ~/cluster.yaml is no valid config file: 1 problem
      ~/cluster.yaml:9:20: iam.serviceAccounts[0] (web/data).account.via: "data": an ARN is `arn:partition:service:region:account:resource`; an ARN such as `arn:aws:iam::111122223333:role/my-role` is wanted
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`

    error: ~/cluster.yaml is no valid config file: 1 problem
      ~/cluster.yaml:9:14: iam.serviceAccounts[0] (web/data).account: `profile` and `via` are two ways to one account: leave one of them out
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`

    error: ~/cluster.yaml is no valid config file: 2 problems
      ~/cluster.yaml:9:14: iam.serviceAccounts[0] (web/data).account: `profile` or `via` must be set: the way to that account
      ~/cluster.yaml:9:15: iam.serviceAccounts[0] (web/data).account.profil: there is no such field; did you mean `profile`?
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`

    error: --role-via arn:aws-cn:iam::444455556666:role/a is of the partition aws-cn, the cluster's region eu-west-1 of aws: no role is assumed from one in another
    hint: see `--help`

    error: no usable AWS credentials: there is no profile "nosuch" in "~/aws/config" and "~/.aws/credentials" (not there)
    hint: list the profiles: `aws configure list-profiles`
    "#);
    assert_eq!(bench.calls(), "");
    let association = file_of("").replace(
        "serviceAccounts:\n",
        "podIdentityAssociations:\n  - {namespace: web, serviceAccountName: api, roleARN: \"arn:aws:iam::111122223333:role/a\", account: {profile: data}}\n",
    );
    bench.file("cluster.yaml", &association);
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml"), @"
    [stderr]
    error: ~/cluster.yaml is no valid config file: 1 problem
      ~/cluster.yaml:7:92: iam.podIdentityAssociations[0] (web/api).account: there is no such field; an association reaches another account by `targetRoleARN`
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`
    [exit 2]
    ");
    write(&bench, &twice);
    assert!(bench.run("apply -f ~/cluster.yaml").ends_with("[exit 0]\n"));
}

#[test]
fn verify_and_doctor_look_into_the_account_of_the_role() {
    let bench = at_once();
    bench.arrange(APPLY);
    let verify = format!("verify web/data --cluster demo --can s3:GetObject {PROFILE}");
    assert_snapshot!(bench.run(&verify), @"
    [stdout]
    STEP         RESULT     DETAIL
    token        issued     system:serviceaccount:web:data for sts.amazonaws.com, for 10m
    claims       right      issuer, subject, audience, times
    signature    verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role         assumed    arn:aws:iam::444455556666:role/eksctl-demo-addon-iamserviceaccount-web-data-Role1-MMOKWP7QFRD4
    caller       is         arn:aws:sts::444455556666:assumed-role/eksctl-demo-addon-iamserviceaccount-web-data-Role1-MMOKWP7QFRD4/irsactl-verify
    permission   allowed    s3:GetObject
    [exit 0]
    ");
    let doctor = "doctor web/data --cluster demo";
    assert_snapshot!(bench.run(doctor), @"
    [stdout]
    web/data: healthy, as far as can be seen
      role: arn:aws:iam::444455556666:role/eksctl-demo-addon-iamserviceaccount-web-data-Role1-MMOKWP7QFRD4
      proved: STS accepts its token: arn:aws:sts::444455556666:assumed-role/eksctl-demo-addon-iamserviceaccount-web-data-Role1-MMOKWP7QFRD4/irsactl-verify
      pods: none runs
      9 checks hold
      unknown: role-exists, provider and 5 more: it is of account 444455556666, and these credentials are of 111122223333
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{doctor} {PROFILE}")), @"
    [stdout]
    web/data: healthy
      role: arn:aws:iam::444455556666:role/eksctl-demo-addon-iamserviceaccount-web-data-Role1-MMOKWP7QFRD4
      proved: STS accepts its token: arn:aws:sts::444455556666:assumed-role/eksctl-demo-addon-iamserviceaccount-web-data-Role1-MMOKWP7QFRD4/irsactl-verify
      pods: none runs
      22 checks hold
    [exit 0]
    ");
    data(&bench, |account| {
        for role in account
            .roles
            .values_mut()
            .filter(|role| role.name != "irsa-admin")
        {
            let text = role.trust.to_string().replace(
                "system:serviceaccount:web:data",
                "system:serviceaccount:web:nobody",
            );
            role.trust = serde_json::from_str(&text).expect("JSON");
        }
    });
    assert_snapshot!(bench.run(doctor), @"
    [stdout]
    web/data: 1 problem
      role: arn:aws:iam::444455556666:role/eksctl-demo-addon-iamserviceaccount-web-data-Role1-MMOKWP7QFRD4
      pods: none runs

    problem: STS refuses the token: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity [sts-accepts]
      role: arn:aws:iam::444455556666:role/eksctl-demo-addon-iamserviceaccount-web-data-Role1-MMOKWP7QFRD4
      fix: irsactl doctor --cluster demo web/data --role-profile PROFILE   # looks at the role, which must exist and trust the service account; PROFILE: one of account 444455556666

    note: the role is in account 444455556666, and is not looked at with credentials of 111122223333 [trust-accounts]
      provider that it needs there: arn:aws:iam::444455556666:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E

      7 checks hold
      unknown: role-exists, provider and 5 more: it is of account 444455556666, and these credentials are of 111122223333
    [exit 1]
    ");
    assert_snapshot!(bench.run(&format!("{doctor} {PROFILE}")), @r#"
    [stdout]
    web/data: 1 problem
      role: arn:aws:iam::444455556666:role/eksctl-demo-addon-iamserviceaccount-web-data-Role1-MMOKWP7QFRD4
      pods: none runs

    problem: the trust policy keeps web/data out: Statement[0] has the subject of another name [trust-policy]
      Statement[0]
        wanted: system:serviceaccount:web:data
        found:  system:serviceaccount:web:nobody
                "Condition": {
                  "StringEquals": {
                    "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
        -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:nobody"
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": [
        +             "system:serviceaccount:web:nobody",
        +             "system:serviceaccount:web:data"
        +           ]
                  }
                },
                "Effect": "Allow",
      hence: STS refuses the token: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity [sts-accepts]
      fix: irsactl doctor --cluster demo web/data --fix --approve --role-profile data

      19 checks hold
    [exit 1]
    "#);
    let fixed = bench.run(&format!("{doctor} {PROFILE} --fix --approve"));
    assert!(fixed.ends_with("[exit 0]\n"), "{fixed}");
}

/// What is rendered is for one account.
#[test]
fn a_file_of_several_accounts_is_rendered_one_by_one() {
    let bench = at_once();
    let render = format!(
        "render -f ~/cluster.yaml --issuer-url https://oidc.eks.eu-west-1.amazonaws.com/id/{ID} --account-id"
    );
    let told = |line: &str| bench.run(&format!("{render} {line}"));
    assert_snapshot!(told("444455556666"), @"
    [stderr]
    error: the roles of web/api and web/data live in different accounts: render those of one account at a time, with its --account-id, and `--include` or `--exclude`
    hint: see `--help`
    [exit 2]
    ");
    assert_snapshot!(told("111122223333 --include web/lake"), @"
    [stderr]
    error: --account-id 111122223333 and `account` of web/lake, which leads to 444455556666, contradict each other
    hint: see `--help`
    [exit 2]
    ");
    let rendered = told("444455556666 --include web/lake");
    let provider =
        format!("arn:aws:iam::444455556666:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/{ID}");
    assert!(rendered.contains(&provider), "{rendered}");
}

/// Several ways lead there: what nobody names is pruned once.
#[test]
fn an_account_that_is_named_in_several_ways_is_one() {
    let bench = at_once();
    bench.file(
        "aws/config",
        "[profile data]\naws_access_key_id = AKIA444455556666\naws_secret_access_key = sandbox-secret-key\n\
         [profile own]\naws_access_key_id = AKIA111122223333\naws_secret_access_key = sandbox-secret-key\n",
    );
    let kept =
        elsewhere("web", "same", "profile: own") + &elsewhere("web", "data", "profile: data");
    write(
        &bench,
        &(mixed_accounts() + &elsewhere("web", "same", "profile: own")),
    );
    bench.arrange(APPLY);
    write(&bench, &(kept + &elsewhere("web", "pond", VIA)));
    assert_snapshot!(bench.run(&format!("{APPLY} --prune")), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    deleted
    web         same   unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-same-Role1-QV6IXGNGXJCI
    web         data   unchanged   arn:aws:iam::444455556666:role/eksctl-demo-addon-iamserviceaccount-web-data-Role1-MMOKWP7QFRD4
    web         lake   deleted
    web         pond   created     arn:aws:iam::444455556666:role/eksctl-demo-addon-iamserviceaccount-web-pond-Role1-OIA42TB3NL4P
    PROVIDER                                                                                               STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E                           unchanged
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E in account 444455556666   unchanged
    [stderr]
    deleted service account web/api
    deleted stack eksctl-demo-addon-iamserviceaccount-web-api
    deleted service account web/lake
    deleted stack eksctl-demo-addon-iamserviceaccount-web-lake in account 444455556666
    created stack eksctl-demo-addon-iamserviceaccount-web-pond in account 444455556666
    created service account web/pond
    [exit 0]
    ");
    write(&bench, &elsewhere("web", "same", "profile: own"));
    let missing =
        "delete iamserviceaccount -f ~/cluster.yaml --only-missing --approve --parallel 1";
    bench.arrange(missing);
    let both = elsewhere("web", "data", "profile: data") + &elsewhere("web", "pond", VIA);
    write(
        &bench,
        &(both.replace("web", "none") + &elsewhere("web", "x", "profile: own")),
    );
    assert_snapshot!(bench.run(missing), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         same   deleted
    web         data   deleted
    web         pond   deleted
    [stderr]
    deleted service account web/same
    deleted stack eksctl-demo-addon-iamserviceaccount-web-same
    deleted service account web/data
    deleted stack eksctl-demo-addon-iamserviceaccount-web-data in account 444455556666
    deleted service account web/pond
    deleted stack eksctl-demo-addon-iamserviceaccount-web-pond in account 444455556666
    [exit 0]
    ");
}

/// What hangs on names and tags alone goes no further than the stack that has them.
#[test]
fn a_stack_that_somebody_planted_takes_no_service_account_with_it() {
    let bench = at_once();
    bench.arrange(APPLY);
    // An entry that moved, and is not in the file any more: its leftover goes, and nothing of where it lives now.
    write(
        &bench,
        &(elsewhere("web", "api", "profile: data") + &account("web", "keep")),
    );
    bench.arrange(APPLY);
    write(&bench, &account("web", "keep"));
    assert_snapshot!(bench.run(&format!("{APPLY} --prune")), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         keep   unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-keep-Role1-BO2MLOTUTEQ6
    web         api    deleted
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    note: web/api: the ServiceAccount web/api stays: its role is arn:aws:iam::444455556666:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-PMBTFGNWIRYD
    deleted stack eksctl-demo-addon-iamserviceaccount-web-api
    [exit 0]
    ");
    assert_snapshot!(annotated(&bench), @"
    api 444455556666
    data 444455556666
    lake 444455556666
    ");
    assert_snapshot!(counts(&bench), @"(1, 1, 1) (1, 3, 4)");
}

/// Who may change the role's trust policy has no stack deleted by it.
#[test]
fn a_stack_whose_role_lets_in_others_too_is_not_pruned() {
    let bench = at_once();
    bench.arrange(APPLY);
    data(&bench, |account| {
        let mut roles = account.roles.values_mut();
        let role = roles.find(|it| it.name.contains("web-lake"));
        let role = role.expect("a role");
        let other = role.trust["Statement"][0].to_string().replace(ID, "OTHER");
        let other = serde_json::from_str(&other).expect("JSON");
        let statements = role.trust["Statement"].as_array_mut();
        statements.expect("statements").push(other);
    });
    write(&bench, &elsewhere("web", "data", "profile: data"));
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml --prune"), @"
    [stdout]
    - delete service account web/api
    - delete stack eksctl-demo-addon-iamserviceaccount-web-api
    [stderr]
    note: web/lake: it stays: in account 444455556666 the role of that name may be another cluster's, which has the same name
      role trusts: arn:aws:iam::444455556666:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/OTHER
      cluster has: arn:aws:iam::444455556666:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    plan: 0 to create, 0 to change, 2 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    let delete = "delete iamserviceaccount web/lake --cluster demo --role-profile data --dry-run";
    assert_snapshot!(bench.run(delete), @"
    [stdout]
    - delete stack eksctl-demo-addon-iamserviceaccount-web-lake in account 444455556666
    - delete service account web/lake
    [stderr]
    warning: its role lets in others too, who lose it: web/lake of oidc.eks.eu-west-1.amazonaws.com/id/OTHER
    plan: 0 to create, 0 to change, 2 to delete
    nothing was changed: run again without `--dry-run` to carry the plan out
    [exit 0]
    ");
}

#[test]
fn an_account_that_cannot_be_read_stops_no_other() {
    let bench = at_once();
    let rights = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:GetOpenIDConnectProvider", "Resource": "*"}]});
    data(&bench, |account| account.rights.policy = Some(rights));
    assert_snapshot!(bench.run(APPLY), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         data   failed
    web         lake   failed
    web         api    created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   created
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    created service account web/api
    error: not allowed to call iam:GetOpenIDConnectProvider on arn:aws:iam::444455556666:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: User: arn:aws:iam::444455556666:user/someone is not authorized to perform: iam:GetOpenIDConnectProvider on resource: arn:aws:iam::444455556666:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E with an explicit deny in an identity-based policy
      so for 2: web/data, web/lake
    hint: allow `iam:GetOpenIDConnectProvider` to this identity (`aws sts get-caller-identity --profile data --region eu-west-1` names it)
    [exit 1]
    ");
}

#[test]
fn hints_name_the_way_to_the_account() {
    let bench = at_once();
    bench.file(
        "aws/config",
        "[profile data]\naws_access_key_id = AKIANOBODY\naws_secret_access_key = x\n",
    );
    assert_snapshot!(bench.run(APPLY), @r#"
    [stderr]
    error: no usable AWS credentials: InvalidClientTokenId: The security token included in the request is invalid.
    hint: check them: `aws sts get-caller-identity --profile data --region eu-west-1`
    hint: they are the keys of profile "data": set them anew by `aws configure --profile data`
    [exit 4]
    "#);
    let bench = at_once();
    assert_snapshot!(bench.run("update iamserviceaccount -f ~/cluster.yaml --include web/data --approve"), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         data   refused
    PROVIDER                                                                                               STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E                           created
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E in account 444455556666   created
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E in account 444455556666
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    error: web/data: cluster "demo" has no IAM service account web/data to update
    hint: create it, with a policy that allows what it needs: `irsactl create iamserviceaccount data --namespace web --cluster demo --attach-policy-arn ARN --approve --role-profile data --region eu-west-1`; or by `irsactl apply -f FILE --region eu-west-1`
    [exit 1]
    "#);
    bench.arrange(APPLY);
    assert_snapshot!(bench.run("get iamserviceaccount -f ~/cluster.yaml"), @"
    [stdout]
    NAMESPACE   NAME   ROLE ARN
    web         api    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [stderr]
    note: the file has roles in the account of profile data, which is not looked at: `irsactl get iamserviceaccount --cluster demo --region eu-west-1 --role-profile data` lists them
    note: the file has roles in the account of arn:aws:iam::444455556666:role/irsa-admin, which is not looked at: `irsactl get iamserviceaccount --cluster demo --region eu-west-1 --role-via arn:aws:iam::444455556666:role/irsa-admin` lists them
    [exit 0]
    ");
    assert_snapshot!(bench.run("verify web/data --cluster demo --can s3:GetObject"), @"
    [stdout]
    STEP         RESULT     DETAIL
    token        issued     system:serviceaccount:web:data for sts.amazonaws.com, for 10m
    claims       right      issuer, subject, audience, times
    signature    verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role         assumed    arn:aws:iam::444455556666:role/eksctl-demo-addon-iamserviceaccount-web-data-Role1-MMOKWP7QFRD4
    caller       is         arn:aws:sts::444455556666:assumed-role/eksctl-demo-addon-iamserviceaccount-web-data-Role1-MMOKWP7QFRD4/irsactl-verify
    permission   unknown    s3:GetObject: the role is of account 444455556666: `--role-profile` or `--role-via` leads there
    [stderr]
    error: web/data: its role arn:aws:iam::444455556666:role/eksctl-demo-addon-iamserviceaccount-web-data-Role1-MMOKWP7QFRD4 is not shown to be allowed
      s3:GetObject: the role is of account 444455556666: `--role-profile` or `--role-via` leads there
    [exit 1]
    ");
}
