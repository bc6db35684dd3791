//! What exists in the sandbox: accounts, clusters, what happened so far. One lock guards it all,
//! so that a test sees a consistent picture and every call is atomic.

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;

use super::authorization::Rights;
use super::aws::digest;
use super::certificates::{Authority, Chain, Identities};
use super::cloudformation::{Express, Hooked, NO_CHANGES, Stacks};
use super::eks::{Addon, Association, Clock, Earlier};
use super::fault::{Effect, Fault, Which, is_throttling};
use super::hook::Hook;
use super::http::Request;
use super::iam::{ManagedPolicy, Provider, Report, Role};
use super::impostor::Impostor;
use super::kubernetes::Api;
use super::network::Network;
use super::past::Past;
use super::sts::Session;
use super::trail::Event;
use super::vault::Vault;

/// The world behind its lock, and a bell that rings at every call and when it took effect.
pub type Shared = Arc<SharedWorld>;

pub struct SharedWorld {
    world: Mutex<World>,
    pub called: Notify,
}

impl SharedWorld {
    pub fn new(world: World) -> Shared {
        Arc::new(Self {
            world: Mutex::new(world),
            called: Notify::new(),
        })
    }

    pub fn lock(&self) -> MutexGuard<'_, World> {
        self.world
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    Eks,
    EksAuth,
    Iam,
    CloudFormation,
    Sts,
    Ec2,
    CloudTrail,
    AccessAnalyzer,
    Kubernetes,
    Issuer,
    Vault,
}

impl Service {
    pub fn name(self) -> &'static str {
        match self {
            Self::Eks => "eks",
            Self::EksAuth => "eks-auth",
            Self::Iam => "iam",
            Self::CloudFormation => "cloudformation",
            Self::Sts => "sts",
            Self::Ec2 => "ec2",
            Self::CloudTrail => "cloudtrail",
            Self::AccessAnalyzer => "access-analyzer",
            Self::Kubernetes => "kubernetes",
            Self::Issuer => "issuer",
            Self::Vault => "vault",
        }
    }
}

impl FromStr for Service {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [
            Self::Eks,
            Self::EksAuth,
            Self::Iam,
            Self::CloudFormation,
            Self::Sts,
            Self::Ec2,
            Self::CloudTrail,
            Self::AccessAnalyzer,
            Self::Kubernetes,
            Self::Issuer,
            Self::Vault,
        ]
        .into_iter()
        .find(|service| service.name() == text)
        .ok_or_else(|| format!("`{text}` is no service of the sandbox"))
    }
}

/// How long a stack operation stays in progress.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// Real time, as AWS.
    Time(Duration),
    /// That many DescribeStacks calls that show the stack in progress, then it is done: what a
    /// test needs that counts calls.
    Polls(u32),
}

impl Default for Pace {
    fn default() -> Self {
        Self::Polls(0)
    }
}

/// What the sandbox is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// AWS port; 0 takes a free one.
    pub port: u16,
    pub region: String,
    /// The first is the account of the default credentials and of the clusters.
    pub accounts: Vec<String>,
    pub clusters: Vec<String>,
    pub pace: Pace,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            region: "eu-west-1".to_owned(),
            accounts: vec!["111122223333".to_owned(), "444455556666".to_owned()],
            clusters: vec!["demo".to_owned()],
            pace: Pace::default(),
        }
    }
}

/// One call that a client made.
#[derive(Clone, Debug)]
pub struct Call {
    pub service: Service,
    /// AWS's operation name; for Kubernetes `VERB resource` (`get serviceaccounts`); for the
    /// issuer the path.
    pub operation: String,
    /// What it was about: a stack name, ARN, cluster, `namespace/name`; empty where nothing is named.
    pub subject: String,
    /// HTTP status of the answer; `None` while unanswered.
    pub status: Option<u16>,
    /// The request's body as text (for a GET the query).
    pub body: String,
}

impl Call {
    pub fn new(service: Service, operation: &str, subject: &str, request: &Request) -> Self {
        let body = if request.body.is_empty() {
            request.query.clone()
        } else {
            String::from_utf8_lossy(&request.body).into_owned()
        };
        Self {
            service,
            operation: operation.to_owned(),
            subject: subject.to_owned(),
            status: None,
            body,
        }
    }
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.service.name(), self.operation)
    }
}

/// How often an operation was called, since the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub calls: usize,
    /// Those of them that a throttling rule refused.
    pub throttled: usize,
}

/// An AWS account. IAM is global in it; stacks belong to a region.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// By ARN.
    pub providers: BTreeMap<String, Provider>,
    /// By lower-case name: role names are unique without regard to case.
    pub roles: BTreeMap<String, Role>,
    /// Instance profiles by name, each with the name of its role, which is empty where it has none.
    pub instance_profiles: BTreeMap<String, String>,
    /// Customer-managed policies by ARN. AWS's own are known to `iam.rs`.
    pub policies: BTreeMap<String, ManagedPolicy>,
    pub stacks: Stacks,
    /// The policy that the account's organisation puts over all its roles.
    pub service_control_policy: Option<serde_json::Value>,
    /// How many stacks the account may have; 2,000 as AWS unless a test lowers it.
    pub stack_limit: Option<usize>,
    /// How many roles it may have; 1,000 as AWS unless a test says otherwise.
    pub role_limit: Option<usize>,
    /// How old new roles are, in milliseconds: what was not used can be told of old ones alone.
    pub role_age: i64,
    /// Actions that every role called, each with when, in milliseconds since 1970, and in which region.
    pub uses: BTreeMap<String, (i64, String)>,
    /// Jobs of last accessed details, by id.
    pub reports: BTreeMap<String, Report>,
    /// How many looks show such a job in progress.
    pub report_looks: u32,
    /// Whether a ClientRequestToken of CreateStack is known after its stack was deleted. AWS does not
    /// say; a test of what irsactl makes of it says yes.
    pub remembers_tokens: bool,
    /// For a test: resources of stacks, by logical id, whose creation fails, and the reason.
    pub unmakable: BTreeMap<String, String>,
    /// By logical id: what a hook of CloudFormation says before such a resource is made or changed.
    pub resource_hooks: BTreeMap<String, Hooked>,
    /// Of its user `someone`, whose keys the tests have.
    pub rights: Rights,
    /// All clusters, while CloudFormation works for the account, and the time then.
    pub clusters: Vec<Cluster>,
    pub clock: Clock,
    /// The world's.
    pub propagation: Pace,
}

/// An EKS cluster: what DescribeCluster says, its issuer and its Kubernetes API.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub name: String,
    /// Whether EKS knows it; the others are somebody's own, with an issuer and an API alike.
    pub is_eks: bool,
    pub account: String,
    pub region: String,
    pub arn: String,
    /// ACTIVE unless a test says otherwise.
    pub status: String,
    /// `https://oidc.eks.REGION.amazonaws.com/id/32-HEX`; `None` for a local cluster on Outposts
    /// and for a connected cluster.
    pub issuer: Option<String>,
    /// Host of the Kubernetes API, reached on port 443 through the CONNECT proxy.
    pub endpoint_host: String,
    pub tags: BTreeMap<String, String>,
    /// Extra members of DescribeCluster's answer (`outpostConfig`, `connectorConfig`, …).
    pub extra: serde_json::Map<String, serde_json::Value>,
    pub addons: Vec<Addon>,
    /// Managed node groups by name, each with the ARN of its nodes' role.
    pub node_groups: BTreeMap<String, String>,
    /// Of Pod Identity.
    pub associations: Vec<Association>,
    /// How many a service account had so far.
    pub associated: BTreeMap<(String, String), u32>,
    /// Where a change of them did not take effect yet.
    pub earlier: Vec<Earlier>,
    /// How many it may have; 1,000 as EKS unless a test says otherwise.
    pub association_limit: Option<usize>,
    /// Signs the API server's certificate; its PEM is certificateAuthority.data.
    pub authority: Authority,
    pub api: Api,
}

/// A TLS host that the CONNECT proxy knows besides the clusters' API endpoints.
#[derive(Clone, Debug)]
pub struct IssuerHost {
    /// What certificates it sends.
    pub chain: Chain,
    /// Documents by the request's full path (`/id/…/keys`): these win over the generated ones.
    pub documents: BTreeMap<String, String>,
}

#[derive(Clone)]
pub struct World {
    pub options: Options,
    pub accounts: BTreeMap<String, Account>,
    pub clusters: Vec<Cluster>,
    /// By host name.
    pub issuer_hosts: BTreeMap<String, IssuerHost>,
    /// That of `VAULT`, where there is one.
    pub vault: Option<Vault>,
    /// Hosts that the proxy answers with 502, as if their names did not resolve.
    pub unreachable: Vec<String>,
    /// Hosts that something else answers for.
    pub impostors: BTreeMap<String, Impostor>,
    /// `user:password` without which the proxy answers 407.
    pub proxy_credentials: Option<String>,
    /// The public root that SSL_CERT_FILE names.
    pub root: Authority,
    /// What each TLS host shows, made at its first use; copies of the world show the same.
    pub identities: Arc<Identities>,
    /// Hosts that clients asked the proxy for, in order, refused ones too.
    pub connections: Vec<String>,
    pub calls: Vec<Call>,
    /// Whether calls are kept at all; where there will be a great many, counting is enough.
    pub keeps_calls: bool,
    /// How many calls were made, whether they are kept or not.
    pub moment: usize,
    /// After how many more calls, to any service, a change of a Pod Identity association takes effect for
    /// new pods and for EKS Auth; at once unless a test says otherwise.
    pub association_delay: usize,
    /// How long what is new about a role is not known to STS and EKS Auth: for a time, or for that many
    /// exchanges that would use the role.
    pub propagation: Pace,
    /// What CloudFormation makes of `DeploymentConfig`.
    pub express: Express,
    /// How many looks show an add-on in progress.
    pub addon_looks: u32,
    /// The status in which an add-on's creation or update ends.
    pub addon_outcome: String,
    /// What reads that are stale tell.
    pub past: Past,
    /// Whether the past is kept; where there are a great many stacks, every write would take long.
    pub keeps_past: bool,
    /// Of every operation, whatever is kept or cleared of the calls themselves.
    pub counts: HashMap<(Service, String), Count>,
    pub faults: Vec<Fault>,
    /// How many answers had a text planted into them.
    pub planted: u32,
    /// What others do between the calls.
    pub hooks: Vec<Hook>,
    /// Counts up; the source of every generated id, so that two runs look the same.
    pub serial: u64,
    /// Role sessions that STS issued, by access key.
    pub sessions: BTreeMap<String, Session>,
    /// Every token that was issued.
    pub tokens: Vec<String>,
    /// Of the first account in the sandbox's region.
    pub network: Network,
    /// Those that the account has not opted in to, or switched off: no token of it holds there (IAM User Guide,
    /// "Manage AWS STS in an AWS Region"; that its keys do not either is from memory).
    pub disabled_regions: Vec<String>,
    /// What CloudTrail recorded, oldest first.
    pub trail: Vec<Event>,
    /// Members on a page of any list that names no number itself; a test lowers it to see pages.
    pub page_size: usize,
    /// Why a change set that changes nothing fails: NO_CHANGES, or NO_UPDATES of a test.
    pub no_changes: &'static str,
}

impl World {
    /// A world with the accounts and clusters of `options`.
    pub fn build(options: Options) -> Self {
        let accounts = options
            .accounts
            .iter()
            .map(|id| (id.clone(), Account::default()))
            .collect();
        let mut world = Self {
            accounts,
            clusters: Vec::new(),
            issuer_hosts: BTreeMap::new(),
            vault: None,
            unreachable: Vec::new(),
            impostors: BTreeMap::new(),
            proxy_credentials: None,
            root: Authority::new("Sandbox Public Root CA"),
            identities: Arc::default(),
            connections: Vec::new(),
            calls: Vec::new(),
            keeps_calls: true,
            moment: 0,
            association_delay: 0,
            propagation: Pace::default(),
            express: Express::default(),
            addon_looks: 0,
            addon_outcome: "ACTIVE".to_owned(),
            past: Past::default(),
            keeps_past: true,
            counts: HashMap::new(),
            faults: Vec::new(),
            planted: 0,
            hooks: Vec::new(),
            serial: 0,
            sessions: BTreeMap::new(),
            tokens: Vec::new(),
            network: Network::default(),
            disabled_regions: Vec::new(),
            trail: Vec::new(),
            page_size: 100,
            no_changes: NO_CHANGES,
            options: options.clone(),
        };
        for name in &options.clusters {
            world.add_cluster(name, &options.accounts[0], &options.region);
        }
        world
    }

    /// Adds an ACTIVE cluster with an issuer, an API endpoint and the host of its issuer. All its
    /// ids follow from account, region and name.
    pub fn add_cluster(&mut self, name: &str, account: &str, region: &str) -> &mut Cluster {
        let partition = partition(region);
        let suffix = dns_suffix(partition);
        let id = |what: &str| digest(&[what, account, region, name])[..32].to_uppercase();
        let issuer_host = format!("oidc.eks.{region}.{suffix}");
        self.issuer_hosts
            .entry(issuer_host.clone())
            .or_insert_with(|| IssuerHost {
                chain: Chain::default(),
                documents: BTreeMap::new(),
            });
        self.clusters.push(Cluster {
            name: name.to_owned(),
            is_eks: true,
            account: account.to_owned(),
            region: region.to_owned(),
            arn: format!("arn:{partition}:eks:{region}:{account}:cluster/{name}"),
            status: "ACTIVE".to_owned(),
            issuer: Some(format!("https://{issuer_host}/id/{}", id("issuer"))),
            endpoint_host: format!("{}.gr7.{region}.eks.{suffix}", id("endpoint")),
            tags: BTreeMap::new(),
            extra: serde_json::Map::new(),
            addons: Vec::new(),
            node_groups: BTreeMap::new(),
            associations: Vec::new(),
            associated: BTreeMap::new(),
            earlier: Vec::new(),
            association_limit: None,
            authority: Authority::new("kubernetes"),
            api: Api::new(region),
        });
        self.clusters.last_mut().expect("the cluster just added")
    }

    /// Adds a cluster that is not EKS, as kOps makes them: a DNS name, and an issuer in a bucket. Tells
    /// the issuer's URL.
    pub fn add_own_cluster(&mut self, name: &str, account: &str, region: &str) -> String {
        let host = format!("discovery-store.s3.{region}.amazonaws.com");
        let issuer = self.add_issuer(&host, &format!("/{name}"), Chain::default());
        let cluster = self.add_cluster(name, account, region);
        cluster.is_eks = false;
        cluster.endpoint_host = format!("api.{name}");
        cluster.issuer = Some(issuer.clone());
        issuer
    }

    /// Notes a call; the answer's status comes later, by `finish`.
    pub fn record(&mut self, call: &Call) -> usize {
        self.count_of(call).calls += 1;
        self.moment += 1;
        let number = self.calls.len();
        if self.keeps_calls {
            self.calls.push(call.clone());
        }
        number
    }

    pub fn finish(&mut self, call: usize, status: u16) {
        if let Some(call) = self.calls.get_mut(call) {
            call.status = Some(status);
        }
    }

    /// The first rule that hits decides; every rule counts the call.
    pub fn effect_on(&mut self, call: &Call) -> Effect {
        let mut first = Effect::None;
        for fault in &mut self.faults {
            let effect = fault.effect_on(call);
            if first == Effect::None {
                first = effect;
            }
        }
        if let Effect::Error { code, .. } = &first
            && is_throttling(code)
        {
            self.count_of(call).throttled += 1;
        }
        first
    }

    /// How often the calls meant were made.
    pub fn count(&self, which: &Which) -> Count {
        let meant = self.counts.iter().filter(|((service, operation), _)| {
            which.service.is_none_or(|wanted| wanted == *service)
                && which
                    .operation
                    .as_ref()
                    .is_none_or(|wanted| wanted == operation)
        });
        meant.fold(Count::default(), |all, (_, one)| Count {
            calls: all.calls + one.calls,
            throttled: all.throttled + one.throttled,
        })
    }

    fn count_of(&mut self, call: &Call) -> &mut Count {
        let key = (call.service, call.operation.clone());
        self.counts.entry(key).or_default()
    }

    pub fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }
}

/// `aws`, `aws-cn`, `aws-us-gov`, … by AWS's region patterns.
pub fn partition(region: &str) -> &'static str {
    match region {
        r if r.starts_with("cn-") => "aws-cn",
        r if r.starts_with("us-gov-") => "aws-us-gov",
        r if r.starts_with("us-iso-") => "aws-iso",
        r if r.starts_with("us-isob-") => "aws-iso-b",
        r if r.starts_with("eu-isoe-") => "aws-iso-e",
        r if r.starts_with("us-isof-") => "aws-iso-f",
        r if r.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    }
}

/// The DNS suffix of a partition.
pub fn dns_suffix(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "amazonaws.com.cn",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        "aws-iso-e" => "cloud.adc-e.uk",
        "aws-iso-f" => "csp.hci.ic.gov",
        "aws-eusc" => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}
