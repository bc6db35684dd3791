//! ARNs, and the two kinds that users give: of a managed policy and of a role.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::{REFERENCE_START, RoleName, is_iam_name_character};

/// `arn:partition:service:region:account:resource`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    pub partition: String,
    pub service: String,
    pub region: String,
    pub account: String,
    pub resource: String,
}

impl FromStr for Arn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, service, region, account, resource] = parts.as_slice() else {
            return Err("an ARN is `arn:partition:service:region:account:resource`".to_owned());
        };
        if !(*partition == "aws" || partition.starts_with("aws-")) {
            return Err(format!("`{partition}` is no AWS partition"));
        }
        if text.len() > 2048 {
            return Err("an ARN has at most 2048 characters".to_owned());
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("an ARN has no blanks".to_owned());
        }
        if text.contains(REFERENCE_START) {
            return Err(
                "an ARN has no `{{`, where CloudFormation would put something else".to_owned(),
            );
        }
        Ok(Self {
            partition: (*partition).to_owned(),
            service: (*service).to_owned(),
            region: (*region).to_owned(),
            account: (*account).to_owned(),
            resource: (*resource).to_owned(),
        })
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            partition,
            service,
            region,
            account,
            resource,
        } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

impl Serialize for Arn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The account of AWS's own policies.
const AWS: &str = "aws";
/// What the resource of a policy begins with.
const POLICY: &str = "policy/";

/// ARN of a managed policy, AWS's (`arn:aws:iam::aws:policy/…`) or a customer's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct PolicyArn(Arn);

/// ARN of an IAM role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RoleArn(Arn);

impl PolicyArn {
    /// `aws`, `aws-cn`, `aws-us-gov` and the like.
    pub fn partition(&self) -> &str {
        &self.0.partition
    }

    /// `aws` for AWS's own policies, else 12 digits.
    pub fn account(&self) -> &str {
        &self.0.account
    }

    /// The policy's name, without its path.
    pub fn name(&self) -> &str {
        self.0.resource.rsplit('/').next().unwrap_or_default()
    }

    /// Path and name of one of AWS's own policies.
    pub fn aws_name(&self) -> Option<&str> {
        let name = self.0.resource.strip_prefix(POLICY);
        name.filter(|_| self.account() == AWS)
    }

    /// Another one of AWS's own policies, by its path and name, in the same partition.
    pub fn with_aws_name(&self, name: &str) -> Self {
        Self(Arn {
            account: AWS.to_owned(),
            resource: format!("{POLICY}{name}"),
            ..self.0.clone()
        })
    }
}

impl RoleArn {
    /// `aws`, `aws-cn`, `aws-us-gov` and the like.
    pub fn partition(&self) -> &str {
        &self.0.partition
    }

    /// The role's account, of 12 digits.
    pub fn account(&self) -> &str {
        &self.0.account
    }

    /// The role's name, without its path.
    pub fn name(&self) -> &str {
        self.0.resource.rsplit('/').next().unwrap_or_default()
    }

    /// Whether a caller is a session of the role: `assumed-role/NAME/SESSION`, without the role's path.
    pub fn has_session(&self, caller: &Arn) -> bool {
        let of = caller.resource.strip_prefix("assumed-role/");
        let name = of.and_then(|of| Some(of.split_once('/')?.0));
        caller.service == "sts" && caller.account == self.0.account && name == Some(self.name())
    }
}

/// Host and path of the issuer that an IAM OIDC provider is of, by the provider's ARN. `None`: it is the ARN of
/// nothing such.
pub fn issuer_of_provider(arn: &str) -> Option<&str> {
    Some(arn.split_once(":oidc-provider/")?.1)
}

impl FromStr for PolicyArn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let arn = iam_arn(
            text,
            POLICY,
            "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
        )?;
        if arn.account != AWS && !is_account(&arn.account) {
            return Err(format!(
                "`{}` is neither `aws` nor an account of 12 digits",
                arn.account
            ));
        }
        let policy = Self(arn);
        let name = policy.name();
        if name.is_empty() || name.len() > 128 || !name.chars().all(is_iam_name_character) {
            return Err("a policy name is 1 to 128 letters, digits and `_+=,.@-`".to_owned());
        }
        Ok(policy)
    }
}

impl FromStr for RoleArn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let arn = iam_arn(text, "role/", "arn:aws:iam::111122223333:role/my-role")?;
        if !is_account(&arn.account) {
            return Err(format!("`{}` is no account of 12 digits", arn.account));
        }
        let role = Self(arn);
        role.name().parse::<RoleName>()?;
        Ok(role)
    }
}

/// An IAM ARN of one kind; `example` is shown when it is not.
fn iam_arn(text: &str, kind: &str, example: &str) -> Result<Arn, String> {
    let wanted = || format!("an ARN such as `{example}` is wanted");
    let arn: Arn = text
        .parse()
        .map_err(|rule| format!("{rule}; {}", wanted()))?;
    if arn.service != "iam" || !arn.region.is_empty() || !arn.resource.starts_with(kind) {
        return Err(wanted());
    }
    Ok(arn)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// A text, as an annotation, that names the role.
impl PartialEq<str> for RoleArn {
    fn eq(&self, text: &str) -> bool {
        text.parse().is_ok_and(|named: Self| named == *self)
    }
}

impl fmt::Display for PolicyArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_arns_are_checked_part_by_part() {
        for good in [
            "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
            "arn:aws-cn:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy",
            "arn:aws:iam::111122223333:policy/team/mine",
        ] {
            assert_eq!(good.parse::<PolicyArn>().unwrap().to_string(), good);
        }
        for bad in [
            "AmazonS3ReadOnlyAccess",
            "arn:aws:iam::aws:role/x",
            "arn:aws:s3:::bucket",
            "arn:azure:iam::aws:policy/x",
            "arn:aws:iam:eu-west-1:aws:policy/x",
            "arn:aws:iam::1111:policy/x",
            "arn:aws:iam::aws:policy/",
            "arn:aws:iam::aws:policy/a b",
            "arn:aws:iam::111122223333:policy/{{resolve:ssm:x}}/name",
            "arn:aws-{{resolve:ssm:x}}:iam::111122223333:policy/name",
        ] {
            assert!(bad.parse::<PolicyArn>().is_err(), "{bad}");
        }
    }

    #[test]
    fn sessions_are_of_a_role_by_account_and_name() {
        let role: RoleArn = "arn:aws:iam::111122223333:role/team/reader"
            .parse()
            .unwrap();
        for (caller, is_session) in [
            (
                "arn:aws:sts::111122223333:assumed-role/reader/eks-demo",
                true,
            ),
            (
                "arn:aws:sts::111122223333:assumed-role/readers/eks-demo",
                false,
            ),
            (
                "arn:aws:sts::444455556666:assumed-role/reader/eks-demo",
                false,
            ),
            ("arn:aws:sts::111122223333:federated-user/reader", false),
            ("arn:aws:iam::111122223333:role/reader", false),
        ] {
            let caller = caller.parse().unwrap();
            assert_eq!(role.has_session(&caller), is_session, "{caller}");
        }
    }

    #[test]
    fn role_arns_know_their_name_behind_the_path() {
        let arn: RoleArn = "arn:aws:iam::111122223333:role/team/a/reader"
            .parse()
            .unwrap();
        assert_eq!(
            (arn.name(), arn.account(), arn.partition()),
            ("reader", "111122223333", "aws")
        );
        for bad in [
            "arn:aws:iam::aws:role/x",
            "arn:aws:iam::111122223333:role/",
            "role",
        ] {
            assert!(bad.parse::<RoleArn>().is_err(), "{bad}");
        }
    }
}
