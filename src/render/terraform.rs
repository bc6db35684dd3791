//! Terraform configuration of the AWS provider: the IAM OIDC provider, the roles, their policies and
//! attachments, and the roles' ARNs as output.

use super::hcl::{Block, Expression};
use super::{
    Unrenderable, association, audiences, inline_policies, managed_policies, readable_name,
    role_tags, roles,
};
use crate::asked::{IamServiceAccount, Permissions, Thumbprints};
use crate::model::{CLUSTER_TAGS, Cluster, Map, ServiceAccountName, Way};
use crate::template::{self, RoleSpec};

/// A random part of 26 characters follows, and a role's name has at most 64 (provider's documentation).
const NAME_PREFIX_LENGTH: usize = 38;

/// # Errors
/// The accounts whose documents have functions that only CloudFormation can resolve.
pub fn configuration(
    accounts: &[IamServiceAccount],
    cluster: &Cluster,
) -> Result<String, Vec<Unrenderable>> {
    let mut blocks = Vec::new();
    let (provider, reference) = provider(accounts, cluster);
    if accounts.iter().any(|it| it.way() == Way::Irsa) {
        blocks.push(provider);
    }
    let mut problems = Vec::new();
    for (account, spec) in roles(accounts) {
        match role_blocks(account, spec, cluster, &reference) {
            Ok(role) => blocks.extend(role),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    for account in accounts {
        let role = match &account.permissions {
            Permissions::Existing(arn) => Expression::text(arn.to_string()),
            _ => Expression::Bare(format!(
                "aws_iam_role.{}.arn",
                label(account.way(), &account.name)
            )),
        };
        blocks.extend(association::block(account, cluster, role));
    }
    blocks.push(output(accounts));
    let blocks: String = blocks.iter().map(|block| format!("\n{block}")).collect();
    Ok(format!("{}{blocks}", head(cluster)))
}

/// From that version on `thumbprint_list` may be left out (terraform-provider-aws, pull request 37255).
fn head(cluster: &Cluster) -> String {
    format!(
        "# IAM roles for service accounts of cluster {}. Made by `irsactl render`.\n\n\
         terraform {{\n  required_providers {{\n    aws = {{\n      source  = \"hashicorp/aws\"\n      \
         version = \">= 5.82\"\n    }}\n  }}\n}}\n",
        cluster.name
    )
}

/// The provider, made or only looked up, and the reference to its ARN.
fn provider(accounts: &[IamServiceAccount], cluster: &Cluster) -> (Block, String) {
    let kind = "aws_iam_openid_connect_provider";
    let label = identifier(cluster.name.as_str());
    let Some(spec) = accounts
        .iter()
        .find_map(|account| account.provider.as_ref())
    else {
        let block = Block {
            comment: "The cluster's IAM OIDC provider, which must be there already.".to_owned(),
            header: format!("data \"{kind}\" \"{label}\""),
            attributes: vec![("arn", Expression::text(cluster.provider_arn()))],
        };
        return (block, format!("data.{kind}.{label}.arn"));
    };
    let mut attributes = vec![
        ("url", Expression::text(cluster.issuer.url())),
        ("client_id_list", Expression::texts(audiences(accounts))),
    ];
    if let Thumbprints::Given(thumbprints) = &spec.thumbprints {
        let thumbprints = thumbprints.iter().map(ToString::to_string);
        attributes.push(("thumbprint_list", Expression::texts(thumbprints)));
    }
    let tags = CLUSTER_TAGS.map(|tag| (tag.to_owned(), cluster.name.to_string()));
    attributes.push(("tags", object(&Map::from(tags))));
    let block = Block {
        comment: "The cluster's IAM OIDC provider.".to_owned(),
        header: format!("resource \"{kind}\" \"{label}\""),
        attributes,
    };
    (block, format!("{kind}.{label}.arn"))
}

fn role_blocks(
    account: &IamServiceAccount,
    spec: &RoleSpec,
    cluster: &Cluster,
    provider: &str,
) -> Result<Vec<Block>, Unrenderable> {
    let label = label(account.way(), &account.name);
    let role = Expression::Bare(format!("aws_iam_role.{label}.name"));
    let mut blocks = vec![role_block(account, spec, cluster, provider)];
    for (name, document) in inline_policies(account, spec, cluster)? {
        blocks.push(Block {
            comment: String::new(),
            // No label has `__` twice but by a policy's name, which has none.
            header: format!("resource \"aws_iam_role_policy\" \"{label}__{name}\""),
            attributes: vec![
                ("name", Expression::text(name)),
                ("role", role.clone()),
                ("policy", Expression::call("jsonencode", (&document).into())),
            ],
        });
    }
    let managed = managed_policies(spec, cluster);
    if !managed.is_empty() {
        blocks.push(Block {
            comment: String::new(),
            header: format!("resource \"aws_iam_role_policy_attachment\" \"{label}\""),
            attributes: vec![
                (
                    "for_each",
                    Expression::call("toset", Expression::texts(managed)),
                ),
                ("role", role),
                ("policy_arn", Expression::Bare("each.value".to_owned())),
            ],
        });
    }
    Ok(blocks)
}

fn role_block(
    account: &IamServiceAccount,
    spec: &RoleSpec,
    cluster: &Cluster,
    provider: &str,
) -> Block {
    let name = match &spec.name {
        Some(name) => ("name", Expression::text(name.as_str())),
        None => {
            let prefix = readable_name(&account.name, cluster, NAME_PREFIX_LENGTH - 1);
            ("name_prefix", Expression::text(format!("{prefix}-")))
        }
    };
    let trust = Expression::from(&template::trust(spec, cluster, &account.name));
    let trust = trust.referring(&cluster.provider_arn(), provider);
    let optional = optional_attributes(spec);
    let rest = [
        ("assume_role_policy", Expression::call("jsonencode", trust)),
        ("tags", object(&role_tags(account, cluster))),
    ];
    Block {
        comment: account.name.to_string(),
        header: format!(
            "resource \"aws_iam_role\" \"{}\"",
            label(account.way(), &account.name)
        ),
        attributes: [name].into_iter().chain(optional).chain(rest).collect(),
    }
}

fn optional_attributes(spec: &RoleSpec) -> impl Iterator<Item = (&'static str, Expression)> {
    let path = spec.path.as_ref();
    let duration = spec.max_session_duration;
    let boundary = spec.boundary.as_ref();
    let all = [
        ("path", path.map(|path| Expression::text(path.as_str()))),
        (
            "max_session_duration",
            duration.map(|seconds| Expression::Bare(seconds.to_string())),
        ),
        (
            "permissions_boundary",
            boundary.map(|arn| Expression::text(arn.to_string())),
        ),
    ];
    all.into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
}

/// What the ServiceAccounts' annotations need.
fn output(accounts: &[IamServiceAccount]) -> Block {
    let annotated = roles(accounts).filter(|(account, _)| account.way() == Way::Irsa);
    let arns = annotated.map(|(account, _)| {
        let reference = format!("aws_iam_role.{}.arn", label(account.way(), &account.name));
        (account.name.to_string(), Expression::Bare(reference))
    });
    Block {
        comment: String::new(),
        header: "output \"role_arns\"".to_owned(),
        attributes: vec![
            (
                "description",
                Expression::text(
                    "Role of each service account, for its annotation eks.amazonaws.com/role-arn.",
                ),
            ),
            ("value", Expression::Object(arns.collect())),
        ],
    }
}

/// Texts by their keys, as tags are.
pub fn object(map: &Map) -> Expression {
    let members = map.iter();
    Expression::Object(
        members
            .map(|(key, value)| (key.clone(), Expression::text(value)))
            .collect(),
    )
}

/// A label that no other service account has: names of Kubernetes have no `_`, and none of their dots
/// is beside another.
pub fn label(way: Way, account: &ServiceAccountName) -> String {
    let ServiceAccountName { namespace, name } = account;
    let way = match way {
        Way::Irsa => "",
        Way::PodIdentity => "pod_identity_",
    };
    identifier(&format!("{way}{namespace}__{}", name.replace('.', "_")))
}

/// Identifiers begin with a letter or `_`.
fn identifier(text: &str) -> String {
    let text = text.replace('.', "_");
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{text}")
    } else {
        text
    }
}
