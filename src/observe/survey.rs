//! What dead clusters may have left: everything that it takes to tell, read in an order in which nothing
//! can look dead that is only just being made. Providers are read before the clusters that they are for, and
//! clusters are listed once more after everything else.

use std::collections::{BTreeMap, BTreeSet};

use super::associations::all as all_associations;
use super::deletion::whole_template;
use super::proof::now;
use super::{PARALLEL, gone};
use crate::aws::Aws;
use crate::error::Error;
use crate::issuer;
use crate::kubernetes::Kubernetes;
use crate::model::{Cluster, ClusterName, Issuer, Lookup, RoleArn};
use crate::plan::gc;
use crate::policy::federated_principals;
use crate::waiting::side_by_side;
use crate::world::{
    Associations, FoundStack, IssuerState, LooseEnds, RoleHistory, Stack, StackStatus, Survey,
    SurveyedProvider, SurveyedRegion, SurveyedRole, SurveyedStack,
};

/// Surveys an account and some of its regions, with the errors of those that could not be read whole.
///
/// # Errors
/// Those of the reads of IAM, without which nothing can be told; access denied too.
pub async fn survey(
    aws: &Aws,
    regions: &[&Aws],
    account: &str,
) -> Result<(Survey, Vec<(String, Error)>), Error> {
    let mut survey = Survey {
        account: account.to_owned(),
        now: now(),
        ..Survey::default()
    };
    let (providers, roles) = tokio::try_join!(aws.iam.providers(), roles(aws, account))?;
    let providers = providers.into_iter();
    let providers = providers.filter(|arn| gc::issuer_of(arn, account).is_some());
    survey.providers = providers
        .map(|arn| SurveyedProvider {
            arn,
            created: Lookup::Missing,
        })
        .collect();
    survey.roles = roles;
    let read = side_by_side(PARALLEL, regions.iter().map(|aws| region(aws))).await;
    let mut unread = Vec::new();
    for (aws, read) in regions.iter().zip(read) {
        match read {
            Ok(read) => {
                survey.regions.insert(aws.region.clone(), read);
            }
            Err(error) => unread.push((aws.region.clone(), error)),
        }
    }
    users(regions, &mut survey, &mut unread).await;
    ask_issuers(aws, &mut survey).await;
    details(aws, &mut survey).await?;
    Ok((survey, unread))
}

/// The roles that trust an issuer of EKS by a provider of the account.
async fn roles(aws: &Aws, account: &str) -> Result<Vec<SurveyedRole>, Error> {
    let is_meant = |trust: &serde_json::Value| {
        let mut named = federated_principals(trust).into_iter();
        named.any(|name| gc::issuer_of(name, account).is_some())
    };
    let found = aws.iam.roles_where(is_meant).await?;
    let found = allowed("iam:ListRoles", "", found)?;
    let found = found.into_iter().flatten();
    Ok(found
        .map(|(arn, trust)| SurveyedRole {
            arn,
            trust,
            history: Lookup::Missing,
        })
        .collect())
}

/// What is there. Nothing is told where something may not be read.
fn allowed<T>(permission: &str, subject: &str, found: Lookup<T>) -> Result<Option<T>, Error> {
    match found {
        Lookup::Found(found) => Ok(Some(found)),
        Lookup::Missing => Ok(None),
        Lookup::Unknown(message) => Err(Error::AccessDenied {
            permission: permission.to_owned(),
            subject: subject.to_owned(),
            message,
        }),
    }
}

async fn region(aws: &Aws) -> Result<SurveyedRegion, Error> {
    // Of two failures the same one is told each time.
    let (names, stacks) = tokio::join!(aws.eks.clusters(), aws.cloudformation.stacks());
    let (names, stacks) = (names?, stacks?);
    let mut clusters = issuers(aws, names).await?;
    let owned = stacks.iter().filter(|stack| gc::owner(stack).is_some());
    let own_roles = owned.filter_map(|it| it.role_arn.clone());
    let own_roles = own_roles.collect();
    let is_candidate = |stack: &Stack| gc::is_candidate(stack, clusters.keys());
    let candidates = stacks.into_iter().filter(is_candidate);
    let candidates: Vec<Stack> = candidates.collect();
    let stacks = candidates.into_iter().map(|stack| of_stack(aws, stack));
    let stacks = side_by_side(PARALLEL, stacks).await;
    let stacks = stacks.into_iter().collect::<Result<_, _>>()?;
    let mut more = aws.eks.clusters().await?;
    more.retain(|name| !clusters.contains_key(name));
    clusters.extend(issuers(aws, more).await?);
    Ok(SurveyedRegion {
        clusters,
        stacks,
        own_roles,
    })
}

async fn issuers(aws: &Aws, names: Vec<String>) -> Result<BTreeMap<String, Option<String>>, Error> {
    let reads = names.into_iter().map(async |name| {
        let issuer = aws.eks.issuer(&name).await?;
        let issuer = issuer.map(|url| url.trim_start_matches("https://").to_owned());
        Ok((name, issuer))
    });
    let read = side_by_side(PARALLEL, reads).await;
    read.into_iter().collect()
}

async fn of_stack(aws: &Aws, stack: Stack) -> Result<SurveyedStack, Error> {
    let template = whole_template(aws, &stack).await?;
    let template = allowed("cloudformation:GetTemplate", stack.name.as_str(), template)?;
    let unknown = |why: String| (Lookup::Unknown(why), Lookup::Missing);
    let (trust, history) = match (template, &stack.role_arn) {
        (None, _) => (Lookup::Missing, Lookup::Missing),
        // All that its creation made is deleted.
        (Some((template, _)), None) if stack.status == StackStatus::RollbackComplete => {
            (Lookup::Found(template.trust), Lookup::Missing)
        }
        // The role itself decides: it may have been changed, and may be in use.
        (Some(_), None) => unknown("its outputs do not name the role that it made".to_owned()),
        // Whoever writes a template may name any role in its output.
        (Some((_, body)), Some(_)) if !FoundStack::makes_its_role(&body) => {
            unknown("its template names a role that it does not make".to_owned())
        }
        (Some((template, _)), Some(arn)) => match gone::role(aws, arn.name()).await {
            Err(error @ Error::Contradiction { .. }) => unknown(error.to_string()),
            role => match allowed("iam:GetRole", arn.name(), role?)? {
                Some(role) if role.arn == *arn => {
                    (Lookup::Found(role.trust), Lookup::Found(role.history))
                }
                Some(role) => unknown(format!("{} has the name of its role", role.arn)),
                None => (Lookup::Found(template.trust), Lookup::Missing),
            },
        },
    };
    Ok(SurveyedStack {
        stack,
        trust,
        history,
        users: Lookup::Missing,
    })
}

/// Finds the associations that use the roles of stacks which let EKS Pod Identity in. A region in which they
/// may not be read counts as not read.
async fn users(regions: &[&Aws], survey: &mut Survey, unread: &mut Vec<(String, Error)>) {
    let stacks = survey.regions.values().flat_map(|read| &read.stacks);
    let mut trusts = stacks.filter_map(|it| it.trust.as_found());
    if !trusts.any(gc::lets_pod_identity_in) {
        return;
    }
    let clusters = regions.iter().flat_map(|aws| {
        let read = survey.regions.get(&aws.region).into_iter();
        let names = read.flat_map(|read| read.clusters.keys());
        names.filter_map(move |name| Some((*aws, name.parse::<ClusterName>().ok()?)))
    });
    let reads = clusters.map(async |(aws, name)| {
        let found = all_associations(aws, &name, None).await;
        (aws.region.clone(), found)
    });
    let mut all: Associations = Vec::new();
    for (region, found) in side_by_side(PARALLEL, reads).await {
        match found {
            // Associations go with their cluster.
            Ok(found) => all.extend(found.found().unwrap_or_default()),
            Err(error) => {
                if survey.regions.remove(&region).is_some() {
                    unread.push((region, error));
                }
            }
        }
    }
    let stacks = survey.regions.values_mut().flat_map(|it| &mut it.stacks);
    for found in stacks {
        let role = found.stack.role_arn.as_ref();
        let mut users = all.clone();
        users.retain(|(_, one)| Some(&one.role) == role);
        found.users = Lookup::Found(users);
    }
}

/// Asks the hosts of all issuers that decide, each twice.
async fn ask_issuers(aws: &Aws, survey: &mut Survey) {
    let reads = deciding_issuers(survey).into_iter().map(async |issuer| {
        let state = match format!("https://{issuer}").parse() {
            Ok(url) => state(aws, &url).await,
            Err(_) => IssuerState::Unknown,
        };
        (issuer, state)
    });
    let mut issuers: BTreeMap<_, _> = side_by_side(PARALLEL, reads).await.into_iter().collect();
    let answering = answering(aws, survey).await;
    for (issuer, state) in &mut issuers {
        let region = gc::region_of_issuer(issuer).unwrap_or_default();
        let read = survey.regions.get(&region);
        let has_own = read.is_some_and(|read| read.clusters.values().any(Option::is_some));
        let is_comparable = if has_own {
            answering.contains(&region)
        } else {
            !answering.is_empty()
        };
        if *state == IssuerState::Gone && !is_comparable {
            *state = IssuerState::Unproven;
        }
    }
    survey.issuers = issuers;
}

/// The issuers of no known cluster, of a surveyed region, that something in the account is about.
fn deciding_issuers(survey: &Survey) -> Vec<String> {
    let known: Vec<&String> = survey
        .regions
        .values()
        .flat_map(|read| read.clusters.values().flatten())
        .collect();
    let arns = survey.providers.iter().map(|it| it.arn.as_str());
    let of_roles = survey.roles.iter();
    let of_roles = of_roles.flat_map(|it| federated_principals(&it.trust));
    let of_stacks = survey.regions.values().flat_map(|read| &read.stacks);
    let of_stacks = of_stacks.filter_map(|it| it.trust.as_found());
    let of_stacks = of_stacks.flat_map(federated_principals);
    let arns = arns.chain(of_roles).chain(of_stacks);
    let mut asked: Vec<String> = arns
        .filter_map(|arn| gc::issuer_of(arn, &survey.account))
        .filter(|issuer| !known.iter().any(|known| known == issuer))
        .filter(|issuer| {
            let region = gc::region_of_issuer(issuer);
            region.is_some_and(|region| survey.regions.contains_key(&region))
        })
        .map(str::to_owned)
        .collect();
    asked.sort_unstable();
    asked.dedup();
    asked
}

/// The regions in which the issuer of a cluster that there is answers. A proxy that opens TLS and blocks the
/// hosts of EKS says of all issuers what EKS says of those that are gone.
async fn answering(aws: &Aws, survey: &Survey) -> BTreeSet<String> {
    let living = survey.regions.iter().filter_map(|(region, read)| {
        let issuer = read.clusters.values().flatten().next()?;
        Some((region.clone(), format!("https://{issuer}").parse().ok()?))
    });
    let reads = living.map(async |(region, issuer): (String, Issuer)| {
        let is_gone = issuer::is_gone(&issuer, aws.intervals).await;
        (is_gone == Some(false)).then_some(region)
    });
    let found = side_by_side(PARALLEL, reads).await;
    found.into_iter().flatten().collect()
}

async fn state(aws: &Aws, issuer: &Issuer) -> IssuerState {
    let first = issuer::is_gone(issuer, aws.intervals).await;
    let second = match first {
        Some(true) => issuer::is_gone(issuer, aws.intervals).await,
        other => other,
    };
    IssuerState::of(first, second)
}

/// What is read only of what may be of no use: when providers were made, when roles were used.
async fn details(aws: &Aws, survey: &mut Survey) -> Result<(), Error> {
    let account = &survey.account;
    let dead = survey.providers.iter().map(|provider| {
        let issuer = gc::issuer_of(&provider.arn, account);
        issuer.is_some_and(|issuer| gc::is_dead_issuer(survey, issuer))
    });
    let dead: Vec<bool> = dead.collect();
    let reads = survey.providers.iter().zip(dead);
    let reads = reads.map(async |(provider, is_dead)| {
        if !is_dead {
            return Ok(Lookup::Missing);
        }
        let found = Lookup::from(aws.iam.provider(&provider.arn).await?);
        Ok::<Lookup<i64>, Error>(found.and_then(|it| it.created))
    });
    let created = side_by_side(PARALLEL, reads).await;
    let left = survey
        .roles
        .iter()
        .map(|role| gc::may_be_left(survey, role));
    let left: Vec<bool> = left.collect();
    let reads = survey.roles.iter().zip(left);
    let reads = reads.map(async |(role, is_left)| history(aws, role, is_left).await);
    let histories = side_by_side(PARALLEL, reads).await;
    for (provider, created) in survey.providers.iter_mut().zip(created) {
        provider.created = created?;
    }
    for (role, history) in survey.roles.iter_mut().zip(histories) {
        role.history = history?;
    }
    Ok(())
}

async fn history(
    aws: &Aws,
    role: &SurveyedRole,
    is_left: bool,
) -> Result<Lookup<RoleHistory>, Error> {
    if !is_left {
        return Ok(Lookup::Missing);
    }
    let name = role.arn.name();
    let role = allowed("iam:GetRole", name, aws.iam.role(name).await?)?;
    Ok(role.map(|role| role.history).into())
}

/// What of a living cluster names a ServiceAccount or a role that is not there.
///
/// # Errors
/// Those of the lists; access denied too.
pub async fn loose_ends(
    aws: &Aws,
    kubernetes: &Kubernetes,
    cluster: &Cluster,
) -> Result<LooseEnds, Error> {
    let (associations, accounts) = tokio::try_join!(
        all_associations(aws, &cluster.name, None),
        kubernetes.service_accounts(None)
    )?;
    let accounts: BTreeMap<_, _> = accounts.into_iter().collect();
    let associations = associations.found().into_iter().flatten();
    let associations = associations.filter(|(name, _)| !accounts.contains_key(name));
    let annotated = accounts.iter().filter_map(|(name, object)| {
        let role: RoleArn = object.role()?.parse().ok()?;
        (role.account() == cluster.account).then(|| (name.clone(), role))
    });
    let reads = annotated.map(async |(name, role)| {
        let found = Lookup::or_unknown(gone::role(aws, role.name()).await);
        (name, role, found.map(drop))
    });
    let mut ends = LooseEnds {
        associations: associations.map(|(name, it)| (name, it.role)).collect(),
        ..LooseEnds::default()
    };
    for (name, role, found) in side_by_side(PARALLEL, reads).await {
        match found {
            Lookup::Found(()) => {}
            Lookup::Missing => ends.annotations.push((name, role)),
            Lookup::Unknown(why) => *ends.unknown.entry(why).or_default() += 1,
        }
    }
    Ok(ends)
}
