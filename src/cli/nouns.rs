//! The commands whose second word says what they are about.

use clap::Subcommand;

use super::deferred::Deferred;
use super::examples::*;
use super::{
    Associate, CreateAssociationArgs, CreateServiceAccount, DeleteAssociationArgs,
    DeleteServiceAccount, GetAssociationArgs, GetServiceAccount, MoveArgs, UpdateAssociationArgs,
    UpdateServiceAccount,
};

pub const NOUNS: [&str; 3] = ["iamserviceaccounts", "irsa", "sa"];
pub const ASSOCIATION_NOUNS: [&str; 1] = ["podidentityassociations"];

#[derive(Debug, Subcommand)]
pub enum Create {
    /// Create an IAM role for a Kubernetes service account, and the service account
    #[command(name = "iamserviceaccount", visible_aliases = NOUNS, after_help = CREATE_EXAMPLES)]
    IamServiceAccount(Deferred<CreateServiceAccount>),
    /// Associate a Kubernetes service account with an IAM role by EKS Pod Identity
    #[command(name = "podidentityassociation", visible_aliases = ASSOCIATION_NOUNS, alias = "pia", after_help = CREATE_ASSOCIATION_EXAMPLES)]
    PodIdentityAssociation(Deferred<CreateAssociationArgs>),
}

#[derive(Debug, Subcommand)]
pub enum Get {
    /// List the IAM service accounts of a cluster
    #[command(name = "iamserviceaccount", visible_aliases = NOUNS, after_help = GET_EXAMPLES)]
    IamServiceAccount(Deferred<GetServiceAccount>),
    /// List the EKS Pod Identity associations of a cluster
    #[command(name = "podidentityassociation", visible_aliases = ASSOCIATION_NOUNS, alias = "pia", after_help = GET_ASSOCIATION_EXAMPLES)]
    PodIdentityAssociation(Deferred<GetAssociationArgs>),
}

#[derive(Debug, Subcommand)]
pub enum Update {
    /// Change the IAM role of a Kubernetes service account; what is not named stays as it is
    #[command(name = "iamserviceaccount", visible_aliases = NOUNS, after_help = UPDATE_EXAMPLES)]
    IamServiceAccount(Deferred<UpdateServiceAccount>),
    /// Change an EKS Pod Identity association and its role; what is not named stays as it is
    #[command(name = "podidentityassociation", visible_aliases = ASSOCIATION_NOUNS, alias = "pia", after_help = UPDATE_ASSOCIATION_EXAMPLES)]
    PodIdentityAssociation(Deferred<UpdateAssociationArgs>),
}

#[derive(Debug, Subcommand)]
pub enum Delete {
    /// Delete an IAM role for a Kubernetes service account, and the service account if made with it
    #[command(name = "iamserviceaccount", visible_aliases = NOUNS, after_help = DELETE_EXAMPLES)]
    IamServiceAccount(Deferred<DeleteServiceAccount>),
    /// Delete an EKS Pod Identity association, and the role that was made for it
    #[command(name = "podidentityassociation", visible_aliases = ASSOCIATION_NOUNS, alias = "pia", after_help = DELETE_ASSOCIATION_EXAMPLES)]
    PodIdentityAssociation(Deferred<DeleteAssociationArgs>),
}

#[derive(Debug, Subcommand)]
pub enum Utils {
    /// Create or mend the IAM OIDC provider of a cluster
    #[command(alias = "associate-oidc-provider", after_help = ASSOCIATE_EXAMPLES)]
    AssociateIamOidcProvider(Deferred<Associate>),
    /// Move all service accounts from IRSA to EKS Pod Identity
    #[command(after_help = TO_POD_IDENTITY_EXAMPLES)]
    MigrateToPodIdentity(Deferred<MoveArgs>),
}
