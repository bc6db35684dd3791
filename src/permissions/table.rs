//! The table: who needs what, and what for. A test reads the log of every call that the commands make
//! and finds each of them here, and nothing else.

use super::CommandName::*;
use super::Need::{Always, Optional, Perhaps, With};
use super::{Actor, NeededPermission, NeededRight, PermissionResource};
use crate::model::Right;

macro_rules! permissions {
    ($by:ident: $($action:literal on $on:ident, $need:expr, [$($command:ident)*], $why:literal;)*) => {
        &[$(NeededPermission {
            action: $action,
            on: PermissionResource::$on,
            need: $need,
            by: Actor::$by,
            commands: &[$($command),*],
            why: $why,
        }),*]
    };
}

macro_rules! rights {
    ($($verb:literal $resource:literal of $group:literal $name:literal, $need:expr, [$($command:ident)*], $why:literal;)*) => {
        &[$(NeededRight {
            right: Right::named($verb, $resource, $group, $name),
            need: $need,
            commands: &[$($command),*],
            why: $why,
        }),*]
    };
}

/// What irsactl calls.
pub const CALLS: &[NeededPermission] = permissions! { Irsactl:
    "eks:DescribeCluster" on Cluster, Always, [AssociateOidcProvider DisassociateOidcProvider Create Update Delete Apply Migrate Scan Export Verify Doctor Copy], "find the issuer and the Kubernetes API";
    "eks:DescribeCluster" on Cluster, With("--cluster"), [Thumbprint Trust], "find the issuer";
    "eks:DescribeCluster" on Cluster, With("--cluster"), [Usage], "find the Kubernetes API";
    "eks:DescribeCluster" on Cluster, Optional, [Completion], "find the Kubernetes API";
    "eks:DescribeCluster" on Cluster, Optional, [Get], "see the Kubernetes side";
    "eks:ListClusters" on Any, Optional, [AssociateOidcProvider DisassociateOidcProvider Thumbprint Create Get Update Delete Apply Migrate Scan Trust Usage Export Verify Doctor Copy], "name similar clusters where there is none of that name";
    "eks:ListClusters" on Any, Optional, [Completion], "offer names of clusters";
    "eks:ListPodIdentityAssociations" on Cluster, Optional, [Completion], "offer names of associations";
    "eks:TagResource" on Cluster, Optional, [AssociateOidcProvider Create Apply Fix], "tell eksctl that the cluster has a provider";
    "eks:ListPodIdentityAssociations" on Cluster, Optional, [Create Update Apply], "find associations that use the role";
    "eks:ListPodIdentityAssociations" on Cluster, With("a role that trusts Pod Identity"), [Delete], "find associations that use the role";
    "eks:ListPodIdentityAssociations" on Cluster, With("an owned ServiceAccount"), [Delete], "find an association that needs the service account";
    "eks:ListPodIdentityAssociations" on Cluster, With("--repair-drift"), [Update], "find associations that use the role";
    "eks:ListPodIdentityAssociations" on Cluster, With("--prune, or --repair-drift"), [Apply], "find associations that use the role";
    "eks:DescribePodIdentityAssociation" on Any, Optional, [Create Update Apply], "find associations that use the role";
    "eks:DescribePodIdentityAssociation" on Any, With("a role that trusts Pod Identity"), [Delete], "find associations that use the role";
    "eks:DescribePodIdentityAssociation" on Any, With("--repair-drift"), [Update], "find associations that use the role";
    "eks:DescribePodIdentityAssociation" on Any, With("--prune, or --repair-drift"), [Apply], "find associations that use the role";
    "eks:ListPodIdentityAssociations" on Cluster, Optional, [Verify], "find an association that outranks the annotation";
    "eks:DescribePodIdentityAssociation" on Any, With("a Pod Identity association"), [Verify], "read the role that it gives";
    "eks-auth:AssumeRoleForPodIdentity" on Cluster, With("a Pod Identity association"), [Verify], "exchange a pod's token as the agent does";
    "eks:ListPodIdentityAssociations" on Cluster, Optional, [Export], "read the associations";
    "eks:DescribePodIdentityAssociation" on Any, Optional, [Export], "read the associations";
    "eks:ListPodIdentityAssociations" on Cluster, With("podidentityassociation"), [Create Get Update Delete], "find the association";
    "eks:ListPodIdentityAssociations" on Cluster, With("iam.podIdentityAssociations in the file"), [Apply], "find the association";
    "eks:DescribePodIdentityAssociation" on Any, With("podidentityassociation"), [Create Get Update Delete], "read the role that it gives";
    "eks:DescribePodIdentityAssociation" on Any, With("iam.podIdentityAssociations in the file"), [Apply], "read the role that it gives";
    "eks:CreatePodIdentityAssociation" on Cluster, With("podidentityassociation"), [Create], "make the association";
    "eks:CreatePodIdentityAssociation" on Cluster, With("iam.podIdentityAssociations in the file"), [Apply], "make the association";
    "eks:TagResource" on Associations, With("--tags"), [Update], "tag the association";
    "eks:TagResource" on Associations, With("podidentityassociation"), [Create], "tag the association with its service account";
    "eks:TagResource" on Associations, With("iam.podIdentityAssociations in the file"), [Apply], "tag the association with its service account";
    "eks:UpdatePodIdentityAssociation" on Associations, With("--override-existing"), [Create], "replace the role of the association";
    "eks:UpdatePodIdentityAssociation" on Associations, With("podidentityassociation"), [Update], "change the association";
    "eks:UpdatePodIdentityAssociation" on Associations, With("iam.podIdentityAssociations in the file"), [Apply], "change the association";
    "eks:DeletePodIdentityAssociation" on Associations, With("podidentityassociation"), [Delete], "delete the association";
    "eks:DeletePodIdentityAssociation" on Associations, With("--prune"), [Apply], "delete the association";
    "eks:DescribeAddon" on Any, Optional, [Create], "see whether the Pod Identity agent is installed";
    "eks:DescribeAddon" on Any, Optional, [Apply], "see whether the Pod Identity agent is installed";
    "eks:CreateAddon" on Cluster, With("--install-agent"), [Create Migrate], "install the Pod Identity agent";
    "iam:PassRole" on AssociatedRole, With("podidentityassociation"), [Create Update], "give the role to the association";
    "iam:PassRole" on AssociatedRole, With("iam.podIdentityAssociations in the file"), [Apply], "give the role to the association";
    "eks:UntagResource" on Cluster, Optional, [DisassociateOidcProvider], "tell eksctl that the cluster has no provider";

    "iam:GetOpenIDConnectProvider" on Provider, Always, [AssociateOidcProvider DisassociateOidcProvider Create Update Apply Copy], "see whether the provider is there, and its audiences";
    "iam:CreateOpenIDConnectProvider" on Provider, Always, [AssociateOidcProvider], "make the provider";
    "iam:CreateOpenIDConnectProvider" on Provider, With("--associate-oidc-provider"), [Create], "make the provider";
    "iam:CreateOpenIDConnectProvider" on Provider, With("withOIDC in the file"), [Apply], "make the provider";
    "iam:CreateOpenIDConnectProvider" on Provider, With("a missing provider"), [Fix], "make the provider";
    "iam:TagOpenIDConnectProvider" on Provider, Always, [AssociateOidcProvider], "tag the provider";
    "iam:TagOpenIDConnectProvider" on Provider, With("--associate-oidc-provider"), [Create], "tag the provider";
    "iam:TagOpenIDConnectProvider" on Provider, With("withOIDC in the file"), [Apply], "tag the provider";
    "iam:TagOpenIDConnectProvider" on Provider, With("a missing provider"), [Fix], "tag the provider";
    "iam:AddClientIDToOpenIDConnectProvider" on Provider, With("another audience"), [AssociateOidcProvider Create Apply Fix], "add an audience to the provider";
    "iam:UpdateOpenIDConnectProviderThumbprint" on Provider, With("--refresh-thumbprint"), [AssociateOidcProvider], "replace the thumbprints";
    "iam:ListRoles" on Any, Always, [DisassociateOidcProvider], "find the roles that still trust the provider";
    "iam:DeleteOpenIDConnectProvider" on Provider, Always, [DisassociateOidcProvider], "delete the provider";

    "eks:ListClusters" on Any, Always, [Gc], "see which clusters there are";
    "eks:DescribeCluster" on Cluster, Always, [Gc], "see which issuers clusters have";
    "ec2:DescribeRegions" on Any, With("--all-regions"), [Gc], "see which regions there are";
    "iam:ListOpenIDConnectProviders" on Any, Always, [Gc], "find the providers";
    "iam:GetOpenIDConnectProvider" on Provider, Always, [Gc], "see when a provider was made";
    "iam:ListRoles" on Any, Always, [Gc], "find the roles that trust them";
    "iam:GetRole" on AnyRole, Always, [Gc], "see when a role was last used";
    "iam:ListAttachedRolePolicies" on AnyRole, Optional, [Gc], "see once more that a role is gone";
    "iam:DeleteOpenIDConnectProvider" on Provider, Always, [Gc], "delete providers of dead clusters";
    "cloudformation:DescribeStacks" on Any, Always, [Gc], "find the stacks of dead clusters";
    "cloudformation:ListStacks" on Any, Always, [Gc], "find the stacks of dead clusters";
    "cloudformation:DescribeStacks" on Stacks, Always, [Gc], "wait for the end of a stack";
    "cloudformation:GetTemplate" on Stacks, Always, [Gc], "see which role a stack makes";
    "cloudformation:UpdateTerminationProtection" on Stacks, Always, [Gc], "lift the stack's protection";
    "cloudformation:DeleteStack" on Stacks, Always, [Gc], "delete the role";
    "eks:ListPodIdentityAssociations" on Cluster, Always, [Gc], "find associations that use a role";
    "eks:DescribePodIdentityAssociation" on Any, Always, [Gc], "find associations that use a role";
    "iam:DetachRolePolicy" on Roles, With("--detach-foreign"), [Gc], "detach policies that were attached by hand";
    "iam:DeleteRolePolicy" on Roles, With("--detach-foreign"), [Gc], "delete inline policies that were added by hand";
    "cloudformation:DescribeStacks" on Stacks, Always, [Create Get Update Delete Apply], "find the stack of a service account, and wait for it";
    "cloudformation:DescribeStacks" on Any, Always, [Get Export], "list the stacks of the cluster";
    "cloudformation:ListStacks" on Any, Always, [Get Export], "list the stacks of the cluster";
    "cloudformation:DescribeStacks" on Any, With("--only-missing"), [Delete], "list the stacks of the cluster";
    "cloudformation:ListStacks" on Any, With("--only-missing"), [Delete], "list the stacks of the cluster";
    "cloudformation:DescribeStacks" on Any, With("--all"), [Copy], "list the stacks of the cluster";
    "cloudformation:ListStacks" on Any, With("--all"), [Copy], "list the stacks of the cluster";
    "cloudformation:DescribeStacks" on Any, With("--prune"), [Apply], "list the stacks of the cluster";
    "cloudformation:ListStacks" on Any, With("--prune"), [Apply], "list the stacks of the cluster";
    "cloudformation:DescribeStacks" on Any, Optional, [Create Update Delete Apply], "see many at a time";
    "cloudformation:ListStacks" on Any, Optional, [Create Update Delete Apply], "see many at a time";
    "cloudformation:DescribeStacks" on Any, Optional, [Completion], "offer names of service accounts";
    "cloudformation:ListStacks" on Any, Optional, [Completion], "offer names of service accounts";
    "cloudformation:GetTemplate" on Stacks, Always, [Create Update Apply], "compare the role with what is asked for";
    "cloudformation:GetTemplate" on Stacks, Optional, [Get Export], "read the role's policies";
    "cloudformation:GetTemplate" on Stacks, Optional, [Delete], "tell the role's own policies from those attached by hand";
    "cloudformation:CreateStack" on Stacks, Always, [Create Apply], "make a role";
    "cloudformation:TagResource" on Stacks, Always, [Create Update Apply], "tag the stack with its service account";
    "cloudformation:TagResource" on Stacks, With("a stack of another issuer"), [Fix], "keep the stack's tags";
    "cloudformation:CreateChangeSet" on Stacks, Always, [Update Apply], "change a role";
    "cloudformation:DescribeChangeSet" on Stacks, Always, [Update Apply], "see what the change would do";
    "cloudformation:ExecuteChangeSet" on Stacks, Always, [Update Apply], "carry the change out";
    "cloudformation:CreateChangeSet" on Stacks, With("--trust, a role of a stack"), [Create], "let the service account in";
    "cloudformation:DescribeChangeSet" on Stacks, With("--trust, a role of a stack"), [Create], "see what the change would do";
    "cloudformation:ExecuteChangeSet" on Stacks, With("--trust, a role of a stack"), [Create], "carry the change out";
    "cloudformation:CreateChangeSet" on Stacks, With("a stack of another issuer"), [Fix], "change the trust policy";
    "cloudformation:DescribeChangeSet" on Stacks, With("a stack of another issuer"), [Fix], "see what the change would do";
    "cloudformation:ExecuteChangeSet" on Stacks, With("a stack of another issuer"), [Fix], "carry the change out";
    "cloudformation:CreateChangeSet" on Stacks, With("a role that others use"), [Delete], "take the association out of the trust policy";
    "cloudformation:DescribeChangeSet" on Stacks, With("a role that others use"), [Delete], "see what the change would do";
    "cloudformation:ExecuteChangeSet" on Stacks, With("a role that others use"), [Delete], "carry the change out";
    "cloudformation:TagResource" on Stacks, With("a role that others use"), [Delete], "keep the stack's tags";
    "cloudformation:DeleteChangeSet" on Stacks, With("a change that is refused"), [Create Update Delete Apply Migrate Trust Copy], "take the change back";
    "cloudformation:DescribeEvents" on Stacks, Optional, [Create Update Delete Apply Migrate Trust Copy], "tell why a change failed its validation";
    "cloudformation:ContinueUpdateRollback" on Stacks, With("a failed roll-back"), [Update Apply], "finish the roll-back of an earlier update";
    "cloudformation:DescribeStackEvents" on Stacks, Optional, [Create Update Delete Gc Apply Migrate Trust Fix Copy], "tell why a stack failed";
    "cloudformation:DescribeStackResources" on Stacks, Optional, [Create Update Delete Gc Apply Doctor], "find what a stack has beside the role";
    "cloudformation:ListChangeSets" on Stacks, Optional, [Create Update Delete Apply Doctor], "see whether a stack awaits what others approve";
    "cloudformation:UpdateTerminationProtection" on Stacks, Always, [Delete], "lift the stack's protection";
    "cloudformation:UpdateTerminationProtection" on Stacks, With("a failed stack"), [Create], "replace a stack whose creation failed";
    "cloudformation:UpdateTerminationProtection" on Stacks, With("--prune, or a failed stack"), [Apply], "lift the stack's protection";
    "cloudformation:DeleteStack" on Stacks, Always, [Delete], "delete the role";
    "cloudformation:DeleteStack" on Stacks, With("a failed stack"), [Create], "replace a stack whose creation failed";
    "cloudformation:DeleteStack" on Stacks, With("--prune, or a failed stack"), [Apply], "delete the role";
    "iam:PassRole" on ServiceRole, With("--cfn-role-arn"), [Create Update Delete Apply], "let CloudFormation work as that role";

    "iam:GetPolicy" on Any, Optional, [Create Update Apply], "see that a managed policy exists";
    "iam:GetAccountSummary" on Any, Optional, [Create Update Apply], "learn the quotas where the usual ones may not suffice";
    "iam:GetRole" on Roles, Optional, [Create Update Delete Apply], "see whom the role trusts";
    "iam:GetRole" on Roles, With("--detach-foreign"), [Delete Apply], "see that the role is the stack's own";
    "iam:GetRole" on AnyRole, Optional, [Create Apply], "see that the role of --attach-role-arn exists";
    "iam:GetRole" on AnyRole, With("--trust"), [Create], "see whom the role trusts";
    "iam:GetRole" on AnyRole, With("trust in the file"), [Apply], "see whom the role trusts";
    "iam:GetRole" on AnyRole, Optional, [Delete], "see what made the role, and whom it trusts";
    "iam:UpdateAssumeRolePolicy" on Roles, With("--trust"), [Create], "let the service account in";
    "iam:UpdateAssumeRolePolicy" on Roles, With("trust in the file"), [Apply], "let the service account in";
    "iam:UpdateAssumeRolePolicy" on Roles, With("a role without a stack"), [Delete], "let the service account in no more";
    "iam:ListAttachedRolePolicies" on Roles, Optional, [Create Update Delete Gc Apply], "find policies that were attached by hand";
    "iam:ListRolePolicies" on Roles, Optional, [Create Update Delete Gc Apply], "find inline policies that were added by hand";
    "iam:GetRolePolicy" on Roles, Optional, [Create Update Apply], "find inline policies that were changed by hand";
    "iam:ListInstanceProfilesForRole" on Roles, Optional, [Delete Gc Apply], "find what would stop the role's deletion";
    "iam:DetachRolePolicy" on Roles, With("--detach-foreign"), [Delete Apply], "detach policies that were attached by hand";
    "iam:DeleteRolePolicy" on Roles, With("--detach-foreign"), [Delete Apply], "delete inline policies that were added by hand";
    "iam:AttachRolePolicy" on Roles, With("--repair-drift"), [Update Apply], "attach policies that were detached by hand";
    "iam:DetachRolePolicy" on Roles, With("--repair-drift"), [Update Apply], "detach policies that were attached by hand";
    "iam:PutRolePolicy" on Roles, With("--repair-drift"), [Update Apply], "put inline policies back";
    "iam:DeleteRolePolicy" on Roles, With("--repair-drift"), [Update Apply], "delete inline policies that were added by hand";
    "iam:UpdateAssumeRolePolicy" on Roles, With("--repair-drift"), [Update Apply], "put the trust policy back";
    "iam:UpdateRole" on Roles, With("--repair-drift"), [Update Apply], "put the longest session back";
    "iam:PutRolePermissionsBoundary" on Roles, With("--repair-drift"), [Update Apply], "put the permissions boundary back";
    "iam:DeleteRolePermissionsBoundary" on Roles, With("--repair-drift"), [Update Apply], "take a permissions boundary away";
    "iam:UpdateAssumeRolePolicy" on Roles, With("a trust policy by hand"), [Fix], "correct the trust policy";
    "iam:ListPolicies" on Any, Optional, [Completion], "offer names of policies";
    "iam:SimulatePrincipalPolicy" on Roles, With("--can"), [Verify], "see what the role is allowed";
    "iam:GetRole" on AnyRole, Optional, [Verify], "see why a token is refused";
    "iam:GetOpenIDConnectProvider" on Provider, Optional, [Verify], "see why a token is refused";

    "eks:ListPodIdentityAssociations" on Cluster, With("--cluster"), [Usage], "find the roles of service accounts";
    "eks:DescribePodIdentityAssociation" on Any, With("an association"), [Usage], "find the roles of service accounts";
    "iam:GetRole" on AnyRole, Always, [Usage], "see how old the role is";
    "iam:ListAttachedRolePolicies" on AnyRole, Always, [Usage], "read the role's permissions";
    "iam:ListRolePolicies" on AnyRole, Always, [Usage], "read the role's permissions";
    "iam:GetRolePolicy" on AnyRole, With("an inline policy"), [Usage], "read the role's permissions";
    "iam:GetPolicy" on Any, With("a managed policy"), [Usage], "read the role's permissions";
    "iam:GetPolicyVersion" on Any, With("a managed policy"), [Usage], "read the role's permissions";
    "iam:GenerateServiceLastAccessedDetails" on AnyRole, Always, [Usage], "have IAM report what the role used";
    "iam:GetServiceLastAccessedDetails" on Any, Always, [Usage], "read what the role used";
    "cloudformation:DescribeStacks" on Stacks, Optional, [Usage], "find the stack that made the role";
    "cloudformation:GetTemplate" on Stacks, Optional, [Usage], "tell the role's own policies from those attached by hand";

    "iam:GenerateServiceLastAccessedDetails" on AnyRole, Optional, [Doctor], "have IAM report what the role used, with --usage";
    "iam:GetServiceLastAccessedDetails" on Any, Optional, [Doctor], "read what the role used, with --usage";
    "iam:GetOpenIDConnectProvider" on Provider, Optional, [Doctor], "see whether the provider is there, and its audiences";
    "iam:ListOpenIDConnectProviders" on Any, Optional, [Doctor], "find providers of other issuers";
    "iam:ListRoles" on Any, Optional, [Doctor], "see whether a role trusts a provider whose issuer is gone";
    "iam:GetAccountSummary" on Any, Optional, [Doctor], "learn the quotas";
    "iam:GetRole" on AnyRole, Optional, [Doctor], "read the trust policy";
    "iam:ListAttachedRolePolicies" on AnyRole, Optional, [Doctor], "read the role's permissions";
    "iam:ListRolePolicies" on AnyRole, Optional, [Doctor], "read the role's permissions";
    "iam:GetRolePolicy" on AnyRole, Optional, [Doctor], "read the role's permissions";
    "iam:SimulatePrincipalPolicy" on AnyRole, Optional, [Doctor], "see what the role is allowed";
    "iam:GetPolicy" on Any, Optional, [Doctor], "read the role's permissions";
    "iam:GetPolicyVersion" on Any, Optional, [Doctor], "read the role's permissions";
    "cloudformation:DescribeStacks" on Stacks, Optional, [Doctor], "find the role's stack";
    "cloudformation:DescribeStacks" on Any, Optional, [Doctor], "find the roles of the cluster's stacks";
    "cloudformation:ListStacks" on Any, Optional, [Doctor], "find the roles of the cluster's stacks";
    "cloudformation:GetTemplate" on Stacks, Optional, [Doctor], "compare the role with its stack";
    "eks:ListAddons" on Cluster, Optional, [Doctor], "see whether the Pod Identity agent is installed";
    "eks:DescribeAddon" on Any, Optional, [Doctor], "see whether the Pod Identity agent is installed";
    "eks:ListPodIdentityAssociations" on Cluster, Optional, [Doctor], "find associations that outrank the annotation";
    "eks:DescribePodIdentityAssociation" on Any, Optional, [Doctor], "find associations that outrank the annotation";
    "eks-auth:AssumeRoleForPodIdentity" on Cluster, Optional, [Doctor], "exchange a pod's token as the agent does";
    "cloudtrail:LookupEvents" on Any, Optional, [Doctor], "read how AWS refused the pods";
    "access-analyzer:ValidatePolicy" on Any, Optional, [Doctor], "check the policies' grammar";
    "ec2:DescribeVpcEndpoints" on Any, Optional, [Doctor], "see the pods' way to STS";
    "ec2:DescribeInstances" on Any, Optional, [Doctor], "see the nodes' metadata service";
    "ec2:DescribeSecurityGroups" on Any, Optional, [Doctor], "see the way from the API to the webhook";

    "eks:ListPodIdentityAssociations" on Cluster, Always, [Migrate], "find the associations of service accounts";
    "eks:ListPodIdentityAssociations" on Cluster, Optional, [Scan Copy], "find the associations of service accounts";
    "eks:DescribePodIdentityAssociation" on Any, With("an association"), [Migrate], "find the associations of service accounts";
    "eks:DescribePodIdentityAssociation" on Any, Optional, [Scan], "find the associations of service accounts";
    "eks:ListAddons" on Cluster, Always, [Migrate], "find the agent, and service accounts whose role an add-on sets";
    "eks:ListAddons" on Cluster, Optional, [Scan], "find service accounts whose role an add-on sets";
    "eks:DescribeAddon" on Any, With("add-ons"), [Migrate], "find the agent, and service accounts whose role an add-on sets";
    "eks:DescribeAddon" on Any, Optional, [Scan], "find service accounts whose role an add-on sets";
    "iam:GetOpenIDConnectProvider" on Provider, With("a move to IRSA"), [Migrate], "see whether the provider is there, and its audiences";
    "eks:ListNodegroups" on Cluster, Optional, [Scan], "find the roles of nodes";
    "eks:DescribeNodegroup" on Any, Optional, [Scan], "find the roles of nodes";
    "ec2:DescribeInstances" on Any, Optional, [Scan], "find the roles of nodes, and which pods reach them";
    "iam:GetInstanceProfile" on Any, Optional, [Scan], "find the roles of nodes";
    "iam:GetOpenIDConnectProvider" on Provider, Optional, [Scan], "see whether the provider is there, and its audiences";
    "iam:GetRole" on AnyRole, Always, [Migrate Copy], "see whom the role trusts";
    "iam:GetRole" on AnyRole, With("add, remove, retarget, or --role-arn"), [Trust], "see whom the role trusts";
    "iam:ListRoles" on Any, With("--all, or list --cluster"), [Trust], "find the roles that trust an issuer";
    "iam:GetOpenIDConnectProvider" on Provider, With("add, or retarget"), [Trust], "see whether the provider is there, and its audiences";
    "iam:GetAccountSummary" on Any, Optional, [Trust Copy], "tell the account's quotas";
    "cloudformation:TagResource" on Stacks, With("a role of a stack"), [Trust Copy], "keep the stack's tags";
    "iam:GetRole" on AnyRole, Optional, [Scan], "see whom the role trusts";
    "ec2:DescribeInstances" on Any, With("kube2iam or kiam"), [Migrate], "find the roles of nodes";
    "iam:GetInstanceProfile" on Any, With("kube2iam or kiam"), [Migrate], "find the roles of nodes";
    "iam:ListAttachedRolePolicies" on AnyRole, Optional, [Migrate Scan], "find roles that are assumed from the role";
    "iam:ListRolePolicies" on AnyRole, Optional, [Migrate Scan], "find roles that are assumed from the role";
    "iam:GetRolePolicy" on AnyRole, Optional, [Migrate Scan], "find roles that are assumed from the role";
    "iam:GetPolicy" on Any, Optional, [Migrate Scan], "find roles that are assumed from the role";
    "iam:GetPolicyVersion" on Any, Optional, [Migrate Scan], "find roles that are assumed from the role";
    "cloudformation:DescribeStacks" on Stacks, With("a role of a stack"), [Migrate Trust Copy], "find the stack that made the role, and wait for it";
    "cloudformation:DescribeStacks" on Stacks, Optional, [Scan], "find the stack that made the role";
    "cloudformation:GetTemplate" on Stacks, With("a role of a stack"), [Migrate Trust Copy], "read the role's template";
    "cloudformation:GetTemplate" on Stacks, Optional, [Scan], "read the role's template";
    "cloudformation:CreateChangeSet" on Stacks, With("a role of a stack"), [Migrate Trust Copy], "change the trust policy";
    "cloudformation:TagResource" on Stacks, With("a role of a stack"), [Migrate], "tag the stack with the way";
    "cloudformation:UntagResource" on Stacks, With("--finish, or --undo"), [Migrate], "tag the stack with the way";
    "cloudformation:DescribeChangeSet" on Stacks, With("a role of a stack"), [Migrate Trust Copy], "see what the change would do";
    "cloudformation:ExecuteChangeSet" on Stacks, With("a role of a stack"), [Migrate Trust Copy], "carry the change out";
    "iam:UpdateAssumeRolePolicy" on Roles, With("a role by hand"), [Migrate Trust Copy], "change the trust policy";
    "eks:CreatePodIdentityAssociation" on Cluster, With("a move to Pod Identity"), [Migrate], "make the association";
    "eks:TagResource" on Associations, With("a move to Pod Identity"), [Migrate], "tag the association with its service account";
    "iam:PassRole" on AssociatedRole, With("a move to Pod Identity"), [Migrate], "give the role to the association";
    "eks:DeletePodIdentityAssociation" on Associations, With("a move to IRSA, or a failed proof"), [Migrate], "delete the association";
    "eks-auth:AssumeRoleForPodIdentity" on Cluster, With("a move to Pod Identity"), [Migrate], "exchange a pod's token as the agent does";
};

/// What the handlers of CloudFormation's resources call. Their schemas say what each may call, and a test
/// reads them (cfn-lint brings them along); when it does so they do not say: see [`super::Need::Perhaps`].
pub const HANDLERS: &[NeededPermission] = permissions! { CloudFormation:
    "iam:CreateRole" on Roles, Always, [Create Apply], "make the role";
    "iam:TagRole" on Roles, Always, [Create Update Apply], "tag the role as its stack";
    "iam:GetRole" on Roles, Always, [Create Update Delete Gc Apply], "read the role back";
    "iam:AttachRolePolicy" on Roles, With("a managed policy"), [Create Update Apply], "attach managed policies";
    "iam:PutRolePolicy" on Roles, With("an inline policy"), [Create Update Apply], "put inline policies";
    "iam:GetRolePolicy" on Roles, With("an inline policy"), [Create Update Apply], "read inline policies back";
    "iam:PutRolePermissionsBoundary" on Roles, With("--permissions-boundary"), [Update], "set the permissions boundary";
    "iam:PutRolePermissionsBoundary" on Roles, With("another boundary"), [Apply], "set the permissions boundary";
    "iam:DeleteRolePermissionsBoundary" on Roles, With("--no-permissions-boundary"), [Update], "take the permissions boundary away";
    "iam:DeleteRolePermissionsBoundary" on Roles, With("a boundary that goes"), [Apply], "take the permissions boundary away";
    "iam:GetRole" on Roles, With("a stack of another issuer"), [Fix], "read the role back";
    "iam:UpdateAssumeRolePolicy" on Roles, With("a stack of another issuer"), [Fix], "change the trust policy";
    "iam:UpdateAssumeRolePolicy" on Roles, With("a changed trust policy"), [Update Apply], "change the trust policy";
    "iam:UpdateAssumeRolePolicy" on Roles, With("a role that others use"), [Delete], "change the trust policy";
    "iam:UpdateAssumeRolePolicy" on Roles, With("--trust, a role of a stack"), [Create], "change the trust policy";
    "iam:GetRole" on Roles, With("a role of a stack"), [Migrate Trust Copy], "read the role back";
    "iam:UpdateAssumeRolePolicy" on Roles, With("a role of a stack"), [Migrate Trust Copy], "change the trust policy";
    "iam:TagRole" on Roles, With("--finish, or --undo"), [Migrate], "tag the role as its stack";
    "iam:UntagRole" on Roles, With("--finish, or --undo"), [Migrate], "tag the role as its stack";
    "iam:UpdateRole" on Roles, With("--max-session-duration"), [Update], "change the longest session";
    "iam:UpdateRole" on Roles, With("another longest session"), [Apply], "change the longest session";
    "iam:ListAttachedRolePolicies" on Roles, With("a failed creation"), [Create], "take the role back";
    "iam:ListAttachedRolePolicies" on Roles, Always, [Delete Gc], "detach managed policies";
    "iam:ListAttachedRolePolicies" on Roles, With("--prune, or a failed creation"), [Apply], "detach managed policies";
    "iam:ListRolePolicies" on Roles, With("a failed creation"), [Create], "take the role back";
    "iam:ListRolePolicies" on Roles, Always, [Delete Gc], "delete inline policies";
    "iam:ListRolePolicies" on Roles, With("--prune, or a failed creation"), [Apply], "delete inline policies";
    "iam:DetachRolePolicy" on Roles, With("a failed creation"), [Create], "take the role back";
    "iam:DetachRolePolicy" on Roles, With("a managed policy that goes"), [Update Delete Gc Apply], "detach managed policies";
    "iam:DeleteRolePolicy" on Roles, With("a failed creation"), [Create], "take the role back";
    "iam:DeleteRolePolicy" on Roles, With("an inline policy that goes"), [Update Delete Gc Apply], "delete inline policies";
    "iam:DeleteRole" on Roles, With("a failed creation"), [Create], "take the role back";
    "iam:DeleteRole" on Roles, Always, [Delete Gc], "delete the role";
    "iam:DeleteRole" on Roles, With("--prune, or a failed creation"), [Apply], "delete the role";
    "iam:ListAttachedRolePolicies" on Roles, Perhaps, [Create Update Apply Migrate Trust Fix Copy], "read the role back";
    "iam:ListRolePolicies" on Roles, Perhaps, [Create Update Apply Migrate Trust Fix Copy], "read the role back";
    "iam:GetRolePolicy" on Roles, Perhaps, [Migrate Trust Fix Copy], "read the role back";
    "iam:UpdateRoleDescription" on Roles, Perhaps, [Update Apply Migrate Trust Fix Copy], "change the description";
    "iam:TagRole" on Roles, Perhaps, [Delete Gc Fix], "keep the role's tags";
    "iam:UntagRole" on Roles, Perhaps, [Create Update Delete Gc Apply Fix], "keep the role's tags";
};

/// What irsactl asks of the Kubernetes API.
pub const RIGHTS: &[NeededRight] = rights! {
    "get" "serviceaccounts" of "" "", Always, [Create Update Delete Apply Verify Copy], "see what is there";
    "list" "namespaces" of "" "", Optional, [Completion], "offer names of namespaces";
    "list" "serviceaccounts" of "" "", Optional, [Completion], "offer names of service accounts";
    "list" "pods" of "" "", Optional, [Completion], "offer names of pods";
    "list" "serviceaccounts" of "" "", Always, [Export], "read labels and annotations";
    "list" "serviceaccounts" of "" "", With("--cluster"), [Gc], "find what names nothing";
    "list" "serviceaccounts" of "" "", With("--all"), [Copy], "find the service accounts that have roles";
    "list" "serviceaccounts" of "" "", Optional, [Get], "see the Kubernetes side";
    "list" "serviceaccounts" of "" "", Optional, [Create Update Delete Apply], "see many at a time";
    "patch" "serviceaccounts" of "" "", Always, [Create Apply Copy], "annotate the service account";
    "patch" "serviceaccounts" of "" "", With("a changed annotation"), [Update], "annotate the service account";
    "patch" "serviceaccounts" of "" "", With("one that irsactl did not make"), [Delete], "take the annotations away";
    "create" "serviceaccounts" of "" "", Always, [Create Apply Copy], "make the service account";
    "create" "serviceaccounts" of "" "", With("a missing service account"), [Update], "make the service account";
    "get" "namespaces" of "" "", Optional, [Create Update Apply Copy], "see that the namespace of a missing service account is not being deleted";
    "create" "namespaces" of "" "", With("a missing namespace"), [Create Update Apply Copy], "make the namespace";
    "delete" "serviceaccounts" of "" "", Always, [Delete], "delete the service account";
    "delete" "serviceaccounts" of "" "", With("--prune"), [Apply], "delete the service account";
    "create" "serviceaccounts/token" of "" "", Always, [Verify], "act as the service account";
    "list" "pods" of "" "", With("a Pod Identity association"), [Verify], "find the pod that a token is bound to";

    "list" "serviceaccounts" of "" "", Always, [Migrate], "see the annotations";
    "list" "serviceaccounts" of "" "", Optional, [Scan], "see the annotations";
    "list" "pods" of "" "", Always, [Migrate], "see which way pods have";
    "list" "pods" of "" "", Optional, [Scan], "see which way pods have";
    "list" "deployments" of "apps" "", Always, [Migrate], "see what makes the pods";
    "list" "deployments" of "apps" "", Optional, [Scan], "see what makes the pods";
    "list" "statefulsets" of "apps" "", Always, [Migrate], "see what makes the pods";
    "list" "statefulsets" of "apps" "", Optional, [Scan], "see what makes the pods";
    "list" "daemonsets" of "apps" "", Always, [Migrate], "see what makes the pods";
    "list" "daemonsets" of "apps" "", Optional, [Scan], "see what makes the pods";
    "list" "cronjobs" of "batch" "", Always, [Migrate], "see what makes the pods";
    "list" "cronjobs" of "batch" "", Optional, [Scan], "see what makes the pods";
    "list" "jobs" of "batch" "", Always, [Migrate], "see what makes the pods";
    "list" "jobs" of "batch" "", Optional, [Scan], "see what makes the pods";
    "list" "rollouts" of "argoproj.io" "", Always, [Migrate], "see what makes the pods";
    "list" "rollouts" of "argoproj.io" "", Optional, [Scan], "see what makes the pods";
    "list" "nodes" of "" "", Optional, [Migrate Scan], "see what the pods' nodes are";
    "list" "namespaces" of "" "", With("kube2iam or kiam"), [Migrate], "see which roles a namespace may have";
    "list" "namespaces" of "" "", Optional, [Scan], "see which roles a namespace may have";
    "list" "ec2nodeclasses" of "karpenter.k8s.aws" "", Optional, [Scan], "find the roles of nodes";
    "list" "nodeclasses" of "eks.amazonaws.com" "", Optional, [Scan], "find the roles of nodes";
    "list" "secretproviderclasses" of "secrets-store.csi.x-k8s.io" "", Optional, [Scan], "see what Vault writes into volumes";
    "list" "vaultdynamicsecrets" of "secrets.hashicorp.com" "", Optional, [Scan], "see what Vault writes into Secrets";
    "get" "replicasets" of "apps" "", Optional, [Migrate Scan], "find what the pods are of";
    "get" "jobs" of "batch" "", Optional, [Migrate Scan], "find what the pods are of";
    "create" "serviceaccounts/token" of "" "", Always, [Migrate], "act as the service account";
    "patch" "serviceaccounts" of "" "", With("a move to IRSA, or --finish"), [Migrate], "annotate the service account, or take that away";
    "get" "deployments" of "apps" "", With("such pods"), [Migrate], "wait for the new pods";
    "get" "statefulsets" of "apps" "", With("such pods"), [Migrate], "wait for the new pods";
    "get" "daemonsets" of "apps" "", With("such pods"), [Migrate], "wait for the new pods";
    "get" "rollouts" of "argoproj.io" "", With("such pods"), [Migrate], "wait for the new pods";
    "patch" "deployments" of "apps" "", With("such pods"), [Migrate], "restart pods of the way of before";
    "patch" "statefulsets" of "apps" "", With("such pods"), [Migrate], "restart pods of the way of before";
    "patch" "daemonsets" of "apps" "", With("such pods"), [Migrate], "restart pods of the way of before";
    "patch" "rollouts" of "argoproj.io" "", With("such pods"), [Migrate], "restart pods of the way of before";
    "patch" "cronjobs" of "batch" "", With("--patch-workloads"), [Migrate], "give workloads a service account of their own";
    "list" "rolebindings" of "rbac.authorization.k8s.io" "", With("--patch-workloads"), [Migrate], "see which rights in the cluster a workload would lose";
    "list" "clusterrolebindings" of "rbac.authorization.k8s.io" "", With("--patch-workloads"), [Migrate], "see which rights in the cluster a workload would lose";
    "create" "serviceaccounts" of "" "", With("--patch-workloads"), [Migrate], "make a service account for a workload";
    "delete" "serviceaccounts" of "" "", With("--undo"), [Migrate], "delete what --patch-workloads made";

    "list" "pods" of "" "", Optional, [Create Update Apply Copy], "name pods without the role";
    "list" "nodes" of "" "", Optional, [Create Update Apply], "name pods that no agent of EKS Pod Identity reaches";
    "get" "replicasets" of "apps" "", Optional, [Create Update Apply Restart Doctor Copy], "find what the pods are of";
    "get" "jobs" of "batch" "", Optional, [Create Update Apply Restart Doctor Copy], "find what the pods are of";
    "list" "pods" of "" "", Always, [Restart], "find pods without the role";
    "get" "deployments" of "apps" "", Always, [Restart], "find what the pods are of";
    "get" "statefulsets" of "apps" "", Always, [Restart], "find what the pods are of";
    "get" "daemonsets" of "apps" "", Always, [Restart], "find what the pods are of";
    "get" "rollouts" of "argoproj.io" "", Always, [Restart], "find what the pods are of";
    "patch" "deployments" of "apps" "", Always, [Restart], "restart pods without the role";
    "patch" "statefulsets" of "apps" "", Always, [Restart], "restart pods without the role";
    "patch" "daemonsets" of "apps" "", Always, [Restart], "restart pods without the role";
    "patch" "rollouts" of "argoproj.io" "", Always, [Restart], "restart pods without the role";

    "get" "serviceaccounts" of "" "", With("NAMESPACE/NAME"), [Usage], "find its role";
    "list" "serviceaccounts" of "" "", With("--all"), [Usage], "find their roles";
    "get" "namespaces" of "" "", Optional, [Doctor], "see whether the webhook is to leave the namespace alone";
    "get" "serviceaccounts" of "" "", Optional, [Doctor], "see the annotations";
    "list" "serviceaccounts" of "" "", Optional, [Doctor], "look at all of them";
    "list" "pods" of "" "", Optional, [Doctor], "see what was put into the pods";
    "list" "nodes" of "" "", Optional, [Doctor], "see the pods' nodes";
    "list" "daemonsets" of "apps" "", Optional, [Doctor], "see whether the Pod Identity agent runs";
    "list" "networkpolicies" of "networking.k8s.io" "", Optional, [Doctor], "see the pods' way to STS";
    "get" "daemonsets" of "apps" "", Optional, [Doctor], "see whether the Pod Identity agent runs";
    "list" "securitygrouppolicies" of "vpcresources.k8s.aws" "", Optional, [Doctor], "see the pods' way to STS";
    "list" "mutatingwebhookconfigurations" of "admissionregistration.k8s.io" "", Optional, [Doctor], "see that the webhook is there";
    "create" "serviceaccounts/token" of "" "", Optional, [Doctor], "act as the service account";
    "get" "pods" of "" "", With("--pod"), [Doctor], "find its service account";
    "get" "deployments" of "apps" "", With("--workload"), [Doctor], "find its service account";
    "get" "statefulsets" of "apps" "", With("--workload"), [Doctor], "find its service account";
    "get" "rollouts" of "argoproj.io" "", With("--workload"), [Doctor], "find its service account";
    "get" "cronjobs" of "batch" "", With("--workload"), [Doctor], "find its service account";
    "patch" "serviceaccounts" of "" "", With("a wrong annotation"), [Fix], "mend the annotations";
};
