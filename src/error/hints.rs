//! What to do next about failures that have more to say: sentences with commands.

use crate::model::ClusterName;

pub fn cluster_hints(name: &ClusterName, region: &str, similar: &[String]) -> Vec<String> {
    let mut hints: Vec<String> = similar
        .iter()
        .map(|other| format!("did you mean `--cluster {other}`?"))
        .collect();
    hints.push(format!(
        "list the clusters: `aws eks list-clusters --region {region}`"
    ));
    hints.push(format!(
        "look in another region with `--region`; \"{name}\" is looked for in one only"
    ));
    hints
}

pub fn aws_hints(code: &str) -> Vec<String> {
    match code {
        "LimitExceededException" | "LimitExceeded" => {
            vec!["raise the quota in Service Quotas, or delete what is no longer needed".to_owned()]
        }
        "AlreadyExistsException" => {
            vec![
                "it was made meanwhile: run the same command again, which looks at it first"
                    .to_owned(),
            ]
        }
        "NoSuchEntity" => {
            vec!["it went meanwhile: run the same command again, which looks at it first".to_owned()]
        }
        "Throttling" | "ThrottlingException" | "RequestLimitExceeded" | "TooManyRequests" => {
            vec!["AWS is busy for this account: run the same command again in a minute".to_owned()]
        }
        "InternalFailure" | "InternalError" | "ServiceFailure" | "ServerException" | "ServiceUnavailable"
        | "ServiceUnavailableException" => {
            vec!["AWS has trouble there: run the same command again in a minute".to_owned()]
        }
        "OpenIdIdpCommunicationError" | "OpenIdIdpCommunicationErrorException" => vec![
            "IAM cannot reach the issuer either; name the thumbprint, so that IAM need not fetch it: `--thumbprint HEX`"
                .to_owned(),
        ],
        _ => Vec::new(),
    }
}

/// How to make the provider without a look at the issuer. Whole commands, as other commands than
/// `associate-oidc-provider` meet these errors too.
pub fn without_reading() -> [String; 2] {
    [
        "let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`"
            .to_owned(),
        "or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`".to_owned(),
    ]
}
