//! Managed policies: AWS's own, by a table of real names, and the customers'.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::aws::{
    Caller, Parameters, Refusal, Xml, now, percent_encoded, timestamp_in_seconds, token_of,
};
use super::super::world::Account;
use super::documents::{self, Purpose};
use super::{
    POLICY_SIZE, add_tags, check_name, check_path, checked_tags, exists_already, invalid_input,
};
use super::{limit_exceeded, listed, no_such_entity};

/// A managed policy.
#[derive(Clone, Debug, Default)]
pub struct ManagedPolicy {
    pub arn: String,
    pub document: Value,
    pub description: String,
    pub tags: BTreeMap<String, String>,
    /// Milliseconds since 1970.
    pub created: i64,
}

impl ManagedPolicy {
    /// A customer's policy; `path` is `/` or `/…/`.
    pub fn new(partition: &str, account: &str, path: &str, name: &str, document: Value) -> Self {
        Self {
            arn: format!("arn:{partition}:iam::{account}:policy{path}{name}"),
            document,
            created: now(),
            ..Self::default()
        }
    }

    pub fn name(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }

    /// `/`, `/service-role/`, …
    pub fn path(&self) -> &str {
        let from = self.arn.find('/').unwrap_or_default();
        &self.arn[from..self.arn.len() - self.name().len()]
    }
}

/// AWS's managed policies of the sandbox: path and name, and the actions that stand for the real
/// document. All partitions have them all.
const AWS_POLICIES: [(&str, &str); 46] = [
    ("AdministratorAccess", "*"),
    (
        "ReadOnlyAccess",
        "ec2:Describe* s3:Get* s3:List* iam:Get* iam:List*",
    ),
    ("PowerUserAccess", "ec2:* s3:* dynamodb:* sqs:*"),
    (
        "job-function/ViewOnlyAccess",
        "ec2:Describe* s3:ListAllMyBuckets iam:List*",
    ),
    ("SecurityAudit", "iam:Get* iam:List* s3:GetBucket*"),
    (
        "AmazonS3ReadOnlyAccess",
        "s3:Get* s3:List* s3:Describe* s3-object-lambda:Get* s3-object-lambda:List*",
    ),
    ("AmazonS3FullAccess", "s3:* s3-object-lambda:*"),
    (
        "AmazonS3FilesClientFullAccess",
        "s3files:ClientMount s3files:ClientWrite s3files:ClientRootAccess",
    ),
    (
        "AmazonElasticFileSystemsUtils",
        "elasticfilesystem:DescribeMountTargets ssm:GetParameters",
    ),
    (
        "AmazonElasticFileSystemReadOnlyAccess",
        "elasticfilesystem:Describe*",
    ),
    ("AmazonElasticFileSystemFullAccess", "elasticfilesystem:*"),
    (
        "AmazonDynamoDBReadOnlyAccess",
        "dynamodb:Describe* dynamodb:Get* dynamodb:List* dynamodb:Query dynamodb:Scan",
    ),
    ("AmazonDynamoDBFullAccess", "dynamodb:*"),
    ("AmazonSQSFullAccess", "sqs:*"),
    (
        "AmazonSQSReadOnlyAccess",
        "sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ListQueues",
    ),
    ("AmazonSNSFullAccess", "sns:*"),
    (
        "AmazonSNSReadOnlyAccess",
        "sns:GetTopicAttributes sns:List*",
    ),
    (
        "AmazonSSMReadOnlyAccess",
        "ssm:Describe* ssm:Get* ssm:List*",
    ),
    ("AmazonSSMFullAccess", "ssm:*"),
    (
        "AmazonSSMManagedInstanceCore",
        "ssm:UpdateInstanceInformation ssmmessages:CreateControlChannel",
    ),
    ("SecretsManagerReadWrite", "secretsmanager:*"),
    (
        "AWSKeyManagementServicePowerUser",
        "kms:CreateKey kms:Describe* kms:Get* kms:List*",
    ),
    (
        "AmazonRDSReadOnlyAccess",
        "rds:Describe* rds:ListTagsForResource",
    ),
    ("AmazonRoute53FullAccess", "route53:* route53domains:*"),
    ("AmazonRoute53ReadOnlyAccess", "route53:Get* route53:List*"),
    (
        "AmazonEC2ReadOnlyAccess",
        "ec2:Describe* elasticloadbalancing:Describe*",
    ),
    ("AmazonEC2FullAccess", "ec2:* elasticloadbalancing:*"),
    (
        "AmazonEC2ContainerRegistryPullOnly",
        "ecr:GetAuthorizationToken ecr:BatchGetImage ecr:GetDownloadUrlForLayer",
    ),
    (
        "AmazonEKSWorkerNodeMinimalPolicy",
        "eks-auth:AssumeRoleForPodIdentity",
    ),
    (
        "AmazonEC2ContainerRegistryReadOnly",
        "ecr:GetAuthorizationToken ecr:BatchGetImage",
    ),
    (
        "AmazonEC2ContainerRegistryPowerUser",
        "ecr:GetAuthorizationToken ecr:BatchGetImage ecr:PutImage",
    ),
    ("AmazonEC2ContainerRegistryFullAccess", "ecr:*"),
    (
        "AmazonEKS_CNI_Policy",
        "ec2:AssignPrivateIpAddresses ec2:AttachNetworkInterface ec2:Describe*",
    ),
    (
        "AmazonEKSClusterPolicy",
        "ec2:Describe* elasticloadbalancing:*",
    ),
    (
        "AmazonEKSWorkerNodePolicy",
        "ec2:Describe* eks:DescribeCluster eks-auth:AssumeRoleForPodIdentity",
    ),
    (
        "service-role/AmazonEBSCSIDriverPolicy",
        "ec2:CreateSnapshot ec2:AttachVolume ec2:DetachVolume ec2:Describe*",
    ),
    (
        "service-role/AmazonEBSCSIDriverPolicyV2",
        "ec2:CreateSnapshot ec2:AttachVolume ec2:DetachVolume ec2:Describe*",
    ),
    (
        "AmazonEBSCSIDriverEKSClusterScopedPolicy",
        "ec2:CreateSnapshot ec2:AttachVolume ec2:Describe*",
    ),
    (
        "service-role/AmazonEFSCSIDriverPolicy",
        "elasticfilesystem:Describe* elasticfilesystem:CreateAccessPoint",
    ),
    (
        "service-role/AmazonS3FilesCSIDriverPolicy",
        "s3files:ListAccessPoints s3files:CreateAccessPoint",
    ),
    ("AmazonFSxFullAccess", "fsx:*"),
    (
        "CloudWatchAgentServerPolicy",
        "cloudwatch:PutMetricData logs:PutLogEvents logs:CreateLogStream",
    ),
    (
        "AWSXrayWriteOnlyAccess",
        "xray:PutTraceSegments xray:PutTelemetryRecords",
    ),
    ("AmazonPrometheusRemoteWriteAccess", "aps:RemoteWrite"),
    ("VPCLatticeFullAccess", "vpc-lattice:*"),
    ("AWSAppMeshEnvoyAccess", "appmesh:StreamAggregatedResources"),
];

impl Account {
    /// The policy of that ARN, AWS's or the account's own, if it exists in the partition.
    pub fn policy(&self, partition: &str, arn: &str) -> Option<ManagedPolicy> {
        let own = format!("arn:{partition}:iam::aws:policy/");
        match arn.strip_prefix(&own) {
            Some(name) => {
                let row = AWS_POLICIES.iter().find(|(path, _)| *path == name)?;
                Some(aws_policy(partition, row))
            }
            None => self.policies.get(arn).cloned(),
        }
    }

    /// Adds a customer's policy by IAM's rules.
    ///
    /// # Errors
    /// IAM's.
    pub fn create_policy(&mut self, policy: ManagedPolicy) -> Result<&mut ManagedPolicy, Refusal> {
        check_name("policyName", policy.name(), 128)?;
        check_path(policy.path())?;
        let partition = policy.arn.split(':').nth(1).unwrap_or_default();
        documents::check(&policy.document, Purpose::Permissions(partition))?;
        if documents::size(&policy.document) > POLICY_SIZE {
            return Err(limit_exceeded(format!(
                "Cannot exceed quota for PolicySize: {POLICY_SIZE}"
            )));
        }
        let name = policy.name().to_lowercase();
        if self
            .policies
            .values()
            .any(|other| other.name().to_lowercase() == name)
        {
            let message = format!(
                "A policy called {} already exists. Duplicate names are not allowed.",
                policy.name()
            );
            return Err(exists_already(message));
        }
        Ok(self.policies.entry(policy.arn.clone()).or_insert(policy))
    }

    fn attachments(&self, arn: &str) -> usize {
        self.roles
            .values()
            .filter(|role| role.attached.iter().any(|attached| attached == arn))
            .count()
    }

    fn boundaries(&self, arn: &str) -> usize {
        self.roles
            .values()
            .filter(|role| role.boundary.as_deref() == Some(arn))
            .count()
    }
}

fn aws_policy(partition: &str, (path, actions): &(&str, &str)) -> ManagedPolicy {
    let actions: Vec<&str> = actions.split(' ').collect();
    ManagedPolicy {
        arn: format!("arn:{partition}:iam::aws:policy/{path}"),
        document: json!({
            "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }],
        }),
        created: 1_423_000_000_000,
        ..ManagedPolicy::default()
    }
}

/// The operations on managed policies; `None` for any other operation.
pub fn answer(
    account: &mut Account,
    caller: &Caller,
    action: &str,
    parameters: &Parameters,
    page_size: usize,
) -> Option<Result<Xml, Refusal>> {
    Some(match action {
        "CreatePolicy" => create(account, caller, parameters),
        "ListPolicies" => list(account, caller, parameters, page_size),
        "GetPolicy" => named(account, caller, parameters)
            .map(|policy| Xml::default().element("Policy", description(account, &policy, true))),
        "GetPolicyVersion" => version(account, caller, parameters),
        "ListPolicyVersions" => named(account, caller, parameters).map(|policy| {
            let only = version_description(&policy, false);
            Xml::default()
                .list("Versions", [only])
                .text("IsTruncated", "false")
        }),
        "DeletePolicy" => delete(account, parameters),
        "TagPolicy" => tag(account, parameters),
        _ => return None,
    })
}

fn create(account: &mut Account, caller: &Caller, parameters: &Parameters) -> Result<Xml, Refusal> {
    let name = parameters.required("PolicyName")?;
    check_name("policyName", name, 128)?;
    let path = parameters.text("Path").unwrap_or("/");
    check_path(path)?;
    let text = parameters.required("PolicyDocument")?;
    let document = documents::parse(text, Purpose::Permissions(caller.partition))?;
    let mut policy = ManagedPolicy::new(caller.partition, &caller.account, path, name, document);
    policy.description = parameters
        .text("Description")
        .unwrap_or_default()
        .to_owned();
    policy.tags = checked_tags(parameters.tags())?;
    let policy = account.create_policy(policy)?.clone();
    Ok(Xml::default().element("Policy", description(account, &policy, false)))
}

fn named(
    account: &Account,
    caller: &Caller,
    parameters: &Parameters,
) -> Result<ManagedPolicy, Refusal> {
    let arn = parameters.required("PolicyArn")?;
    check_arn(arn)?;
    let missing = || no_such_entity(format!("Policy {arn} was not found."));
    account.policy(caller.partition, arn).ok_or_else(missing)
}

/// `arn:PARTITION:iam::(aws|ACCOUNT):policy/…`.
pub fn check_arn(arn: &str) -> Result<(), Refusal> {
    if arn.len() < 20 || arn.len() > 2048 {
        return Err(Refusal::constraint(
            "policyArn",
            arn,
            "have length between 20 and 2048",
        ));
    }
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", _, resource] if resource.starts_with("policy/") => Ok(()),
        _ => Err(invalid_input(format!("ARN {arn} is not valid."))),
    }
}

fn list(
    account: &Account,
    caller: &Caller,
    parameters: &Parameters,
    page_size: usize,
) -> Result<Xml, Refusal> {
    let scope = parameters.text("Scope").unwrap_or("All");
    if !["All", "AWS", "Local"].contains(&scope) {
        return Err(Refusal::constraint(
            "scope",
            scope,
            "satisfy enum value set: [All, AWS, Local]",
        ));
    }
    let aws = AWS_POLICIES
        .iter()
        .filter(|_| scope != "Local")
        .map(|row| aws_policy(caller.partition, row));
    let local = account
        .policies
        .values()
        .filter(|_| scope != "AWS")
        .cloned();
    let only_attached = parameters.flag("OnlyAttached") == Some(true);
    let prefix = parameters.text("PathPrefix").unwrap_or("/");
    let members = local
        .chain(aws)
        .filter(|policy| policy.path().starts_with(prefix))
        .filter(|policy| !only_attached || account.attachments(&policy.arn) > 0)
        .map(|policy| description(account, &policy, false))
        .collect();
    listed("Policies", members, parameters, page_size)
}

fn description(account: &Account, policy: &ManagedPolicy, whole: bool) -> Xml {
    let xml = Xml::default()
        .text("PolicyName", policy.name())
        .text(
            "PolicyId",
            &format!("ANPA{}", token_of(&["policy", &policy.arn], 17)),
        )
        .text("Arn", &policy.arn)
        .text("Path", policy.path())
        .text("DefaultVersionId", "v1")
        .text(
            "AttachmentCount",
            &account.attachments(&policy.arn).to_string(),
        )
        .text(
            "PermissionsBoundaryUsageCount",
            &account.boundaries(&policy.arn).to_string(),
        )
        .text("IsAttachable", "true")
        .text("CreateDate", &timestamp_in_seconds(policy.created))
        .text("UpdateDate", &timestamp_in_seconds(policy.created));
    if whole {
        return xml
            .text("Description", &policy.description)
            .tags(&policy.tags);
    }
    xml
}

fn version(account: &Account, caller: &Caller, parameters: &Parameters) -> Result<Xml, Refusal> {
    let policy = named(account, caller, parameters)?;
    let wanted = parameters.required("VersionId")?;
    if wanted != "v1" {
        let message = format!(
            "Policy {} version {wanted} does not exist or is not attachable.",
            policy.arn
        );
        return Err(no_such_entity(message));
    }
    Ok(Xml::default().element("PolicyVersion", version_description(&policy, true)))
}

fn version_description(policy: &ManagedPolicy, with_document: bool) -> Xml {
    let document = with_document.then(|| percent_encoded(&policy.document.to_string()));
    Xml::default()
        .optional("Document", document.as_deref())
        .text("VersionId", "v1")
        .text("IsDefaultVersion", "true")
        .text("CreateDate", &timestamp_in_seconds(policy.created))
}

fn delete(account: &mut Account, parameters: &Parameters) -> Result<Xml, Refusal> {
    let arn = parameters.required("PolicyArn")?;
    check_arn(arn)?;
    if arn.contains(":iam::aws:") {
        return Err(Refusal::new(
            403,
            "AccessDenied",
            "AWS managed policies cannot be deleted.",
        ));
    }
    if account.attachments(arn) + account.boundaries(arn) > 0 {
        let message = "Cannot delete a policy attached to entities.";
        return Err(Refusal::new(409, "DeleteConflict", message));
    }
    match account.policies.remove(arn) {
        Some(_) => Ok(Xml::default()),
        None => Err(no_such_entity(format!("Policy {arn} was not found."))),
    }
}

fn tag(account: &mut Account, parameters: &Parameters) -> Result<Xml, Refusal> {
    let arn = parameters.required("PolicyArn")?;
    let missing = || no_such_entity(format!("Policy {arn} was not found."));
    let policy = account.policies.get_mut(arn).ok_or_else(missing)?;
    add_tags(&mut policy.tags, parameters.tags())?;
    Ok(Xml::default())
}
