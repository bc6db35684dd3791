//! The documents of managed policies. Several roles have the same ones, so that each is read once.

use serde_json::Value;

use super::PARALLEL;
use super::health::ReadOnce;
use crate::aws::Aws;
use crate::model::{Lookup, PolicyArn};
use crate::waiting::side_by_side;

/// In their order. One that is gone meanwhile allows nothing, and is left out.
pub async fn documents(
    aws: &Aws,
    known: &ReadOnce<Value>,
    policies: impl IntoIterator<Item = PolicyArn>,
) -> Lookup<Vec<(PolicyArn, Value)>> {
    let reads = policies.into_iter().map(async |arn| {
        let read = async { Lookup::or_unknown(aws.iam.policy_document(&arn).await) };
        let document = known.of(&arn.to_string(), read).await;
        document.map(|document| (arn, document))
    });
    let mut all = Vec::new();
    for read in side_by_side(PARALLEL, reads).await {
        match read {
            Lookup::Found(one) => all.push(one),
            Lookup::Missing => {}
            Lookup::Unknown(why) => return Lookup::Unknown(why),
        }
    }
    Lookup::Found(all)
}
