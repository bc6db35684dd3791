//! kube2iam and kiam as they decide: which role they give to a pod, from their command lines and the
//! annotations of pods and namespaces. What cannot be read for sure is unknown, and never assumed.
//! Sources: jtblin/kube2iam (cmd/main.go, iam/arn.go, mappings/mapper.go, namespace.go), uswitch/kiam
//! (cmd/kiam/server.go, pkg/aws/sts/arn_resolver.go, pkg/server/policy.go).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Lookup, Map, RoleArn, ServiceAccountName, Workload};
use crate::world::{
    AgentKind, AllowedRoles, AssumingPrincipal, CredentialSign, Grant, Interception, Interceptor,
    MatchExtent, MatchedSubject, Matching, MetadataAgent, MovingAccount, NoGrant, PatternFormat,
    Pod, PodWay, Provider, TemplatedWorkload,
};

mod divided;
mod flags;
mod hindrance;
mod moves;
mod patterns;
mod split;

use flags::AgentFlags;
pub use hindrance::{Hold, is_given};
pub use moves::{afterwards, held, kept, next, next_split, tell, unclear};
pub use patterns::glob;
pub use split::{Runs, Splitting, Successors, rejoin, split};

const ROLE_KEY: &str = "iam.amazonaws.com/role";
const EXTERNAL_ID_KEY: &str = "iam.amazonaws.com/external-id";
const SESSION_NAME_KEY: &str = "iam.amazonaws.com/session-name";
const ALLOWED_KEY: &str = "iam.amazonaws.com/allowed-roles";
const PERMITTED_KEY: &str = "iam.amazonaws.com/permitted";

/// What works in the cluster; what does not run on the nodes gives nothing. `discovered`: what the instances' own account puts before the names of roles.
pub fn interceptor(agents: &[MetadataAgent], discovered: &Lookup<String>) -> Lookup<Interceptor> {
    let is_meant = |it: &&MetadataAgent| it.kind != AgentKind::KiamServer && it.is_on_nodes;
    let on_nodes = agents.iter().filter(is_meant);
    let mut read = on_nodes.map(|agent| {
        let found = of_agent(agent, agents, discovered);
        let told = |why| format!("{} ({}): {why}", agent.kind.word(), agent.workload);
        found.map_err(told)
    });
    let first = match read.next() {
        None => return Lookup::Missing,
        Some(Err(why)) => return Lookup::Unknown(why),
        Some(Ok(first)) => first,
    };
    for other in read {
        let is_alike = other.is_ok_and(|other| {
            let workload = first.workload.clone();
            Interceptor { workload, ..other } == first
        });
        if !is_alike {
            let told = format!(
                "{} is not alone, and others work in other ways",
                first.workload
            );
            return Lookup::Unknown(told);
        }
    }
    Lookup::Found(first)
}

/// What may each stand between pods and the instance metadata; nothing where it is one at most.
pub fn rivals(agents: &[MetadataAgent]) -> Vec<Workload> {
    let is_meant = |it: &&MetadataAgent| it.kind != AgentKind::KiamServer && it.is_on_nodes;
    let on_nodes = agents.iter().filter(is_meant);
    let all: Vec<Workload> = on_nodes.map(|it| it.workload.clone()).collect();
    if all.len() > 1 { all } else { Vec::new() }
}

fn of_agent(
    agent: &MetadataAgent,
    agents: &[MetadataAgent],
    discovered: &Lookup<String>,
) -> Result<Interceptor, String> {
    match agent.kind {
        AgentKind::Kube2iam => kube2iam(agent, discovered),
        AgentKind::Kiam | AgentKind::KiamServer => {
            // One of another namespace may be of anybody.
            let is_meant = |it: &&MetadataAgent| {
                let same = it.workload.namespace == agent.workload.namespace;
                it.kind == AgentKind::KiamServer && same
            };
            let mut servers = agents.iter().filter(is_meant);
            match (servers.next(), servers.next()) {
                (Some(server), None) => kiam(agent, server, discovered),
                (None, _) => Err("its server, which decides, is not found".to_owned()),
                (Some(_), Some(_)) => Err("it has several servers".to_owned()),
            }
        }
    }
}

fn flags_of(agent: &MetadataAgent) -> Result<AgentFlags<'_>, String> {
    let told = |word| format!("its command line cannot be read for \"{word}\"");
    AgentFlags::read(&agent.arguments).map_err(told)
}

/// What was read, if it was. `Err`: why not.
fn known<T>(read: Lookup<T>) -> Result<Option<T>, String> {
    match read {
        Lookup::Found(value) => Ok(Some(value)),
        Lookup::Missing => Ok(None),
        Lookup::Unknown(why) => Err(why),
    }
}

fn kube2iam(agent: &MetadataAgent, discovered: &Lookup<String>) -> Result<Interceptor, String> {
    let flags = flags_of(agent)?;
    let text = |name: &str| known(flags.text(name)).map(|it| it.map(str::to_owned));
    let key = |name: &str, usual: &str| Ok::<_, String>(text(name)?.unwrap_or(usual.to_owned()));
    let switch = |name: &str| Ok::<_, String>(known(flags.switch(name))? == Some(true));
    let discovers = switch("auto-discover-base-arn")? || switch("auto-discover-default-role")?;
    let base = if discovers {
        known(discovered.clone())?.unwrap_or_default()
    } else {
        let given = text("base-role-arn")?.unwrap_or_default();
        if given.is_empty() || given.ends_with('/') {
            given
        } else {
            given + "/"
        }
    };
    let format = match text("namespace-restriction-format")? {
        Some(format) if format.eq_ignore_ascii_case("regexp") => PatternFormat::Regexp,
        _ => PatternFormat::Glob,
    };
    let permission = if switch("namespace-restrictions")? {
        let key = key("namespace-key", ALLOWED_KEY)?;
        AllowedRoles::Listed { key, format }
    } else {
        AllowedRoles::Any
    };
    Ok(Interceptor {
        way: PodWay::Kube2iam,
        workload: agent.workload.clone(),
        server: None,
        role_key: key("iam-role-key", ROLE_KEY)?,
        session_keys: vec![key("iam-external-id", EXTERNAL_ID_KEY)?],
        base,
        default_role: text("default-role")?,
        permission,
        caller: AssumingPrincipal::Node,
    })
}

fn kiam(
    agent: &MetadataAgent,
    server: &MetadataAgent,
    discovered: &Lookup<String>,
) -> Result<Interceptor, String> {
    let flags = flags_of(server)?;
    let base = if known(flags.switch("role-base-arn-autodetect"))? == Some(true) {
        known(discovered.clone())?.unwrap_or_default()
    } else {
        known(flags.text("role-base-arn"))?
            .unwrap_or_default()
            .to_owned()
    };
    let is_strict = known(flags.switch("disable-strict-namespace-regexp"))? == Some(false);
    let caller = match known(flags.text("assume-role-arn"))? {
        Some(role) => AssumingPrincipal::Role(arn(&expanded(role, &base))?),
        None => AssumingPrincipal::Server(server.workload.clone()),
    };
    Ok(Interceptor {
        way: PodWay::Kiam,
        workload: agent.workload.clone(),
        server: Some(server.workload.clone()),
        role_key: ROLE_KEY.to_owned(),
        session_keys: vec![EXTERNAL_ID_KEY.to_owned(), SESSION_NAME_KEY.to_owned()],
        base,
        default_role: None,
        permission: AllowedRoles::Matched {
            key: PERMITTED_KEY.to_owned(),
            ways: matchings(server.tag.as_deref(), is_strict),
        },
        caller,
    })
}

/// kiam compares a name up to version 2 and an ARN from version 4 on, there as a whole unless it is told not
/// to; between them, and without a version, it may be one or the other.
fn matchings(tag: Option<&str>, is_strict: bool) -> Vec<Matching> {
    let digits = tag.map(|tag| tag.trim_start_matches('v'));
    let major = digits.and_then(|tag| tag.split('.').next()?.parse::<u32>().ok());
    let (subjects, extents) = match major {
        Some(4..) => (&[MatchedSubject::Arn][..], &[MatchExtent::Whole][..]),
        Some(..=2) => (
            &[MatchedSubject::Name][..],
            &[MatchExtent::Whole, MatchExtent::Part][..],
        ),
        _ => (
            &[MatchedSubject::Arn, MatchedSubject::Name][..],
            &[MatchExtent::Whole, MatchExtent::Part][..],
        ),
    };
    let extents = if is_strict {
        extents
    } else {
        &[MatchExtent::Part]
    };
    let each = |subject| {
        extents.iter().map(move |extent| Matching {
            subject,
            extent: *extent,
        })
    };
    subjects.iter().copied().flat_map(each).collect()
}

/// What is an ARN as it is, and a name after what stands before all of them.
fn expanded(role: &str, base: &str) -> String {
    match role.get(..4) {
        Some(start) if start.eq_ignore_ascii_case("arn:") => role.to_owned(),
        _ => format!("{base}{role}"),
    }
}

fn arn(text: &str) -> Result<RoleArn, String> {
    let told = |_| format!("\"{text}\" is no ARN of a role");
    text.parse().map_err(told)
}

impl Interception {
    /// What pods of a workload get; `None`: this gives them nothing.
    pub fn grant(&self, workload: &Workload, pod: &Pod, namespace: &str) -> Option<Grant> {
        let interceptor = &self.interceptor;
        // Its address is the node's, by which nobody can tell whose call it is.
        if pod.host_network {
            return None;
        }
        let annotated = pod.annotations.get(&interceptor.role_key);
        let asked = annotated.or(interceptor.default_role.as_ref())?;
        let session = interceptor.session_keys.iter();
        let session = session.filter(|key| pod.annotations.contains_key(*key));
        Some(Grant {
            workload: workload.clone(),
            way: interceptor.way,
            role: self.role(asked, namespace),
            annotation: annotated.map(|role| (interceptor.role_key.clone(), role.clone())),
            session: session.cloned().collect(),
            node: pod.node.clone(),
        })
    }

    /// What says that pods have their role by this.
    fn sign(&self, grant: &Grant) -> CredentialSign {
        let Interceptor { way, workload, .. } = &self.interceptor;
        let provider = match way {
            PodWay::Kiam => Provider::Kiam,
            _ => Provider::Kube2iam,
        };
        let by = format!("by {workload}");
        let told = match &grant.annotation {
            Some((key, value)) => format!("annotation {key} with {value}, {by}"),
            None => format!("the default role, {by}"),
        };
        CredentialSign::new(provider, told)
    }

    fn role(&self, asked: &str, namespace: &str) -> Result<RoleArn, NoGrant> {
        let interceptor = &self.interceptor;
        let role = self.resolved(asked).map_err(NoGrant::Refused)?;
        let default = interceptor.default_role.as_deref();
        let default = default.and_then(|it| self.resolved(it).ok());
        if default.as_ref() == Some(&role) {
            return Ok(role);
        }
        let key = match &interceptor.permission {
            AllowedRoles::Any => return Ok(role),
            AllowedRoles::Listed { key, .. } | AllowedRoles::Matched { key, .. } => key,
        };
        let told = |what: &str| format!("annotation {key} of namespace {namespace} {what}");
        let annotations = match &self.namespaces {
            Lookup::Found(all) => all.get(namespace),
            Lookup::Missing => None,
            Lookup::Unknown(why) => {
                return Err(NoGrant::Unknown(format!("{}: {why}", told("is not known"))));
            }
        };
        let value = annotations.and_then(|all: &Map| all.get(key));
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            return Err(NoGrant::Refused(told("is missing")));
        };
        match self.allows(value, asked, &role) {
            Some(true) => Ok(role),
            Some(false) => Err(NoGrant::Refused(told(&format!(
                "does not allow {role}: {value}"
            )))),
            None => Err(NoGrant::Unknown(told(&format!(
                "may be read in several ways: {value}"
            )))),
        }
    }

    /// Whether what a namespace says allows a role; `None`: that cannot be told.
    fn allows(&self, value: &str, asked: &str, role: &RoleArn) -> Option<bool> {
        let role = role.to_string();
        match &self.interceptor.permission {
            AllowedRoles::Any => Some(true),
            AllowedRoles::Listed { format, .. } => {
                let patterns: Vec<String> = serde_json::from_str(value).ok()?;
                let each = patterns.iter().map(|pattern| {
                    let pattern = expanded(pattern, &self.interceptor.base);
                    match format {
                        PatternFormat::Glob => Some(patterns::glob(&pattern, &role)),
                        PatternFormat::Regexp => patterns::regexp(&pattern, &role),
                    }
                });
                let each: Vec<Option<bool>> = each.collect();
                if each.contains(&Some(true)) {
                    return Some(true);
                }
                each.into_iter().try_fold(false, |_, one| one)
            }
            AllowedRoles::Matched { ways, .. } => {
                let each = ways.iter().map(|way| {
                    let subject = match way.subject {
                        MatchedSubject::Arn => &role,
                        MatchedSubject::Name => asked,
                    };
                    match way.extent {
                        MatchExtent::Part => patterns::regexp(value, subject),
                        MatchExtent::Whole => patterns::regexp(&format!("^{value}$"), subject),
                    }
                });
                let mut each: Vec<Option<bool>> = each.collect();
                each.dedup();
                match each[..] {
                    [same] => same,
                    _ => None,
                }
            }
        }
    }

    /// kiam takes a name with a slash before it too.
    fn resolved(&self, role: &str) -> Result<RoleArn, String> {
        let Interceptor { way, base, .. } = &self.interceptor;
        let name = match way {
            // What is behind the slash is no ARN to it.
            PodWay::Kiam => match role.strip_prefix('/') {
                Some(name) => return arn(&format!("{base}{name}")),
                None => role,
            },
            _ => role,
        };
        arn(&expanded(name, base))
    }
}

/// Those that have a role by this now: what pods run, and what has none and would have it by a template.
pub fn users(
    interception: &Interception,
    running: &Lookup<BTreeMap<ServiceAccountName, Vec<Pod>>>,
    templates: &Lookup<BTreeMap<ServiceAccountName, Vec<TemplatedWorkload>>>,
    is_bound: impl Fn(&ServiceAccountName) -> bool,
) -> Lookup<BTreeMap<RoleArn, BTreeSet<Workload>>> {
    let (running, templates) = match (running, templates) {
        (Lookup::Unknown(why), _) | (_, Lookup::Unknown(why)) => {
            return Lookup::Unknown(why.clone());
        }
        (running, templates) => (running.as_found(), templates.as_found()),
    };
    let mut users: BTreeMap<RoleArn, BTreeSet<Workload>> = BTreeMap::new();
    let mut alive = BTreeSet::new();
    let mut add = |workload: &Workload, pod: &Pod, name: &ServiceAccountName| {
        let grant = interception.grant(workload, pod, name.namespace.as_str());
        if let Some(role) = grant.and_then(|grant| grant.role.ok()) {
            users.entry(role).or_default().insert(workload.clone());
        }
    };
    for (name, pods) in running.into_iter().flatten() {
        for pod in pods.iter().filter(|pod| pod.is_alive()) {
            alive.insert(pod.owner.clone());
            if pod.way() == PodWay::NodeRole {
                add(&pod.owner, pod, name);
            }
        }
    }
    for (name, workloads) in templates.into_iter().flatten() {
        for TemplatedWorkload {
            state, template, ..
        } in workloads
        {
            if !alive.contains(&state.workload) && !is_bound(name) {
                add(&state.workload, template, name);
            }
        }
    }
    Lookup::Found(users)
}

impl MovingAccount {
    /// With what its pods are given, and the role, where they all have the same and nothing else names one.
    pub fn granted(mut self, interception: Option<&Interception>) -> Self {
        let Some(interception) = interception else {
            return self;
        };
        let namespace = self.name.namespace.as_str();
        let mut grants = Vec::new();
        let mut grant = |workload: &Workload, pod: &mut Pod| {
            let found = interception.grant(workload, pod, namespace);
            pod.intercepted = found.as_ref().map(|grant| interception.sign(grant));
            grants.extend(found);
        };
        if let Lookup::Found(workloads) = &mut self.workloads {
            for TemplatedWorkload {
                state, template, ..
            } in workloads
            {
                grant(&state.workload, template);
            }
        }
        if let Lookup::Found(pods) = &mut self.pods {
            for pod in pods {
                grant(&pod.owner.clone(), pod);
            }
        }
        let mut roles = grants.iter().map(|grant| grant.role.as_ref().ok());
        let first = roles.next().flatten();
        let only = first.filter(|first| roles.all(|role| role == Some(first)));
        if self.role_arn.is_none() {
            self.role_arn = only.cloned();
        }
        self.grants = grants;
        self
    }
}

#[cfg(test)]
mod tests;
