//! Clusters that are not EKS, and issuers that look like EKS's and are none.

use insta::assert_snapshot;

use crate::support::{ACCOUNT, Bench, REGION, S3};

const KOPS: &str = "example.cluster.k8s.local";

/// A cluster as kOps makes it beside "demo", and the flags by which every command is led to it.
fn kops() -> (Bench, String) {
    let bench = Bench::new();
    let issuer = bench.sandbox.world().add_own_cluster(KOPS, ACCOUNT, REGION);
    let kubeconfig = bench.sandbox.world().kubeconfig(KOPS);
    bench.file("kops.yaml", &kubeconfig);
    let cluster = format!("--cluster {KOPS} --issuer-url {issuer}");
    (bench, cluster)
}

/// From the provider to the deletion, without a call to EKS.
#[test]
fn the_whole_way_of_a_cluster_that_is_not_eks() {
    let (bench, cluster) = kops();
    let mut told = String::new();
    for command in [
        "associate-oidc-provider CLUSTER --approve".to_owned(),
        format!(
            "create iamserviceaccount s3-reader CLUSTER KUBERNETES --attach-policy-arn {S3} --approve"
        ),
        "get iamserviceaccount CLUSTER KUBERNETES -o wide".to_owned(),
        "verify s3-reader CLUSTER KUBERNETES".to_owned(),
        "doctor s3-reader CLUSTER KUBERNETES".to_owned(),
        "export CLUSTER KUBERNETES".to_owned(),
        "update iamserviceaccount s3-reader CLUSTER KUBERNETES --tags team=a --approve".to_owned(),
        "delete iamserviceaccount s3-reader CLUSTER KUBERNETES".to_owned(),
        "disassociate-oidc-provider CLUSTER --approve".to_owned(),
    ] {
        told.push_str(&format!("$ {command}\n"));
        let command = command.replace("CLUSTER", &cluster);
        told.push_str(&bench.run(&command.replace("KUBERNETES", "--kubeconfig ~/kops.yaml")));
    }
    assert_snapshot!(told, @"
    $ associate-oidc-provider CLUSTER --approve
    [stdout]
    PROVIDER                                                                       STATUS
    https://discovery-store.s3.eu-west-1.amazonaws.com/example.cluster.k8s.local   created
    [stderr]
    created IAM OIDC provider for https://discovery-store.s3.eu-west-1.amazonaws.com/example.cluster.k8s.local
    [exit 0]
    $ create iamserviceaccount s3-reader CLUSTER KUBERNETES --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --approve
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   arn:aws:iam::111122223333:role/eksctl-example-cluster-k8s-local-addon-iamser-Role1-XALTM2OP5CQH
    [stderr]
    created stack eksctl-example-cluster-k8s-local-addon-iamserviceaccount-default-s3-reader-6888a12f
    created service account default/s3-reader
    [exit 0]
    $ get iamserviceaccount CLUSTER KUBERNETES -o wide
    [stdout]
    NAMESPACE   NAME        ROLE ARN                                                                                          STATUS            STACK                                                                                 POLICIES                 SERVICE ACCOUNT
    default     s3-reader   arn:aws:iam::111122223333:role/eksctl-example-cluster-k8s-local-addon-iamser-Role1-XALTM2OP5CQH   CREATE_COMPLETE   eksctl-example-cluster-k8s-local-addon-iamserviceaccount-default-s3-reader-6888a12f   AmazonS3ReadOnlyAccess   annotated
    [exit 0]
    $ verify s3-reader CLUSTER KUBERNETES
    [stdout]
    STEP        RESULT     DETAIL
    token       issued     system:serviceaccount:default:s3-reader for sts.amazonaws.com, for 10m
    claims      right      issuer, subject, audience, times
    signature   verified   key icuvNXVa4Ii6M4zAvApGM03egXlkNMmo9ZJiT_wng1E
    role        assumed    arn:aws:iam::111122223333:role/eksctl-example-cluster-k8s-local-addon-iamser-Role1-XALTM2OP5CQH
    caller      is         arn:aws:sts::111122223333:assumed-role/eksctl-example-cluster-k8s-local-addon-iamser-Role1-XALTM2OP5CQH/irsactl-verify
    [exit 0]
    $ doctor s3-reader CLUSTER KUBERNETES
    [stdout]
    default/s3-reader: healthy
      role: arn:aws:iam::111122223333:role/eksctl-example-cluster-k8s-local-addon-iamser-Role1-XALTM2OP5CQH
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-example-cluster-k8s-local-addon-iamser-Role1-XALTM2OP5CQH/irsactl-verify
      pods: none runs
      21 checks hold
    [exit 0]
    $ export CLUSTER KUBERNETES
    [stdout]
    apiVersion: eksctl.io/v1alpha5
    kind: ClusterConfig
    metadata:
      name: example.cluster.k8s.local
      region: eu-west-1
    iam:
      withOIDC: true
      serviceAccounts:
        - metadata:
            name: s3-reader
          attachPolicyARNs:
            - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    [exit 0]
    $ update iamserviceaccount s3-reader CLUSTER KUBERNETES --tags team=a --approve
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   updated   arn:aws:iam::111122223333:role/eksctl-example-cluster-k8s-local-addon-iamser-Role1-XALTM2OP5CQH
    [stderr]
    updated stack eksctl-example-cluster-k8s-local-addon-iamserviceaccount-default-s3-reader-6888a12f
    [exit 0]
    $ delete iamserviceaccount s3-reader CLUSTER KUBERNETES
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    deleted stack eksctl-example-cluster-k8s-local-addon-iamserviceaccount-default-s3-reader-6888a12f
    deleted service account default/s3-reader
    [exit 0]
    $ disassociate-oidc-provider CLUSTER --approve
    [stdout]
    PROVIDER                                                                       STATUS
    https://discovery-store.s3.eu-west-1.amazonaws.com/example.cluster.k8s.local   deleted
    [stderr]
    deleted IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/discovery-store.s3.eu-west-1.amazonaws.com/example.cluster.k8s.local
    [exit 0]
    ");
    let calls = bench.calls();
    assert!(!calls.contains("eks "), "{calls}");
    assert_eq!((bench.stacks(), bench.providers()), Default::default());
}

/// What is printed to be pasted leads to the same cluster.
#[test]
fn commands_to_paste_name_the_issuer() {
    let (bench, cluster) = kops();
    let kubernetes = "--kubeconfig ~/kops.yaml";
    let mut told = String::new();
    for command in [
        format!("create iamserviceaccount app KUBERNETES --attach-policy-arn {S3} --approve"),
        "verify app KUBERNETES".to_owned(),
        "doctor app KUBERNETES".to_owned(),
    ] {
        let command = command.replace("KUBERNETES", &format!("{cluster} {kubernetes}"));
        told.push_str(&bench.run(&command));
    }
    bench.arrange(&format!("associate-oidc-provider {cluster} --approve"));
    bench.arrange(&format!(
        "create iamserviceaccount app {cluster} {kubernetes} --attach-policy-arn {S3} --approve"
    ));
    for command in [
        "create iamserviceaccount app KUBERNETES --tags a=b --attach-policy-arn arn:aws:iam::aws:policy/AmazonSQSFullAccess",
        "disassociate-oidc-provider CLUSTER",
    ] {
        let command = command.replace("KUBERNETES", &format!("{cluster} {kubernetes}"));
        told.push_str(&bench.run(&command.replace("CLUSTER", &cluster)));
    }
    assert_snapshot!(told, @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    default     app    refused
    [stderr]
    error: default/app: cluster "example.cluster.k8s.local" has no IAM OIDC provider, so no pod of it could assume a role
    hint: run `irsactl associate-oidc-provider --cluster example.cluster.k8s.local --approve --issuer-url https://discovery-store.s3.eu-west-1.amazonaws.com/example.cluster.k8s.local` first
    hint: or add `--associate-oidc-provider` to this command
    [exit 1]
    [stderr]
    error: default/app: there is no such service account
    hint: make it, with its role: `irsactl create iamserviceaccount default/app --cluster example.cluster.k8s.local --attach-policy-arn ARN --approve --kubeconfig ~/kops.yaml --issuer-url https://discovery-store.s3.eu-west-1.amazonaws.com/example.cluster.k8s.local`
    [exit 1]
    [stdout]
    default/app: 1 problem
      pods: none runs

    problem: there is no ServiceAccount default/app [service-account]
      fix: irsactl create iamserviceaccount --cluster example.cluster.k8s.local default/app --attach-policy-arn ARN --approve --kubeconfig ~/kops.yaml --issuer-url https://discovery-store.s3.eu-west-1.amazonaws.com/example.cluster.k8s.local   # ARN: of a policy that allows what it needs

      2 checks hold
    [exit 1]
    [stderr]
    error: default/app: the role of stack "eksctl-example-cluster-k8s-local-addon-iamserviceaccount-default-app-ddba8a5d" is not as asked (- is there, + is asked for)
      - managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
      + managed policy: arn:aws:iam::aws:policy/AmazonSQSFullAccess
      + tag: a=b
    hint: change the role: `irsactl update iamserviceaccount app --namespace default --cluster example.cluster.k8s.local --add-policy-arn arn:aws:iam::aws:policy/AmazonSQSFullAccess --remove-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --tags a=b --kubeconfig ~/kops.yaml --issuer-url https://discovery-store.s3.eu-west-1.amazonaws.com/example.cluster.k8s.local`
    [exit 1]
    [stderr]
    error: https://discovery-store.s3.eu-west-1.amazonaws.com/example.cluster.k8s.local: its IAM OIDC provider is still trusted by
      arn:aws:iam::111122223333:role/eksctl-example-cluster-k8s-local-addon-iamser-Role1-PGCZO2K5IJDM
    hint: delete those roles first, or go on without them: `--force`
    [exit 1]
    "#);
}

/// Names that EKS has not are taken only with an issuer; a file's too.
#[test]
fn without_an_issuer_the_name_is_held_to_ekss_rule() {
    let (bench, cluster) = kops();
    let file = format!(
        "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {{name: {KOPS}, region: {REGION}}}\n\
         iam: {{withOIDC: true, serviceAccounts: [{{metadata: {{name: app}}, attachPolicyARNs: ['{S3}']}}]}}\n"
    );
    bench.file("cluster.yaml", &file);
    let mut told = String::new();
    for command in [
        "apply -f ~/cluster.yaml",
        "get iamserviceaccount --cluster my.cluster",
    ] {
        told.push_str(&bench.run(command));
    }
    assert_eq!(bench.calls(), "");
    let (_, issuer) = cluster.split_once("--issuer-url").expect("an issuer");
    told.push_str(&bench.run(&format!(
        "apply -f ~/cluster.yaml --issuer-url{issuer} --kubeconfig ~/kops.yaml --approve"
    )));
    told.push_str(&bench.run(&format!(
        "render -f ~/cluster.yaml --issuer-url{issuer} --account-id {ACCOUNT} --for terraform"
    )));
    told.push_str(&bench.run(&format!(
        "permissions --for associate-oidc-provider,get {cluster} -r {REGION} --account-id {ACCOUNT} -o json"
    )));
    assert_snapshot!(told, @r#"
    [stderr]
    error: metadata.name "example.cluster.k8s.local": names of EKS clusters are 1 to 100 letters, digits, `-` and `_`; for a cluster that is not EKS, add --issuer-url
    hint: see `--help`
    [exit 2]
    [stderr]
    error: --cluster "my.cluster": names of EKS clusters are 1 to 100 letters, digits, `-` and `_`; for a cluster that is not EKS, add --issuer-url
    hint: see `--help`
    [exit 2]
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    default     app    created   arn:aws:iam::111122223333:role/eksctl-example-cluster-k8s-local-addon-iamser-Role1-PGCZO2K5IJDM
    PROVIDER                                                                       STATUS
    https://discovery-store.s3.eu-west-1.amazonaws.com/example.cluster.k8s.local   created
    [stderr]
    created IAM OIDC provider for https://discovery-store.s3.eu-west-1.amazonaws.com/example.cluster.k8s.local
    created stack eksctl-example-cluster-k8s-local-addon-iamserviceaccount-default-app-ddba8a5d
    created service account default/app
    [exit 0]
    [stdout]
    # IAM roles for service accounts of cluster example.cluster.k8s.local. Made by `irsactl render`.

    terraform {
      required_providers {
        aws = {
          source  = "hashicorp/aws"
          version = ">= 5.82"
        }
      }
    }

    # The cluster's IAM OIDC provider.
    resource "aws_iam_openid_connect_provider" "example_cluster_k8s_local" {
      url            = "https://discovery-store.s3.eu-west-1.amazonaws.com/example.cluster.k8s.local"
      client_id_list = ["sts.amazonaws.com"]
      tags = {
        "alpha.eksctl.io/cluster-name"                = "example.cluster.k8s.local"
        "eksctl.cluster.k8s.io/v1alpha1/cluster-name" = "example.cluster.k8s.local"
      }
    }

    # default/app
    resource "aws_iam_role" "default__app" {
      name_prefix = "example.cluster.k8s.local-default-app-"
      assume_role_policy = jsonencode({
        Statement = [
          {
            Action = ["sts:AssumeRoleWithWebIdentity"]
            Condition = {
              StringEquals = {
                "discovery-store.s3.eu-west-1.amazonaws.com/example.cluster.k8s.local:aud" = "sts.amazonaws.com"
                "discovery-store.s3.eu-west-1.amazonaws.com/example.cluster.k8s.local:sub" = "system:serviceaccount:default:app"
              }
            }
            Effect = "Allow"
            Principal = {
              Federated = aws_iam_openid_connect_provider.example_cluster_k8s_local.arn
            }
          },
        ]
        Version = "2012-10-17"
      })
      tags = {
        "alpha.eksctl.io/cluster-name"                = "example.cluster.k8s.local"
        "alpha.eksctl.io/iamserviceaccount-name"      = "default/app"
        "eksctl.cluster.k8s.io/v1alpha1/cluster-name" = "example.cluster.k8s.local"
      }
    }

    resource "aws_iam_role_policy_attachment" "default__app" {
      for_each   = toset(["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"])
      role       = aws_iam_role.default__app.name
      policy_arn = each.value
    }

    output "role_arns" {
      description = "Role of each service account, for its annotation eks.amazonaws.com/role-arn."
      value = {
        "default/app" = aws_iam_role.default__app.arn
      }
    }
    [exit 0]
    [stdout]
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Provider",
                "Effect": "Allow",
                "Action": [
                    "iam:AddClientIDToOpenIDConnectProvider",
                    "iam:CreateOpenIDConnectProvider",
                    "iam:GetOpenIDConnectProvider",
                    "iam:TagOpenIDConnectProvider",
                    "iam:UpdateOpenIDConnectProviderThumbprint"
                ],
                "Resource": "arn:aws:iam::111122223333:oidc-provider/discovery-store.s3.eu-west-1.amazonaws.com/example.cluster.k8s.local"
            },
            {
                "Sid": "Stacks",
                "Effect": "Allow",
                "Action": [
                    "cloudformation:DescribeStacks",
                    "cloudformation:GetTemplate"
                ],
                "Resource": [
                    "arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-example-cluster-k8s-local-addon-iamserviceaccount-*/*",
                    "arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-example-cluster-k8s-local-podidentityrole-*/*"
                ]
            },
            {
                "Sid": "Any",
                "Effect": "Allow",
                "Action": [
                    "cloudformation:DescribeStacks",
                    "cloudformation:ListStacks"
                ],
                "Resource": "*"
            }
        ]
    }
    [exit 0]
    "#);
}

/// Every command that takes an issuer but the one that deletes its provider, and `render`, which asks nobody.
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
    hint: EKS tells it as its tokens say it: `aws eks describe-cluster --name NAME --query cluster.identity.oidc.issuer --output text`
    [exit 2]
    [stderr]
    error: --issuer-url "https://oidc.eks.eu-west-1.amazonaws.com/id/AB12/": tokens of EKS say "https://oidc.eks.eu-west-1.amazonaws.com/id/AB12"
    hint: EKS tells it as its tokens say it: `aws eks describe-cluster --name NAME --query cluster.identity.oidc.issuer --output text`
    [exit 2]
    [stderr]
    error: --issuer-url "https://oidc.eks.eu-west-1.amazonaws.com/id/ab12": tokens of EKS say "https://oidc.eks.eu-west-1.amazonaws.com/id/AB12"
    hint: EKS tells it as its tokens say it: `aws eks describe-cluster --name NAME --query cluster.identity.oidc.issuer --output text`
    [exit 2]
    [stderr]
    error: --issuer-url "https://oidc.eks.eu-west-1.amazonaws.com/AB12": tokens of EKS say "https://oidc.eks.eu-west-1.amazonaws.com/id/AB12"
    hint: EKS tells it as its tokens say it: `aws eks describe-cluster --name NAME --query cluster.identity.oidc.issuer --output text`
    [exit 2]
    [stderr]
    error: --issuer-url "https://oidc.eks.eu-west-1.amazonaws.com": tokens of EKS say "https://oidc.eks.eu-west-1.amazonaws.com/id/<32 hexadecimal digits>"
    hint: EKS tells it as its tokens say it: `aws eks describe-cluster --name NAME --query cluster.identity.oidc.issuer --output text`
    [exit 2]
    "#);
}
