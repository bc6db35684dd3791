//! GenerateServiceLastAccessedDetails and GetServiceLastAccessedDetails: what roles used of the services that their
//! policies allow. The report lists every such service, whether it was used or not, sorted by its namespace, and
//! looks neither at boundaries nor at policies of resources:
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLastAccessedDetails.html>. Of actions it tells
//! those that IAM tracks, management events of CloudTrail, and never iam:PassRole:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html>. That tracked actions without
//! a use are listed without a time is from memory, as users of the API report it; so is what a stranger's job
//! answers. Services that are not in the table below are not told.

use super::super::aws::{Caller, Parameters, Refusal, Xml, digest, now, timestamp_in_seconds};
use super::super::trust::{is_like, names_action, one_or_many};
use super::super::world::Account;
use super::{Role, invalid_input, listed, no_such_entity};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// A job that makes a report.
#[derive(Clone, Debug)]
pub struct Report {
    /// ARN of the role.
    role: String,
    /// ARN of who asked for it, and nobody else gets it.
    owner: String,
    is_of_actions: bool,
    /// How many more looks show it in progress.
    looks: u32,
    begun: i64,
}

/// Namespace, name, and some of the actions that IAM tracks; which these are is from memory.
pub const SERVICES: [(&str, &str, &[&str]); 20] = [
    ("cloudwatch", "Amazon CloudWatch", &[]),
    (
        "dynamodb",
        "Amazon DynamoDB",
        &["CreateTable", "DeleteTable", "DescribeTable", "ListTables"],
    ),
    (
        "ec2",
        "Amazon EC2",
        &[
            "AttachVolume",
            "CreateTags",
            "CreateVolume",
            "DescribeInstances",
            "DescribeVpcs",
            "RunInstances",
            "TerminateInstances",
        ],
    ),
    (
        "ecr",
        "Amazon Elastic Container Registry",
        &["BatchGetImage", "GetAuthorizationToken", "PutImage"],
    ),
    (
        "eks",
        "Amazon Elastic Kubernetes Service",
        &["DescribeCluster", "ListClusters"],
    ),
    (
        "elasticfilesystem",
        "Amazon Elastic File System",
        &["CreateAccessPoint"],
    ),
    (
        "elasticloadbalancing",
        "Elastic Load Balancing",
        &["DescribeLoadBalancers"],
    ),
    (
        "iam",
        "AWS Identity and Access Management",
        &["CreateRole", "DeleteRole", "GetRole", "ListRoles"],
    ),
    (
        "kms",
        "AWS Key Management Service",
        &["CreateKey", "Decrypt", "DescribeKey"],
    ),
    (
        "logs",
        "Amazon CloudWatch Logs",
        &["CreateLogGroup", "CreateLogStream"],
    ),
    (
        "route53",
        "Amazon Route 53",
        &["ChangeResourceRecordSets", "ListHostedZones"],
    ),
    ("route53domains", "Amazon Route 53 Domains", &[]),
    (
        "s3",
        "Amazon S3",
        &[
            "CreateBucket",
            "DeleteBucket",
            "DeleteBucketPolicy",
            "GetBucketAcl",
            "GetBucketLocation",
            "GetBucketPolicy",
            "GetBucketVersioning",
            "ListAllMyBuckets",
            "PutBucketAcl",
            "PutBucketPolicy",
            "PutBucketTagging",
            "PutBucketVersioning",
        ],
    ),
    ("s3-object-lambda", "Amazon S3 Object Lambda", &[]),
    (
        "secretsmanager",
        "AWS Secrets Manager",
        &[
            "CreateSecret",
            "DeleteSecret",
            "GetSecretValue",
            "ListSecrets",
        ],
    ),
    ("sns", "Amazon SNS", &["CreateTopic", "ListTopics"]),
    (
        "sqs",
        "Amazon SQS",
        &["CreateQueue", "DeleteQueue", "ListQueues", "PurgeQueue"],
    ),
    (
        "ssm",
        "AWS Systems Manager",
        &["GetParameter", "PutParameter"],
    ),
    (
        "sts",
        "AWS Security Token Service",
        &["AssumeRole", "GetCallerIdentity"],
    ),
    ("xray", "AWS X-Ray", &[]),
];

impl Role {
    /// That it called an action so many days ago, or tried to.
    pub fn use_action(&mut self, action: &str, days: i64) {
        let region = "eu-west-1".to_owned();
        self.uses
            .insert(action.to_owned(), (now() - days * DAY, region));
    }

    /// That it was made so many days ago.
    pub fn made(&mut self, days: i64) {
        self.created = now() - days * DAY;
    }
}

/// The two operations; `None` for any other.
pub fn answer(
    account: &mut Account,
    caller: &Caller,
    action: &str,
    parameters: &Parameters,
    page_size: usize,
) -> Option<Result<Xml, Refusal>> {
    Some(match action {
        "GenerateServiceLastAccessedDetails" => generate(account, caller, parameters),
        "GetServiceLastAccessedDetails" => get(account, caller, parameters, page_size),
        _ => return None,
    })
}

fn generate(
    account: &mut Account,
    caller: &Caller,
    parameters: &Parameters,
) -> Result<Xml, Refusal> {
    let arn = parameters.required("Arn")?;
    let is_of_actions = match parameters.text("Granularity") {
        None | Some("SERVICE_LEVEL") => false,
        Some("ACTION_LEVEL") => true,
        Some(other) => {
            let rule = "satisfy enum value set: [SERVICE_LEVEL, ACTION_LEVEL]";
            return Err(Refusal::constraint("granularity", other, rule));
        }
    };
    if !account.roles.values().any(|role| role.arn == arn) {
        return Err(no_such_entity(format!("Arn {arn} does not exist.")));
    }
    let before = account.reports.values().filter(|report| report.role == arn);
    let hex = digest(&["report", arn, &before.count().to_string()]);
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..32],
    ];
    let id = parts.join("-");
    let report = Report {
        role: arn.to_owned(),
        owner: caller.arn.clone(),
        is_of_actions,
        looks: account.report_looks,
        begun: now(),
    };
    account.reports.insert(id.clone(), report);
    Ok(Xml::default().text("JobId", &id))
}

fn get(
    account: &mut Account,
    caller: &Caller,
    parameters: &Parameters,
    page_size: usize,
) -> Result<Xml, Refusal> {
    let id = parameters.required("JobId")?;
    if id.chars().count() != 36 {
        return Err(Refusal::constraint("jobId", id, "have length equal to 36"));
    }
    let missing = || no_such_entity(format!("JobId {id} not found."));
    let report = account
        .reports
        .get_mut(id)
        .filter(|it| it.owner == caller.arn);
    let report = report.ok_or_else(missing)?;
    let kind = if report.is_of_actions {
        "ACTION_LEVEL"
    } else {
        "SERVICE_LEVEL"
    };
    let begun = timestamp_in_seconds(report.begun);
    let state = |status: &str| {
        Xml::default()
            .text("JobStatus", status)
            .text("JobType", kind)
            .text("JobCreationDate", &begun)
    };
    if report.looks > 0 {
        report.looks -= 1;
        return Ok(state("IN_PROGRESS")
            .text("IsTruncated", "false")
            .list("ServicesLastAccessed", []));
    }
    let report = report.clone();
    let role = account.roles.values().find(|role| role.arn == report.role);
    let ended = timestamp_in_seconds(now());
    let failure = match role {
        Some(role) => role.report_failure.clone(),
        None => Some((
            "NoSuchEntity".to_owned(),
            format!("{} is gone", report.role),
        )),
    };
    if let Some((code, message)) = failure {
        let error = Xml::default().text("Message", &message).text("Code", &code);
        return Ok(state("FAILED")
            .text("JobCompletionDate", &ended)
            .text("IsTruncated", "false")
            .list("ServicesLastAccessed", [])
            .element("Error", error));
    }
    let services = role.map(|role| services(account, role, report.is_of_actions));
    let size = page_size.min(100);
    if parameters.number("MaxItems")?.is_some_and(|it| it < 1) {
        return Err(invalid_input("MaxItems must be at least 1."));
    }
    let page = listed(
        "ServicesLastAccessed",
        services.unwrap_or_default(),
        parameters,
        size,
    )?;
    Ok(state("COMPLETED")
        .text("JobCompletionDate", &ended)
        .and(page))
}

fn services(account: &Account, role: &Role, with_actions: bool) -> Vec<Xml> {
    let policies = account.permissions(role);
    let statements = policies
        .iter()
        .flat_map(|document| one_or_many(&document["Statement"]));
    let allowing: Vec<_> = statements.filter(|it| it["Effect"] == "Allow").collect();
    let granted = SERVICES.iter().filter(|(namespace, ..)| {
        let is_of =
            |pattern: &str| is_like(pattern.split(':').next().unwrap_or_default(), namespace);
        allowing.iter().any(|statement| match &statement["Action"] {
            serde_json::Value::Null => names_action(statement, &format!("{namespace}:Anything")),
            actions => one_or_many(actions)
                .iter()
                .filter_map(|it| it.as_str())
                .any(is_of),
        })
    });
    granted
        .map(|(namespace, name, actions)| {
            let actions = actions.iter().filter(|action| {
                let action = format!("{namespace}:{action}");
                allowing
                    .iter()
                    .any(|statement| names_action(statement, &action))
            });
            let actions: Vec<&str> = actions.copied().filter(|_| with_actions).collect();
            service(account, role, (namespace, name), &actions)
        })
        .collect()
}

fn service(
    account: &Account,
    role: &Role,
    (namespace, name): (&str, &str),
    actions: &[&str],
) -> Xml {
    let uses = account.uses.iter().chain(&role.uses);
    let of_service = uses.filter(|(action, _)| {
        action
            .split_once(':')
            .is_some_and(|(service, _)| service == namespace)
            && *action != "iam:PassRole"
    });
    let of_service: Vec<_> = of_service.collect();
    let last = of_service.iter().map(|(_, at)| at).max();
    let xml = Xml::default().text("ServiceName", name);
    let xml = match last {
        Some((at, region)) => xml
            .text("LastAuthenticated", &timestamp_in_seconds(*at))
            .text("ServiceNamespace", namespace)
            .text("LastAuthenticatedEntity", &role.arn)
            .text("LastAuthenticatedRegion", region)
            .text("TotalAuthenticatedEntities", "1"),
        None => xml
            .text("ServiceNamespace", namespace)
            .text("TotalAuthenticatedEntities", "0"),
    };
    if actions.is_empty() {
        return xml;
    }
    let actions = actions.iter().map(|action| {
        let xml = Xml::default().text("ActionName", action);
        let name = format!("{namespace}:{action}");
        match of_service.iter().find(|(used, _)| **used == name) {
            Some((_, (at, region))) => xml
                .text("LastAccessedEntity", &role.arn)
                .text("LastAccessedTime", &timestamp_in_seconds(*at))
                .text("LastAccessedRegion", region),
            None => xml,
        }
    });
    xml.list("TrackedActionsLastAccessed", actions)
}
