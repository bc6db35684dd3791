//! What the commands of the proof find. All is arranged as an administrator.

use serde_json::{Value, json};

use crate::file::account;
use crate::sandbox::{ManagedPolicy, Options, World};
use crate::support::{ACCOUNT, Bench, REGION, S3};

pub const STACK: &str = "eksctl-demo-addon-iamserviceaccount-default-s3-reader";
pub const DEPLOYER: &str = "arn:aws:iam::111122223333:role/deployer";
pub const MINE: &str = "arn:aws:iam::111122223333:policy/mine";
const INLINE: &str = include_str!("../../eksctl/inline-policy.json");
const POWER: &str = "arn:aws:iam::aws:policy/PowerUserAccess";

pub fn document(action: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
}

/// A new cluster, with the files that scenarios name.
pub fn new() -> Bench {
    let bench = Bench::new();
    files(&bench);
    bench
}

/// The same with its provider.
pub fn associated() -> Bench {
    let bench = Bench::associated();
    files(&bench);
    bench
}

fn files(bench: &Bench) {
    bench.file("get.json", &document("s3:GetObject").to_string());
    bench.file("put.json", &document("s3:PutObject").to_string());
}

/// web/api by its stack, with an inline policy too, and web/queue with the same role by an association.
pub fn used() -> Bench {
    let bench = new();
    crate::last_used::put_used(&bench);
    let mut world = bench.sandbox.world();
    let role = world.role_of("web/api");
    role.inline = [("by-hand".to_owned(), document("s3:*"))].into();
    let arn = role.arn.clone();
    world.clusters[0].add_association("web", "queue", &arn);
    drop(world);
    bench
}

/// The provider, with a thumbprint that is no more.
pub fn outdated() -> Bench {
    let bench = associated();
    bench.account(|account| {
        let provider = account.providers.values_mut().next().expect("a provider");
        provider.thumbprints = vec!["0".repeat(40)];
    });
    bench
}

/// default/s3-reader with all that a role can have.
pub fn rich() -> Bench {
    let bench = associated();
    bench.arrange(&format!(
        "create iamserviceaccount s3-reader --cluster demo --attach-policy-arn {S3} --policy-document ~/get.json \
         --permissions-boundary {POWER} --tags team=data --approve"
    ));
    bench
}

/// The same in a file.
pub fn rich_file(bench: &Bench, more: &str) {
    let text = format!(
        "{}    attachPolicy: {}\n    permissionsBoundary: {POWER}\n    tags: {{team: data}}\n{more}",
        account("default", "s3-reader"),
        document("s3:GetObject")
    );
    bench.file("cluster.yaml", &crate::file::file_of(&text));
}

pub fn rich_in_file() -> Bench {
    let bench = rich();
    rich_file(&bench, "");
    bench
}

/// Every part of the role changed by hand.
pub fn drifted() -> Bench {
    let bench = rich_in_file();
    let mut world = bench.sandbox.world();
    let role = world.role_of("default/s3-reader");
    role.attached = vec!["arn:aws:iam::aws:policy/AdministratorAccess".to_owned()];
    role.inline = [("by-hand".to_owned(), document("s3:*"))].into();
    role.boundary = None;
    role.max_session_duration = 7_200;
    role.trust["Statement"][0]["Sid"] = "ByHand".into();
    drop(world);
    bench
}

/// A boundary that the file asks for, and the role has not.
pub fn bounded_in_file() -> Bench {
    let bench = ready();
    let account = account("default", "s3-reader");
    let text = format!("{account}    permissionsBoundary: {POWER}\n");
    bench.file("cluster.yaml", &crate::file::file_of(&text));
    bench
}

/// A boundary where none is asked for.
pub fn bounded_by_hand() -> Bench {
    let bench = ready();
    let mut world = bench.sandbox.world();
    world.role_of("default/s3-reader").boundary = Some(POWER.to_owned());
    drop(world);
    bench
}

/// default/s3-reader with a managed policy, and a file that asks for it.
pub fn ready() -> Bench {
    let bench = associated();
    bench.create("s3-reader");
    bench.config_of(&["default/s3-reader"]);
    bench
}

/// The same with a bucket that others put into its stack.
pub fn with_bucket() -> Bench {
    let bench = ready();
    {
        let name = "eksctl-demo-addon-iamserviceaccount-default-s3-reader";
        let mut world = bench.sandbox.world();
        let stack = world.stack(ACCOUNT, REGION, name).expect("the stack");
        let bucket = r#""Resources":{"Bucket":{"Type":"AWS::S3::Bucket"},"#;
        let template = stack.template.replace(r#""Resources":{"#, bucket);
        world.update_stack(ACCOUNT, REGION, name, &template, &[]);
    }
    bench
}

/// The same with pods that carry the role.
pub fn running() -> Bench {
    let bench = ready();
    bench
        .sandbox
        .world()
        .api("demo")
        .run_deployment("default", "reader", "s3-reader", 2);
    bench
}

/// The account's role with all that a role can have; its pods, and all around them that doctor looks at.
pub fn surrounded() -> Bench {
    let bench = rich();
    let mut world = bench.sandbox.world();
    world
        .api("demo")
        .run_deployment("default", "reader", "s3-reader", 2);
    world.clusters[0].add_addon("vpc-cni");
    world.add_vpc_endpoint("sts");
    world.add_vpc_endpoint("eks-auth");
    drop(world);
    bench.account(|account| {
        let issuer = "oidc.eks.eu-west-1.amazonaws.com/id/DEAD";
        let arn = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}");
        let mut provider = account.providers.values().next().expect("one").clone();
        provider.arn.clone_from(&arn);
        provider.url = issuer.to_owned();
        account.providers.insert(arn, provider);
    });
    bench
}

/// default/s3-reader with a Pod Identity association as well.
pub fn associated_with_pods() -> Bench {
    let bench = running();
    let mut world = bench.sandbox.world();
    let role = world.role_of("default/s3-reader").arn.clone();
    world.clusters[0].add_addon("eks-pod-identity-agent");
    world.clusters[0].add_association("default", "s3-reader", &role);
    drop(world);
    bench
}

/// default/s3-reader, whose role somebody let EKS Pod Identity into: another's association uses it.
pub fn with_pod_identity_by_hand() -> Bench {
    let bench = ready();
    let mut world = bench.sandbox.world();
    let role = world.role_of("default/s3-reader");
    let statements = role.trust["Statement"].as_array_mut().expect("statements");
    statements.push(json!({
        "Effect": "Allow",
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Principal": {"Service": "pods.eks.amazonaws.com"},
    }));
    let role = role.arn.clone();
    world.clusters[0].add_association("web", "other", &role);
    drop(world);
    bench
}

/// The same, but the association uses another role.
pub fn with_pod_identity_of_no_use() -> Bench {
    let bench = with_pod_identity_by_hand();
    let mut world = bench.sandbox.world();
    world.clusters[0].associations[0]
        .role
        .push_str("-of-others");
    drop(world);
    bench
}

/// default/s3-reader with an association and an add-on beside it, and a policy of the account by which its
/// role assumes another; pods of Jobs and of a ReplicaSet by itself.
pub fn chained() -> Bench {
    let bench = stale();
    bench.account(|account| {
        let policy = ManagedPolicy::new("aws", ACCOUNT, "/", "mine", document("sts:AssumeRole"));
        account.policies.insert(policy.arn.clone(), policy);
    });
    let mut world = bench.sandbox.world();
    let role = world.role_of("default/s3-reader");
    role.attached.push(MINE.to_owned());
    let inline = ("inline".to_owned(), document("s3:GetObject"));
    role.inline.extend([inline]);
    let role = role.arn.clone();
    world.clusters[0].add_addon("eks-pod-identity-agent");
    world.clusters[0].add_association("default", "s3-reader", &role);
    drop(world);
    bench
}

/// Pods of every kind, older than the role annotation is to be.
pub fn stale() -> Bench {
    let bench = without_annotation();
    run_every_kind(&bench, "default", "s3-reader");
    bench
}

/// Pods of every kind beside those of a Deployment, and a CronJob.
pub fn run_every_kind(bench: &Bench, namespace: &str, account: &str) {
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    api.run_stateful_set(namespace, "db", account, 1);
    api.run_daemon_set(namespace, "agent", account);
    api.run_rollout(namespace, "canary", account, 1);
    api.run_job(namespace, "once", account);
    api.run_pod(namespace, "alone", account);
    let template = json!({
        "metadata": {"labels": {"app": "bare"}},
        "spec": {"serviceAccountName": account, "containers": [{"name": "app", "image": "app:1"}]},
    });
    api.run_workload(json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"namespace": namespace, "name": "bare"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "bare"}}, "template": template},
    }));
    api.put_object(
        json!({
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"namespace": namespace, "name": "nightly"},
            "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": template}}},
        }),
        "kubectl",
    );
}

/// The role annotation gone, and a Deployment that runs without it.
pub fn without_annotation() -> Bench {
    let bench = ready();
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    api.put_service_account("default", "s3-reader", &[], &[], "helm");
    api.run_deployment("default", "web", "s3-reader", 2);
    drop(world);
    bench
}

pub fn without_service_account() -> Bench {
    let bench = ready();
    let mut world = bench.sandbox.world();
    world
        .api("demo")
        .delete_service_account("default", "s3-reader");
    drop(world);
    bench
}

pub fn without_provider() -> Bench {
    let bench = running();
    bench.account(|account| account.providers.clear());
    bench.sandbox.world().clusters[0].tags.clear();
    bench
}

pub fn without_audience() -> Bench {
    let bench = running();
    bench.account(|account| {
        let provider = account.providers.values_mut().next().expect("a provider");
        provider.client_ids = vec!["vault".to_owned()];
    });
    bench
}

/// A trust policy that somebody broke.
pub fn distrustful() -> Bench {
    let bench = running();
    let mut world = bench.sandbox.world();
    let role = world.role_of("default/s3-reader");
    let text = role.trust.to_string();
    role.trust =
        serde_json::from_str(&text.replace("default:s3-reader", "default:other")).expect("JSON");
    drop(world);
    bench
}

/// The cluster was made again under its old name.
pub fn rebuilt() -> Bench {
    let bench = ready();
    let issuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";
    bench.sandbox.world().clusters[0].issuer = Some(issuer.to_owned());
    bench.associate();
    bench
}

/// The same, and its role is deleted while the stack is updated.
pub fn rebuilt_in_vain() -> Bench {
    let bench = rebuilt();
    let forget = |world: &mut World| {
        let account = world.accounts.get_mut(ACCOUNT).expect("the account");
        account.roles.clear();
    };
    bench
        .sandbox
        .before_every("cloudformation ExecuteChangeSet", forget);
    bench
}

/// Policies attached to its role by hand.
pub fn meddled_with() -> Bench {
    let bench = ready();
    let role = bench.role_of("default/s3-reader");
    bench.attach_by_hand("default/s3-reader");
    bench.account(|account| {
        let put = account.put_role_policy(&role, "by-hand", document("s3:*"));
        put.map(|_| ()).expect("put");
    });
    bench
}

/// The stack alone, as eksctl leaves it in a status.
fn in_status(status: &str) -> Bench {
    let bench = associated();
    bench.eksctl_stack("default/s3-reader", status);
    protect(&bench);
    bench.config_of(&["default/s3-reader"]);
    bench
}

fn protect(bench: &Bench) {
    let mut world = bench.sandbox.world();
    let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
    stack.termination_protection = true;
}

/// The stack of an account whose namespace is gone.
pub fn without_namespace() -> Bench {
    let bench = associated();
    bench.eksctl_stack("apps/reader", "CREATE_COMPLETE");
    bench
}

/// A stack that somebody's change set would create.
pub fn awaiting_approval() -> Bench {
    let bench = in_status("REVIEW_IN_PROGRESS");
    let mut world = bench.sandbox.world();
    let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
    stack.await_approval("release-7");
    drop(world);
    bench
}

pub fn rolled_back() -> Bench {
    in_status("ROLLBACK_COMPLETE")
}

/// The same, and a file that does not have it.
pub fn rolled_back_and_unknown() -> Bench {
    let bench = rolled_back();
    bench.config_of(&["default/other"]);
    bench
}

/// default/s3-reader, to whose role a policy is attached while it is deleted.
pub fn attached_meanwhile() -> Bench {
    let bench = ready();
    let attach = |world: &mut World| {
        let role = world.role_of("default/s3-reader");
        role.attached.push(POWER.to_owned());
    };
    bench
        .sandbox
        .before("cloudformation DeleteStack", 1, attach);
    bench
}

pub fn stuck_in_deletion() -> Bench {
    in_status("DELETE_FAILED")
}

pub fn stuck_in_update() -> Bench {
    in_status("UPDATE_FAILED")
}

pub fn stuck_in_roll_back() -> Bench {
    in_status("UPDATE_ROLLBACK_FAILED")
}

/// A role with an inline policy too, made by eksctl.
pub fn with_inline_policy() -> Bench {
    let bench = associated();
    bench.stack_of("demo", "default/s3-reader", INLINE, "CREATE_COMPLETE");
    protect(&bench);
    bench
}

/// A service account that somebody else made and irsactl annotated.
pub fn annotated() -> Bench {
    let bench = associated();
    bench
        .sandbox
        .world()
        .api("demo")
        .put_service_account("default", "s3-reader", &[], &[], "helm");
    bench.create("s3-reader");
    bench
}

/// The second inline policy of any new role cannot be made.
pub fn doomed() -> Bench {
    let bench = associated();
    bench.account(|account| {
        let reason = "Resource limit exceeded".to_owned();
        account.unmakable.insert("Policy2".to_owned(), reason);
    });
    let documents = ["s3:GetObject", "s3:PutObject"].map(document);
    let text = format!(
        "{}    attachPolicy: {}\n    wellKnownPolicies: {{externalDNS: true}}\n",
        account("default", "s3-reader"),
        documents[0]
    );
    bench.file("cluster.yaml", &crate::file::file_of(&text));
    bench.account(|account| {
        let reason = "Resource limit exceeded".to_owned();
        account
            .unmakable
            .insert("PolicyExternalDNSHostedZones".to_owned(), reason);
    });
    bench
}

/// default/s3-reader, whose next update fails: a policy that it names is deleted meanwhile.
pub fn doomed_update() -> Bench {
    let bench = ready();
    bench.account(|account| {
        let policy = ManagedPolicy::new("aws", ACCOUNT, "/", "mine", document("s3:*"));
        account.policies.insert(policy.arn.clone(), policy);
    });
    let forget = |world: &mut World| {
        let account = world.accounts.get_mut(ACCOUNT).expect("the account");
        account.policies.clear();
    };
    bench
        .sandbox
        .before_every("cloudformation ExecuteChangeSet", forget);
    let text = account("default", "s3-reader").replace(S3, &format!("{S3}, {MINE}"));
    bench.file("cluster.yaml", &crate::file::file_of(&text));
    bench
}

/// A change that CloudFormation refuses.
pub fn refused_change() -> Bench {
    refusing(all_changes(), STACK)
}

/// Where CloudFormation refuses each change of a stack.
pub fn refusing(bench: Bench, name: &'static str) -> Bench {
    let refuse = move |world: &mut World| {
        let stack = world.stack(ACCOUNT, REGION, name).expect("the stack");
        for set in &mut stack.change_sets {
            set.status = "FAILED".to_owned();
            set.reason = Some("Transform is not allowed".to_owned());
        }
    };
    bench
        .sandbox
        .before_every("cloudformation DescribeChangeSet", refuse);
    bench
}

/// A role that somebody made, and its name in a file.
pub fn by_hand() -> Bench {
    let bench = associated();
    bench.role_made_by_hand("by-hand");
    let text = "  - metadata: {name: s3-reader}\n    attachRoleARN: arn:aws:iam::111122223333:role/by-hand\n";
    bench.file("cluster.yaml", &crate::file::file_of(text));
    bench
}

/// A role for CloudFormation, which may do all.
fn with_deployer(bench: Bench) -> Bench {
    bench.role_made_by_hand("deployer");
    bench.account(|account| {
        let put = account.put_role_policy("deployer", "all", document("*"));
        put.map(|_| ()).expect("put");
    });
    bench
}

pub fn associated_with_deployer() -> Bench {
    let bench = with_deployer(associated());
    bench.config_of(&["default/s3-reader"]);
    bench
}

pub fn ready_with_deployer() -> Bench {
    with_deployer(ready())
}

/// So many that they are listed and not looked up one by one.
pub fn many() -> Bench {
    let bench = associated();
    let names: Vec<String> = (0..11)
        .map(|number| format!("default/app-{number}"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    bench.config_of(&names);
    bench
}

pub fn many_ready() -> Bench {
    let bench = many();
    // One after the other: in the order of their making they are compared.
    bench.arrange("apply -f ~/cluster.yaml --approve --parallel 1");
    bench
}

/// Two accounts, and a file that has but one of them.
pub fn one_too_many() -> Bench {
    let bench = associated();
    bench.applied(&["default/s3-reader", "web/old"]);
    bench.config_of(&["default/s3-reader"]);
    bench
}

/// A file that asks for more managed policies than a role has by default.
pub fn too_much() -> Bench {
    let bench = ready();
    let names = policies();
    let text = account("default", "s3-reader").replace(S3, &names.join(", "));
    bench.file("cluster.yaml", &crate::file::file_of(&text));
    bench
}

/// Eleven policies.
pub fn policies() -> Vec<String> {
    let names = [
        "AdministratorAccess",
        "ReadOnlyAccess",
        "PowerUserAccess",
        "SecurityAudit",
        "AmazonS3ReadOnlyAccess",
        "AmazonS3FullAccess",
        "AmazonSQSFullAccess",
        "AmazonSQSReadOnlyAccess",
        "AmazonDynamoDBFullAccess",
        "AmazonDynamoDBReadOnlyAccess",
        "CloudWatchAgentServerPolicy",
    ];
    names
        .map(|name| format!("arn:aws:iam::aws:policy/{name}"))
        .to_vec()
}

/// A new cluster with a file of everything that apply makes.
pub fn file_of_everything() -> Bench {
    let bench = new();
    let text = format!(
        "{}    attachPolicy: {}\n    permissionsBoundary: {POWER}\n",
        account("web", "s3-reader"),
        document("s3:GetObject")
    );
    bench.file("cluster.yaml", &crate::file::file_of(&text));
    bench
}

/// default/s3-reader with everything, and a file that asks for something else everywhere.
pub fn all_changes() -> Bench {
    let bench = rich();
    let text = "  - metadata: {name: s3-reader, labels: {app: web}}\n    \
        attachPolicyARNs: [arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess]\n    \
        wellKnownPolicies: {externalDNS: true}\n    maxSessionDuration: 7200\n    subjectPattern: s3-*\n    \
        audience: vault\n    tags: {tier: web}\n";
    bench.file("cluster.yaml", &crate::file::file_of(text));
    bench
}

/// A file of a cluster that is not there.
pub fn elsewhere() -> Bench {
    let bench = associated();
    let text = crate::file::file_of(&account("default", "s3-reader"));
    bench.file("cluster.yaml", &text.replace("name: demo", "name: dema"));
    bench
}

/// A cluster with the agent of EKS Pod Identity, and a pod that runs as web/api.
fn with_agent() -> Bench {
    let bench = Bench::new();
    let mut world = bench.sandbox.world();
    world.clusters[0].add_addon("eks-pod-identity-agent");
    world.api("demo").run_deployment("web", "api", "api", 1);
    drop(world);
    bench
}

/// web/api has the association that irsactl makes, open to all.
pub fn with_an_association() -> Bench {
    let bench = with_agent();
    let line = format!(
        "create pia web/api --cluster demo --attach-policy-arn {S3} --trust-any-association --approve"
    );
    let told = bench.run(&line);
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    bench
}

/// web/api has its role on both ways.
pub fn with_a_shared_role() -> Bench {
    let bench = with_agent();
    bench.associate();
    bench.create("web/api");
    bench.arrange("migrate to-pod-identity --cluster demo web/api --no-proof --approve");
    bench
}

/// The same, whose stack CloudFormation does not change.
pub fn with_a_shared_role_that_stays() -> Bench {
    let name = "eksctl-demo-addon-iamserviceaccount-web-api";
    refusing(with_a_shared_role(), name)
}

/// web/api has an association with a role that was made by others.
pub fn with_another_association() -> Bench {
    let bench = with_agent();
    let mut world = bench.sandbox.world();
    let role = world.add_role_of_pods("other");
    world.clusters[0].add_association("web", "api", &role);
    drop(world);
    bench
}

/// A file asks for an association that is there with other terms, and for one that is not.
pub fn with_associations_in_the_file() -> Bench {
    let bench = with_an_association();
    let entry = |name: &str| {
        format!(
            "\n    - {{namespace: web, serviceAccountName: {name}, permissionPolicyARNs: [{S3:?}], disableSessionTags: true}}"
        )
    };
    file_of_associations(&bench, &["api", "other"].map(entry).concat());
    bench
}

/// A file asks for no association, though there is one.
pub fn with_no_associations_in_the_file() -> Bench {
    let bench = with_an_association();
    file_of_associations(&bench, " []");
    bench
}

fn file_of_associations(bench: &Bench, list: &str) {
    let text = format!(
        "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {{name: demo, region: eu-west-1}}\n\
         iam:\n  serviceAccounts: []\n  podIdentityAssociations:{list}\n"
    );
    bench.file("cluster.yaml", &text);
}

/// default/s3-reader's role, and its stack, are for another issuer than the cluster's, which has a provider.
pub fn with_former_issuer() -> Bench {
    let bench = Bench::new();
    let now = bench.issuer();
    let former = "https://oidc.eks.eu-west-1.amazonaws.com/id/FORMER";
    bench.sandbox.world().clusters[0].issuer = Some(former.to_owned());
    bench.associate();
    bench.create("default/s3-reader");
    bench.sandbox.world().clusters[0].issuer = Some(format!("https://{now}"));
    bench.associate();
    bench
}

/// default/s3-reader, and another cluster beside its own.
pub fn two_clusters() -> Bench {
    let bench = Bench::with(Options {
        clusters: vec!["demo".to_owned(), "blue".to_owned()],
        ..Options::default()
    });
    bench.associate();
    bench.arrange("associate-oidc-provider --cluster blue --approve");
    bench.create("s3-reader");
    bench
}

/// A cluster whose service accounts have roles, and one with pods of web/api, which has none there.
pub fn with_blue() -> Bench {
    let bench = crate::trust::blue(Options::default().pace);
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    api.put_service_account("web", "api", &[], &[], "kubectl");
    drop(world);
    run_every_kind(&bench, "web", "api");
    bench
}

/// All roles are deleted while a stack is updated.
pub fn forgetting(bench: Bench) -> Bench {
    let forget = |world: &mut World| {
        let account = world.accounts.get_mut(ACCOUNT).expect("the account");
        account.roles.clear();
    };
    bench
        .sandbox
        .before_every("cloudformation ExecuteChangeSet", forget);
    bench
}

/// A service account that a role by hand lets in.
pub fn with_attached() -> Bench {
    let bench = crate::migrate::by_hand();
    let role = "arn:aws:iam::111122223333:role/by-hand";
    bench.arrange(&format!(
        "create iamserviceaccount cart -n shop --cluster demo --attach-role-arn {role} --trust --approve"
    ));
    bench
}
