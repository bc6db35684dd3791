//! What came of a look.

use super::{Exit, Report, cli};
use crate::diagnose::Severity;
use crate::kubernetes::Kubernetes;
use crate::world::{AccountHealth, World};

/// What was seen, and what is to be thought of it.
pub struct Reports {
    pub world: World,
    pub seen: Vec<AccountHealth>,
    pub cluster: Report,
    pub accounts: Vec<Report>,
    /// For repairs.
    pub kubernetes: Option<Kubernetes>,
}

impl Reports {
    /// `Unhealthy` with a problem, and with `--strict` with a warning too.
    pub fn exit(&self, args: &cli::Doctor) -> Exit {
        let count = |severity| {
            let accounts = self.accounts.iter().map(|report| report.count(severity));
            accounts.sum::<usize>() + self.cluster.count(severity)
        };
        if count(Severity::Problem) > 0 || args.strict && count(Severity::Warning) > 0 {
            Exit::Unhealthy
        } else {
            Exit::Done
        }
    }
}
