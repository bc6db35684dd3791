//! Lists whose pages lead back to one before, or go on nowhere: what is missing in them counts as not
//! there, so none of them is taken for read.

use insta::assert_snapshot;

use crate::sandbox::{Effect, Fault, Kind, Service};
use crate::support::Bench;

const CIRCLE: &str = "leads back to one before it";

/// A page of nothing of a list of IAM's or CloudFormation's, with where it goes on.
fn xml(operation: &str, token: &str) -> String {
    format!(
        "<{operation}Response><{operation}Result>{token}</{operation}Result></{operation}Response>"
    )
}

fn always(bench: &Bench, service: Service, operation: &str, body: String) {
    let effect = Effect::Body { status: 200, body };
    let fault = Fault::new(Some(service), Some(operation), Kind::Effect(effect));
    bench.sandbox.world().faults.push(fault);
}

/// A service account with its role, its pod and what else is read of it.
fn whole() -> Bench {
    let bench = Bench::associated();
    bench.create("web/api");
    let mut world = bench.sandbox.world();
    world.api("demo").run_deployment("web", "api", "api", 2);
    world.add_vpc_endpoint("sts");
    drop(world);
    bench
}

const MARKER: &str = "<IsTruncated>true</IsTruncated><Marker>m</Marker>";

#[test]
fn a_list_of_roles_that_leads_back_keeps_the_provider() {
    for (end, wanted) in [
        (MARKER, CIRCLE),
        (
            "<IsTruncated>true</IsTruncated>",
            "its list goes on, and it does not say where",
        ),
        (
            "<IsTruncated>true</IsTruncated><Marker></Marker>",
            "its list goes on, and it does not say where",
        ),
    ] {
        let bench = whole();
        let providers = bench.providers();
        always(
            &bench,
            Service::Iam,
            "ListRoles",
            xml("ListRoles", &format!("<Roles/>{end}")),
        );
        let told = bench.run_bounded("disassociate-oidc-provider --cluster demo --approve");
        assert!(
            told.contains(wanted) && told.ends_with("[exit 1]\n"),
            "{told}"
        );
        assert_eq!(bench.providers(), providers);
    }
}

#[test]
fn no_list_that_leads_back_is_taken_for_read() {
    let delete = "delete iamserviceaccount api --namespace web --cluster demo";
    let doctor = "doctor web/api --cluster demo";
    let marked = |operation| xml(operation, MARKER);
    let token = |operation| xml(operation, "<NextToken>t</NextToken>");
    let json = |list: &str| format!(r#"{{"{list}": [], "nextToken": "t"}}"#);
    let ec2 = |operation: &str| {
        format!("<{operation}Response><nextToken>t</nextToken></{operation}Response>")
    };
    let list = r#"{"kind": "List", "metadata": {"continue": "t"}, "items": []}"#.to_owned();
    use Service::{CloudFormation, CloudTrail, Ec2, Eks, Iam, Kubernetes};
    let all = [
        (
            Iam,
            "ListAttachedRolePolicies",
            marked("ListAttachedRolePolicies"),
            delete,
        ),
        (Iam, "ListRolePolicies", marked("ListRolePolicies"), delete),
        (
            Iam,
            "ListInstanceProfilesForRole",
            marked("ListInstanceProfilesForRole"),
            delete,
        ),
        (
            Eks,
            "ListPodIdentityAssociations",
            json("associations"),
            doctor,
        ),
        (
            CloudFormation,
            "DescribeStacks",
            token("DescribeStacks"),
            "get iamserviceaccount --cluster demo",
        ),
        (
            CloudFormation,
            "DescribeStacks",
            token("DescribeStacks"),
            "apply -f ~/file --prune --approve",
        ),
        (
            Ec2,
            "DescribeVpcEndpoints",
            ec2("DescribeVpcEndpoints"),
            doctor,
        ),
        (Ec2, "DescribeInstances", ec2("DescribeInstances"), doctor),
        (
            CloudTrail,
            "LookupEvents",
            r#"{"Events": [], "NextToken": "t"}"#.to_owned(),
            doctor,
        ),
        (Kubernetes, "list pods", list.clone(), doctor),
        (
            Kubernetes,
            "list serviceaccounts",
            list,
            "get iamserviceaccount --cluster demo -o wide",
        ),
    ];
    let mut told = String::new();
    for (service, operation, body, line) in all {
        let bench = whole();
        bench.file("file", "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: demo, region: eu-west-1}\niam: {serviceAccounts: []}\n");
        let state = bench.state();
        always(&bench, service, operation, body);
        let text = bench.run_bounded(line);
        let found = text.lines().find(|line| line.contains(CIRCLE));
        let end = text.lines().last().unwrap_or_default();
        told.push_str(&format!(
            "{operation}: {}  {end}\n",
            found.unwrap_or(&text).trim()
        ));
        assert_eq!(bench.state(), state, "{operation}: {text}");
    }
    assert_snapshot!(told, @"
    ListAttachedRolePolicies: error: cannot reach AWS for iam:ListAttachedRolePolicies: a page of its list leads back to one before it  [exit 1]
    ListRolePolicies: error: cannot reach AWS for iam:ListRolePolicies: a page of its list leads back to one before it  [exit 1]
    ListInstanceProfilesForRole: error: cannot reach AWS for iam:ListInstanceProfilesForRole: a page of its list leads back to one before it  [exit 1]
    ListPodIdentityAssociations: unknown: pod-identity-association: cannot reach AWS for eks:ListPodIdentityAssociations: a page of its list leads back to one before it  [exit 0]
    DescribeStacks: error: cannot reach AWS for cloudformation:DescribeStacks: a page of its list leads back to one before it  [exit 1]
    DescribeStacks: error: cannot reach AWS for cloudformation:DescribeStacks: a page of its list leads back to one before it  [exit 1]
    DescribeVpcEndpoints: unknown: sts-endpoint: cannot reach AWS for ec2:DescribeVpcEndpoints: a page of its list leads back to one before it  [exit 0]
    DescribeInstances: unknown: metadata-hop-limit: cannot reach AWS for ec2:DescribeInstances: a page of its list leads back to one before it  [exit 0]
    LookupEvents: unknown: recorded-failures: cannot reach AWS for cloudtrail:LookupEvents: a page of its list leads back to one before it  [exit 0]
    list pods: unknown: pod-service-account, pod-skipped and 14 more: cannot list pods in namespace web: a page of its list leads back to one before it  [exit 0]
    list serviceaccounts: warning: the Kubernetes side is not known: cannot list service accounts: a page of its list leads back to one before it  [exit 0]
    ");
}

#[test]
fn the_reason_of_a_failure_is_not_looked_for_in_a_circle() {
    let bench = Bench::associated();
    bench.eksctl_stack("default/a", "DELETE_FAILED");
    let body = xml(
        "DescribeStackEvents",
        "<StackEvents/><NextToken>t</NextToken>",
    );
    always(&bench, Service::CloudFormation, "DescribeStackEvents", body);
    let told = bench.run_bounded(
        "create iamserviceaccount a --cluster demo --well-known-policy externalDNS --approve",
    );
    assert!(
        told.contains(CIRCLE) && told.ends_with("[exit 1]\n"),
        "{told}"
    );
}
