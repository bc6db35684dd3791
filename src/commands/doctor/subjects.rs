//! Whom `doctor` looks at, beside the cluster.

use super::Error;
use crate::model::Lookup;
use crate::observe::health::{Examined, HealthObserver};

/// What is looked at beside the cluster.
pub enum Asked {
    Nothing,
    /// A service account, what runs a pod, or a role.
    Of(Box<Examined>),
    /// All service accounts that have a role.
    All,
}

impl Asked {
    /// `None` where all are asked about, or nothing beside the cluster.
    pub fn subject(&self) -> Option<&Examined> {
        match self {
            Self::Of(subject) => Some(subject),
            Self::Nothing | Self::All => None,
        }
    }

    /// The service accounts to look at, and whether they are all, where all are asked about; a pod or
    /// workload is asked for its own.
    pub async fn subjects(
        &self,
        observer: &HealthObserver<'_>,
    ) -> Result<(Vec<Examined>, Lookup<()>), Error> {
        let subject = match self {
            Self::All => {
                let (names, listed) = observer.names().await;
                let subject = |name| Examined {
                    name: Some(name),
                    ..Examined::default()
                };
                return Ok((names.into_iter().map(subject).collect(), listed));
            }
            Self::Nothing => return Ok((Vec::new(), Lookup::Missing)),
            Self::Of(subject) => Examined::clone(subject),
        };
        let subject = match (&subject.name, &subject.of) {
            (None, Some(of)) => Examined {
                name: Some(observer.service_account_of(of).await?),
                ..subject
            },
            _ => subject,
        };
        Ok((vec![subject], Lookup::Missing))
    }
}
