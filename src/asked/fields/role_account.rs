//! The fields on the account of a role.

use super::{Defaulted, Field, Object, Optional, Text};

pub const ROLE_ACCOUNT: &Field = &Field::new(
    "iam.serviceAccounts[].account",
    Object,
    Defaulted("the cluster's account"),
    "account of the role, its stack and its provider, by `profile` or `via`",
)
.own();
pub const ROLE_PROFILE: &Field = &Field::new(
    "iam.serviceAccounts[].account.profile",
    Text,
    Optional,
    "AWS profile for IAM and CloudFormation, of another account than the cluster's",
)
.by_flag("--role-profile")
.own();
pub const ROLE_VIA: &Field = &Field::new(
    "iam.serviceAccounts[].account.via",
    Text,
    Optional,
    "role of another account, assumed first for IAM and CloudFormation",
)
.by_flag("--role-via")
.own();
