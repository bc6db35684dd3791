//! What AWS and Kubernetes say of their refusals: a megabyte is told in part, and a status without a word
//! by what it means.

use insta::assert_snapshot;

use crate::sandbox::{Effect, Fault, Kind, Service};
use crate::support::{Bench, S3};

fn create() -> String {
    format!("create iamserviceaccount a --cluster demo --attach-policy-arn {S3} --approve")
}

fn met(service: Service, operation: &str, effect: Effect) -> Bench {
    let bench = Bench::associated().impatient();
    let fault = Fault::new(Some(service), Some(operation), Kind::Effect(effect));
    bench.sandbox.world().faults.push(fault);
    bench
}

/// The calls of a creation and of a proof, one of each service.
const CALLS: [(Service, &str, &str); 6] = [
    (Service::Eks, "DescribeCluster", ""),
    (Service::Iam, "GetPolicy", ""),
    (Service::CloudFormation, "CreateStack", ""),
    (Service::Sts, "AssumeRoleWithWebIdentity", " --verify"),
    (Service::Kubernetes, "get serviceaccounts", ""),
    (Service::Kubernetes, "apply serviceaccounts", ""),
];

#[test]
fn a_megabyte_of_words_is_told_in_part() {
    // One of them in full: a megabyte takes a second to go through.
    for (status, length) in [(400, 1 << 20), (403, 1 << 16), (409, 1 << 16)] {
        for (service, operation, flag) in CALLS {
            let code = if status == 403 { "AccessDenied" } else { "Odd" };
            let bench = met(
                service,
                operation,
                Effect::Error {
                    status,
                    code: code.to_owned(),
                    message: format!("wordy {}", "x".repeat(length)),
                },
            );
            // It fails by itself where more than 10,000 bytes are printed.
            let told = bench.run_bounded(&(create() + flag));
            assert!(
                told.contains("wordy xxx") && told.contains("x…"),
                "{operation} {status}: {told}"
            );
        }
    }
}

#[test]
fn a_stack_that_failed_with_many_words_is_told_in_part() {
    let event = format!(
        "<StackId>s</StackId><EventId>e</EventId><StackName>n</StackName><LogicalResourceId>Role1</LogicalResourceId>\
         <ResourceType>AWS::IAM::Role</ResourceType><Timestamp>2026-01-01T00:00:00Z</Timestamp>\
         <ResourceStatus>DELETE_FAILED</ResourceStatus><ResourceStatusReason>wordy {}</ResourceStatusReason>",
        "x".repeat(1 << 20)
    );
    let body = format!(
        "<DescribeStackEventsResponse><DescribeStackEventsResult><StackEvents><member>{event}</member></StackEvents>\
         </DescribeStackEventsResult></DescribeStackEventsResponse>"
    );
    let effect = Effect::Body { status: 200, body };
    let bench = met(Service::CloudFormation, "DescribeStackEvents", effect);
    bench.eksctl_stack("default/a", "DELETE_FAILED");
    let told = bench.run_bounded(&create());
    assert!(told.contains("wordy xxx") && told.contains("x…"), "{told}");
}

#[test]
fn too_many_calls_without_a_word_are_told_with_what_to_do() {
    let mut all = String::new();
    for (service, operation, flag) in CALLS {
        let body = String::new();
        let bench = met(service, operation, Effect::Body { status: 429, body });
        let told = bench.run_bounded(&(create() + flag));
        let lines = told
            .lines()
            .filter(|line| line.starts_with("error: ") || line.starts_with("hint: "));
        let lines: Vec<_> = lines.collect();
        all.push_str(&format!("{}\n", lines.join("\n  ")));
    }
    assert_snapshot!(all, @"
    error: eks:DescribeCluster failed on demo: TooManyRequests: too many calls (HTTP 429)
      hint: AWS is busy for this account: run the same command again in a minute
    error: iam:GetPolicy failed on arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess: TooManyRequests: too many calls (HTTP 429)
      hint: AWS is busy for this account: run the same command again in a minute
    error: cloudformation:CreateStack failed on eksctl-demo-addon-iamserviceaccount-default-a: TooManyRequests: too many calls (HTTP 429)
      hint: AWS is busy for this account: run the same command again in a minute
    error: default/a: STS did not answer: sts:AssumeRoleWithWebIdentity failed: TooManyRequests: too many calls (HTTP 429)
      hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
    error: cannot read service account default/a: Too Many Requests (429)
      hint: the API has trouble: run the same command again in a minute
      hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    error: cannot apply service account default/a: Too Many Requests (429)
      hint: the API has trouble: run the same command again in a minute
      hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    ");
}
