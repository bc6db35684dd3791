//! What exists, as data: everything that is observed. No calls, so that what decides and what judges
//! knows none.

mod agents;
mod association;
mod audience;
mod chain;
mod credentials;
mod facts;
mod health;
mod injection;
mod interception;
mod leftovers;
mod moving;
mod network;
mod node_roles;
mod observed;
mod pods;
mod status;
mod trust;
mod usage;
mod vault;

pub use agents::{AgentKind, Argument, MetadataAgent};
pub use association::{Association, AssociationTerms};
pub use audience::{is_of_eks, token_audience};
pub use chain::{Chain, Reading};
pub use credentials::{
    CredentialSign, OwnCredentials, PodWay, Provider, UNREAD, VaultDeliveries, engine_path,
};
pub use facts::{
    Associations, FoundStack, LastUse, LivePolicies, ObjectVersion, OidcProvider, PodDefaults,
    RoleFacts, RoleHistory, ServiceAccount, ServiceAccountState, Stack, StackOwnership, StackState,
};
pub use health::{
    AccountHealth, Addon, AnalyzerFinding, ClusterHealth, IdentityAgent, KubernetesHealth,
    MetadataOptions, Node, ObjectHealth, OtherProvider, Pods, ProviderState, RecordedFailure,
    RoleHealth, Rollout, SecurityGroup, Selector, ServiceAccountHistory, StsActivation,
    VpcEndpoint, WatchedUse, Webhook, WorkloadState, World,
};
pub use injection::{
    Lack, POD_IDENTITY_VARIABLE, ROLE_VARIABLE, SKIP_ANNOTATION, SKIP_LABEL, TOKEN_VARIABLE,
    TOKEN_VOLUME,
};
pub use interception::{
    AllowedRoles, AssumingPrincipal, Grant, Interception, Interceptor, MatchExtent, MatchedSubject,
    Matching, NoGrant, PatternFormat,
};
pub use leftovers::{
    IssuerState, LooseEnds, Survey, SurveyedProvider, SurveyedRegion, SurveyedRole, SurveyedStack,
};
pub use moving::{
    Moving, MovingAccount, OwningStack, RightsBinding, TemplatedWorkload, WorkloadMarks,
};
pub use network::{EgressRule, NetworkPolicy, PodSecurityGroups};
pub use node_roles::{NODE_POLICIES, NodeClass, NodeInstance, NodeRole, NodeRoles};
pub use observed::{
    AssociatedRole, Foreign, ListedAccount, ObservedAccount, ObservedAssociation, ObservedDeletion,
    ObservedProvider,
};
pub use pods::{Container, ContainerKind, Mount, Pod, ProjectedToken, ValueSource};
pub use status::{AddonStatus, ClusterStatus, Phase, StackStatus};
pub use trust::{AttachedRole, CopySource, TrustingRole};
pub use usage::RoleUsage;
pub use vault::{EngineRole, LoginRole, VaultWorld};
