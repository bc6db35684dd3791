//! The command line itself: help, version, and what is said to mistakes.

use insta::assert_snapshot;

use crate::support::{Bench, S3};

/// The help of a command on a terminal of that width.
fn help(command: &str, columns: &str) -> String {
    let mut bench = Bench::new();
    bench.set("COLUMNS", columns);
    bench.run(&format!("{command} --help"))
}

#[test]
fn help_of_the_program() {
    assert_snapshot!(help("", "80"), @r#"
    [stdout]
    Give pods on Kubernetes the AWS permissions that they need, and no more.

    irsactl makes IAM roles for service accounts (IRSA) on EKS. It manages the
    CloudFormation stacks that eksctl made, and eksctl manages its.

    Usage: irsactl [OPTIONS] <COMMAND>

    Daily commands:
      create                      Create IAM service accounts
      get                         List IAM service accounts
      update                      Change IAM service accounts
      delete                      Delete IAM service accounts
      apply                       Make all that a config file describes
      export                      Print the config file that describes what exists

    Proof commands:
      doctor                      Tell why pods lack their role, and what mends it
      verify                      Prove that a service account can assume its role
      whoami                      Tell what a token says, and the role for it

    Setup commands:
      associate-oidc-provider     Create or mend the IAM OIDC provider of a cluster
      disassociate-oidc-provider  Delete the IAM OIDC provider of a cluster
      thumbprint                  Print the thumbprint of an issuer
      permissions                 Print the permissions that irsactl needs (offline)

    Other commands:
      render                      Print what create makes, for other tools (offline)
      completion                  Print a shell completion script
      man                         Write the manual pages, one a command
      help                        Print the help of a command
      version                     Print the version

    Options:
      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

      -q, --quiet
              Print results and errors only

      -v, --verbose...
              Log more to stderr: -v what is done, -vv every call, -vvv everything

      -C, --color <WHEN>
              Colour the output
              
              [default: auto]
              [possible values: auto, always, never]

    Examples:
      irsactl associate-oidc-provider --cluster demo --approve
      irsactl create iamserviceaccount s3-reader --cluster demo \
        --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --approve
      irsactl get iamserviceaccount --cluster demo
      irsactl delete iamserviceaccount s3-reader --cluster demo

    Exit status:
      0    the asked state holds, or the plan was shown
      1    failed, wholly or in part
      2    bad flags or configuration
      3    there is something to do (--detailed-exitcode)
      4    no usable AWS credentials
      130  interrupted; 143 by SIGTERM, 129 by SIGHUP
    [exit 0]
    "#);
    assert_snapshot!(help("", "100"), @r#"
    [stdout]
    Give pods on Kubernetes the AWS permissions that they need, and no more.

    irsactl makes IAM roles for service accounts (IRSA) on EKS. It manages the CloudFormation stacks
    that eksctl made, and eksctl manages its.

    Usage: irsactl [OPTIONS] <COMMAND>

    Daily commands:
      create                      Create IAM service accounts
      get                         List IAM service accounts
      update                      Change IAM service accounts
      delete                      Delete IAM service accounts
      apply                       Make all that a config file describes
      export                      Print the config file that describes what exists

    Proof commands:
      doctor                      Tell why pods lack their role, and what mends it
      verify                      Prove that a service account can assume its role
      whoami                      Tell what a token says, and the role for it

    Setup commands:
      associate-oidc-provider     Create or mend the IAM OIDC provider of a cluster
      disassociate-oidc-provider  Delete the IAM OIDC provider of a cluster
      thumbprint                  Print the thumbprint of an issuer
      permissions                 Print the permissions that irsactl needs (offline)

    Other commands:
      render                      Print what create makes, for other tools (offline)
      completion                  Print a shell completion script
      man                         Write the manual pages, one a command
      help                        Print the help of a command
      version                     Print the version

    Options:
      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

      -q, --quiet
              Print results and errors only

      -v, --verbose...
              Log more to stderr: -v what is done, -vv every call, -vvv everything

      -C, --color <WHEN>
              Colour the output
              
              [default: auto]
              [possible values: auto, always, never]

    Examples:
      irsactl associate-oidc-provider --cluster demo --approve
      irsactl create iamserviceaccount s3-reader --cluster demo \
        --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --approve
      irsactl get iamserviceaccount --cluster demo
      irsactl delete iamserviceaccount s3-reader --cluster demo

    Exit status:
      0    the asked state holds, or the plan was shown
      1    failed, wholly or in part
      2    bad flags or configuration
      3    there is something to do (--detailed-exitcode)
      4    no usable AWS credentials
      130  interrupted; 143 by SIGTERM, 129 by SIGHUP
    [exit 0]
    "#);
}

#[test]
fn help_of_associate() {
    assert_snapshot!(help("associate-oidc-provider", "80"), @"
    [stdout]
    Create or mend the IAM OIDC provider of a cluster

    Usage: irsactl associate-oidc-provider [OPTIONS] <--cluster <CLUSTER>|--config-file <FILE>|CLUSTER|--issuer-url <URL>>

    Arguments:
      [CLUSTER]  Name of the cluster

    Options:
      -c, --cluster <CLUSTER>   Name of the cluster
      -f, --config-file <FILE>  Config file of eksctl that names the cluster; -
                                reads stdin
          --issuer-url <URL>    OIDC issuer, for clusters that are not EKS
          --audience <NAME>     Audience of the tokens [default: sts.amazonaws.com]
      -h, --help                Print help

    Thumbprint:
          --thumbprint <HEX>    Use this thumbprint; the issuer is not contacted
                                (repeatable, at most 5)
          --no-thumbprint       Send none; IAM fetches it itself
          --refresh-thumbprint  Replace those of an existing provider by the
                                issuer's present ones

    Plan:
          --approve[=<BOOL>]   Carry the plan out; without it the plan is only shown
          --dry-run            Show the plan only
          --detailed-exitcode  Exit with 3 when there is something to do

    AWS client:
      -r, --region <REGION>    AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or
                               the profile's)
      -p, --profile <PROFILE>  AWS profile; outranks the keys of the environment
          --timeout <TIMEOUT>  Time for everything, as 90s, 25m, 1h30m [default:
                               25m]

    Output:
      -o, --output <OUTPUT>  Output format [default: table] [possible values: table,
                             json, yaml, name, markdown]
      -q, --quiet            Print results and errors only
      -v, --verbose...       Log more to stderr: -v what is done, -vv every call,
                             -vvv everything
      -C, --color <WHEN>     Colour the output [default: auto] [possible values:
                             auto, always, never]

    Examples:
      irsactl associate-oidc-provider --cluster demo            # show the plan
      irsactl associate-oidc-provider --cluster demo --approve  # carry it out
      irsactl associate-oidc-provider --issuer-url https://oidc.example.com
    [exit 0]
    ");
    assert_snapshot!(help("associate-oidc-provider", "100"), @"
    [stdout]
    Create or mend the IAM OIDC provider of a cluster

    Usage: irsactl associate-oidc-provider [OPTIONS] <--cluster <CLUSTER>|--config-file <FILE>|CLUSTER|--issuer-url <URL>>

    Arguments:
      [CLUSTER]  Name of the cluster

    Options:
      -c, --cluster <CLUSTER>   Name of the cluster
      -f, --config-file <FILE>  Config file of eksctl that names the cluster; - reads stdin
          --issuer-url <URL>    OIDC issuer, for clusters that are not EKS
          --audience <NAME>     Audience of the tokens [default: sts.amazonaws.com]
      -h, --help                Print help

    Thumbprint:
          --thumbprint <HEX>    Use this thumbprint; the issuer is not contacted (repeatable, at most 5)
          --no-thumbprint       Send none; IAM fetches it itself
          --refresh-thumbprint  Replace those of an existing provider by the issuer's present ones

    Plan:
          --approve[=<BOOL>]   Carry the plan out; without it the plan is only shown
          --dry-run            Show the plan only
          --detailed-exitcode  Exit with 3 when there is something to do

    AWS client:
      -r, --region <REGION>    AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile's)
      -p, --profile <PROFILE>  AWS profile; outranks the keys of the environment
          --timeout <TIMEOUT>  Time for everything, as 90s, 25m, 1h30m [default: 25m]

    Output:
      -o, --output <OUTPUT>  Output format [default: table] [possible values: table, json, yaml, name,
                             markdown]
      -q, --quiet            Print results and errors only
      -v, --verbose...       Log more to stderr: -v what is done, -vv every call, -vvv everything
      -C, --color <WHEN>     Colour the output [default: auto] [possible values: auto, always, never]

    Examples:
      irsactl associate-oidc-provider --cluster demo            # show the plan
      irsactl associate-oidc-provider --cluster demo --approve  # carry it out
      irsactl associate-oidc-provider --issuer-url https://oidc.example.com
    [exit 0]
    ");
}

#[test]
fn help_of_disassociate() {
    assert_snapshot!(help("disassociate-oidc-provider", "80"), @"
    [stdout]
    Delete the IAM OIDC provider of a cluster

    Usage: irsactl disassociate-oidc-provider [OPTIONS] <--cluster <CLUSTER>|--config-file <FILE>|CLUSTER|--issuer-url <URL>>

    Arguments:
      [CLUSTER]  Name of the cluster

    Options:
      -c, --cluster <CLUSTER>   Name of the cluster
      -f, --config-file <FILE>  Config file of eksctl that names the cluster; -
                                reads stdin
          --issuer-url <URL>    OIDC issuer, for clusters that are not EKS
          --force               Delete it although roles still trust it
      -h, --help                Print help

    Plan:
          --approve[=<BOOL>]   Carry the plan out; without it the plan is only shown
          --dry-run            Show the plan only
          --detailed-exitcode  Exit with 3 when there is something to do

    AWS client:
      -r, --region <REGION>    AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or
                               the profile's)
      -p, --profile <PROFILE>  AWS profile; outranks the keys of the environment
          --timeout <TIMEOUT>  Time for everything, as 90s, 25m, 1h30m [default:
                               25m]

    Output:
      -o, --output <OUTPUT>  Output format [default: table] [possible values: table,
                             json, yaml, name, markdown]
      -q, --quiet            Print results and errors only
      -v, --verbose...       Log more to stderr: -v what is done, -vv every call,
                             -vvv everything
      -C, --color <WHEN>     Colour the output [default: auto] [possible values:
                             auto, always, never]

    Examples:
      irsactl disassociate-oidc-provider --cluster demo --approve
    [exit 0]
    ");
    assert_snapshot!(help("disassociate-oidc-provider", "100"), @"
    [stdout]
    Delete the IAM OIDC provider of a cluster

    Usage: irsactl disassociate-oidc-provider [OPTIONS] <--cluster <CLUSTER>|--config-file <FILE>|CLUSTER|--issuer-url <URL>>

    Arguments:
      [CLUSTER]  Name of the cluster

    Options:
      -c, --cluster <CLUSTER>   Name of the cluster
      -f, --config-file <FILE>  Config file of eksctl that names the cluster; - reads stdin
          --issuer-url <URL>    OIDC issuer, for clusters that are not EKS
          --force               Delete it although roles still trust it
      -h, --help                Print help

    Plan:
          --approve[=<BOOL>]   Carry the plan out; without it the plan is only shown
          --dry-run            Show the plan only
          --detailed-exitcode  Exit with 3 when there is something to do

    AWS client:
      -r, --region <REGION>    AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile's)
      -p, --profile <PROFILE>  AWS profile; outranks the keys of the environment
          --timeout <TIMEOUT>  Time for everything, as 90s, 25m, 1h30m [default: 25m]

    Output:
      -o, --output <OUTPUT>  Output format [default: table] [possible values: table, json, yaml, name,
                             markdown]
      -q, --quiet            Print results and errors only
      -v, --verbose...       Log more to stderr: -v what is done, -vv every call, -vvv everything
      -C, --color <WHEN>     Colour the output [default: auto] [possible values: auto, always, never]

    Examples:
      irsactl disassociate-oidc-provider --cluster demo --approve
    [exit 0]
    ");
}

#[test]
fn help_of_thumbprint() {
    assert_snapshot!(help("thumbprint", "80"), @"
    [stdout]
    Print the thumbprint of an issuer

    Usage: irsactl thumbprint [OPTIONS] <--cluster <NAME>|--issuer-url <URL>|--pem <FILE>>

    Options:
      -c, --cluster <NAME>    Name of the EKS cluster
          --issuer-url <URL>  OIDC issuer; no AWS access is needed
          --pem <FILE>        Chain of certificates as PEM, leaf first; - reads
                              stdin
      -h, --help              Print help

    AWS client:
      -r, --region <REGION>    AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or
                               the profile's)
      -p, --profile <PROFILE>  AWS profile; outranks the keys of the environment
          --timeout <TIMEOUT>  Time for everything, as 90s, 25m, 1h30m [default:
                               25m]

    Output:
      -o, --output <OUTPUT>  Output format [default: table] [possible values: table,
                             wide, json, yaml, name, markdown]
      -q, --quiet            Print results and errors only
      -v, --verbose...       Log more to stderr: -v what is done, -vv every call,
                             -vvv everything
      -C, --color <WHEN>     Colour the output [default: auto] [possible values:
                             auto, always, never]

    Examples:
      irsactl thumbprint --cluster demo
      irsactl thumbprint --issuer-url https://oidc.example.com -o wide
      openssl s_client -showcerts -connect host:443 </dev/null |
        irsactl thumbprint --pem -
    [exit 0]
    ");
    assert_snapshot!(help("thumbprint", "100"), @"
    [stdout]
    Print the thumbprint of an issuer

    Usage: irsactl thumbprint [OPTIONS] <--cluster <NAME>|--issuer-url <URL>|--pem <FILE>>

    Options:
      -c, --cluster <NAME>    Name of the EKS cluster
          --issuer-url <URL>  OIDC issuer; no AWS access is needed
          --pem <FILE>        Chain of certificates as PEM, leaf first; - reads stdin
      -h, --help              Print help

    AWS client:
      -r, --region <REGION>    AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile's)
      -p, --profile <PROFILE>  AWS profile; outranks the keys of the environment
          --timeout <TIMEOUT>  Time for everything, as 90s, 25m, 1h30m [default: 25m]

    Output:
      -o, --output <OUTPUT>  Output format [default: table] [possible values: table, wide, json, yaml,
                             name, markdown]
      -q, --quiet            Print results and errors only
      -v, --verbose...       Log more to stderr: -v what is done, -vv every call, -vvv everything
      -C, --color <WHEN>     Colour the output [default: auto] [possible values: auto, always, never]

    Examples:
      irsactl thumbprint --cluster demo
      irsactl thumbprint --issuer-url https://oidc.example.com -o wide
      openssl s_client -showcerts -connect host:443 </dev/null |
        irsactl thumbprint --pem -
    [exit 0]
    ");
}

#[test]
fn help_of_create() {
    assert_snapshot!(help("create", "80"), @"
    [stdout]
    Create IAM service accounts

    Usage: irsactl create [OPTIONS] <COMMAND>

    Commands:
      iamserviceaccount  Create an IAM role for a Kubernetes service account, and
                         the service account [aliases: iamserviceaccounts, irsa, sa]

    Options:
      -h, --help  Print help

    Output:
      -q, --quiet         Print results and errors only
      -v, --verbose...    Log more to stderr: -v what is done, -vv every call, -vvv
                          everything
      -C, --color <WHEN>  Colour the output [default: auto] [possible values: auto,
                          always, never]
    [exit 0]
    ");
    assert_snapshot!(help("create", "100"), @"
    [stdout]
    Create IAM service accounts

    Usage: irsactl create [OPTIONS] <COMMAND>

    Commands:
      iamserviceaccount  Create an IAM role for a Kubernetes service account, and the service account
                         [aliases: iamserviceaccounts, irsa, sa]

    Options:
      -h, --help  Print help

    Output:
      -q, --quiet         Print results and errors only
      -v, --verbose...    Log more to stderr: -v what is done, -vv every call, -vvv everything
      -C, --color <WHEN>  Colour the output [default: auto] [possible values: auto, always, never]
    [exit 0]
    ");
}

#[test]
fn help_of_create_iamserviceaccount() {
    assert_snapshot!(help("create iamserviceaccount", "80"), @r#"
    [stdout]
    Create an IAM role for a Kubernetes service account, and the service account

    Usage: irsactl create iamserviceaccount [OPTIONS] [NAME]

    Arguments:
      [NAME]
              Name of the service account (or NAMESPACE/NAME)

    Options:
      -c, --cluster <CLUSTER>
              Name of the cluster; required without --config-file

          --issuer-url <URL>
              OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a
              current context

          --name <NAME>
              Name of the service account

      -n, --namespace <NAMESPACE>
              Namespace of the service account

      -h, --help
              Print help (see a summary with '-h')

    Permissions:
          --attach-policy-arn <ARN>
              ARN of a managed policy (repeatable, or separated by commas)

          --policy-document <FILE>
              Inline policy document as JSON (repeatable); - reads stdin

          --well-known-policy <NAME>
              Ready-made policy of a common add-on (repeatable, or separated by
              commas): imageBuilder, autoScaler, awsLoadBalancerController,
              externalDNS, certManager, ebsCSIController, efsCSIController,
              adotContainerLogs, adotPrometheus, adotXray, amazonManagedPrometheus,
              cloudWatchAgent, ebsCSIControllerV2, efsCSIDriver, externalSecrets,
              fluentBit, fsxCSIController, gatewayAPIController,
              nodeTerminationHandler, s3FilesCSIDriver, vpcCNI, vpcCNIIPv6

          --attach-role-arn <ARN>
              Use an existing role as it is; no stack is made

          --permissions-boundary <ARN>
              ARN of the policy that bounds the role's permissions

    Role:
          --role-name <NAME>
              Name of the role; else CloudFormation makes one

          --role-path <PATH>
              Path of the role, as /team/

          --max-session-duration <SECONDS>
              Longest session in seconds, 3600 to 43200

          --subject-pattern <PATTERN>
              Trust all service accounts of the namespace whose names match, as
              app-*

          --audience <NAME>
              Audience of the tokens
              
              [default: sts.amazonaws.com]

          --tags <TAGS>
              Tags of the stack and the role, as k1=v1,k2=v2 (repeatable)

          --role-only[=<BOOL>]
              Make the role only: no Kubernetes access; prints the ServiceAccount to
              apply

          --associate-oidc-provider
              Create the cluster's IAM OIDC provider too, where it is missing

    Service account:
          --labels <LABELS>
              Labels, as k1=v1,k2=v2 (repeatable)

          --annotations <ANNOTATIONS>
              Annotations, as k1=v1,k2=v2 (repeatable)

          --token-expiration <SECONDS>
              Lifetime of the pods' tokens in seconds, 600 to 86400

          --sts-regional-endpoints <BOOL>
              Whether pods use the regional STS endpoint
              
              [possible values: true, false]

          --override-existing-serviceaccounts[=<BOOL>]
              Replace another role, and labels and annotations of other tools

    Config file:
      -f, --config-file <FILE>
              Config file of eksctl in the place of flags; - reads stdin

          --include <GLOB>
              Only those whose NAMESPACE/NAME matches, as 'web/*' (repeatable)

          --exclude <GLOB>
              But those whose NAMESPACE/NAME matches (repeatable)

    CloudFormation:
          --cfn-role-arn <ARN>
              Role that CloudFormation works as

          --cfn-disable-rollback[=<BOOL>]
              Keep the resources of a failed creation, to look at them

    Plan:
          --approve[=<BOOL>]
              Carry the plan out; without it the plan is only shown

          --dry-run
              Show the plan only

          --detailed-exitcode
              Exit with 3 when there is something to do

          --verify
              Prove in the end that the service accounts can assume their roles, as
              verify does

          --restart
              Restart the workloads whose running pods lack the role, and only those

          --wait-for-pods
              Wait until the restarted workloads' new pods are ready and have the
              role

          --parallel <N>
              Service accounts to work on side by side, 1 to 64
              
              [default: 32]

    AWS client:
      -r, --region <REGION>
              AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile's)

      -p, --profile <PROFILE>
              AWS profile; outranks the keys of the environment

          --timeout <TIMEOUT>
              Time for everything, as 90s, 25m, 1h30m
              
              [default: 25m]

    Kubernetes client:
          --kubeconfig <FILE>
              Kubeconfig file to use in place of the EKS endpoint

          --context <NAME>
              Context of the kubeconfig

    Output:
      -o, --output <OUTPUT>
              Output format
              
              [default: table]
              [possible values: table, json, yaml, name, markdown]

      -q, --quiet
              Print results and errors only

      -v, --verbose...
              Log more to stderr: -v what is done, -vv every call, -vvv everything

      -C, --color <WHEN>
              Colour the output
              
              [default: auto]
              [possible values: auto, always, never]

    Examples:
      irsactl create iamserviceaccount s3-reader --cluster demo \
        --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --approve
      irsactl create iamserviceaccount external-dns --namespace external-dns \
        --cluster demo --well-known-policy externalDNS --approve
      irsactl create iamserviceaccount app --cluster demo \
        --policy-document policy.json --role-only --approve
      irsactl create iamserviceaccount -f cluster.yaml --approve
    [exit 0]
    "#);
    assert_snapshot!(help("create iamserviceaccount", "100"), @r#"
    [stdout]
    Create an IAM role for a Kubernetes service account, and the service account

    Usage: irsactl create iamserviceaccount [OPTIONS] [NAME]

    Arguments:
      [NAME]
              Name of the service account (or NAMESPACE/NAME)

    Options:
      -c, --cluster <CLUSTER>
              Name of the cluster; required without --config-file

          --issuer-url <URL>
              OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context

          --name <NAME>
              Name of the service account

      -n, --namespace <NAMESPACE>
              Namespace of the service account

      -h, --help
              Print help (see a summary with '-h')

    Permissions:
          --attach-policy-arn <ARN>
              ARN of a managed policy (repeatable, or separated by commas)

          --policy-document <FILE>
              Inline policy document as JSON (repeatable); - reads stdin

          --well-known-policy <NAME>
              Ready-made policy of a common add-on (repeatable, or separated by commas): imageBuilder,
              autoScaler, awsLoadBalancerController, externalDNS, certManager, ebsCSIController,
              efsCSIController, adotContainerLogs, adotPrometheus, adotXray, amazonManagedPrometheus,
              cloudWatchAgent, ebsCSIControllerV2, efsCSIDriver, externalSecrets, fluentBit,
              fsxCSIController, gatewayAPIController, nodeTerminationHandler, s3FilesCSIDriver, vpcCNI,
              vpcCNIIPv6

          --attach-role-arn <ARN>
              Use an existing role as it is; no stack is made

          --permissions-boundary <ARN>
              ARN of the policy that bounds the role's permissions

    Role:
          --role-name <NAME>
              Name of the role; else CloudFormation makes one

          --role-path <PATH>
              Path of the role, as /team/

          --max-session-duration <SECONDS>
              Longest session in seconds, 3600 to 43200

          --subject-pattern <PATTERN>
              Trust all service accounts of the namespace whose names match, as app-*

          --audience <NAME>
              Audience of the tokens
              
              [default: sts.amazonaws.com]

          --tags <TAGS>
              Tags of the stack and the role, as k1=v1,k2=v2 (repeatable)

          --role-only[=<BOOL>]
              Make the role only: no Kubernetes access; prints the ServiceAccount to apply

          --associate-oidc-provider
              Create the cluster's IAM OIDC provider too, where it is missing

    Service account:
          --labels <LABELS>
              Labels, as k1=v1,k2=v2 (repeatable)

          --annotations <ANNOTATIONS>
              Annotations, as k1=v1,k2=v2 (repeatable)

          --token-expiration <SECONDS>
              Lifetime of the pods' tokens in seconds, 600 to 86400

          --sts-regional-endpoints <BOOL>
              Whether pods use the regional STS endpoint
              
              [possible values: true, false]

          --override-existing-serviceaccounts[=<BOOL>]
              Replace another role, and labels and annotations of other tools

    Config file:
      -f, --config-file <FILE>
              Config file of eksctl in the place of flags; - reads stdin

          --include <GLOB>
              Only those whose NAMESPACE/NAME matches, as 'web/*' (repeatable)

          --exclude <GLOB>
              But those whose NAMESPACE/NAME matches (repeatable)

    CloudFormation:
          --cfn-role-arn <ARN>
              Role that CloudFormation works as

          --cfn-disable-rollback[=<BOOL>]
              Keep the resources of a failed creation, to look at them

    Plan:
          --approve[=<BOOL>]
              Carry the plan out; without it the plan is only shown

          --dry-run
              Show the plan only

          --detailed-exitcode
              Exit with 3 when there is something to do

          --verify
              Prove in the end that the service accounts can assume their roles, as verify does

          --restart
              Restart the workloads whose running pods lack the role, and only those

          --wait-for-pods
              Wait until the restarted workloads' new pods are ready and have the role

          --parallel <N>
              Service accounts to work on side by side, 1 to 64
              
              [default: 32]

    AWS client:
      -r, --region <REGION>
              AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile's)

      -p, --profile <PROFILE>
              AWS profile; outranks the keys of the environment

          --timeout <TIMEOUT>
              Time for everything, as 90s, 25m, 1h30m
              
              [default: 25m]

    Kubernetes client:
          --kubeconfig <FILE>
              Kubeconfig file to use in place of the EKS endpoint

          --context <NAME>
              Context of the kubeconfig

    Output:
      -o, --output <OUTPUT>
              Output format
              
              [default: table]
              [possible values: table, json, yaml, name, markdown]

      -q, --quiet
              Print results and errors only

      -v, --verbose...
              Log more to stderr: -v what is done, -vv every call, -vvv everything

      -C, --color <WHEN>
              Colour the output
              
              [default: auto]
              [possible values: auto, always, never]

    Examples:
      irsactl create iamserviceaccount s3-reader --cluster demo \
        --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --approve
      irsactl create iamserviceaccount external-dns --namespace external-dns \
        --cluster demo --well-known-policy externalDNS --approve
      irsactl create iamserviceaccount app --cluster demo \
        --policy-document policy.json --role-only --approve
      irsactl create iamserviceaccount -f cluster.yaml --approve
    [exit 0]
    "#);
}

#[test]
fn help_of_get() {
    assert_snapshot!(help("get", "80"), @"
    [stdout]
    List IAM service accounts

    Usage: irsactl get [OPTIONS] <COMMAND>

    Commands:
      iamserviceaccount  List the IAM service accounts of a cluster [aliases:
                         iamserviceaccounts, irsa, sa]

    Options:
      -h, --help  Print help

    Output:
      -q, --quiet         Print results and errors only
      -v, --verbose...    Log more to stderr: -v what is done, -vv every call, -vvv
                          everything
      -C, --color <WHEN>  Colour the output [default: auto] [possible values: auto,
                          always, never]
    [exit 0]
    ");
    assert_snapshot!(help("get", "100"), @"
    [stdout]
    List IAM service accounts

    Usage: irsactl get [OPTIONS] <COMMAND>

    Commands:
      iamserviceaccount  List the IAM service accounts of a cluster [aliases: iamserviceaccounts, irsa,
                         sa]

    Options:
      -h, --help  Print help

    Output:
      -q, --quiet         Print results and errors only
      -v, --verbose...    Log more to stderr: -v what is done, -vv every call, -vvv everything
      -C, --color <WHEN>  Colour the output [default: auto] [possible values: auto, always, never]
    [exit 0]
    ");
}

#[test]
fn help_of_get_iamserviceaccount() {
    assert_snapshot!(help("get iamserviceaccount", "80"), @"
    [stdout]
    List the IAM service accounts of a cluster

    Usage: irsactl get iamserviceaccount [OPTIONS] [NAME]

    Arguments:
      [NAME]  Name of the service account (or NAMESPACE/NAME)

    Options:
      -c, --cluster <CLUSTER>      Name of the cluster; required without
                                   --config-file
          --issuer-url <URL>       OIDC issuer, for clusters that are not EKS; needs
                                   --kubeconfig or a current context
      -f, --config-file <FILE>     Config file of eksctl that names the cluster; -
                                   reads stdin
          --name <NAME>            Name of the service account
      -n, --namespace <NAMESPACE>  Namespace of the service account
      -h, --help                   Print help

    AWS client:
      -r, --region <REGION>    AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or
                               the profile's)
      -p, --profile <PROFILE>  AWS profile; outranks the keys of the environment
          --timeout <TIMEOUT>  Time for everything, as 90s, 25m, 1h30m [default:
                               25m]

    Kubernetes client:
          --kubeconfig <FILE>  Kubeconfig file to use in place of the EKS endpoint
          --context <NAME>     Context of the kubeconfig

    Output:
      -o, --output <OUTPUT>  Output format; wide adds status, stack, policies and
                             the Kubernetes side [default: table] [possible values:
                             table, wide, json, yaml, name, markdown]
      -q, --quiet            Print results and errors only
      -v, --verbose...       Log more to stderr: -v what is done, -vv every call,
                             -vvv everything
      -C, --color <WHEN>     Colour the output [default: auto] [possible values:
                             auto, always, never]

    Examples:
      irsactl get iamserviceaccount --cluster demo
      irsactl get iamserviceaccount s3-reader --cluster demo -o wide
    [exit 0]
    ");
    assert_snapshot!(help("get iamserviceaccount", "100"), @"
    [stdout]
    List the IAM service accounts of a cluster

    Usage: irsactl get iamserviceaccount [OPTIONS] [NAME]

    Arguments:
      [NAME]  Name of the service account (or NAMESPACE/NAME)

    Options:
      -c, --cluster <CLUSTER>      Name of the cluster; required without --config-file
          --issuer-url <URL>       OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a
                                   current context
      -f, --config-file <FILE>     Config file of eksctl that names the cluster; - reads stdin
          --name <NAME>            Name of the service account
      -n, --namespace <NAMESPACE>  Namespace of the service account
      -h, --help                   Print help

    AWS client:
      -r, --region <REGION>    AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile's)
      -p, --profile <PROFILE>  AWS profile; outranks the keys of the environment
          --timeout <TIMEOUT>  Time for everything, as 90s, 25m, 1h30m [default: 25m]

    Kubernetes client:
          --kubeconfig <FILE>  Kubeconfig file to use in place of the EKS endpoint
          --context <NAME>     Context of the kubeconfig

    Output:
      -o, --output <OUTPUT>  Output format; wide adds status, stack, policies and the Kubernetes side
                             [default: table] [possible values: table, wide, json, yaml, name, markdown]
      -q, --quiet            Print results and errors only
      -v, --verbose...       Log more to stderr: -v what is done, -vv every call, -vvv everything
      -C, --color <WHEN>     Colour the output [default: auto] [possible values: auto, always, never]

    Examples:
      irsactl get iamserviceaccount --cluster demo
      irsactl get iamserviceaccount s3-reader --cluster demo -o wide
    [exit 0]
    ");
}

#[test]
fn help_of_delete() {
    assert_snapshot!(help("delete", "80"), @"
    [stdout]
    Delete IAM service accounts

    Usage: irsactl delete [OPTIONS] <COMMAND>

    Commands:
      iamserviceaccount  Delete an IAM role for a Kubernetes service account, and
                         the service account if made with it [aliases:
                         iamserviceaccounts, irsa, sa]

    Options:
      -h, --help  Print help

    Output:
      -q, --quiet         Print results and errors only
      -v, --verbose...    Log more to stderr: -v what is done, -vv every call, -vvv
                          everything
      -C, --color <WHEN>  Colour the output [default: auto] [possible values: auto,
                          always, never]
    [exit 0]
    ");
    assert_snapshot!(help("delete", "100"), @"
    [stdout]
    Delete IAM service accounts

    Usage: irsactl delete [OPTIONS] <COMMAND>

    Commands:
      iamserviceaccount  Delete an IAM role for a Kubernetes service account, and the service account if
                         made with it [aliases: iamserviceaccounts, irsa, sa]

    Options:
      -h, --help  Print help

    Output:
      -q, --quiet         Print results and errors only
      -v, --verbose...    Log more to stderr: -v what is done, -vv every call, -vvv everything
      -C, --color <WHEN>  Colour the output [default: auto] [possible values: auto, always, never]
    [exit 0]
    ");
}

#[test]
fn help_of_delete_iamserviceaccount() {
    assert_snapshot!(help("delete iamserviceaccount", "80"), @"
    [stdout]
    Delete an IAM role for a Kubernetes service account, and the service account if
    made with it

    Usage: irsactl delete iamserviceaccount [OPTIONS] [NAME]

    Arguments:
      [NAME]  Name of the service account (or NAMESPACE/NAME)

    Options:
      -c, --cluster <CLUSTER>      Name of the cluster; required without
                                   --config-file
          --issuer-url <URL>       OIDC issuer, for clusters that are not EKS; needs
                                   --kubeconfig or a current context
          --name <NAME>            Name of the service account
      -n, --namespace <NAMESPACE>  Namespace of the service account
      -h, --help                   Print help

    Config file:
      -f, --config-file <FILE>  Config file of eksctl in the place of a name; shows
                                the plan unless --approve; - reads stdin
          --include <GLOB>      Only those whose NAMESPACE/NAME matches, as 'web/*'
                                (repeatable)
          --exclude <GLOB>      But those whose NAMESPACE/NAME matches (repeatable)
          --only-missing        Those of the cluster that the file does not have, in
                                the place of those that it has

    Role:
          --role-only[=<BOOL>]      Delete the role only: no Kubernetes access
          --detach-foreign          Detach policies that were attached to the role
                                    by hand, which else stop the deletion
          --with-foreign-resources  Delete what else is in the stack, which else
                                    stops the deletion

    Plan:
      -w, --wait[=<BOOL>]      Wait for the end of the stack's deletion;
                               --wait=false does not
          --dry-run            Show the plan only
          --approve            Carry the plan of a config file out; a deletion by
                               name acts at once
          --detailed-exitcode  Exit with 3 when there is something to do (without
                               acting)
          --parallel <N>       Service accounts to work on side by side, 1 to 64
                               [default: 32]

    CloudFormation:
          --cfn-role-arn <ARN>  Role that CloudFormation works as

    AWS client:
      -r, --region <REGION>    AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or
                               the profile's)
      -p, --profile <PROFILE>  AWS profile; outranks the keys of the environment
          --timeout <TIMEOUT>  Time for everything, as 90s, 25m, 1h30m [default:
                               25m]

    Kubernetes client:
          --kubeconfig <FILE>  Kubeconfig file to use in place of the EKS endpoint
          --context <NAME>     Context of the kubeconfig

    Output:
      -o, --output <OUTPUT>  Output format [default: table] [possible values: table,
                             json, yaml, name, markdown]
      -q, --quiet            Print results and errors only
      -v, --verbose...       Log more to stderr: -v what is done, -vv every call,
                             -vvv everything
      -C, --color <WHEN>     Colour the output [default: auto] [possible values:
                             auto, always, never]

    Examples:
      irsactl delete iamserviceaccount s3-reader --cluster demo
      irsactl delete iamserviceaccount s3-reader --cluster demo --dry-run
      irsactl delete iamserviceaccount -f cluster.yaml --only-missing --approve
    [exit 0]
    ");
    assert_snapshot!(help("delete iamserviceaccount", "100"), @"
    [stdout]
    Delete an IAM role for a Kubernetes service account, and the service account if made with it

    Usage: irsactl delete iamserviceaccount [OPTIONS] [NAME]

    Arguments:
      [NAME]  Name of the service account (or NAMESPACE/NAME)

    Options:
      -c, --cluster <CLUSTER>      Name of the cluster; required without --config-file
          --issuer-url <URL>       OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a
                                   current context
          --name <NAME>            Name of the service account
      -n, --namespace <NAMESPACE>  Namespace of the service account
      -h, --help                   Print help

    Config file:
      -f, --config-file <FILE>  Config file of eksctl in the place of a name; shows the plan unless
                                --approve; - reads stdin
          --include <GLOB>      Only those whose NAMESPACE/NAME matches, as 'web/*' (repeatable)
          --exclude <GLOB>      But those whose NAMESPACE/NAME matches (repeatable)
          --only-missing        Those of the cluster that the file does not have, in the place of those
                                that it has

    Role:
          --role-only[=<BOOL>]      Delete the role only: no Kubernetes access
          --detach-foreign          Detach policies that were attached to the role by hand, which else
                                    stop the deletion
          --with-foreign-resources  Delete what else is in the stack, which else stops the deletion

    Plan:
      -w, --wait[=<BOOL>]      Wait for the end of the stack's deletion; --wait=false does not
          --dry-run            Show the plan only
          --approve            Carry the plan of a config file out; a deletion by name acts at once
          --detailed-exitcode  Exit with 3 when there is something to do (without acting)
          --parallel <N>       Service accounts to work on side by side, 1 to 64 [default: 32]

    CloudFormation:
          --cfn-role-arn <ARN>  Role that CloudFormation works as

    AWS client:
      -r, --region <REGION>    AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile's)
      -p, --profile <PROFILE>  AWS profile; outranks the keys of the environment
          --timeout <TIMEOUT>  Time for everything, as 90s, 25m, 1h30m [default: 25m]

    Kubernetes client:
          --kubeconfig <FILE>  Kubeconfig file to use in place of the EKS endpoint
          --context <NAME>     Context of the kubeconfig

    Output:
      -o, --output <OUTPUT>  Output format [default: table] [possible values: table, json, yaml, name,
                             markdown]
      -q, --quiet            Print results and errors only
      -v, --verbose...       Log more to stderr: -v what is done, -vv every call, -vvv everything
      -C, --color <WHEN>     Colour the output [default: auto] [possible values: auto, always, never]

    Examples:
      irsactl delete iamserviceaccount s3-reader --cluster demo
      irsactl delete iamserviceaccount s3-reader --cluster demo --dry-run
      irsactl delete iamserviceaccount -f cluster.yaml --only-missing --approve
    [exit 0]
    ");
}

#[test]
fn help_of_man() {
    assert_snapshot!(help("man", "80"), @"
    [stdout]
    Write the manual pages, one a command

    Usage: irsactl man [OPTIONS] <DIR>

    Arguments:
      <DIR>  Folder for the pages; it is made if it is missing

    Options:
      -h, --help  Print help

    Output:
      -q, --quiet         Print results and errors only
      -v, --verbose...    Log more to stderr: -v what is done, -vv every call, -vvv
                          everything
      -C, --color <WHEN>  Colour the output [default: auto] [possible values: auto,
                          always, never]

    Examples:
      irsactl man ~/.local/share/man/man1
      man irsactl-create-iamserviceaccount
    [exit 0]
    ");
}

#[test]
fn help_of_completion() {
    assert_snapshot!(help("completion", "80"), @r#"
    [stdout]
    Print a shell completion script

    Usage: irsactl completion [OPTIONS] <SHELL>

    Arguments:
      <SHELL>  Shell [possible values: bash, elvish, fish, powershell, zsh]

    Options:
      -h, --help  Print help

    Output:
      -q, --quiet         Print results and errors only
      -v, --verbose...    Log more to stderr: -v what is done, -vv every call, -vvv
                          everything
      -C, --color <WHEN>  Colour the output [default: auto] [possible values: auto,
                          always, never]

    Examples:
      source <(irsactl completion bash)
      irsactl completion zsh > "${fpath[1]}/_irsactl"
      irsactl completion fish > ~/.config/fish/completions/irsactl.fish
    [exit 0]
    "#);
    assert_snapshot!(help("completion", "100"), @r#"
    [stdout]
    Print a shell completion script

    Usage: irsactl completion [OPTIONS] <SHELL>

    Arguments:
      <SHELL>  Shell [possible values: bash, elvish, fish, powershell, zsh]

    Options:
      -h, --help  Print help

    Output:
      -q, --quiet         Print results and errors only
      -v, --verbose...    Log more to stderr: -v what is done, -vv every call, -vvv everything
      -C, --color <WHEN>  Colour the output [default: auto] [possible values: auto, always, never]

    Examples:
      source <(irsactl completion bash)
      irsactl completion zsh > "${fpath[1]}/_irsactl"
      irsactl completion fish > ~/.config/fish/completions/irsactl.fish
    [exit 0]
    "#);
}

#[test]
fn help_of_utils() {
    assert_snapshot!(help("utils", "80"), @"
    [stdout]
    eksctl's place for associate-iam-oidc-provider

    Usage: irsactl utils [OPTIONS] <COMMAND>

    Commands:
      associate-iam-oidc-provider  Create or mend the IAM OIDC provider of a cluster

    Options:
      -h, --help  Print help

    Output:
      -q, --quiet         Print results and errors only
      -v, --verbose...    Log more to stderr: -v what is done, -vv every call, -vvv
                          everything
      -C, --color <WHEN>  Colour the output [default: auto] [possible values: auto,
                          always, never]
    [exit 0]
    ");
    assert_snapshot!(help("utils", "100"), @"
    [stdout]
    eksctl's place for associate-iam-oidc-provider

    Usage: irsactl utils [OPTIONS] <COMMAND>

    Commands:
      associate-iam-oidc-provider  Create or mend the IAM OIDC provider of a cluster

    Options:
      -h, --help  Print help

    Output:
      -q, --quiet         Print results and errors only
      -v, --verbose...    Log more to stderr: -v what is done, -vv every call, -vvv everything
      -C, --color <WHEN>  Colour the output [default: auto] [possible values: auto, always, never]
    [exit 0]
    ");
}

#[test]
fn no_line_of_help_is_wider_than_the_terminal() {
    for command in [
        "",
        "associate-oidc-provider",
        "disassociate-oidc-provider",
        "thumbprint",
        "create",
        "create iamserviceaccount",
        "get iamserviceaccount",
        "delete iamserviceaccount",
        "completion",
    ] {
        for columns in [80, 100, 200] {
            let text = help(command, &columns.to_string());
            // The line of the usage is not wrapped.
            for line in text.lines().filter(|line| !line.starts_with("Usage")) {
                let limit = columns.min(100);
                assert!(
                    line.chars().count() <= limit,
                    "{command} at {columns}: {line}"
                );
            }
        }
    }
}

#[test]
fn examples_stay_whole_on_a_narrow_terminal() {
    for command in [
        "",
        "associate-oidc-provider",
        "disassociate-oidc-provider",
        "thumbprint",
        "create iamserviceaccount",
        "get iamserviceaccount",
        "delete iamserviceaccount",
        "completion",
    ] {
        let examples = |columns| {
            let text = help(command, columns);
            let (_, examples) = text.split_once("Examples:").expect("examples");
            examples.to_owned()
        };
        assert_eq!(examples("80"), examples("100"), "{command}");
    }
}

#[test]
fn short_help_does_not_list_the_well_known_policies() {
    let bench = Bench::new();
    let text = bench.run("create iamserviceaccount -h");
    assert!(!text.contains("externalDNS,"), "{text}");
}

#[test]
fn version() {
    let bench = Bench::new();
    assert_snapshot!(bench.run("--version"), @"
    [stdout]
    irsactl 0.1.0
    [exit 0]
    ");
    assert_eq!(bench.run("-V"), bench.run("--version"));
}

#[test]
fn help_needs_no_environment() {
    let bench = Bench::new();
    for flag in ["--version", "--help"] {
        let output = bench.command().env_clear().arg(flag).output();
        let output = output.expect("irsactl runs");
        assert!(output.status.success(), "{flag}");
        assert!(output.stderr.is_empty(), "{flag}");
    }
    assert_eq!(bench.calls(), "");
}

#[test]
fn help_whose_reader_goes_away_is_no_failure() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let bench = Bench::new();
    let output = bench.command().arg("--help").stdout(writer).output();
    let output = output.expect("irsactl runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn without_arguments_the_help_is_shown() {
    assert_snapshot!(Bench::new().run(""), @r#"
    [stderr]
    Give pods on Kubernetes the AWS permissions that they need, and no more

    Usage: irsactl [OPTIONS] <COMMAND>

    Daily commands:
      create                      Create IAM service accounts
      get                         List IAM service accounts
      update                      Change IAM service accounts
      delete                      Delete IAM service accounts
      apply                       Make all that a config file describes
      export                      Print the config file that describes what exists

    Proof commands:
      doctor                      Tell why pods lack their role, and what mends it
      verify                      Prove that a service account can assume its role
      whoami                      Tell what a token says, and the role for it

    Setup commands:
      associate-oidc-provider     Create or mend the IAM OIDC provider of a cluster
      disassociate-oidc-provider  Delete the IAM OIDC provider of a cluster
      thumbprint                  Print the thumbprint of an issuer
      permissions                 Print the permissions that irsactl needs (offline)

    Other commands:
      render                      Print what create makes, for other tools (offline)
      completion                  Print a shell completion script
      man                         Write the manual pages, one a command
      help                        Print the help of a command
      version                     Print the version

    Options:
      -h, --help          Print help (see more with '--help')
      -V, --version       Print version
      -q, --quiet         Print results and errors only
      -v, --verbose...    Log more to stderr: -v what is done, -vv every call, -vvv everything
      -C, --color <WHEN>  Colour the output [default: auto] [possible values: auto, always, never]

    Examples:
      irsactl associate-oidc-provider --cluster demo --approve
      irsactl create iamserviceaccount s3-reader --cluster demo \
        --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --approve
      irsactl get iamserviceaccount --cluster demo
      irsactl delete iamserviceaccount s3-reader --cluster demo

    Exit status:
      0    the asked state holds, or the plan was shown
      1    failed, wholly or in part
      2    bad flags or configuration
      3    there is something to do (--detailed-exitcode)
      4    no usable AWS credentials
      130  interrupted; 143 by SIGTERM, 129 by SIGHUP
    [exit 2]
    "#);
}

#[test]
fn a_verb_without_a_noun_shows_its_help() {
    assert_snapshot!(Bench::new().run("create"), @"
    [stderr]
    Create IAM service accounts

    Usage: irsactl create [OPTIONS] <COMMAND>

    Commands:
      iamserviceaccount  Create an IAM role for a Kubernetes service account, and the service account
                         [aliases: iamserviceaccounts, irsa, sa]

    Options:
      -h, --help  Print help

    Output:
      -q, --quiet         Print results and errors only
      -v, --verbose...    Log more to stderr: -v what is done, -vv every call, -vvv everything
      -C, --color <WHEN>  Colour the output [default: auto] [possible values: auto, always, never]
    [exit 2]
    ");
}

#[test]
fn an_unknown_command_is_told_with_a_like_one() {
    assert_snapshot!(Bench::new().run("asociate-oidc-provider"), @"
    [stderr]
    error: unrecognized subcommand 'asociate-oidc-provider'
    hint: some similar subcommands exist: 'disassociate-iam-oidc-provider', 'disassociate-oidc-provider', 'associate-iam-oidc-provider', 'associate-oidc-provider'

    Usage: irsactl [OPTIONS] <COMMAND>

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn an_unknown_noun_is_told() {
    assert_snapshot!(Bench::new().run("create iamserviceacount"), @"
    [stderr]
    error: unrecognized subcommand 'iamserviceacount'
    hint: some similar subcommands exist: 'iamserviceaccounts', 'iamserviceaccount'

    Usage: irsactl create [OPTIONS] <COMMAND>

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn an_unknown_flag_is_told_with_a_like_one() {
    assert_snapshot!(Bench::new().run("create iamserviceaccount a --cluster demo --atach-policy-arn x"), @"
    [stderr]
    error: unexpected argument '--atach-policy-arn' found
    hint: a similar argument exists: '--attach-policy-arn'

    Usage: irsactl create iamserviceaccount --cluster <CLUSTER> --attach-policy-arn <ARN> <NAME>

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn a_missing_cluster_is_told() {
    assert_snapshot!(Bench::new().run("get iamserviceaccount"), @"
    [stderr]
    error: the following required arguments were not provided:
      --cluster <CLUSTER>

    Usage: irsactl get iamserviceaccount --cluster <CLUSTER> [NAME]

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn associating_without_a_cluster_is_told() {
    assert_snapshot!(Bench::new().run("associate-oidc-provider"), @"
    [stderr]
    error: the following required arguments were not provided:
      <--cluster <CLUSTER>|--config-file <FILE>|CLUSTER|--issuer-url <URL>>

    Usage: irsactl associate-oidc-provider <--cluster <CLUSTER>|--config-file <FILE>|CLUSTER|--issuer-url <URL>>

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn a_missing_name_is_told() {
    assert_snapshot!(Bench::new().run("create iamserviceaccount --cluster demo --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"), @"
    [stderr]
    error: --name must be set: the name of the service account
    hint: see `--help`
    [exit 2]
    ");
}

#[test]
fn a_bad_cluster_name_is_told() {
    assert_snapshot!(Bench::new().run("get iamserviceaccount --cluster a.b"), @r#"
    [stderr]
    error: --cluster "a.b": names of EKS clusters are 1 to 100 letters, digits, `-` and `_`; for a cluster that is not EKS, add --issuer-url
    hint: see `--help`
    [exit 2]
    "#);
}

#[test]
fn a_bad_duration_is_told() {
    assert_snapshot!(Bench::new().run("get iamserviceaccount --cluster demo --timeout 5y"), @"
    [stderr]
    error: invalid value '5y' for '--timeout <TIMEOUT>': a duration such as `90s`, `25m` or `1h30m` is wanted

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn a_duration_without_unit_is_told() {
    assert_snapshot!(Bench::new().run("get iamserviceaccount --cluster demo --timeout 5"), @"
    [stderr]
    error: invalid value '5' for '--timeout <TIMEOUT>': a duration such as `90s`, `25m` or `1h30m` is wanted

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn a_bad_format_is_told() {
    assert_snapshot!(Bench::new().run("get iamserviceaccount --cluster demo -o xml"), @"
    [stderr]
    error: invalid value 'xml' for '--output <OUTPUT>'
      [possible values: table, wide, json, yaml, name, markdown]
    hint: a similar value exists: 'yaml'

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn quiet_and_verbose_contradict_each_other() {
    assert_snapshot!(Bench::new().run("get iamserviceaccount --cluster demo -q -v"), @"
    [stderr]
    error: the argument '--quiet' cannot be used with '--verbose...'

    Usage: irsactl get iamserviceaccount --cluster <CLUSTER> --quiet [NAME]

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn an_unknown_well_known_policy_is_told_with_all_names() {
    assert_snapshot!(Bench::new().run("create iamserviceaccount a --cluster demo --well-known-policy externalDns2"), @"
    [stderr]
    error: invalid value 'externalDns2' for '--well-known-policy <NAME>'
      [possible values: imageBuilder, autoScaler, awsLoadBalancerController, externalDNS, certManager, ebsCSIController, efsCSIController, adotContainerLogs, adotPrometheus, adotXray, amazonManagedPrometheus, cloudWatchAgent, ebsCSIControllerV2, efsCSIDriver, externalSecrets, fluentBit, fsxCSIController, gatewayAPIController, nodeTerminationHandler, s3FilesCSIDriver, vpcCNI, vpcCNIIPv6]
    hint: a similar value exists: 'externalDNS'

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn an_empty_cluster_name_is_told() {
    assert_snapshot!(Bench::new().run("get iamserviceaccount --cluster="), @"
    [stderr]
    error: invalid value '' for '--cluster <CLUSTER>': a cluster name is 1 to 253 letters, digits, `-`, `_` and `.`, and starts with a letter or digit

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn well_known_policies_are_taken_in_any_case() {
    let bench = Bench::associated();
    let line = |names: &str| {
        bench.run(&format!(
            "create iamserviceaccount a --cluster demo --well-known-policy {names} -o json"
        ))
    };
    let wanted = line("externalDNS,certManager");
    assert!(wanted.ends_with("[exit 0]\n"), "{wanted}");
    assert_eq!(line("EXTERNALDNS,certmanager"), wanted);
}

#[test]
fn durations_have_units() {
    let bench = Bench::associated();
    for duration in ["90s", "25m", "1h30m", "2h"] {
        let text = bench.run(&format!(
            "get iamserviceaccount --cluster demo --timeout {duration}"
        ));
        assert!(text.ends_with("[exit 0]\n"), "{duration}: {text}");
    }
}

#[test]
fn eksctls_verbosity_is_understood() {
    let bench = Bench::associated();
    for flags in ["-v 3", "-v 4", "--verbose 5", "-v=4", "-v4", "--verbose=4"] {
        let text = bench.run(&format!("get iamserviceaccount --cluster demo {flags}"));
        assert!(text.ends_with("[exit 0]\n"), "{flags}: {text}");
    }
}

#[test]
fn nouns_have_short_and_plural_forms() {
    let bench = Bench::associated();
    let line = |noun: &str| {
        bench.run(&format!(
            "create {noun} a --cluster demo --attach-policy-arn {S3}"
        ))
    };
    let wanted = line("iamserviceaccount");
    for noun in ["iamserviceaccounts", "irsa", "sa"] {
        assert_eq!(line(noun), wanted, "{noun}");
    }
}
