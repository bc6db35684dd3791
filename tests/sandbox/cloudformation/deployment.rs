//! `DeploymentConfig`: express mode ends an operation when the configuration is applied, standard mode when
//! the resources can be used (CloudFormation User Guide, "Deploy stacks faster with express mode"; the
//! members and their values are botocore's model). A role that was made or changed in express mode is one
//! that IAM has not told everywhere.

use super::super::aws::{Parameters, Refusal};
use super::super::world::{Account, Pace};
use super::{Context, Stack, Wait};

/// What an endpoint makes of the parameter: AWS takes it; others may not know it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Express {
    #[default]
    Taken,
    Ignored,
    /// With words that are made up: no endpoint is known that does so.
    Refused,
}

/// What an operation was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deployment {
    pub is_express: bool,
    /// `None`: it was not said, there or in the parameter of its own.
    disables_rollback: Option<bool>,
}

impl Deployment {
    pub fn asked(context: &Context, parameters: &Parameters) -> Result<Self, Refusal> {
        let own = parameters.flag("DisableRollback");
        let mode = parameters.text("DeploymentConfig.Mode");
        let flag = parameters.flag("DeploymentConfig.DisableRollback");
        let is_given = mode.is_some() || flag.is_some();
        match context.express {
            Express::Refused if is_given => Err(Refusal::validation(
                "Unknown parameter: DeploymentConfig is not supported",
            )),
            Express::Taken if is_given => Ok(Self {
                is_express: is_express(mode)?,
                disables_rollback: flag.or(own),
            }),
            _ => Ok(Self {
                is_express: false,
                disables_rollback: own,
            }),
        }
    }

    /// Whether a failure leaves the stack as it is then. Where nothing is said, that is the default of express
    /// mode ("What's new" of 30 June 2026; the API Reference says that it is not).
    pub fn keeps_failure(self) -> bool {
        self.disables_rollback.unwrap_or(self.is_express)
    }

    /// How long the operation takes: CloudFormation's work without the waits is a sixth of it here.
    pub fn wait(self, pace: Pace, from: i64) -> Wait {
        let pace = match pace {
            pace if !self.is_express => pace,
            Pace::Time(time) => Pace::Time(time / 6),
            Pace::Polls(_) => Pace::Polls(0),
        };
        Wait::new(pace, from)
    }
}

fn is_express(mode: Option<&str>) -> Result<bool, Refusal> {
    match mode {
        None | Some("STANDARD") => Ok(false),
        Some("EXPRESS") => Ok(true),
        Some(other) => {
            let rule = "satisfy enum value set: [STANDARD, EXPRESS]";
            Err(Refusal::constraint("deploymentConfig.mode", other, rule))
        }
    }
}

/// How long a role of the stack is not what it was made or changed to: in standard mode the stack has waited
/// for that.
pub fn propagation(stack: &Stack, account: &Account) -> Wait {
    let pace = if stack.deployment.is_express {
        account.propagation
    } else {
        Pace::Polls(0)
    };
    Wait::new(pace, super::now())
}
