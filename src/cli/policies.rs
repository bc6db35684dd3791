//! The flags that say what a role may do, and the names of ready-made policies.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::service_account::MANY;
use crate::asked::fields;
use crate::model::{Pairs, PolicyArn, RoleArn};
use crate::template::{NamedPolicy, PARAMETRISED, WellKnownPolicy, well_known_names};

/// What the role may do.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Permissions")]
pub struct PermissionArgs {
    #[arg(long, value_name = "ARN", value_delimiter = ',', alias = "permission-policy-arns", help = fields::MANAGED_POLICIES.help(MANY))]
    pub attach_policy_arn: Vec<PolicyArn>,
    #[arg(long, value_name = "FILE", help = fields::INLINE_POLICY.help(" as JSON (repeatable); - reads stdin"))]
    pub policy_document: Vec<PathBuf>,
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        alias = "well-known-policies",
        value_parser = named_policy(),
        ignore_case = true,
        hide_possible_values = true,
        help = fields::WELL_KNOWN_POLICIES.help(", see --help (repeatable, or separated by commas)"),
        long_help = named_help()
    )]
    pub well_known_policy: Vec<NamedPolicy>,
    /// Names that a ready-made policy wants, as cluster-name=demo (repeatable)
    #[arg(long, value_name = "PARAMETER=NAME", requires = "well_known_policy")]
    pub with: Vec<Pairs>,
    #[arg(long, value_name = "ARN", alias = "role-arn", help = fields::ROLE_ARN.help(""), conflicts_with_all = ["attach_policy_arn", "policy_document", "well_known_policy"])]
    pub attach_role_arn: Option<RoleArn>,
    #[arg(
        long,
        value_name = "ARN",
        help = fields::BOUNDARY.help(""),
        conflicts_with = "attach_role_arn",
        alias = "permission-boundary-arn"
    )]
    pub permissions_boundary: Option<PolicyArn>,
}

/// Takes the names of the catalogue, which completion then offers too.
pub fn well_known_policy() -> impl TypedValueParser<Value = WellKnownPolicy> {
    PossibleValuesParser::new(well_known_names()).try_map(|name| name.parse::<WellKnownPolicy>())
}

/// The same with those that have parameters.
fn named_policy() -> impl TypedValueParser<Value = NamedPolicy> {
    PossibleValuesParser::new(NamedPolicy::names()).try_map(|name| name.parse::<NamedPolicy>())
}

fn named_help() -> String {
    let parametrised = PARAMETRISED.iter();
    let parametrised =
        parametrised.map(|policy| format!("; {} --with {}", policy.name(), policy.told()));
    well_known_help() + &parametrised.collect::<String>()
}

/// The help of `--well-known-policy`, with the names of the catalogue.
pub fn well_known_help() -> String {
    let names = well_known_names().join(", ");
    fields::WELL_KNOWN_POLICIES.help(&format!("{MANY}: {names}"))
}
