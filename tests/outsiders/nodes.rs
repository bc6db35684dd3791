//! Nodes, and how they get a role: by the aws CLI and kubectl, and then as irsactl sees it.

use insta::assert_snapshot;

use crate::shell::Shell;
use crate::support::Bench;

const TRUST: &str = r#"{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}"#;
const MORE: &str =
    r#"{"Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}"#;
const NODE_CLASS: &str = "\
apiVersion: karpenter.k8s.aws/v1
kind: EC2NodeClass
metadata: {name: default}
spec: {role: nodes}
";

#[test]
fn the_roles_of_nodes_are_found_as_others_made_them() {
    let bench = Bench::new();
    bench.sandbox.world().add_instances_of_nodes();
    let shell = Shell::with_kubectl(Shell::with_aws(bench).bench);
    let file = |name: &str, content: &str| shell.bench.file(name, content);
    file("trust.json", TRUST);
    file("more.json", MORE);
    file("class.yaml", NODE_CLASS);
    let instance = "i-0123456789abcde10";
    for line in [
        "aws iam create-role --role-name nodes --assume-role-policy-document file://trust.json",
        "aws iam put-role-policy --role-name nodes --policy-name more --policy-document file://more.json",
        "aws iam create-instance-profile --instance-profile-name nodes",
        "aws iam add-role-to-instance-profile --instance-profile-name nodes --role-name nodes",
        &format!(
            "aws ec2 associate-iam-instance-profile --instance-id {instance} --iam-instance-profile Name=nodes"
        ),
        &format!(
            "aws ec2 modify-instance-metadata-options --instance-id {instance} --http-put-response-hop-limit 2"
        ),
        "kubectl apply -f class.yaml",
    ] {
        shell.output(line);
    }
    let scan = "migrate scan --cluster demo";
    assert_snapshot!(shell.bench.run(scan), @"
    [stdout]
    NAMESPACE     NAME         KIND        WAY         SERVICE ACCOUNT   STATE   NEXT, OR WHAT KEEPS IT
    kube-system   aws-node     DaemonSet   node-role   aws-node          -
    kube-system   kube-proxy   DaemonSet   node-role   kube-proxy        -

    NODE ROLE                              FROM                   NODES   REACHED BY   WORKLOADS WITH NOTHING ELSE   BEYOND WHAT NODES NEED
    arn:aws:iam::111122223333:role/nodes   EC2NodeClass default   1       all pods     -                             inline policy more allows sqs:SendMessage on all resources
    [exit 0]
    ");
    let query = "IamInstanceProfileAssociations[].[InstanceId, State]";
    let describe = "aws ec2 describe-iam-instance-profile-associations --output text --query";
    assert_snapshot!(shell.output(&format!("{describe} '{query}'")), @"i-0123456789abcde10	associated");
    let profiles =
        "aws iam list-instance-profiles-for-role --role-name nodes --output text --query";
    assert_snapshot!(shell.output(&format!("{profiles} 'InstanceProfiles[].Arn'")), @"arn:aws:iam::111122223333:instance-profile/nodes");
    for line in [
        "aws iam create-instance-profile --instance-profile-name nodes",
        "aws iam add-role-to-instance-profile --instance-profile-name nodes --role-name nodes",
        "aws iam delete-instance-profile --instance-profile-name nodes",
        "aws ec2 associate-iam-instance-profile --instance-id i-1 --iam-instance-profile Name=nodes",
        "aws ec2 associate-iam-instance-profile --instance-id i-0123456789abcde11 --iam-instance-profile Name=none",
    ] {
        assert!(shell.run(line).contains("An error occurred ("), "{line}");
    }
    let group = "aws eks create-nodegroup --cluster-name demo --nodegroup-name workers --subnets subnet-1 --node-role arn:aws:iam::111122223333:role/nodes --query nodegroup.status --output text";
    assert_eq!(shell.output(group), "ACTIVE");
    let told = shell.bench.run(scan);
    assert!(told.contains("node group workers"), "{told}");
}
