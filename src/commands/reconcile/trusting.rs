//! The roles whose trust policies are to let service accounts of this run in, each as what is planned before
//! leaves it: several may ask for one.

use std::collections::BTreeMap;

use super::restart::Planned;
use crate::asked::{IamServiceAccount, Permissions, RoleTrust};
use crate::error::Error;
use crate::model::{Cluster, RoleArn};
use crate::observe::trusting_roles;
use crate::plan::trust::left_by;
use crate::policy::Quotas;
use crate::run::Context;
use crate::world::{ObservedAccount, TrustingRole};

#[derive(Default)]
pub struct Trusting {
    roles: BTreeMap<RoleArn, TrustingRole>,
    quotas: Quotas,
}

/// The role that is to let the service account in.
fn role_of(asked: &IamServiceAccount) -> Option<&RoleArn> {
    match (&asked.permissions, asked.trust) {
        (Permissions::Existing(arn), RoleTrust::Extended) => Some(arn),
        _ => None,
    }
}

impl Trusting {
    /// Reads each such role once, and the account's quotas; nothing where no role is to be extended.
    pub async fn read(
        context: &Context,
        cluster: &Cluster,
        accounts: &[&IamServiceAccount],
    ) -> Result<Self, Error> {
        let mut roles: Vec<RoleArn> = accounts
            .iter()
            .filter_map(|asked| role_of(asked).cloned())
            .collect();
        if roles.is_empty() {
            return Ok(Self::default());
        }
        roles.sort();
        roles.dedup();
        let read = async { Ok(trusting_roles(&context.aws, &cluster.account, roles).await) };
        let (roles, quotas) = tokio::try_join!(read, context.aws.iam.quotas())?;
        let roles = roles.into_iter();
        Ok(Self {
            roles: roles.map(|role| (role.arn.clone(), role)).collect(),
            quotas,
        })
    }

    /// What is known of the role goes with what else is known of the account.
    pub fn put(&self, asked: &IamServiceAccount, observed: &mut ObservedAccount) {
        let Some(role) = role_of(asked).and_then(|arn| self.roles.get(arn)) else {
            return;
        };
        observed.role.clone_from(&role.facts);
        observed.quotas = self.quotas;
        observed.trusting = Some(Box::new(role.clone()));
    }

    /// The role is from now on as the plan for this account leaves it. A failed plan changes nothing.
    pub fn go_on(&mut self, asked: &IamServiceAccount, planned: &Planned) {
        let role = role_of(asked).and_then(|arn| self.roles.get_mut(arn));
        if let (Some(role), Ok((track, _))) = (role, planned) {
            left_by(track, role);
        }
    }
}
