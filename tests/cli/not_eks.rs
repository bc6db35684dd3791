//! Clusters that are not EKS, and issuers that look like EKS's and are none.

use insta::assert_snapshot;

use crate::support::{Bench, S3};

/// Every command that takes an issuer, and `render`, which asks nobody.
#[test]
fn an_issuer_of_eks_that_no_token_names_is_refused_before_the_first_call() {
    let bench = Bench::new();
    let file = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: demo, region: eu-west-1}\n";
    bench.file("cluster.yaml", file);
    let dual = "https://oidc-eks.eu-west-1.api.aws/id/EXAMPLED539D4633E53DE1B716D3041E";
    let wanted = "error: --issuer-url \"https://oidc-eks.eu-west-1.api.aws/id/EXAMPLED539D4633E53DE1B716D3041E\": \
                  tokens of EKS say \"https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E\"";
    for command in [
        "associate-oidc-provider",
        "associate-oidc-provider --cluster demo",
        "disassociate-oidc-provider --cluster demo",
        &format!("create iamserviceaccount app --cluster demo --attach-policy-arn {S3}"),
        &format!("update iamserviceaccount app --cluster demo --attach-policy-arn {S3}"),
        "delete iamserviceaccount app --cluster demo",
        "delete iamserviceaccount -f ~/cluster.yaml",
        "apply -f ~/cluster.yaml",
        "export --cluster demo",
        "verify app --cluster demo",
        "doctor app --cluster demo",
        &format!("render app --cluster demo --attach-policy-arn {S3} --account-id 111122223333"),
    ] {
        let told = bench.run(&format!("{command} --issuer-url {dual}"));
        assert!(told.contains(wanted), "{command}: {told}");
        assert!(told.ends_with("[exit 2]\n"), "{command}: {told}");
    }
    assert_eq!(bench.calls(), "");
}

/// What looks like EKS's is held to the whole form: the port and the slash are parts of the URL to IAM.
#[test]
fn other_forms_are_refused_with_the_right_one() {
    let bench = Bench::new();
    let mut told = String::new();
    for rest in [
        ".com:443/id/AB12",
        ".com/id/AB12/",
        ".com/id/ab12",
        ".com/AB12",
        ".com",
    ] {
        told.push_str(&bench.run(&format!(
            "render app --cluster demo --account-id 111122223333 --attach-policy-arn {S3} \
             --issuer-url https://oidc.eks.eu-west-1.amazonaws{rest}"
        )));
    }
    assert_snapshot!(told, @r#"
    [stderr]
    error: --issuer-url "https://oidc.eks.eu-west-1.amazonaws.com:443/id/AB12": tokens of EKS say "https://oidc.eks.eu-west-1.amazonaws.com/id/AB12"
    hint: see `--help`
    [exit 2]
    [stderr]
    error: --issuer-url "https://oidc.eks.eu-west-1.amazonaws.com/id/AB12/": tokens of EKS say "https://oidc.eks.eu-west-1.amazonaws.com/id/AB12"
    hint: see `--help`
    [exit 2]
    [stderr]
    error: --issuer-url "https://oidc.eks.eu-west-1.amazonaws.com/id/ab12": tokens of EKS say "https://oidc.eks.eu-west-1.amazonaws.com/id/AB12"
    hint: see `--help`
    [exit 2]
    [stderr]
    error: --issuer-url "https://oidc.eks.eu-west-1.amazonaws.com/AB12": tokens of EKS say "https://oidc.eks.eu-west-1.amazonaws.com/id/AB12"
    hint: see `--help`
    [exit 2]
    [stderr]
    error: --issuer-url "https://oidc.eks.eu-west-1.amazonaws.com": tokens of EKS say "https://oidc.eks.eu-west-1.amazonaws.com/id/<32 hexadecimal digits>"
    hint: see `--help`
    [exit 2]
    "#);
}
