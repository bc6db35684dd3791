//! The ends of the help texts: examples to paste, by command.

pub const EXAMPLES_AND_EXIT_STATUS: &str = "\
Examples:
  irsactl associate-oidc-provider --cluster demo --approve
  irsactl create iamserviceaccount s3-reader --cluster demo \\
    --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --approve
  irsactl get iamserviceaccount --cluster demo
  irsactl delete iamserviceaccount s3-reader --cluster demo

Exit status:
  0    the asked state holds, or the plan was shown
  1    failed, wholly or in part
  2    bad flags or configuration
  3    there is something to do (--detailed-exitcode)
  4    no usable AWS credentials
  130  interrupted; 143 by SIGTERM, 129 by SIGHUP";
pub const ASSOCIATE_EXAMPLES: &str = "\
Examples:
  irsactl associate-oidc-provider --cluster demo            # show the plan
  irsactl associate-oidc-provider --cluster demo --approve  # carry it out
  irsactl associate-oidc-provider --issuer-url https://oidc.example.com";
pub const DISASSOCIATE_EXAMPLES: &str = "\
Examples:
  irsactl disassociate-oidc-provider --cluster demo --approve";
pub const THUMBPRINT_EXAMPLES: &str = "\
Examples:
  irsactl thumbprint --cluster demo
  irsactl thumbprint --issuer-url https://oidc.example.com -o wide
  openssl s_client -showcerts -connect host:443 </dev/null |
    irsactl thumbprint --pem -";
pub const CREATE_EXAMPLES: &str = "\
Examples:
  irsactl create iamserviceaccount s3-reader --cluster demo \\
    --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --approve
  irsactl create iamserviceaccount external-dns --namespace external-dns \\
    --cluster demo --well-known-policy externalDNS --approve
  irsactl create iamserviceaccount app --cluster demo \\
    --policy-document policy.json --role-only --approve
  irsactl create iamserviceaccount -f cluster.yaml --approve";
pub const GET_EXAMPLES: &str = "\
Examples:
  irsactl get iamserviceaccount --cluster demo
  irsactl get iamserviceaccount s3-reader --cluster demo -o wide";
pub const UPDATE_EXAMPLES: &str = "\
Examples:
  irsactl update iamserviceaccount s3-reader --cluster demo \\
    --add-policy-arn arn:aws:iam::aws:policy/AmazonSQSFullAccess
  # let it trust the cluster's present issuer:
  irsactl update iamserviceaccount s3-reader --cluster demo --approve
  irsactl update iamserviceaccount -f cluster.yaml --include 'web/*' --approve";
pub const APPLY_EXAMPLES: &str = "\
Examples:
  irsactl apply -f cluster.yaml                      # show the plan
  irsactl apply -f cluster.yaml --approve            # carry it out
  irsactl apply -f cluster.yaml --prune --approve    # delete what it has not
  irsactl apply -f cluster.yaml --detailed-exitcode  # exit 3 where it differs";
pub const EXPORT_EXAMPLES: &str = "\
Examples:
  irsactl export --cluster demo > cluster.yaml
  irsactl export --cluster demo | irsactl apply -f -  # has nothing to do";
pub const DELETE_EXAMPLES: &str = "\
Examples:
  irsactl delete iamserviceaccount s3-reader --cluster demo
  irsactl delete iamserviceaccount s3-reader --cluster demo --dry-run
  irsactl delete iamserviceaccount -f cluster.yaml --only-missing --approve";
pub const COMPLETION_EXAMPLES: &str = "\
Examples:
  source <(irsactl completion bash)
  irsactl completion zsh > \"${fpath[1]}/_irsactl\"
  irsactl completion fish > ~/.config/fish/completions/irsactl.fish";
pub const MAN_EXAMPLES: &str = "\
Examples:
  irsactl man ~/.local/share/man/man1
  man irsactl-create-iamserviceaccount";
pub const RENDER_EXAMPLES: &str = "\
Examples:
  irsactl render s3-reader --cluster demo --account-id 111122223333 \\
    --issuer-url https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE \\
    --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
  irsactl render … --for terraform > main.tf
  irsactl render … --for aws-cli | sh
  irsactl render … --for kubernetes --role-name s3-reader | kubectl apply -f -";
pub const RENDER_ASSOCIATION_EXAMPLES: &str = "\
Examples:
  irsactl render podidentityassociation web/api --cluster demo \\
    --account-id 111122223333 \\
    --issuer-url https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE \\
    --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
  irsactl render podidentityassociation … --for terraform > main.tf";
pub const EXPLAIN_EXAMPLES: &str = "\
Examples:
  irsactl explain config
  irsactl explain config.iam.serviceAccounts.wellKnownPolicies
  irsactl explain config --recursive
  irsactl explain config -o json > config-file.schema.json";
pub const PERMISSIONS_EXAMPLES: &str = "\
Examples:
  irsactl permissions --for create
  irsactl permissions --cluster demo --region eu-west-1 -o json > policy.json
  irsactl permissions --for create,delete -o rbac | kubectl apply -f -";

pub const DOCTOR_EXAMPLES: &str = "\
Examples:
  irsactl doctor --cluster demo web/api
  irsactl doctor --cluster demo --workload web/deploy/api \\
    --can s3:GetObject=arn:aws:s3:::data/x
  irsactl doctor --cluster demo web/api --fix --approve
  irsactl doctor --cluster demo --all --strict
  irsactl doctor --cluster demo --all --usage
  irsactl doctor --explain trust-policy";
pub const VERIFY_EXAMPLES: &str = "\
Examples:
  irsactl verify default/s3-reader --cluster demo
  irsactl verify default/s3-reader --cluster demo \\
    --can s3:GetObject=arn:aws:s3:::bucket/key

The token lives for 10 minutes, the session is denied everything, and neither
is shown. What was just made is given 90 seconds to be known to all of IAM.";
pub const WHOAMI_EXAMPLES: &str = "\
Examples:
  irsactl whoami           # in a pod: its own token
  irsactl whoami --assume  # and try its role
  kubectl exec deploy/app -- \\
    cat /var/run/secrets/eks.amazonaws.com/serviceaccount/token |
    irsactl whoami --token-file -";
pub const CREATE_ASSOCIATION_EXAMPLES: &str = "\
Examples:
  irsactl create podidentityassociation web/api --cluster demo \\
    --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --approve
  irsactl create podidentityassociation web/api --cluster demo \\
    --role-arn arn:aws:iam::111122223333:role/api --approve
  irsactl create podidentityassociation -f cluster.yaml --approve";
pub const GET_ASSOCIATION_EXAMPLES: &str = "\
Examples:
  irsactl get podidentityassociation --cluster demo
  irsactl get podidentityassociation web/api --cluster demo -o wide";
pub const UPDATE_ASSOCIATION_EXAMPLES: &str = "\
Examples:
  irsactl update podidentityassociation web/api --cluster demo \\
    --add-policy-arn arn:aws:iam::aws:policy/AmazonSQSFullAccess
  irsactl update podidentityassociation web/api --cluster demo \\
    --restrict-trust --approve";
pub const DELETE_ASSOCIATION_EXAMPLES: &str = "\
Examples:
  irsactl delete podidentityassociation web/api --cluster demo
  irsactl delete podidentityassociation -f cluster.yaml --approve";
pub const SCAN_EXAMPLES: &str = "\
Examples:
  irsactl migrate scan --cluster demo
  irsactl migrate scan --cluster demo --namespace web -o json";
pub const STATUS_EXAMPLES: &str = "\
Examples:
  irsactl migrate status --cluster demo
  irsactl migrate status web/api --cluster demo";
pub const TO_POD_IDENTITY_EXAMPLES: &str = "\
Examples:
  irsactl migrate to-pod-identity web/api --cluster demo            # the plan
  irsactl migrate to-pod-identity web/api --cluster demo --approve
  irsactl migrate to-pod-identity --all --cluster demo --approve
  irsactl migrate to-pod-identity --all --cluster demo --finish --approve
  irsactl migrate to-pod-identity web/api --cluster demo --undo --approve
  irsactl migrate to-pod-identity --all --cluster demo --from kiam";
pub const TRUST_LIST_EXAMPLES: &str = "\
Examples:
  irsactl trust list --all
  irsactl trust list --cluster demo -o json
  irsactl trust list --role-arn arn:aws:iam::111122223333:role/data";
pub const TRUST_ADD_EXAMPLES: &str = "\
Examples:
  irsactl trust add web/api --cluster green \\
    --role-arn arn:aws:iam::111122223333:role/data
  irsactl trust add web/api 'batch/*' --cluster green --approve \\
    --role-arn arn:aws:iam::111122223333:role/data";
pub const TRUST_REMOVE_EXAMPLES: &str = "\
Examples:
  irsactl trust remove web/api --cluster blue --approve \\
    --role-arn arn:aws:iam::111122223333:role/data";
pub const TRUST_COPY_EXAMPLES: &str = "\
Examples:
  irsactl trust copy --from-cluster blue --to-cluster green --all
  irsactl trust copy web/api --from-cluster blue --to-cluster green --approve";
pub const TRUST_RETARGET_EXAMPLES: &str = "\
Examples:
  irsactl trust retarget --to-cluster demo --all --from-issuer https://OLD
  irsactl trust retarget --to-cluster demo --all --approve \\
    --from-issuer https://oidc.eks.eu-west-1.amazonaws.com/id/OLD";

pub const REPORT_EXAMPLES: &str = "\
Examples:
  irsactl report --cluster demo > demo.html
  irsactl report --cluster demo -o markdown
  irsactl report --cluster demo -o json";

pub const USAGE_EXAMPLES: &str = "\
Examples:
  irsactl usage web/api --cluster demo
  irsactl usage --cluster demo --all --since 180d -o json
  irsactl usage web/api --cluster demo --suggest --write policy.json
  irsactl usage web/api --cluster demo --suggest --keep s3:GetObject
  irsactl usage --role-arn arn:aws:iam::111122223333:role/data -o wide

IAM tells of attempts, denied ones too, up to four hours late and 400 days back
(less in younger regions), and of actions only those that it tracks. What was
granted a short time ago looks unused; what a younger role does not use is not
called so.";
pub const GC_EXAMPLES: &str = "\
Examples:
  irsactl gc                                        # the plan, of this region
  irsactl gc --all-regions --older-than 30d
  irsactl gc --region eu-west-1 --region us-east-1 --approve";

pub const TO_IRSA_EXAMPLES: &str = "\
Examples:
  irsactl migrate to-irsa web/api --cluster demo --approve
  irsactl migrate to-irsa web/api --cluster demo --finish --approve
  irsactl migrate to-irsa web/api --cluster demo --undo --approve
  irsactl migrate to-irsa --all --cluster demo --from kube2iam
  irsactl migrate to-irsa --all --cluster demo --from vault --write cluster.yaml";
