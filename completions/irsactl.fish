# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_irsactl_global_optspecs
    string join \n q/quiet v/verbose C/color= h/help V/version
end

function __fish_irsactl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_irsactl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_irsactl_using_subcommand
    set -l cmd (__fish_irsactl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c irsactl -n "__fish_irsactl_needs_command" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_needs_command" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_needs_command" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c irsactl -n "__fish_irsactl_needs_command" -s V -l version -d 'Print version'
complete -c irsactl -n "__fish_irsactl_needs_command" -f -a "associate-oidc-provider" -d 'Create the IAM OIDC provider of a cluster, or mend it'
complete -c irsactl -n "__fish_irsactl_needs_command" -f -a "disassociate-oidc-provider" -d 'Delete the IAM OIDC provider of a cluster'
complete -c irsactl -n "__fish_irsactl_needs_command" -f -a "thumbprint" -d 'Print the thumbprint of an issuer'
complete -c irsactl -n "__fish_irsactl_needs_command" -f -a "create" -d 'Create IAM service accounts'
complete -c irsactl -n "__fish_irsactl_needs_command" -f -a "get" -d 'List IAM service accounts'
complete -c irsactl -n "__fish_irsactl_needs_command" -f -a "update" -d 'Change IAM service accounts'
complete -c irsactl -n "__fish_irsactl_needs_command" -f -a "delete" -d 'Delete IAM service accounts'
complete -c irsactl -n "__fish_irsactl_needs_command" -f -a "apply" -d 'Make a whole config file true: provider, roles and service accounts'
complete -c irsactl -n "__fish_irsactl_needs_command" -f -a "export" -d 'Print the config file that describes what exists'
complete -c irsactl -n "__fish_irsactl_needs_command" -f -a "render" -d 'Print what create would make, for other tools: offline, without credentials'
complete -c irsactl -n "__fish_irsactl_needs_command" -f -a "completion" -d 'Print a shell completion script'
complete -c irsactl -n "__fish_irsactl_needs_command" -f -a "utils" -d 'eksctl\'s place for associate-iam-oidc-provider'
complete -c irsactl -n "__fish_irsactl_using_subcommand associate-oidc-provider" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand associate-oidc-provider" -s f -l config-file -d 'Config file of eksctl that names the cluster; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand associate-oidc-provider" -l issuer-url -d 'OIDC issuer, for clusters that are not EKS' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand associate-oidc-provider" -l audience -d 'Audience of the tokens' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand associate-oidc-provider" -l thumbprint -d 'Use this thumbprint; the issuer is not contacted (repeatable, at most 5)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand associate-oidc-provider" -l approve -d 'Carry the plan out; without it the plan is only shown' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand associate-oidc-provider" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand associate-oidc-provider" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand associate-oidc-provider" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand associate-oidc-provider" -s o -l output -d 'Output format' -r -f -a "table\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand associate-oidc-provider" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand associate-oidc-provider" -l no-thumbprint -d 'Send none; IAM fetches it itself'
complete -c irsactl -n "__fish_irsactl_using_subcommand associate-oidc-provider" -l refresh-thumbprint -d 'Replace those of an existing provider by the issuer\'s present ones'
complete -c irsactl -n "__fish_irsactl_using_subcommand associate-oidc-provider" -l dry-run -d 'Show the plan only'
complete -c irsactl -n "__fish_irsactl_using_subcommand associate-oidc-provider" -l detailed-exitcode -d 'Exit with 3 when there is something to do'
complete -c irsactl -n "__fish_irsactl_using_subcommand associate-oidc-provider" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand associate-oidc-provider" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand associate-oidc-provider" -s h -l help -d 'Print help'
complete -c irsactl -n "__fish_irsactl_using_subcommand disassociate-oidc-provider" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand disassociate-oidc-provider" -s f -l config-file -d 'Config file of eksctl that names the cluster; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand disassociate-oidc-provider" -l issuer-url -d 'OIDC issuer, for clusters that are not EKS' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand disassociate-oidc-provider" -l approve -d 'Carry the plan out; without it the plan is only shown' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand disassociate-oidc-provider" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand disassociate-oidc-provider" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand disassociate-oidc-provider" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand disassociate-oidc-provider" -s o -l output -d 'Output format' -r -f -a "table\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand disassociate-oidc-provider" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand disassociate-oidc-provider" -l force -d 'Delete it although roles still trust it'
complete -c irsactl -n "__fish_irsactl_using_subcommand disassociate-oidc-provider" -l dry-run -d 'Show the plan only'
complete -c irsactl -n "__fish_irsactl_using_subcommand disassociate-oidc-provider" -l detailed-exitcode -d 'Exit with 3 when there is something to do'
complete -c irsactl -n "__fish_irsactl_using_subcommand disassociate-oidc-provider" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand disassociate-oidc-provider" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand disassociate-oidc-provider" -s h -l help -d 'Print help'
complete -c irsactl -n "__fish_irsactl_using_subcommand thumbprint" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand thumbprint" -l issuer-url -d 'OIDC issuer; no AWS access is needed' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand thumbprint" -l pem -d 'Chain of certificates as PEM, leaf first; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand thumbprint" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand thumbprint" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand thumbprint" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand thumbprint" -s o -l output -d 'Output format' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand thumbprint" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand thumbprint" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand thumbprint" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand thumbprint" -s h -l help -d 'Print help'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -s h -l help -d 'Print help'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -f -a "iamserviceaccount" -d 'Create an IAM role for a Kubernetes service account, and the service account'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -f -a "iamserviceaccounts" -d 'Create an IAM role for a Kubernetes service account, and the service account'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -f -a "irsa" -d 'Create an IAM role for a Kubernetes service account, and the service account'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -f -a "sa" -d 'Create an IAM role for a Kubernetes service account, and the service account'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l name -d 'Name of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -s n -l namespace -d 'Namespace of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l attach-policy-arn -d 'ARN of a managed policy (repeatable, or separated by commas)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l policy-document -d 'Inline policy document as JSON (repeatable); - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l well-known-policy -d 'Ready-made policy of a common add-on, see --help (repeatable, or separated by commas)' -r -f -a "imageBuilder\t''
autoScaler\t''
awsLoadBalancerController\t''
externalDNS\t''
certManager\t''
ebsCSIController\t''
efsCSIController\t''
adotContainerLogs\t''
adotPrometheus\t''
adotXray\t''
amazonManagedPrometheus\t''
cloudWatchAgent\t''
ebsCSIControllerV2\t''
efsCSIDriver\t''
externalSecrets\t''
fluentBit\t''
fsxCSIController\t''
gatewayAPIController\t''
nodeTerminationHandler\t''
s3FilesCSIDriver\t''
vpcCNI\t''
vpcCNIIPv6\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l attach-role-arn -d 'Use an existing role as it is; no stack is made' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l permissions-boundary -d 'ARN of the policy that bounds the role\'s permissions' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l role-name -d 'Name of the role; else CloudFormation makes one' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l role-path -d 'Path of the role, as /team/' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l max-session-duration -d 'Longest session in seconds, 3600 to 43200' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l subject-pattern -d 'Trust all service accounts of the namespace whose names match, as app-*' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l audience -d 'Audience of the tokens' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l tags -d 'Tags of the stack and the role, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l role-only -d 'Make the role only: no Kubernetes access; prints the ServiceAccount to apply' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l labels -d 'Labels, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l annotations -d 'Annotations, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l token-expiration -d 'Lifetime of the pods\' tokens in seconds, 600 to 86400' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l sts-regional-endpoints -d 'Whether pods use the regional STS endpoint' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l override-existing-serviceaccounts -d 'Replace another role, and labels and annotations of other tools' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l issuer-url -d 'OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -s f -l config-file -d 'Config file of eksctl in the place of flags; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l include -d 'Only those whose NAMESPACE/NAME matches, as \'web/*\' (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l exclude -d 'But those whose NAMESPACE/NAME matches (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l cfn-role-arn -d 'Role that CloudFormation works as' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l cfn-disable-rollback -d 'Keep the resources of a failed creation, to look at them' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l approve -d 'Carry the plan out; without it the plan is only shown' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l parallel -d 'Service accounts to work on side by side, 1 to 64' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l kubeconfig -d 'Kubeconfig file to use in place of the EKS endpoint' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l context -d 'Context of the kubeconfig' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -s o -l output -d 'Output format' -r -f -a "table\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l associate-oidc-provider -d 'Create the cluster\'s IAM OIDC provider too, where it is missing'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l dry-run -d 'Show the plan only'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -l detailed-exitcode -d 'Exit with 3 when there is something to do'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccount" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l name -d 'Name of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -s n -l namespace -d 'Namespace of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l attach-policy-arn -d 'ARN of a managed policy (repeatable, or separated by commas)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l policy-document -d 'Inline policy document as JSON (repeatable); - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l well-known-policy -d 'Ready-made policy of a common add-on, see --help (repeatable, or separated by commas)' -r -f -a "imageBuilder\t''
autoScaler\t''
awsLoadBalancerController\t''
externalDNS\t''
certManager\t''
ebsCSIController\t''
efsCSIController\t''
adotContainerLogs\t''
adotPrometheus\t''
adotXray\t''
amazonManagedPrometheus\t''
cloudWatchAgent\t''
ebsCSIControllerV2\t''
efsCSIDriver\t''
externalSecrets\t''
fluentBit\t''
fsxCSIController\t''
gatewayAPIController\t''
nodeTerminationHandler\t''
s3FilesCSIDriver\t''
vpcCNI\t''
vpcCNIIPv6\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l attach-role-arn -d 'Use an existing role as it is; no stack is made' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l permissions-boundary -d 'ARN of the policy that bounds the role\'s permissions' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l role-name -d 'Name of the role; else CloudFormation makes one' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l role-path -d 'Path of the role, as /team/' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l max-session-duration -d 'Longest session in seconds, 3600 to 43200' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l subject-pattern -d 'Trust all service accounts of the namespace whose names match, as app-*' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l audience -d 'Audience of the tokens' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l tags -d 'Tags of the stack and the role, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l role-only -d 'Make the role only: no Kubernetes access; prints the ServiceAccount to apply' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l labels -d 'Labels, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l annotations -d 'Annotations, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l token-expiration -d 'Lifetime of the pods\' tokens in seconds, 600 to 86400' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l sts-regional-endpoints -d 'Whether pods use the regional STS endpoint' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l override-existing-serviceaccounts -d 'Replace another role, and labels and annotations of other tools' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l issuer-url -d 'OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -s f -l config-file -d 'Config file of eksctl in the place of flags; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l include -d 'Only those whose NAMESPACE/NAME matches, as \'web/*\' (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l exclude -d 'But those whose NAMESPACE/NAME matches (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l cfn-role-arn -d 'Role that CloudFormation works as' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l cfn-disable-rollback -d 'Keep the resources of a failed creation, to look at them' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l approve -d 'Carry the plan out; without it the plan is only shown' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l parallel -d 'Service accounts to work on side by side, 1 to 64' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l kubeconfig -d 'Kubeconfig file to use in place of the EKS endpoint' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l context -d 'Context of the kubeconfig' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -s o -l output -d 'Output format' -r -f -a "table\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l associate-oidc-provider -d 'Create the cluster\'s IAM OIDC provider too, where it is missing'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l dry-run -d 'Show the plan only'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -l detailed-exitcode -d 'Exit with 3 when there is something to do'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from iamserviceaccounts" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l name -d 'Name of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -s n -l namespace -d 'Namespace of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l attach-policy-arn -d 'ARN of a managed policy (repeatable, or separated by commas)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l policy-document -d 'Inline policy document as JSON (repeatable); - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l well-known-policy -d 'Ready-made policy of a common add-on, see --help (repeatable, or separated by commas)' -r -f -a "imageBuilder\t''
autoScaler\t''
awsLoadBalancerController\t''
externalDNS\t''
certManager\t''
ebsCSIController\t''
efsCSIController\t''
adotContainerLogs\t''
adotPrometheus\t''
adotXray\t''
amazonManagedPrometheus\t''
cloudWatchAgent\t''
ebsCSIControllerV2\t''
efsCSIDriver\t''
externalSecrets\t''
fluentBit\t''
fsxCSIController\t''
gatewayAPIController\t''
nodeTerminationHandler\t''
s3FilesCSIDriver\t''
vpcCNI\t''
vpcCNIIPv6\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l attach-role-arn -d 'Use an existing role as it is; no stack is made' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l permissions-boundary -d 'ARN of the policy that bounds the role\'s permissions' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l role-name -d 'Name of the role; else CloudFormation makes one' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l role-path -d 'Path of the role, as /team/' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l max-session-duration -d 'Longest session in seconds, 3600 to 43200' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l subject-pattern -d 'Trust all service accounts of the namespace whose names match, as app-*' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l audience -d 'Audience of the tokens' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l tags -d 'Tags of the stack and the role, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l role-only -d 'Make the role only: no Kubernetes access; prints the ServiceAccount to apply' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l labels -d 'Labels, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l annotations -d 'Annotations, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l token-expiration -d 'Lifetime of the pods\' tokens in seconds, 600 to 86400' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l sts-regional-endpoints -d 'Whether pods use the regional STS endpoint' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l override-existing-serviceaccounts -d 'Replace another role, and labels and annotations of other tools' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l issuer-url -d 'OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -s f -l config-file -d 'Config file of eksctl in the place of flags; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l include -d 'Only those whose NAMESPACE/NAME matches, as \'web/*\' (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l exclude -d 'But those whose NAMESPACE/NAME matches (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l cfn-role-arn -d 'Role that CloudFormation works as' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l cfn-disable-rollback -d 'Keep the resources of a failed creation, to look at them' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l approve -d 'Carry the plan out; without it the plan is only shown' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l parallel -d 'Service accounts to work on side by side, 1 to 64' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l kubeconfig -d 'Kubeconfig file to use in place of the EKS endpoint' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l context -d 'Context of the kubeconfig' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -s o -l output -d 'Output format' -r -f -a "table\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l associate-oidc-provider -d 'Create the cluster\'s IAM OIDC provider too, where it is missing'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l dry-run -d 'Show the plan only'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -l detailed-exitcode -d 'Exit with 3 when there is something to do'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from irsa" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l name -d 'Name of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -s n -l namespace -d 'Namespace of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l attach-policy-arn -d 'ARN of a managed policy (repeatable, or separated by commas)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l policy-document -d 'Inline policy document as JSON (repeatable); - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l well-known-policy -d 'Ready-made policy of a common add-on, see --help (repeatable, or separated by commas)' -r -f -a "imageBuilder\t''
autoScaler\t''
awsLoadBalancerController\t''
externalDNS\t''
certManager\t''
ebsCSIController\t''
efsCSIController\t''
adotContainerLogs\t''
adotPrometheus\t''
adotXray\t''
amazonManagedPrometheus\t''
cloudWatchAgent\t''
ebsCSIControllerV2\t''
efsCSIDriver\t''
externalSecrets\t''
fluentBit\t''
fsxCSIController\t''
gatewayAPIController\t''
nodeTerminationHandler\t''
s3FilesCSIDriver\t''
vpcCNI\t''
vpcCNIIPv6\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l attach-role-arn -d 'Use an existing role as it is; no stack is made' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l permissions-boundary -d 'ARN of the policy that bounds the role\'s permissions' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l role-name -d 'Name of the role; else CloudFormation makes one' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l role-path -d 'Path of the role, as /team/' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l max-session-duration -d 'Longest session in seconds, 3600 to 43200' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l subject-pattern -d 'Trust all service accounts of the namespace whose names match, as app-*' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l audience -d 'Audience of the tokens' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l tags -d 'Tags of the stack and the role, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l role-only -d 'Make the role only: no Kubernetes access; prints the ServiceAccount to apply' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l labels -d 'Labels, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l annotations -d 'Annotations, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l token-expiration -d 'Lifetime of the pods\' tokens in seconds, 600 to 86400' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l sts-regional-endpoints -d 'Whether pods use the regional STS endpoint' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l override-existing-serviceaccounts -d 'Replace another role, and labels and annotations of other tools' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l issuer-url -d 'OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -s f -l config-file -d 'Config file of eksctl in the place of flags; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l include -d 'Only those whose NAMESPACE/NAME matches, as \'web/*\' (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l exclude -d 'But those whose NAMESPACE/NAME matches (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l cfn-role-arn -d 'Role that CloudFormation works as' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l cfn-disable-rollback -d 'Keep the resources of a failed creation, to look at them' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l approve -d 'Carry the plan out; without it the plan is only shown' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l parallel -d 'Service accounts to work on side by side, 1 to 64' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l kubeconfig -d 'Kubeconfig file to use in place of the EKS endpoint' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l context -d 'Context of the kubeconfig' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -s o -l output -d 'Output format' -r -f -a "table\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l associate-oidc-provider -d 'Create the cluster\'s IAM OIDC provider too, where it is missing'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l dry-run -d 'Show the plan only'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -l detailed-exitcode -d 'Exit with 3 when there is something to do'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand create; and __fish_seen_subcommand_from sa" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -s h -l help -d 'Print help'
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -f -a "iamserviceaccount" -d 'List the IAM service accounts of a cluster'
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -f -a "iamserviceaccounts" -d 'List the IAM service accounts of a cluster'
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -f -a "irsa" -d 'List the IAM service accounts of a cluster'
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -f -a "sa" -d 'List the IAM service accounts of a cluster'
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccount" -l name -d 'Name of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccount" -s n -l namespace -d 'Namespace of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccount" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccount" -s f -l config-file -d 'Config file of eksctl that names the cluster; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccount" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccount" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccount" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccount" -l kubeconfig -d 'Kubeconfig file to use in place of the EKS endpoint' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccount" -l context -d 'Context of the kubeconfig' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccount" -s o -l output -d 'Output format; wide adds status, stack, policies and the Kubernetes side' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccount" -l chunk-size -d 'Accepted for eksctl\'s scripts; without effect there too' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccount" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccount" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccount" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccount" -s h -l help -d 'Print help'
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccounts" -l name -d 'Name of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccounts" -s n -l namespace -d 'Namespace of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccounts" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccounts" -s f -l config-file -d 'Config file of eksctl that names the cluster; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccounts" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccounts" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccounts" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccounts" -l kubeconfig -d 'Kubeconfig file to use in place of the EKS endpoint' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccounts" -l context -d 'Context of the kubeconfig' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccounts" -s o -l output -d 'Output format; wide adds status, stack, policies and the Kubernetes side' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccounts" -l chunk-size -d 'Accepted for eksctl\'s scripts; without effect there too' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccounts" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccounts" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccounts" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from iamserviceaccounts" -s h -l help -d 'Print help'
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from irsa" -l name -d 'Name of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from irsa" -s n -l namespace -d 'Namespace of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from irsa" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from irsa" -s f -l config-file -d 'Config file of eksctl that names the cluster; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from irsa" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from irsa" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from irsa" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from irsa" -l kubeconfig -d 'Kubeconfig file to use in place of the EKS endpoint' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from irsa" -l context -d 'Context of the kubeconfig' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from irsa" -s o -l output -d 'Output format; wide adds status, stack, policies and the Kubernetes side' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from irsa" -l chunk-size -d 'Accepted for eksctl\'s scripts; without effect there too' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from irsa" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from irsa" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from irsa" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from irsa" -s h -l help -d 'Print help'
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from sa" -l name -d 'Name of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from sa" -s n -l namespace -d 'Namespace of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from sa" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from sa" -s f -l config-file -d 'Config file of eksctl that names the cluster; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from sa" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from sa" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from sa" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from sa" -l kubeconfig -d 'Kubeconfig file to use in place of the EKS endpoint' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from sa" -l context -d 'Context of the kubeconfig' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from sa" -s o -l output -d 'Output format; wide adds status, stack, policies and the Kubernetes side' -r -f -a "table\t''
wide\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from sa" -l chunk-size -d 'Accepted for eksctl\'s scripts; without effect there too' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from sa" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from sa" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from sa" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand get; and __fish_seen_subcommand_from sa" -s h -l help -d 'Print help'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -s h -l help -d 'Print help'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -f -a "iamserviceaccount" -d 'Change the IAM role of a Kubernetes service account; what is not named stays as it is'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -f -a "iamserviceaccounts" -d 'Change the IAM role of a Kubernetes service account; what is not named stays as it is'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -f -a "irsa" -d 'Change the IAM role of a Kubernetes service account; what is not named stays as it is'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -f -a "sa" -d 'Change the IAM role of a Kubernetes service account; what is not named stays as it is'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l name -d 'Name of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -s n -l namespace -d 'Namespace of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l issuer-url -d 'OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -s f -l config-file -d 'Config file of eksctl in the place of flags; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l include -d 'Only those whose NAMESPACE/NAME matches, as \'web/*\' (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l exclude -d 'But those whose NAMESPACE/NAME matches (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l attach-policy-arn -d 'ARN of a managed policy; these replace those that the role has (repeatable, or separated by commas)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l add-policy-arn -d 'ARN of a managed policy to attach too (repeatable, or separated by commas)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l remove-policy-arn -d 'ARN of a managed policy to detach (repeatable, or separated by commas)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l policy-document -d 'Inline policy document as JSON; these replace Policy1, Policy2, … (repeatable); - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l remove-inline-policy -d 'Name of an inline policy to delete, as `get -o wide` shows it (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l well-known-policy -d 'Ready-made policy to add or to bring to its present text, see --help (repeatable, or separated by commas)' -r -f -a "imageBuilder\t''
autoScaler\t''
awsLoadBalancerController\t''
externalDNS\t''
certManager\t''
ebsCSIController\t''
efsCSIController\t''
adotContainerLogs\t''
adotPrometheus\t''
adotXray\t''
amazonManagedPrometheus\t''
cloudWatchAgent\t''
ebsCSIControllerV2\t''
efsCSIDriver\t''
externalSecrets\t''
fluentBit\t''
fsxCSIController\t''
gatewayAPIController\t''
nodeTerminationHandler\t''
s3FilesCSIDriver\t''
vpcCNI\t''
vpcCNIIPv6\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l permissions-boundary -d 'ARN of the policy that bounds the role\'s permissions' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l role-name -d 'Name of the role: another one is refused' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l role-path -d 'Path of the role: another one is refused' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l max-session-duration -d 'Longest session in seconds, 3600 to 43200' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l subject-pattern -d 'Trust all service accounts of the namespace whose names match, as app-*' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l audience -d 'Audience of the tokens' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l tags -d 'Tags to set on the stack and the role, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l labels -d 'Labels, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l annotations -d 'Annotations, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l token-expiration -d 'Lifetime of the pods\' tokens in seconds, 600 to 86400' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l sts-regional-endpoints -d 'Whether pods use the regional STS endpoint' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l override-existing-serviceaccounts -d 'Replace another role, and labels and annotations of other tools' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l cfn-role-arn -d 'Role that CloudFormation works as' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l approve -d 'Carry the plan out; without it the plan is only shown' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l parallel -d 'Service accounts to work on side by side, 1 to 64' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l kubeconfig -d 'Kubeconfig file to use in place of the EKS endpoint' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l context -d 'Context of the kubeconfig' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -s o -l output -d 'Output format' -r -f -a "table\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l no-permissions-boundary -d 'Take the permissions boundary away'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l role-only -d 'Change the role only: no Kubernetes access'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l repair-drift -d 'Undo what was changed on the roles outside of CloudFormation'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l dry-run -d 'Show the plan only'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -l detailed-exitcode -d 'Exit with 3 when there is something to do'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccount" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l name -d 'Name of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -s n -l namespace -d 'Namespace of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l issuer-url -d 'OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -s f -l config-file -d 'Config file of eksctl in the place of flags; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l include -d 'Only those whose NAMESPACE/NAME matches, as \'web/*\' (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l exclude -d 'But those whose NAMESPACE/NAME matches (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l attach-policy-arn -d 'ARN of a managed policy; these replace those that the role has (repeatable, or separated by commas)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l add-policy-arn -d 'ARN of a managed policy to attach too (repeatable, or separated by commas)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l remove-policy-arn -d 'ARN of a managed policy to detach (repeatable, or separated by commas)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l policy-document -d 'Inline policy document as JSON; these replace Policy1, Policy2, … (repeatable); - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l remove-inline-policy -d 'Name of an inline policy to delete, as `get -o wide` shows it (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l well-known-policy -d 'Ready-made policy to add or to bring to its present text, see --help (repeatable, or separated by commas)' -r -f -a "imageBuilder\t''
autoScaler\t''
awsLoadBalancerController\t''
externalDNS\t''
certManager\t''
ebsCSIController\t''
efsCSIController\t''
adotContainerLogs\t''
adotPrometheus\t''
adotXray\t''
amazonManagedPrometheus\t''
cloudWatchAgent\t''
ebsCSIControllerV2\t''
efsCSIDriver\t''
externalSecrets\t''
fluentBit\t''
fsxCSIController\t''
gatewayAPIController\t''
nodeTerminationHandler\t''
s3FilesCSIDriver\t''
vpcCNI\t''
vpcCNIIPv6\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l permissions-boundary -d 'ARN of the policy that bounds the role\'s permissions' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l role-name -d 'Name of the role: another one is refused' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l role-path -d 'Path of the role: another one is refused' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l max-session-duration -d 'Longest session in seconds, 3600 to 43200' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l subject-pattern -d 'Trust all service accounts of the namespace whose names match, as app-*' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l audience -d 'Audience of the tokens' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l tags -d 'Tags to set on the stack and the role, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l labels -d 'Labels, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l annotations -d 'Annotations, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l token-expiration -d 'Lifetime of the pods\' tokens in seconds, 600 to 86400' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l sts-regional-endpoints -d 'Whether pods use the regional STS endpoint' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l override-existing-serviceaccounts -d 'Replace another role, and labels and annotations of other tools' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l cfn-role-arn -d 'Role that CloudFormation works as' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l approve -d 'Carry the plan out; without it the plan is only shown' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l parallel -d 'Service accounts to work on side by side, 1 to 64' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l kubeconfig -d 'Kubeconfig file to use in place of the EKS endpoint' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l context -d 'Context of the kubeconfig' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -s o -l output -d 'Output format' -r -f -a "table\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l no-permissions-boundary -d 'Take the permissions boundary away'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l role-only -d 'Change the role only: no Kubernetes access'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l repair-drift -d 'Undo what was changed on the roles outside of CloudFormation'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l dry-run -d 'Show the plan only'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -l detailed-exitcode -d 'Exit with 3 when there is something to do'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from iamserviceaccounts" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l name -d 'Name of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -s n -l namespace -d 'Namespace of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l issuer-url -d 'OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -s f -l config-file -d 'Config file of eksctl in the place of flags; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l include -d 'Only those whose NAMESPACE/NAME matches, as \'web/*\' (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l exclude -d 'But those whose NAMESPACE/NAME matches (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l attach-policy-arn -d 'ARN of a managed policy; these replace those that the role has (repeatable, or separated by commas)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l add-policy-arn -d 'ARN of a managed policy to attach too (repeatable, or separated by commas)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l remove-policy-arn -d 'ARN of a managed policy to detach (repeatable, or separated by commas)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l policy-document -d 'Inline policy document as JSON; these replace Policy1, Policy2, … (repeatable); - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l remove-inline-policy -d 'Name of an inline policy to delete, as `get -o wide` shows it (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l well-known-policy -d 'Ready-made policy to add or to bring to its present text, see --help (repeatable, or separated by commas)' -r -f -a "imageBuilder\t''
autoScaler\t''
awsLoadBalancerController\t''
externalDNS\t''
certManager\t''
ebsCSIController\t''
efsCSIController\t''
adotContainerLogs\t''
adotPrometheus\t''
adotXray\t''
amazonManagedPrometheus\t''
cloudWatchAgent\t''
ebsCSIControllerV2\t''
efsCSIDriver\t''
externalSecrets\t''
fluentBit\t''
fsxCSIController\t''
gatewayAPIController\t''
nodeTerminationHandler\t''
s3FilesCSIDriver\t''
vpcCNI\t''
vpcCNIIPv6\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l permissions-boundary -d 'ARN of the policy that bounds the role\'s permissions' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l role-name -d 'Name of the role: another one is refused' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l role-path -d 'Path of the role: another one is refused' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l max-session-duration -d 'Longest session in seconds, 3600 to 43200' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l subject-pattern -d 'Trust all service accounts of the namespace whose names match, as app-*' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l audience -d 'Audience of the tokens' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l tags -d 'Tags to set on the stack and the role, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l labels -d 'Labels, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l annotations -d 'Annotations, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l token-expiration -d 'Lifetime of the pods\' tokens in seconds, 600 to 86400' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l sts-regional-endpoints -d 'Whether pods use the regional STS endpoint' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l override-existing-serviceaccounts -d 'Replace another role, and labels and annotations of other tools' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l cfn-role-arn -d 'Role that CloudFormation works as' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l approve -d 'Carry the plan out; without it the plan is only shown' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l parallel -d 'Service accounts to work on side by side, 1 to 64' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l kubeconfig -d 'Kubeconfig file to use in place of the EKS endpoint' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l context -d 'Context of the kubeconfig' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -s o -l output -d 'Output format' -r -f -a "table\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l no-permissions-boundary -d 'Take the permissions boundary away'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l role-only -d 'Change the role only: no Kubernetes access'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l repair-drift -d 'Undo what was changed on the roles outside of CloudFormation'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l dry-run -d 'Show the plan only'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -l detailed-exitcode -d 'Exit with 3 when there is something to do'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from irsa" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l name -d 'Name of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -s n -l namespace -d 'Namespace of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l issuer-url -d 'OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -s f -l config-file -d 'Config file of eksctl in the place of flags; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l include -d 'Only those whose NAMESPACE/NAME matches, as \'web/*\' (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l exclude -d 'But those whose NAMESPACE/NAME matches (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l attach-policy-arn -d 'ARN of a managed policy; these replace those that the role has (repeatable, or separated by commas)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l add-policy-arn -d 'ARN of a managed policy to attach too (repeatable, or separated by commas)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l remove-policy-arn -d 'ARN of a managed policy to detach (repeatable, or separated by commas)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l policy-document -d 'Inline policy document as JSON; these replace Policy1, Policy2, … (repeatable); - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l remove-inline-policy -d 'Name of an inline policy to delete, as `get -o wide` shows it (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l well-known-policy -d 'Ready-made policy to add or to bring to its present text, see --help (repeatable, or separated by commas)' -r -f -a "imageBuilder\t''
autoScaler\t''
awsLoadBalancerController\t''
externalDNS\t''
certManager\t''
ebsCSIController\t''
efsCSIController\t''
adotContainerLogs\t''
adotPrometheus\t''
adotXray\t''
amazonManagedPrometheus\t''
cloudWatchAgent\t''
ebsCSIControllerV2\t''
efsCSIDriver\t''
externalSecrets\t''
fluentBit\t''
fsxCSIController\t''
gatewayAPIController\t''
nodeTerminationHandler\t''
s3FilesCSIDriver\t''
vpcCNI\t''
vpcCNIIPv6\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l permissions-boundary -d 'ARN of the policy that bounds the role\'s permissions' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l role-name -d 'Name of the role: another one is refused' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l role-path -d 'Path of the role: another one is refused' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l max-session-duration -d 'Longest session in seconds, 3600 to 43200' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l subject-pattern -d 'Trust all service accounts of the namespace whose names match, as app-*' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l audience -d 'Audience of the tokens' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l tags -d 'Tags to set on the stack and the role, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l labels -d 'Labels, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l annotations -d 'Annotations, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l token-expiration -d 'Lifetime of the pods\' tokens in seconds, 600 to 86400' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l sts-regional-endpoints -d 'Whether pods use the regional STS endpoint' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l override-existing-serviceaccounts -d 'Replace another role, and labels and annotations of other tools' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l cfn-role-arn -d 'Role that CloudFormation works as' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l approve -d 'Carry the plan out; without it the plan is only shown' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l parallel -d 'Service accounts to work on side by side, 1 to 64' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l kubeconfig -d 'Kubeconfig file to use in place of the EKS endpoint' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l context -d 'Context of the kubeconfig' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -s o -l output -d 'Output format' -r -f -a "table\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l no-permissions-boundary -d 'Take the permissions boundary away'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l role-only -d 'Change the role only: no Kubernetes access'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l repair-drift -d 'Undo what was changed on the roles outside of CloudFormation'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l dry-run -d 'Show the plan only'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -l detailed-exitcode -d 'Exit with 3 when there is something to do'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand update; and __fish_seen_subcommand_from sa" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -s h -l help -d 'Print help'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -f -a "iamserviceaccount" -d 'Delete an IAM role for a Kubernetes service account, and the service account if made with it'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -f -a "iamserviceaccounts" -d 'Delete an IAM role for a Kubernetes service account, and the service account if made with it'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -f -a "irsa" -d 'Delete an IAM role for a Kubernetes service account, and the service account if made with it'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and not __fish_seen_subcommand_from iamserviceaccount iamserviceaccounts irsa sa" -f -a "sa" -d 'Delete an IAM role for a Kubernetes service account, and the service account if made with it'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -l name -d 'Name of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -s n -l namespace -d 'Namespace of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -l issuer-url -d 'OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -s f -l config-file -d 'Config file of eksctl in the place of a name; shows the plan unless --approve; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -l include -d 'Only those whose NAMESPACE/NAME matches, as \'web/*\' (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -l exclude -d 'But those whose NAMESPACE/NAME matches (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -l role-only -d 'Delete the role only: no Kubernetes access' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -s w -l wait -d 'Wait for the end of the stack\'s deletion; --wait=false does not' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -l parallel -d 'Service accounts to work on side by side, 1 to 64' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -l cfn-role-arn -d 'Role that CloudFormation works as' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -l kubeconfig -d 'Kubeconfig file to use in place of the EKS endpoint' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -l context -d 'Context of the kubeconfig' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -s o -l output -d 'Output format' -r -f -a "table\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -l only-missing -d 'Those of the cluster that the file does not have, in the place of those that it has'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -l detach-foreign -d 'Detach policies that were attached to the role by hand, which else stop the deletion'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -l dry-run -d 'Show the plan only'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -l approve -d 'Carry the plan of a config file out; a deletion by name acts at once'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -l detailed-exitcode -d 'Exit with 3 when there is something to do (without acting)'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccount" -s h -l help -d 'Print help'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -l name -d 'Name of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -s n -l namespace -d 'Namespace of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -l issuer-url -d 'OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -s f -l config-file -d 'Config file of eksctl in the place of a name; shows the plan unless --approve; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -l include -d 'Only those whose NAMESPACE/NAME matches, as \'web/*\' (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -l exclude -d 'But those whose NAMESPACE/NAME matches (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -l role-only -d 'Delete the role only: no Kubernetes access' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -s w -l wait -d 'Wait for the end of the stack\'s deletion; --wait=false does not' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -l parallel -d 'Service accounts to work on side by side, 1 to 64' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -l cfn-role-arn -d 'Role that CloudFormation works as' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -l kubeconfig -d 'Kubeconfig file to use in place of the EKS endpoint' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -l context -d 'Context of the kubeconfig' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -s o -l output -d 'Output format' -r -f -a "table\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -l only-missing -d 'Those of the cluster that the file does not have, in the place of those that it has'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -l detach-foreign -d 'Detach policies that were attached to the role by hand, which else stop the deletion'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -l dry-run -d 'Show the plan only'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -l approve -d 'Carry the plan of a config file out; a deletion by name acts at once'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -l detailed-exitcode -d 'Exit with 3 when there is something to do (without acting)'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from iamserviceaccounts" -s h -l help -d 'Print help'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -l name -d 'Name of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -s n -l namespace -d 'Namespace of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -l issuer-url -d 'OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -s f -l config-file -d 'Config file of eksctl in the place of a name; shows the plan unless --approve; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -l include -d 'Only those whose NAMESPACE/NAME matches, as \'web/*\' (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -l exclude -d 'But those whose NAMESPACE/NAME matches (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -l role-only -d 'Delete the role only: no Kubernetes access' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -s w -l wait -d 'Wait for the end of the stack\'s deletion; --wait=false does not' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -l parallel -d 'Service accounts to work on side by side, 1 to 64' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -l cfn-role-arn -d 'Role that CloudFormation works as' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -l kubeconfig -d 'Kubeconfig file to use in place of the EKS endpoint' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -l context -d 'Context of the kubeconfig' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -s o -l output -d 'Output format' -r -f -a "table\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -l only-missing -d 'Those of the cluster that the file does not have, in the place of those that it has'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -l detach-foreign -d 'Detach policies that were attached to the role by hand, which else stop the deletion'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -l dry-run -d 'Show the plan only'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -l approve -d 'Carry the plan of a config file out; a deletion by name acts at once'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -l detailed-exitcode -d 'Exit with 3 when there is something to do (without acting)'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from irsa" -s h -l help -d 'Print help'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -l name -d 'Name of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -s n -l namespace -d 'Namespace of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -l issuer-url -d 'OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -s f -l config-file -d 'Config file of eksctl in the place of a name; shows the plan unless --approve; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -l include -d 'Only those whose NAMESPACE/NAME matches, as \'web/*\' (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -l exclude -d 'But those whose NAMESPACE/NAME matches (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -l role-only -d 'Delete the role only: no Kubernetes access' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -s w -l wait -d 'Wait for the end of the stack\'s deletion; --wait=false does not' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -l parallel -d 'Service accounts to work on side by side, 1 to 64' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -l cfn-role-arn -d 'Role that CloudFormation works as' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -l kubeconfig -d 'Kubeconfig file to use in place of the EKS endpoint' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -l context -d 'Context of the kubeconfig' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -s o -l output -d 'Output format' -r -f -a "table\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -l only-missing -d 'Those of the cluster that the file does not have, in the place of those that it has'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -l detach-foreign -d 'Detach policies that were attached to the role by hand, which else stop the deletion'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -l dry-run -d 'Show the plan only'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -l approve -d 'Carry the plan of a config file out; a deletion by name acts at once'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -l detailed-exitcode -d 'Exit with 3 when there is something to do (without acting)'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand delete; and __fish_seen_subcommand_from sa" -s h -l help -d 'Print help'
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -s f -l config-file -d 'Config file of eksctl; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -l issuer-url -d 'OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -l include -d 'Only those whose NAMESPACE/NAME matches, as \'web/*\' (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -l exclude -d 'But those whose NAMESPACE/NAME matches (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -l cfn-role-arn -d 'Role that CloudFormation works as' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -l cfn-disable-rollback -d 'Keep the resources of a failed creation, to look at them' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -l approve -d 'Carry the plan out; without it the plan is only shown' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -l parallel -d 'Service accounts to work on side by side, 1 to 64' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -l kubeconfig -d 'Kubeconfig file to use in place of the EKS endpoint' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -l context -d 'Context of the kubeconfig' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -s o -l output -d 'Output format' -r -f -a "table\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -l prune -d 'Delete the cluster\'s IAM service accounts that the file does not have; not those of kube-system'
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -l prune-kube-system -d 'Delete those of kube-system too'
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -l detach-foreign -d 'Detach policies that were attached by hand to roles that are pruned'
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -l repair-drift -d 'Undo what was changed on the roles outside of CloudFormation'
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -l override-existing-serviceaccounts -d 'Replace other roles, and labels and annotations of other tools'
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -l dry-run -d 'Show the plan only'
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -l detailed-exitcode -d 'Exit with 3 when there is something to do'
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand apply" -s h -l help -d 'Print help'
complete -c irsactl -n "__fish_irsactl_using_subcommand export" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand export" -l issuer-url -d 'OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand export" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand export" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand export" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand export" -l kubeconfig -d 'Kubeconfig file to use in place of the EKS endpoint' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand export" -l context -d 'Context of the kubeconfig' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand export" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand export" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand export" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand export" -s h -l help -d 'Print help'
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l name -d 'Name of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -s n -l namespace -d 'Namespace of the service account' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l attach-policy-arn -d 'ARN of a managed policy (repeatable, or separated by commas)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l policy-document -d 'Inline policy document as JSON (repeatable); - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l well-known-policy -d 'Ready-made policy of a common add-on, see --help (repeatable, or separated by commas)' -r -f -a "imageBuilder\t''
autoScaler\t''
awsLoadBalancerController\t''
externalDNS\t''
certManager\t''
ebsCSIController\t''
efsCSIController\t''
adotContainerLogs\t''
adotPrometheus\t''
adotXray\t''
amazonManagedPrometheus\t''
cloudWatchAgent\t''
ebsCSIControllerV2\t''
efsCSIDriver\t''
externalSecrets\t''
fluentBit\t''
fsxCSIController\t''
gatewayAPIController\t''
nodeTerminationHandler\t''
s3FilesCSIDriver\t''
vpcCNI\t''
vpcCNIIPv6\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l attach-role-arn -d 'Use an existing role as it is; no stack is made' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l permissions-boundary -d 'ARN of the policy that bounds the role\'s permissions' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l role-name -d 'Name of the role; else CloudFormation makes one' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l role-path -d 'Path of the role, as /team/' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l max-session-duration -d 'Longest session in seconds, 3600 to 43200' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l subject-pattern -d 'Trust all service accounts of the namespace whose names match, as app-*' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l audience -d 'Audience of the tokens' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l tags -d 'Tags of the stack and the role, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l role-only -d 'Make the role only: no Kubernetes access; prints the ServiceAccount to apply' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l labels -d 'Labels, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l annotations -d 'Annotations, as k1=v1,k2=v2 (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l token-expiration -d 'Lifetime of the pods\' tokens in seconds, 600 to 86400' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l sts-regional-endpoints -d 'Whether pods use the regional STS endpoint' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l override-existing-serviceaccounts -d 'Replace another role, and labels and annotations of other tools' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -s f -l config-file -d 'Config file of eksctl in the place of flags; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l include -d 'Only those whose NAMESPACE/NAME matches, as \'web/*\' (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l exclude -d 'But those whose NAMESPACE/NAME matches (repeatable)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l issuer-url -d 'OIDC issuer of the cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l account-id -d 'AWS account of the roles, 12 digits' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l partition -d 'AWS partition; known by itself where the issuer is EKS\'s' -r -f -a "aws\t''
aws-cn\t''
aws-us-gov\t''
aws-iso\t''
aws-iso-b\t''
aws-iso-e\t''
aws-iso-f\t''
aws-eusc\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l for -d 'Tool to render for' -r -f -a "cloudformation\t''
terraform\t''
aws-cli\t''
kubernetes\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l output-dir -d 'Write each CloudFormation template to <stack>.json in this folder' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -l associate-oidc-provider -d 'Create the cluster\'s IAM OIDC provider too, where it is missing'
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand render" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c irsactl -n "__fish_irsactl_using_subcommand completion" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand completion" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand completion" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand completion" -s h -l help -d 'Print help'
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and not __fish_seen_subcommand_from associate-iam-oidc-provider" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and not __fish_seen_subcommand_from associate-iam-oidc-provider" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and not __fish_seen_subcommand_from associate-iam-oidc-provider" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and not __fish_seen_subcommand_from associate-iam-oidc-provider" -s h -l help -d 'Print help'
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and not __fish_seen_subcommand_from associate-iam-oidc-provider" -f -a "associate-iam-oidc-provider" -d 'Create the IAM OIDC provider of a cluster, or mend it'
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and __fish_seen_subcommand_from associate-iam-oidc-provider" -s c -l cluster -d 'Name of the EKS cluster' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and __fish_seen_subcommand_from associate-iam-oidc-provider" -s f -l config-file -d 'Config file of eksctl that names the cluster; - reads stdin' -r -F
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and __fish_seen_subcommand_from associate-iam-oidc-provider" -l issuer-url -d 'OIDC issuer, for clusters that are not EKS' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and __fish_seen_subcommand_from associate-iam-oidc-provider" -l audience -d 'Audience of the tokens' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and __fish_seen_subcommand_from associate-iam-oidc-provider" -l thumbprint -d 'Use this thumbprint; the issuer is not contacted (repeatable, at most 5)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and __fish_seen_subcommand_from associate-iam-oidc-provider" -l approve -d 'Carry the plan out; without it the plan is only shown' -r -f -a "true\t''
false\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and __fish_seen_subcommand_from associate-iam-oidc-provider" -s r -l region -d 'AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile\'s)' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and __fish_seen_subcommand_from associate-iam-oidc-provider" -s p -l profile -d 'AWS profile; outranks the keys of the environment' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and __fish_seen_subcommand_from associate-iam-oidc-provider" -l timeout -d 'Longest single wait, as 90s, 25m, 1h30m' -r
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and __fish_seen_subcommand_from associate-iam-oidc-provider" -s o -l output -d 'Output format' -r -f -a "table\t''
json\t''
yaml\t''
name\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and __fish_seen_subcommand_from associate-iam-oidc-provider" -s C -l color -d 'Colour the output' -r -f -a "auto\t''
always\t''
never\t''"
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and __fish_seen_subcommand_from associate-iam-oidc-provider" -l no-thumbprint -d 'Send none; IAM fetches it itself'
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and __fish_seen_subcommand_from associate-iam-oidc-provider" -l refresh-thumbprint -d 'Replace those of an existing provider by the issuer\'s present ones'
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and __fish_seen_subcommand_from associate-iam-oidc-provider" -l dry-run -d 'Show the plan only'
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and __fish_seen_subcommand_from associate-iam-oidc-provider" -l detailed-exitcode -d 'Exit with 3 when there is something to do'
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and __fish_seen_subcommand_from associate-iam-oidc-provider" -s q -l quiet -d 'Print results and errors only'
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and __fish_seen_subcommand_from associate-iam-oidc-provider" -s v -l verbose -d 'Log more to stderr: -v what is done, -vv every call, -vvv everything'
complete -c irsactl -n "__fish_irsactl_using_subcommand utils; and __fish_seen_subcommand_from associate-iam-oidc-provider" -s h -l help -d 'Print help'
