//! The subjects that a command line names.

use crate::cli::TrustNames;
use crate::commands::flags;
use crate::error::Error;
use crate::policy::subjects::Subject;

/// Sorted, each once. One that is no subject is refused.
pub fn subjects(args: &TrustNames) -> Result<Vec<Subject>, Error> {
    let subjects = args.names.iter().map(|text| flags::name(text));
    let mut subjects = subjects.collect::<Result<Vec<Subject>, _>>()?;
    subjects.sort();
    subjects.dedup();
    Ok(subjects)
}
