//! AWS's own managed policies by name, to tell which one was meant where IAM knows none of an ARN. A
//! list rather than iam:ListPolicies: that is well over a thousand policies and one more permission,
//! for a sentence.

use crate::model::PolicyArn;

/// Path and name, one a line; lines with `#` say where they are from.
const KNOWN: &str = include_str!("../../templates/aws-managed-policies.txt");
/// Longest path and name of a policy that is compared (IAM API: a name has at most 128 characters).
const LONGEST: usize = 200;

/// The ARN of AWS's own that was probably meant by one that does not exist: the same name under another
/// path or in other letters' case, or with a letter or two wrong. `None` where two are as near.
pub fn meant(arn: &PolicyArn) -> Option<PolicyArn> {
    let wrong = arn.aws_name()?;
    let known = || KNOWN.lines().filter(|line| !line.starts_with('#'));
    if wrong.len() > LONGEST || known().any(|name| name == wrong) {
        return None;
    }
    let mut near: Vec<(usize, &str)> = known()
        .map(|name| (distance(wrong, name), name))
        .filter(|(distance, _)| *distance <= 2)
        .collect();
    near.sort();
    match near[..] {
        [(one, _), (other, _), ..] if one == other => None,
        [(_, best), ..] => Some(arn.with_aws_name(best)),
        [] => None,
    }
}

/// How many letters are wrong in a name, whatever its path, its case and a forgotten ending.
fn distance(wrong: &str, known: &str) -> usize {
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_lowercase();
    let (wrong, known) = (name(wrong), name(known));
    strsim::osa_distance(&wrong, &known).min(strsim::osa_distance(bare(&wrong), bare(&known)))
}

fn bare(name: &str) -> &str {
    let ending = ["access", "policy"];
    ending
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::meant;

    #[test]
    fn paths_cases_and_letters_are_put_right() {
        for (wrong, right) in [
            ("AmazonS3FullAcess", "AmazonS3FullAccess"),
            ("AmazonS3ReadOnly", "AmazonS3ReadOnlyAccess"),
            ("amazons3readonlyaccess", "AmazonS3ReadOnlyAccess"),
            (
                "AmazonEBSCSIDriverPolicy",
                "service-role/AmazonEBSCSIDriverPolicy",
            ),
            ("service-role/AmazonEKS_CNI_Policy", "AmazonEKS_CNI_Policy"),
            ("aws-service-role/SecurityAudit", "SecurityAudit"),
            ("ViewOnlyAccess", "job-function/ViewOnlyAccess"),
        ] {
            let arn = |name: &str| {
                format!("arn:aws-cn:iam::aws:policy/{name}")
                    .parse()
                    .unwrap()
            };
            assert_eq!(meant(&arn(wrong)), Some(arn(right)), "{wrong}");
        }
    }

    #[test]
    fn what_is_near_to_none_or_to_two_is_left() {
        for arn in [
            "arn:aws:iam::aws:policy/NothingLikeIt",
            "arn:aws:iam::aws:policy/AmazonSXSFullAccess",
            "arn:aws:iam::aws:policy/AmazonS3FullAccess",
            "arn:aws:iam::111122223333:policy/AmazonS3FullAcess",
        ] {
            assert_eq!(meant(&arn.parse().unwrap()), None, "{arn}");
        }
    }
}
