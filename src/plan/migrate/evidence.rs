//! By which way the pods of a workload have their credentials, and what says so: of those that run the
//! pods themselves, of new ones the template, and what their service account is bound to.

use std::collections::BTreeMap;

use crate::model::ROLE_ANNOTATION;
use crate::world::{CredentialSign, MovingAccount, Pod, PodWay, Provider};

/// A way, and what says so.
#[derive(Debug, PartialEq)]
pub struct WayEvidence {
    /// That of most pods, or of new ones where none runs. `None`: not known.
    pub way: Option<PodWay>,
    pub told: String,
    /// What pods of that way bring by themselves, so that no role of theirs is asked for.
    pub brought: Option<String>,
}

/// Those of a pod, or of a template; where it asks first is first, and each is there once.
fn signs(pod: &Pod) -> Vec<CredentialSign> {
    let mut all: Vec<CredentialSign> = pod.given().chain(pod.brought()).collect();
    all.sort();
    all.dedup_by_key(|sign| sign.provider);
    all
}

/// The way of a pod that runs.
pub fn way_of(pod: &Pod) -> PodWay {
    way(&signs(pod))
}

/// Those of pods that are made now. `None`: not known.
fn of_new(account: &MovingAccount, template: Option<&Pod>) -> Option<Vec<CredentialSign>> {
    let mut all = template.map(signs).unwrap_or_default();
    let bound = match account.new_pods() {
        Some(PodWay::PodIdentity) => {
            let id = account.associated().map_or("", |it| it.id.as_str());
            Some(CredentialSign::new(
                Provider::Agent,
                format!("association {id}"),
            ))
        }
        Some(PodWay::Irsa) => Some(CredentialSign::new(
            Provider::WebIdentity,
            format!("annotation {ROLE_ANNOTATION} of its ServiceAccount"),
        )),
        Some(_) => None,
        // What comes before any role is known all the same.
        None if all.first().is_some_and(|it| it.provider <= Provider::Vault) => None,
        None => return None,
    };
    all.extend(bound);
    all.sort_by_key(|sign| sign.provider);
    all.dedup_by_key(|sign| sign.provider);
    Some(all)
}

fn way(signs: &[CredentialSign]) -> PodWay {
    let first = signs.first().map(|sign| sign.provider);
    first.unwrap_or(Provider::Metadata).way()
}

/// `AWS_ACCESS_KEY_ID in container app, before AWS_ROLE_ARN in container app`.
fn told(signs: &[CredentialSign]) -> String {
    let mut text = String::new();
    let mut last = None;
    for sign in signs {
        text += match (last, sign.provider) {
            (None, _) => "",
            (_, Provider::Secret) => ", beside ",
            (Some(Provider::WebIdentity), Provider::File) => ", before which some SDKs take ",
            (Some(_), _) => ", before ",
        };
        text += &sign.told;
        last = Some(sign.provider);
    }
    text
}

impl WayEvidence {
    /// Of the pods that run, and of what new ones would get by template and binding. `told` says both.
    pub fn of(account: &MovingAccount, template: Option<&Pod>, pods: &[&Pod]) -> Self {
        let new = of_new(account, template);
        let mut groups: BTreeMap<(PodWay, String), (usize, Vec<CredentialSign>)> = BTreeMap::new();
        let mut ways: BTreeMap<PodWay, usize> = BTreeMap::new();
        for pod in pods {
            let signs = signs(pod);
            let key = (way(&signs), told(&signs));
            *ways.entry(key.0).or_default() += 1;
            groups.entry(key).or_insert((0, signs)).0 += 1;
        }
        let most = ways.iter().max_by_key(|(_, count)| **count);
        let most = most.map(|(way, _)| *way);
        let of_most = groups.iter().find(|((way, _), _)| Some(*way) == most);
        let of_most = of_most.map(|(_, (_, signs))| signs).or(new.as_ref());
        let first = of_most.and_then(|signs| signs.first());
        let is_own = |sign: &&CredentialSign| {
            [PodWay::StaticKeys, PodWay::Vault].contains(&sign.provider.way())
        };
        let brought = first.filter(is_own).map(|sign| sign.told.clone());
        let pods = groups.iter().map(|((way, told), (count, _))| {
            let pods = counted(*count, *way);
            match told.as_str() {
                "" => pods,
                told => format!("{pods}: {told}"),
            }
        });
        let mut parts: Vec<String> = pods.collect();
        if parts.is_empty() {
            parts.push("no pod runs".to_owned());
        }
        parts.push(format!("new ones go by {}", by(new.as_deref())));
        Self {
            way: most.or_else(|| new.as_deref().map(way)),
            told: parts.join("; "),
            brought,
        }
    }
}

/// What new pods go by.
fn by(new: Option<&[CredentialSign]>) -> String {
    match new {
        None => "what cannot be read".to_owned(),
        Some([]) => "neither an association nor an annotation".to_owned(),
        Some(signs) => told(signs),
    }
}

/// `2 pods have irsa`.
pub fn counted(count: usize, way: PodWay) -> String {
    match count {
        1 => format!("1 pod has {}", way.word()),
        count => format!("{count} pods have {}", way.word()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Lookup;
    use crate::plan::migrate::tests::{annotated, association, pod};
    use crate::world::{Association, Mount, ValueSource};

    fn with(way: PodWay, change: impl Fn(&mut Pod)) -> Pod {
        let mut pod = pod(way);
        change(&mut pod);
        pod
    }

    fn key(pod: &mut Pod) {
        let name = "AWS_ACCESS_KEY_ID".to_owned();
        pod.containers[0].env.insert(name, None);
    }

    fn file(pod: &mut Pod) {
        pod.containers[0].mounts.push(Mount {
            volume: "keys".to_owned(),
            path: "/root/.aws".to_owned(),
            read_only: true,
            source: Some(ValueSource::Secret("keys".to_owned())),
        });
    }

    fn secret(pod: &mut Pod) {
        let secret = ValueSource::Secret("aws".to_owned());
        pod.containers[0].env_from.push(secret);
    }

    fn vault(pod: &mut Pod) {
        let injector = "vault.hashicorp.com/agent-inject";
        pod.annotations
            .insert(injector.to_owned(), "true".to_owned());
        let secret = format!("{injector}-secret-aws");
        pod.annotations.insert(secret, "aws/creds/app".to_owned());
    }

    /// Each SDK of AWS has the environment first, and an agent behind files.
    #[test]
    fn the_way_is_the_one_that_an_sdk_takes_and_the_others_are_told_behind_it() {
        let (role, agent) = (
            "AWS_ROLE_ARN in container app",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI in container app",
        );
        let of_vault = "annotation vault.hashicorp.com/agent-inject-secret-aws with aws/creds/app";
        type Change = fn(&mut Pod);
        let cases: [(PodWay, Change, PodWay, String); 7] = [
            (
                PodWay::Irsa,
                key,
                PodWay::StaticKeys,
                format!("AWS_ACCESS_KEY_ID in container app, before {role}"),
            ),
            (
                PodWay::Irsa,
                file,
                PodWay::Irsa,
                format!(
                    "{role}, before which some SDKs take secret/keys at /root/.aws in container app"
                ),
            ),
            (
                PodWay::PodIdentity,
                file,
                PodWay::StaticKeys,
                format!("secret/keys at /root/.aws in container app, before {agent}"),
            ),
            (
                PodWay::PodIdentity,
                secret,
                PodWay::PodIdentity,
                format!(
                    "{agent}, beside variables from secret/aws in container app, whose contents are not looked at"
                ),
            ),
            (
                PodWay::NodeRole,
                secret,
                PodWay::StaticKeys,
                "variables from secret/aws in container app, whose contents are not looked at"
                    .to_owned(),
            ),
            (
                PodWay::Irsa,
                vault,
                PodWay::Vault,
                format!("{of_vault}, before {role}"),
            ),
            (PodWay::NodeRole, |_| {}, PodWay::NodeRole, String::new()),
        ];
        for (given, change, wanted, text) in cases {
            let signs = signs(&with(given, change));
            assert_eq!((way(&signs), told(&signs)), (wanted, text));
        }
    }

    #[test]
    fn without_a_pod_the_template_and_the_binding_say_what_new_ones_have() {
        let mut account = annotated();
        let plain = with(PodWay::NodeRole, |_| {});
        let evidence = WayEvidence::of(&account, Some(&plain), &[]);
        let annotation = "annotation eks.amazonaws.com/role-arn of its ServiceAccount";
        assert_eq!(evidence.way, Some(PodWay::Irsa));
        assert_eq!(
            evidence.told,
            format!("no pod runs; new ones go by {annotation}")
        );
        let keys = with(PodWay::NodeRole, key);
        let evidence = WayEvidence::of(&account, Some(&keys), &[]);
        assert_eq!(evidence.way, Some(PodWay::StaticKeys));
        assert_eq!(
            evidence.told,
            format!(
                "no pod runs; new ones go by AWS_ACCESS_KEY_ID in container app, before {annotation}"
            )
        );
        account.association = Lookup::Found(Association {
            id: "a-9".to_owned(),
            ..association()
        });
        let evidence = WayEvidence::of(&account, Some(&plain), &[]);
        assert_eq!(evidence.told, "no pod runs; new ones go by association a-9");
    }

    #[test]
    fn what_comes_before_any_role_is_known_whatever_else_is_not() {
        let mut account = annotated();
        account.association = Lookup::Unknown("no".to_owned());
        let (plain, keys) = (with(PodWay::NodeRole, |_| {}), with(PodWay::NodeRole, key));
        let evidence = WayEvidence::of(&account, Some(&plain), &[]);
        assert_eq!(evidence.way, None);
        assert_eq!(
            evidence.told,
            "no pod runs; new ones go by what cannot be read"
        );
        let evidence = WayEvidence::of(&account, Some(&keys), &[]);
        assert_eq!(evidence.way, Some(PodWay::StaticKeys));
    }

    #[test]
    fn what_most_pods_bring_is_what_must_be_taken_out() {
        let account = annotated();
        let (plain, keys) = (with(PodWay::Irsa, |_| {}), with(PodWay::Irsa, key));
        let of = |pods: &[&Pod]| WayEvidence::of(&account, None, pods);
        let most = of(&[&keys, &plain, &keys]);
        assert_eq!(most.way, Some(PodWay::StaticKeys));
        let told = most.brought.as_deref();
        assert_eq!(told, Some("AWS_ACCESS_KEY_ID in container app"));
        let few = of(&[&keys, &plain, &plain]);
        assert_eq!((few.way, few.brought), (Some(PodWay::Irsa), None));
    }
}
