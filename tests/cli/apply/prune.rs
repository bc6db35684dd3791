//! `apply --prune`: what the cluster's stacks have and the file does not is deleted, and nothing else.

use insta::{allow_duplicates, assert_snapshot};

use super::{APPLY, NOTHING};
use crate::file::{account, file_of};
use crate::support::{ACCOUNT, Bench, REGION};

const MANAGED_POLICY: &str = include_str!("../../eksctl/managed-policy.json");

#[test]
fn what_the_file_does_not_have_is_deleted_on_approval() {
    let bench = Bench::associated();
    bench.applied(&[
        "web/api",
        "web/old",
        "batch/job",
        "kube-system/dns",
        "kube-system/aws-node",
    ]);
    bench.config_of(&["web/api", "web/new"]);
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml --prune"), @"
    [stdout]
    + create stack eksctl-demo-addon-iamserviceaccount-web-new
        trusted: web/new, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create service account web/new
        role: known when stack eksctl-demo-addon-iamserviceaccount-web-new is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: web, made where it is missing
    - delete service account batch/job
    - delete stack eksctl-demo-addon-iamserviceaccount-batch-job
    - delete service account web/old
    - delete stack eksctl-demo-addon-iamserviceaccount-web-old
    [stderr]
    note: kube-system/aws-node stays although the file does not have it; `irsactl delete iamserviceaccount aws-node --namespace kube-system --cluster demo --region eu-west-1` deletes it
    note: kube-system/dns stays although the file does not have it; `--prune-kube-system` deletes it
    plan: 2 to create, 0 to change, 4 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_eq!(bench.changes(), "");
    assert_snapshot!(bench.run(&format!("{APPLY} --prune")), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    web         new    created     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-new-Role1-3FCF42POQGLX
    batch       job    deleted
    web         old    deleted
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    note: kube-system/aws-node stays although the file does not have it; `irsactl delete iamserviceaccount aws-node --namespace kube-system --cluster demo --region eu-west-1` deletes it
    note: kube-system/dns stays although the file does not have it; `--prune-kube-system` deletes it
    created stack eksctl-demo-addon-iamserviceaccount-web-new
    created service account web/new
    deleted service account batch/job
    deleted stack eksctl-demo-addon-iamserviceaccount-batch-job
    deleted service account web/old
    deleted stack eksctl-demo-addon-iamserviceaccount-web-old
    [exit 0]
    ");
    assert_snapshot!(bench.stacks(), @"
    eksctl-demo-addon-iamserviceaccount-web-api CREATE_COMPLETE
    eksctl-demo-addon-iamserviceaccount-kube-system-dns CREATE_COMPLETE
    eksctl-demo-addon-iamserviceaccount-kube-system-aws-node CREATE_COMPLETE
    eksctl-demo-addon-iamserviceaccount-web-new CREATE_COMPLETE
    ");
    assert_snapshot!(bench.run(&format!("{APPLY} --prune --prune-kube-system")), @"
    [stdout]
    NAMESPACE     NAME   STATUS      ROLE ARN
    web           api    unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    web           new    unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-new-Role1-3FCF42POQGLX
    kube-system   dns    deleted
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    note: kube-system/aws-node stays although the file does not have it; `irsactl delete iamserviceaccount aws-node --namespace kube-system --cluster demo --region eu-west-1` deletes it
    deleted service account kube-system/dns
    deleted stack eksctl-demo-addon-iamserviceaccount-kube-system-dns
    [exit 0]
    ");
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml --prune --prune-kube-system --detailed-exitcode"), @"
    [stderr]
    note: kube-system/aws-node stays although the file does not have it; `irsactl delete iamserviceaccount aws-node --namespace kube-system --cluster demo --region eu-west-1` deletes it
    nothing to do: all is as asked
    [exit 0]
    ");
}

#[test]
fn what_the_filters_leave_out_is_not_pruned() {
    let bench = Bench::associated();
    bench.applied(&["web/api", "web/old", "batch/job", "batch/old"]);
    bench.config_of(&["web/api", "batch/job"]);
    let plan = |filters: &str| {
        bench.run(&format!(
            "apply -f ~/cluster.yaml --prune -o name {filters}"
        ))
    };
    assert_snapshot!(plan("--include web/*"), @"
    [stdout]
    web/old
    [stderr]
    plan: 0 to create, 0 to change, 2 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_snapshot!(plan("--exclude */old"), @"
    [stderr]
    nothing to do: all is as asked
    [exit 0]
    ");
    assert_snapshot!(plan("--exclude batch/job"), @"
    [stdout]
    batch/old
    web/old
    [stderr]
    plan: 0 to create, 0 to change, 4 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
}

#[test]
fn policies_attached_by_hand_stop_the_pruning_of_one() {
    let bench = Bench::associated();
    bench.applied(&["web/api", "web/old", "web/older"]);
    bench.config_of(&["web/api"]);
    let role = bench.attach_by_hand("web/old");
    let refused = bench.run(&format!("{APPLY} --prune"));
    assert_snapshot!(refused.replace(&role, "ROLE"), @r#"
    [stdout]
    NAMESPACE   NAME    STATUS      ROLE ARN
    web         api     unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    web         old     refused
    web         older   deleted
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    deleted service account web/older
    deleted stack eksctl-demo-addon-iamserviceaccount-web-older
    error: web/old: role "ROLE" has policies that its stack did not attach, so its deletion would fail
      arn:aws:iam::aws:policy/AmazonSQSFullAccess
    hint: detach them in the same run: `--detach-foreign`
    [exit 1]
    "#);
    let detached = bench.run(&format!("{APPLY} --prune --detach-foreign"));
    assert_snapshot!(detached.replace(&role, "ROLE"), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    web         old    deleted
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    deleted service account web/old
    detached arn:aws:iam::aws:policy/AmazonSQSFullAccess from role ROLE
    deleted stack eksctl-demo-addon-iamserviceaccount-web-old
    [exit 0]
    ");
}

/// Adds a stack with these tags and this name.
fn add_stack(bench: &Bench, name: &str, tags: &[(&str, &str)]) {
    let template = MANAGED_POLICY.replace("default:s3-reader", name);
    bench
        .sandbox
        .world()
        .add_stack(ACCOUNT, REGION, name, &template, tags, "CREATE_COMPLETE");
}

#[test]
fn nothing_of_others_is_touched() {
    let bench = Bench::associated();
    bench.config_of(&["web/api"]);
    bench.arrange(APPLY);
    bench.stack_of("demo-2", "web/old", MANAGED_POLICY, "CREATE_COMPLETE");
    bench.stack_of("demo-addon-x", "web/old", MANAGED_POLICY, "CREATE_COMPLETE");
    bench.stack_of("Demo", "web/old", MANAGED_POLICY, "CREATE_COMPLETE");
    let cluster = ("alpha.eksctl.io/cluster-name", "demo");
    let account = "alpha.eksctl.io/iamserviceaccount-name";
    add_stack(
        &bench,
        "eksctl-demo-addon-iamserviceaccount-web-untagged",
        &[cluster],
    );
    add_stack(&bench, "eksctl-demo-nodegroup-ng-1", &[cluster]);
    add_stack(
        &bench,
        "eksctl-demo-addon-iamserviceaccount-web-a",
        &[(account, "web/a")],
    );
    for (number, value) in [
        "",
        "/",
        "web",
        "web/",
        "/old",
        "web/../api",
        "web/Old",
        "web/old/x",
    ]
    .iter()
    .enumerate()
    {
        add_stack(
            &bench,
            &format!("eksctl-demo-addon-iamserviceaccount-web-odd-{number}"),
            &[cluster, (account, value)],
        );
    }
    // A nested stack inherits the tags of its parent.
    let inherited = [cluster, (account, "web/nested")];
    add_stack(&bench, "platform-NestedStack-1ABC", &inherited);
    let ours = [("app.kubernetes.io/managed-by", "eksctl")];
    bench
        .sandbox
        .world()
        .api("demo")
        .put_service_account("web", "nested", &ours, &[], "eksctl");
    let before = bench.state();
    bench.calls();
    assert_eq!(
        bench.run("apply -f ~/cluster.yaml --prune --prune-kube-system --detailed-exitcode"),
        NOTHING
    );
    bench.run(&format!("{APPLY} --prune --prune-kube-system"));
    bench.run("delete sa -f ~/cluster.yaml --only-missing --approve");
    assert_eq!(bench.changes(), "");
    assert_eq!(bench.state(), before);
}

/// `[]` asks for none; a file without the list says nothing of them.
#[test]
fn a_file_without_accounts_prunes_all_and_says_so() {
    let bench = Bench::associated();
    bench.applied(&["web/api"]);
    bench.file(
        "cluster.yaml",
        &file_of("").replace("serviceAccounts:\n", "serviceAccounts: []\n"),
    );
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml --prune"), @"
    [stdout]
    - delete service account web/api
    - delete stack eksctl-demo-addon-iamserviceaccount-web-api
    [stderr]
    warning: the config file has no service accounts: all of the cluster's are missing in it
    plan: 0 to create, 0 to change, 2 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    for list in ["", "  serviceAccounts:\n", "  serviceAccounts: null\n"] {
        let text = file_of("").replace("  serviceAccounts:\n", list);
        bench.file("cluster.yaml", &text);
        bench.calls();
        let told = bench.run("apply -f ~/cluster.yaml --prune --detailed-exitcode");
        allow_duplicates! { assert_snapshot!(told, @"
        [stderr]
        warning: iam.serviceAccounts is not in the config file, so none of the cluster's is missing in it; `serviceAccounts: []` says that there are to be none
        nothing to do: all is as asked
        [exit 0]
        "); }
        bench.run(&format!("{APPLY} --prune"));
        let told = bench.run("delete sa -f ~/cluster.yaml --only-missing --approve");
        assert!(
            told.contains("iam.serviceAccounts is not in the config file"),
            "{told}"
        );
        assert_eq!(bench.changes(), "");
    }
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml"), @"
    [stderr]
    nothing to do: all is as asked
    [exit 0]
    ");
}

/// Whatever else in the file makes or uses an account, or its role, it is not missing in the file.
#[test]
fn what_another_part_of_the_file_owns_is_not_pruned() {
    let bench = Bench::associated();
    let owned = [
        "karpenter/karpenter",
        "kube-system/ebs-csi-controller-sa",
        "kube-system/efs-csi-node-sa",
        "web/associated",
        "amazon-cloudwatch/agent",
        "web/lent",
        "web/fargate",
    ];
    bench.applied(&[&["web/api", "web/old"], &owned[..]].concat());
    let role = |account: &str| {
        let role = bench.role_of(account);
        format!("arn:aws:iam::{ACCOUNT}:role/{role}")
    };
    let text = format!(
        "{}  - metadata: {{name: borrower, namespace: web}}\n    attachRoleARN: {}\n  podIdentityAssociations:\n  \
         - {{namespace: web, serviceAccountName: associated, roleARN: 'arn:aws:iam::{ACCOUNT}:role/other'}}\n\
         karpenter: {{version: 1.0.6, createServiceAccount: true}}\n\
         addons:\n- name: AWS-EBS-CSI-driver\n  wellKnownPolicies: {{ebsCSIController: true}}\n\
         - name: somebodys\n  serviceAccountRoleARN: {}\n- name: aws-efs-csi-driver\n  podIdentityAssociations:\n  \
         - {{namespace: kube-system, serviceAccountName: efs-csi-node-sa}}\n\
         fargateProfiles: [{{name: f, podExecutionRoleARN: {}}}]\n",
        file_of(&account("web", "api")),
        role("web/lent"),
        role("amazon-cloudwatch/agent"),
        role("web/fargate"),
    );
    bench.file("cluster.yaml", &text);
    let line = "--prune --prune-kube-system";
    assert_snapshot!(bench.run(&format!("apply -f ~/cluster.yaml {line} -o name")), @r#"
    [stdout]
    web/borrower
    web/old
    [stderr]
    note: amazon-cloudwatch/agent stays: `addons[1].serviceAccountRoleARN` in the config file makes or uses it
    note: karpenter/karpenter stays: `karpenter` in the config file makes or uses it
    note: kube-system/ebs-csi-controller-sa stays: `addons[0]` in the config file makes or uses it
    note: kube-system/efs-csi-node-sa stays: `addons[2]` in the config file makes or uses it
    note: web/associated stays: `iam.podIdentityAssociations[0]` in the config file makes or uses it
    note: web/fargate stays: `fargateProfiles[0].podExecutionRoleARN` in the config file makes or uses it
    note: web/lent stays: `iam.serviceAccounts[1].attachRoleARN` in the config file makes or uses it
    plan: 1 to create, 0 to change, 2 to delete
    error: web/associated (EKS Pod Identity): cluster "demo" has no EKS Pod Identity Agent, so no pod of it would get a role
    hint: install it: `aws eks create-addon --cluster-name demo --addon-name eks-pod-identity-agent --region eu-west-1`
    hint: or add `--install-agent` to this command
    error: web/associated (EKS Pod Identity): role arn:aws:iam::111122223333:role/other does not exist
    hint: look for its ARN: `aws iam list-roles --query 'Roles[].Arn' --region eu-west-1`
    [exit 1]
    "#);
    bench.run(&format!("{APPLY} {line}"));
    bench.run("delete iamserviceaccount -f ~/cluster.yaml --only-missing --approve");
    for account in owned {
        bench.role_of(account);
    }
    assert!(!bench.stacks().contains("web-old"));
}

/// What a file asks for where it is not read is not what nobody asks for.
#[test]
fn a_second_document_is_told_and_beside_prune_refused() {
    let bench = Bench::associated();
    bench.applied(&["web/api", "web/second"]);
    let second = file_of(&account("web", "second"));
    let text = format!(
        "---\n# nothing\n---\n{}---\n{second}",
        file_of(&account("web", "api"))
    );
    bench.file("cluster.yaml", &text);
    bench.calls();
    for (line, told) in [
        ("apply -f ~/cluster.yaml --prune --approve", "--prune"),
        ("apply -f ~/cluster.yaml --prune", "--prune"),
        (
            "delete sa -f ~/cluster.yaml --only-missing --approve",
            "--only-missing",
        ),
    ] {
        let text = bench.run(line);
        let wanted = format!(
            "[stderr]\nerror: ~/cluster.yaml:13:1: a second document: only the first one is read, so {told} would \
             delete what the other asks for: put both into one\nhint: see `--help`\n[exit 2]\n"
        );
        assert_eq!(text, wanted);
    }
    assert_eq!(bench.calls(), "");
    for line in [
        "apply -f ~/cluster.yaml",
        "create sa -f ~/cluster.yaml",
        "update sa -f ~/cluster.yaml",
        "delete sa -f ~/cluster.yaml",
        "get sa -f ~/cluster.yaml",
        "associate-oidc-provider -f ~/cluster.yaml",
        "disassociate-oidc-provider -f ~/cluster.yaml",
        "render -f ~/cluster.yaml --account-id 111122223333 --issuer-url https://oidc.eks.eu-west-1.amazonaws.com/id/A",
    ] {
        let told = bench.run(line);
        let warning =
            "warning: ~/cluster.yaml:13:1: a second document: only the first one is read\n";
        assert!(told.contains(warning), "{line}: {told}");
        assert!(!bench.run(&format!("{line} -q")).contains("warning"));
    }
    // Nothing, a comment, and the end of a document are no document; what is no YAML may be one.
    for (end, is_told) in [
        ("---\n", false),
        ("...\n", false),
        ("---\n# a comment\n--- null\n---\n", false),
        ("---\n[]\n", true),
        ("---\n- kind: [\n", true),
        ("---\n*nobody\n", true),
    ] {
        bench.file(
            "cluster.yaml",
            &format!("{}{end}", file_of(&account("web", "api"))),
        );
        let told = bench.run("apply -f ~/cluster.yaml");
        assert_eq!(told.contains("a second document"), is_told, "{end}: {told}");
    }
}

#[test]
fn what_another_run_is_making_is_not_pruned() {
    let bench = Bench::slow(2);
    bench.file(
        "cluster.yaml",
        "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: demo, region: eu-west-1}\n\
         iam: {serviceAccounts: []}\n",
    );
    for status in ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"] {
        let name = status[..1].to_lowercase();
        bench.eksctl_stack(&format!("apps/{name}"), status);
    }
    assert_snapshot!(bench.run("delete iamserviceaccount -f ~/cluster.yaml --only-missing --approve"), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    apps        c      refused
    apps        u      refused
    [stderr]
    warning: the config file has no service accounts: all of the cluster's are missing in it
    error: apps/c: stack "eksctl-demo-addon-iamserviceaccount-apps-c" is CREATE_IN_PROGRESS by another run
    error: apps/u: stack "eksctl-demo-addon-iamserviceaccount-apps-u" is UPDATE_IN_PROGRESS by another run
    hint: run the same command again when that is over
    [exit 1]
    "#);
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml --prune --approve"), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    apps        c      refused
    apps        u      refused
    [stderr]
    warning: the config file has no service accounts: all of the cluster's are missing in it
    error: apps/c: stack "eksctl-demo-addon-iamserviceaccount-apps-c" is CREATE_IN_PROGRESS by another run
    error: apps/u: stack "eksctl-demo-addon-iamserviceaccount-apps-u" is UPDATE_IN_PROGRESS by another run
    hint: run the same command again when that is over
    [exit 1]
    "#);
    assert_snapshot!(bench.changes(), @"");
}
