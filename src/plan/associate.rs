//! The IAM OIDC provider of a cluster's issuer: to make it, mend it, or take it away.

use super::{Action, Idle, Reason, Target, Track};
use crate::asked::{ProviderSpec, Refresh, Thumbprints, TrustingRoles};
use crate::model::{
    CLUSTER_TAGS, Cluster, Lookup, Map, OIDC_ENABLED_TAG, RoleArn, Thumbprint, VERSION_TAG,
};
use crate::world::{ObservedProvider, OidcProvider};

/// The provider's own track: to make it, or to mend audiences, thumbprints and the cluster's tag.
pub fn plan(spec: &ProviderSpec, cluster: &Cluster, observed: &ObservedProvider) -> Track {
    let mut track = Track::new(Target::Provider(cluster.issuer.clone()));
    plan_provider(&mut track, spec, cluster, observed);
    track.settled()
}

/// The provider's part of a plan, which creating a service account can have too.
pub fn plan_provider(
    track: &mut Track,
    spec: &ProviderSpec,
    cluster: &Cluster,
    observed: &ObservedProvider,
) {
    let thumbprints = asked_thumbprints(spec, observed);
    if let Some(reading) = &observed.reading {
        track.warnings.extend(reading.warnings());
    }
    match &observed.provider {
        None => track.actions.push(Action::CreateOidcProvider {
            arn: cluster.provider_arn(),
            url: cluster.issuer.clone(),
            audiences: spec.audiences.clone(),
            thumbprints,
            tags: provider_tags(cluster),
        }),
        Some(found) => mend_provider(track, spec, found, thumbprints),
    }
    // The tag is about the cluster's own account.
    if let Some(eks) = cluster
        .eks
        .as_ref()
        .filter(|_| !cluster.has_roles_elsewhere)
        && eks
            .tags
            .get(OIDC_ENABLED_TAG)
            .is_none_or(|value| value != "true")
    {
        track.actions.push(Action::TagCluster {
            cluster: eks.arn.clone(),
            key: OIDC_ENABLED_TAG,
            value: "true".to_owned(),
        });
    }
}

fn asked_thumbprints(spec: &ProviderSpec, observed: &ObservedProvider) -> Option<Vec<Thumbprint>> {
    match &spec.thumbprints {
        Thumbprints::Given(given) => Some(given.clone()),
        Thumbprints::LeftToIam => None,
        Thumbprints::Read => observed
            .reading
            .as_ref()
            .and_then(|reading| reading.thumbprints()),
    }
}

fn mend_provider(
    track: &mut Track,
    spec: &ProviderSpec,
    found: &OidcProvider,
    thumbprints: Option<Vec<Thumbprint>>,
) {
    let arn = &found.arn;
    for audience in spec.lacking(found) {
        track.actions.push(Action::AddAudience {
            provider: arn.clone(),
            audience: audience.clone(),
        });
    }
    let Some(thumbprints) = thumbprints else {
        return;
    };
    let known = |thumbprint: &Thumbprint| {
        let mut known = found.thumbprints.iter();
        known.any(|it| it.eq_ignore_ascii_case(thumbprint.as_str()))
    };
    let all_known = thumbprints.iter().all(known);
    let given = matches!(spec.thumbprints, Thumbprints::Given(_));
    if all_known && (thumbprints.len() == found.thumbprints.len() || spec.refresh == Refresh::Told)
    {
        return;
    }
    if given || spec.refresh == Refresh::Updated {
        track.actions.push(Action::UpdateThumbprints {
            provider: arn.clone(),
            thumbprints,
        });
    } else {
        track.notes.push(format!(
            "the provider's thumbprint is {}, the issuer's is {}; AWS trusts the issuer's certificates without it, \
             so this breaks nothing (`--refresh-thumbprint` updates it)",
            found.thumbprints.join(", "),
            super::action::join(&thumbprints)
        ));
    }
}

/// eksctl's tags of a provider.
fn provider_tags(cluster: &Cluster) -> Map {
    Map::from([
        (CLUSTER_TAGS[0].to_owned(), cluster.name.to_string()),
        (
            VERSION_TAG.to_owned(),
            concat!("irsactl-", env!("CARGO_PKG_VERSION")).to_owned(),
        ),
    ])
}

/// Takes the provider away. `roles`: the ARNs of the roles of this account that trust it.
pub fn plan_removal(
    cluster: &Cluster,
    provider: Option<&OidcProvider>,
    roles: &Lookup<Vec<RoleArn>>,
    trusting: TrustingRoles,
) -> Track {
    let mut track = Track::new(Target::Provider(cluster.issuer.clone()));
    track.idle = Idle::Absent;
    if let Some(provider) = provider {
        refuse_trusted(&mut track, cluster, roles, trusting);
        let arn = provider.arn.clone();
        track.actions.push(Action::DeleteOidcProvider { arn });
    }
    if let Some(eks) = cluster
        .eks
        .as_ref()
        .filter(|_| !cluster.has_roles_elsewhere)
        && eks.tags.contains_key(OIDC_ENABLED_TAG)
    {
        track.actions.push(Action::UntagCluster {
            cluster: eks.arn.clone(),
            key: OIDC_ENABLED_TAG,
        });
    }
    track.settled()
}

/// While roles trust the provider, or may, it stays, unless that is of no matter.
fn refuse_trusted(
    track: &mut Track,
    cluster: &Cluster,
    roles: &Lookup<Vec<RoleArn>>,
    trusting: TrustingRoles,
) {
    match (roles, trusting) {
        (Lookup::Found(roles), _) if roles.is_empty() => {}
        (Lookup::Found(roles), TrustingRoles::Respected) => {
            let roles = roles.clone();
            track.refuse(&cluster.name, Reason::StillTrusted { roles });
        }
        (Lookup::Found(roles), TrustingRoles::Ignored) => {
            let roles: Vec<String> = roles.iter().map(ToString::to_string).collect();
            let roles = roles.join(", ");
            let note = format!("pods can no longer assume the roles {roles}");
            track.notes.push(note);
        }
        (Lookup::Unknown(message), TrustingRoles::Respected) => {
            let message = message.clone();
            track.refuse(&cluster.name, Reason::TrustUnknown { message });
        }
        (Lookup::Missing, _) | (Lookup::Unknown(_), TrustingRoles::Ignored) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Audience;

    fn cluster() -> Cluster {
        Cluster {
            name: "demo".parse().unwrap(),
            partition: "aws".to_owned(),
            account: "111122223333".to_owned(),
            issuer: "https://example.com/a".parse().unwrap(),
            has_roles_elsewhere: false,
            eks: None,
        }
    }

    fn thumbprint(digit: char) -> Thumbprint {
        digit.to_string().repeat(40).parse().unwrap()
    }

    fn spec(thumbprints: Thumbprints, refresh: Refresh) -> ProviderSpec {
        ProviderSpec {
            audiences: vec![Audience::default()],
            thumbprints,
            refresh,
        }
    }

    fn provider(audiences: &[&str], thumbprints: &[Thumbprint]) -> ObservedProvider {
        ObservedProvider {
            provider: Some(OidcProvider {
                arn: cluster().provider_arn(),
                audiences: audiences.iter().map(ToString::to_string).collect(),
                thumbprints: thumbprints.iter().map(ToString::to_string).collect(),
                created: Lookup::Found(0),
            }),
            reading: None,
        }
    }

    #[test]
    fn a_missing_provider_is_created() {
        let observed = ObservedProvider {
            provider: None,
            reading: None,
        };
        let track = plan(
            &spec(Thumbprints::Given(vec![thumbprint('a')]), Refresh::Told),
            &cluster(),
            &observed,
        );
        let [
            Action::CreateOidcProvider {
                arn, thumbprints, ..
            },
        ] = track.actions.as_slice()
        else {
            panic!("{:?}", track.actions)
        };
        assert_eq!(arn, "arn:aws:iam::111122223333:oidc-provider/example.com/a");
        assert_eq!(thumbprints.as_deref(), Some([thumbprint('a')].as_slice()));
    }

    #[test]
    fn an_existing_provider_is_mended_only_where_asked() {
        let (a, b) = (thumbprint('a'), thumbprint('b'));
        let given = Thumbprints::Given(vec![b.clone()]);
        for (audiences, thumbprints, spec, wanted) in [
            (
                vec!["sts.amazonaws.com"],
                vec![a.clone()],
                spec(Thumbprints::LeftToIam, Refresh::Told),
                vec![],
            ),
            (
                vec!["other"],
                vec![a.clone()],
                spec(Thumbprints::LeftToIam, Refresh::Told),
                vec!["add"],
            ),
            (
                vec!["sts.amazonaws.com"],
                vec![a.clone()],
                spec(given.clone(), Refresh::Told),
                vec!["update"],
            ),
            (
                vec!["sts.amazonaws.com"],
                vec![a.clone(), b.clone()],
                spec(given.clone(), Refresh::Told),
                vec![],
            ),
            (
                vec!["sts.amazonaws.com"],
                vec![a.clone(), b.clone()],
                spec(given.clone(), Refresh::Updated),
                vec!["update"],
            ),
        ] {
            let track = plan(&spec, &cluster(), &provider(&audiences, &thumbprints));
            let verbs: Vec<_> = track
                .actions
                .iter()
                .map(|action| action.words().0)
                .collect();
            assert_eq!(verbs, wanted, "{audiences:?} {thumbprints:?} {spec:?}");
        }
    }

    #[test]
    fn a_trusted_provider_is_not_taken_away() {
        let provider = provider(&[], &[]).provider.unwrap();
        let role = "arn:aws:iam::111122223333:role/r".parse().unwrap();
        let roles = Lookup::Found(vec![role]);
        let removal = |roles: &_, trusting| {
            let track = plan_removal(&cluster(), Some(&provider), roles, trusting);
            (track.actions.len(), track.refusals.len())
        };
        assert_eq!(removal(&roles, TrustingRoles::Respected), (0, 1));
        assert_eq!(removal(&roles, TrustingRoles::Ignored), (1, 0));
        assert_eq!(
            removal(
                &Lookup::Unknown("denied".to_owned()),
                TrustingRoles::Respected
            ),
            (0, 1)
        );
        assert_eq!(
            removal(&Lookup::Found(Vec::new()), TrustingRoles::Respected),
            (1, 0)
        );
        assert_eq!(
            plan_removal(&cluster(), None, &roles, TrustingRoles::Respected).actions,
            []
        );
    }
}
