#!/bin/sh
# IAM roles for service accounts, made by `irsactl render --for aws-cli`. Needs the aws CLI, and for the
# ServiceAccounts kubectl with a context of the cluster.
#
# Nothing is done before all of it was read: the commands are a function, called in the last line.
#
# It can run again: it puts the trust policies, inline policies, attachments and ServiceAccounts as they
# stand here. It leaves path, boundary, session duration and tags of a role that is there as they are,
# and takes away nothing that is not here.
#
# Policies hold `${...}`, which is IAM's.
# shellcheck disable=SC2016
set -eu
export AWS_PAGER=''

# VARIABLES
fail() {
  echo "$*" >&2
  exit 1
}

# need_account: the credentials are of the cluster's account.
need_account() {
  caller=$(aws sts get-caller-identity --query Account --output text)
  [ "$caller" = "$account" ] || fail "these credentials are of account $caller, not $account"
}

# need_cluster: kubectl's context is the cluster's, whose API tells its issuer.
need_cluster() {
  told=$(kubectl get --raw /.well-known/openid-configuration) ||
    fail "cannot tell whether kubectl's context is of cluster $cluster: its API does not tell its issuer"
  case $(printf '%s' "$told" | tr -d ' \n') in
  *"\"issuer\":\"$issuer\""*) ;;
  *) fail "kubectl's context is not of cluster $cluster: its issuer is not $issuer" ;;
  esac
}

# need_provider: the cluster's IAM OIDC provider is there, for else the roles would be useless.
need_provider() {
  has_provider || fail "there is no $provider: run \`irsactl associate-oidc-provider\` first"
}

has_provider() {
  aws iam get-open-id-connect-provider --open-id-connect-provider-arn "$provider" >/dev/null 2>&1
}

# provider CREATION: makes the cluster's IAM OIDC provider where it is missing.
provider() {
  has_provider || {
    aws iam create-open-id-connect-provider --cli-input-json "$1" >/dev/null
    echo "created $provider"
  }
}

# audience ADDITION: the provider knows the audience; that it knew it already is no error.
audience() {
  aws iam add-client-id-to-open-id-connect-provider --cli-input-json "$1"
}

# role NAME SERVICE-ACCOUNT TRUST-POLICY [OPTION...]: makes the role, or mends its trust policy. The
# role's tags say whose it is; one with eksctl's or irsactl's version is kept by their stack.
role() {
  name=$1 owner=$2 trust=$3
  shift 3
  found=$(aws iam get-role --role-name="$name" --output text --query "join(' ', [
    to_string(Role.Tags[?Key=='alpha.eksctl.io/cluster-name'].Value | [0]),
    to_string(Role.Tags[?Key=='alpha.eksctl.io/iamserviceaccount-name' ||
      Key=='alpha.eksctl.io/podidentityassociation-name'].Value | [0]),
    to_string(Role.Tags[?Key=='alpha.eksctl.io/eksctl-version' || Key=='aws:cloudformation:stack-name']
      .Value | [0])])" 2>/dev/null) || found=
  case $found in
  '')
    aws iam create-role --role-name="$name" --assume-role-policy-document "$trust" "$@" >/dev/null
    echo "created role $name"
    ;;
  "$cluster $owner null")
    aws iam update-assume-role-policy --role-name="$name" --policy-document "$trust"
    ;;
  *) fail "role $name is there, and is not this script's (cluster, service account, stack: $found)" ;;
  esac
}

# inline_policy ROLE NAME DOCUMENT
inline_policy() {
  aws iam put-role-policy --role-name="$1" --policy-name="$2" --policy-document "$3"
}

# managed_policy ROLE ARN
managed_policy() {
  aws iam attach-role-policy --role-name="$1" --policy-arn "$2"
}

# association NAMESPACE NAME ROLE-ARN CREATION: makes the EKS Pod Identity association where there is none.
# One with another role is not this script's; what else one has stays.
association() {
  id=$(aws eks list-pod-identity-associations --region "$region" --cluster-name "$cluster" --namespace "$1" \
    --service-account "$2" --query 'associations[0].associationId' --output text)
  case $id in
  '' | None)
    aws eks create-pod-identity-association --region "$region" --cli-input-json "$4" >/dev/null
    echo "created the EKS Pod Identity association of $1/$2"
    ;;
  *)
    found=$(aws eks describe-pod-identity-association --region "$region" --cluster-name "$cluster" \
      --association-id "$id" --query association.roleArn --output text)
    [ "$found" = "$3" ] || fail "the EKS Pod Identity association of $1/$2 has another role, $found"
    ;;
  esac
}

# service_account NAMESPACE NAME MANIFEST [OPTION...]: makes namespace and ServiceAccount where they are
# missing, marked as made by eksctl or irsactl; then its labels and annotations. Values of other tools
# are a conflict, and stay.
service_account() {
  namespace=$1 name=$2 manifest=$3
  shift 3
  kubectl get serviceaccount "$name" --namespace "$namespace" >/dev/null 2>&1 || {
    kubectl get namespace "$namespace" >/dev/null 2>&1 || kubectl create namespace "$namespace"
    printf '{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"namespace":"%s","name":"%s",%s}}' \
      "$namespace" "$name" '"labels":{"app.kubernetes.io/managed-by":"eksctl"}' | kubectl create -f -
  }
  printf '%s\n' "$manifest" |
    kubectl apply --server-side --field-manager=irsactl "$@" -f -
}
