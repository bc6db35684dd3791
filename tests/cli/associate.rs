//! `associate-oidc-provider`: the provider that AWS has afterwards, and what the user is told.

use insta::assert_snapshot;

use crate::sandbox::{Account, Chain, Options, Provider};
use crate::support::{ACCOUNT, Bench};

const ASSOCIATE: &str = "associate-oidc-provider --cluster demo";
const APPROVED: &str = "associate-oidc-provider --cluster demo --approve";
/// The host of the issuer of "demo".
const HOST: &str = "oidc.eks.eu-west-1.amazonaws.com";
const OTHER: &str = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280";

/// The issuer of "demo" sends that chain.
fn with_chain(chain: Chain) -> Bench {
    let bench = Bench::new();
    bench
        .sandbox
        .world()
        .issuer_hosts
        .get_mut(HOST)
        .expect("the issuer's host")
        .chain = chain;
    bench
}

/// The issuer of "demo" names that address of its keys.
fn with_keys_at(bench: &Bench, jwks_uri: &str) {
    let mut world = bench.sandbox.world();
    let issuer = issuer_of(&world.clusters[0]);
    world.set_keys_address(&issuer, jwks_uri);
}

/// The issuer of "demo" serves that text as its discovery document.
fn with_document(document: &str) -> Bench {
    let bench = Bench::new();
    let mut world = bench.sandbox.world();
    let issuer = issuer_of(&world.clusters[0]);
    let path = issuer.trim_start_matches(&format!("https://{HOST}"));
    let path = format!("{path}/.well-known/openid-configuration");
    let host = world.issuer_hosts.get_mut(HOST).expect("the issuer's host");
    host.documents.insert(path, document.to_owned());
    drop(world);
    bench
}

fn issuer_of(cluster: &crate::sandbox::Cluster) -> String {
    cluster.issuer.clone().expect("an issuer")
}

/// A provider of "demo" that someone else made, with the cluster tag in place.
fn with_provider(audiences: &[&str], thumbprints: &[&str]) -> Bench {
    let bench = Bench::new();
    let issuer = issuer_of(&bench.sandbox.world().clusters[0]);
    bench.account(|account| {
        let provider = Provider::new("aws", ACCOUNT, &issuer, audiences, thumbprints);
        account.create_provider(provider).expect("a provider");
    });
    tag_cluster(&bench);
    bench
}

fn tag_cluster(bench: &Bench) {
    let key = "alpha.eksctl.io/cluster-oidc-enabled".to_owned();
    bench.sandbox.world().clusters[0]
        .tags
        .insert(key, "true".to_owned());
}

fn assert_nothing_changed(bench: &Bench) {
    assert_eq!(bench.providers(), "");
}

#[test]
fn without_approval_the_plan_is_shown_and_nothing_changes() {
    let bench = Bench::new();
    assert_snapshot!(bench.run(ASSOCIATE), @"
    [stdout]
    + create IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
        audience: sts.amazonaws.com
        thumbprint: 2@oidc.eks.eu-west-1.amazonaws.com------
    ~ tag cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    [stderr]
    plan: 1 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_nothing_changed(&bench);
}

#[test]
fn dry_run_shows_the_same_plan() {
    let bench = Bench::new();
    let plain = bench.run(ASSOCIATE);
    assert_eq!(bench.run(&format!("{ASSOCIATE} --dry-run")), plain);
    assert_nothing_changed(&bench);
}

#[test]
fn dry_run_and_approve_contradict_each_other() {
    let bench = Bench::new();
    assert_snapshot!(bench.run(&format!("{APPROVED} --dry-run")), @"
    [stderr]
    error: the argument '--approve[=<BOOL>]' cannot be used with '--dry-run'

    Usage: irsactl associate-oidc-provider --approve[=<BOOL>] <--cluster <CLUSTER>|--config-file <FILE>|CLUSTER|--issuer-url <URL>>

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn the_provider_is_as_eksctl_makes_it() {
    let bench = Bench::new();
    bench.run(APPROVED);
    assert_snapshot!(bench.providers(), @"
    arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      url: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      audience: sts.amazonaws.com
      thumbprint: 2@oidc.eks.eu-west-1.amazonaws.com------
      tag: alpha.eksctl.io/cluster-name=demo
      tag: alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    cluster tag: alpha.eksctl.io/cluster-oidc-enabled=true
    ");
}

#[test]
fn needless_calls_are_not_made() {
    let bench = Bench::new();
    bench.run(APPROVED);
    assert_snapshot!(bench.calls(), @"
    eks DescribeCluster
    iam GetOpenIDConnectProvider
    issuer /id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration
    iam CreateOpenIDConnectProvider
    eks TagResource
    ");
}

#[test]
fn the_second_run_changes_nothing() {
    let bench = Bench::associated();
    let before = bench.providers();
    assert_snapshot!(bench.run(APPROVED), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [exit 0]
    ");
    assert_snapshot!(bench.run(ASSOCIATE), @"
    [stderr]
    nothing to do: all is as asked
    [exit 0]
    ");
    assert_eq!(bench.providers(), before);
    let calls = bench.calls();
    for change in ["Create", "Add", "Update", "Tag"] {
        assert!(!calls.contains(change), "{calls}");
    }
}

#[test]
fn eksctls_names_of_the_command_work() {
    let wanted = Bench::new().run(APPROVED);
    for line in [
        "associate-iam-oidc-provider --cluster=demo --approve",
        "utils associate-iam-oidc-provider --cluster demo --approve",
        "utils associate-oidc-provider -c demo --approve",
        "associate-oidc-provider demo --approve",
        "associate-oidc-provider demo --yes",
        "associate-oidc-provider demo --approve=true",
    ] {
        assert_eq!(Bench::new().run(line), wanted, "{line}");
    }
}

#[test]
fn approve_false_shows_the_plan() {
    let bench = Bench::new();
    let shown = bench.run(&format!("{ASSOCIATE} --approve=false"));
    assert_eq!(shown, bench.run(ASSOCIATE));
    assert_nothing_changed(&bench);
}

#[test]
fn a_cluster_by_flag_and_by_position_is_one_too_many() {
    let bench = Bench::new();
    assert_snapshot!(bench.run("associate-oidc-provider demo --cluster demo"), @"
    [stderr]
    error: the argument '[CLUSTER]' cannot be used with '--cluster <CLUSTER>'

    Usage: irsactl associate-oidc-provider <--cluster <CLUSTER>|--config-file <FILE>|CLUSTER|--issuer-url <URL>>

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn another_cluster_is_told_with_similar_names() {
    let bench = Bench::new();
    assert_snapshot!(bench.run("associate-oidc-provider --cluster dmeo"), @r#"
    [stderr]
    error: there is no EKS cluster "dmeo" in eu-west-1
    hint: did you mean `--cluster demo`?
    hint: list the clusters: `aws eks list-clusters --region eu-west-1`
    hint: look in another region with `--region`; "dmeo" is looked for in one only
    [exit 1]
    "#);
}

#[test]
fn a_refused_cluster_tag_is_a_warning() {
    let bench = Bench::new();
    bench.sandbox.fault("eks TagResource deny");
    assert_snapshot!(bench.run(APPROVED), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   created
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    warning: did not tag cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true: not allowed to call eks:TagResource on arn:aws:eks:eu-west-1:111122223333:cluster/demo: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: eks:TagResource because no identity-based policy allows the eks:TagResource action
    [exit 0]
    ");
    assert_snapshot!(bench.providers(), @"
    arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      url: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      audience: sts.amazonaws.com
      thumbprint: 2@oidc.eks.eu-west-1.amazonaws.com------
      tag: alpha.eksctl.io/cluster-name=demo
      tag: alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    ");
}

#[test]
fn another_failure_of_the_cluster_tag_is_a_warning_too() {
    let bench = Bench::new();
    bench
        .sandbox
        .fault("eks TagResource error 400 InvalidParameterException too many tags");
    assert_snapshot!(bench.run(APPROVED), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   created
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    warning: did not tag cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true: eks:TagResource failed on arn:aws:eks:eu-west-1:111122223333:cluster/demo: InvalidParameterException: too many tags
    [exit 0]
    ");
}

#[test]
fn a_run_killed_before_the_tag_is_finished_by_the_next() {
    let bench = Bench::associated();
    bench.sandbox.world().clusters[0].tags.clear();
    assert_snapshot!(bench.run(APPROVED), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   changed
    [stderr]
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    [exit 0]
    ");
    assert!(
        bench
            .providers()
            .contains("cluster tag: alpha.eksctl.io/cluster-oidc-enabled=true")
    );
}

#[test]
fn a_missing_audience_is_added() {
    let bench = with_provider(&["other"], &[OTHER]);
    assert_snapshot!(bench.run(&format!("{ASSOCIATE} --no-thumbprint")), @r#"
    [stdout]
    ~ add audience "sts.amazonaws.com" to IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
    bench.run(&format!("{APPROVED} --no-thumbprint"));
    assert_snapshot!(bench.providers(), @"
    arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      url: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      audience: other
      audience: sts.amazonaws.com
      thumbprint: 9e99a48a9960b14926bb7f3b02e22da2b0ab7280
    cluster tag: alpha.eksctl.io/cluster-oidc-enabled=true
    ");
}

#[test]
fn an_asked_audience_is_added_beside_the_others() {
    let bench = Bench::associated();
    assert_snapshot!(bench.run(&format!("{APPROVED} --audience vault")), @r#"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   changed
    [stderr]
    added audience "vault" to IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    [exit 0]
    "#);
    assert!(
        bench
            .providers()
            .contains("audience: sts.amazonaws.com\n  audience: vault")
    );
}

#[test]
fn a_new_provider_has_the_asked_audience_only() {
    let bench = Bench::new();
    bench.run(&format!("{APPROVED} --audience vault"));
    let providers = bench.providers();
    assert!(providers.contains("audience: vault"), "{providers}");
    assert!(!providers.contains("audience: sts"), "{providers}");
}

#[test]
fn another_thumbprint_is_told_and_left() {
    let bench = with_provider(&["sts.amazonaws.com"], &[OTHER]);
    assert_snapshot!(bench.run(APPROVED), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    note: the provider's thumbprint is 9e99a48a9960b14926bb7f3b02e22da2b0ab7280, the issuer's is 2@oidc.eks.eu-west-1.amazonaws.com------; AWS trusts the issuer's certificates without it, so this breaks nothing (`--refresh-thumbprint` updates it)
    [exit 0]
    ");
    assert!(bench.providers().contains(OTHER));
}

#[test]
fn refresh_replaces_the_thumbprint() {
    let bench = with_provider(&["sts.amazonaws.com"], &[OTHER]);
    let refresh = format!("{ASSOCIATE} --refresh-thumbprint");
    assert_snapshot!(bench.run(&refresh), @"
    [stdout]
    ~ update thumbprints of IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
        thumbprint: 2@oidc.eks.eu-west-1.amazonaws.com------
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{refresh} --approve")), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   changed
    [stderr]
    updated thumbprints of IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    [exit 0]
    ");
    assert_snapshot!(bench.providers(), @"
    arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      url: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      audience: sts.amazonaws.com
      thumbprint: 2@oidc.eks.eu-west-1.amazonaws.com------
    cluster tag: alpha.eksctl.io/cluster-oidc-enabled=true
    ");
}

#[test]
fn refresh_of_what_is_right_does_nothing() {
    let bench = Bench::associated();
    assert_snapshot!(bench.run(&format!("{ASSOCIATE} --refresh-thumbprint")), @"
    [stderr]
    nothing to do: all is as asked
    [exit 0]
    ");
}

#[test]
fn refresh_without_the_issuer_is_refused() {
    let bench = Bench::associated();
    bench.sandbox.world().unreachable.push(HOST.to_owned());
    assert_snapshot!(bench.run(&format!("{APPROVED} --refresh-thumbprint")), @r#"
    [stderr]
    error: cannot reach the issuer's host oidc.eks.eu-west-1.amazonaws.com: proxy 127.0.0.1:HTTPS_PROXY answers "HTTP/1.1 502 Bad Gateway"
    hint: check HTTPS_PROXY and NO_PROXY, or run this where the issuer can be reached
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
    [exit 1]
    "#);
}

#[test]
fn a_given_thumbprint_makes_no_connection_to_the_issuer() {
    let bench = Bench::new();
    let openssl = "9E:99:A4:8A:99:60:B1:49:26:BB:7F:3B:02:E2:2D:A2:B0:AB:72:80";
    let second = "a".repeat(40);
    bench.run(&format!(
        "{APPROVED} --thumbprint {openssl} --thumbprint {second}"
    ));
    assert_snapshot!(bench.providers(), @"
    arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      url: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      audience: sts.amazonaws.com
      thumbprint: 9e99a48a9960b14926bb7f3b02e22da2b0ab7280
      thumbprint: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
      tag: alpha.eksctl.io/cluster-name=demo
      tag: alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    cluster tag: alpha.eksctl.io/cluster-oidc-enabled=true
    ");
    assert_eq!(bench.sandbox.world().connections, [] as [String; 0]);
}

#[test]
fn a_given_thumbprint_replaces_those_of_an_existing_provider() {
    let bench = with_provider(&["sts.amazonaws.com"], &[OTHER]);
    let line = format!("{APPROVED} --thumbprint {}", "b".repeat(40));
    assert_snapshot!(bench.run(&line), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   changed
    [stderr]
    updated thumbprints of IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    [exit 0]
    ");
    assert!(bench.run(&line).contains("unchanged"));
}

#[test]
fn six_thumbprints_are_too_many() {
    let bench = Bench::new();
    let flags = format!(" --thumbprint {OTHER}").repeat(6);
    assert_snapshot!(bench.run(&format!("{APPROVED}{flags}")), @"
    [stderr]
    error: --thumbprint is given 6 times: a provider has at most 5
    hint: see `--help`
    [exit 2]
    ");
    assert_eq!(bench.calls(), "");
}

#[test]
fn a_thumbprint_that_is_no_sha1_is_refused() {
    let bench = Bench::new();
    assert_snapshot!(bench.run(&format!("{APPROVED} --thumbprint 9e99a4")), @"
    [stderr]
    error: invalid value '9e99a4' for '--thumbprint <HEX>': a thumbprint is 40 hexadecimal digits: the SHA-1 of a certificate

    For more information, try '--help'.
    [exit 2]
    ");
    let letters = bench.run(&format!("{APPROVED} --thumbprint {}", "g".repeat(40)));
    assert!(letters.ends_with("[exit 2]\n"), "{letters}");
    assert_eq!(bench.calls(), "");
}

#[test]
fn without_a_thumbprint_iam_fetches_it() {
    let bench = Bench::new();
    let line = format!("{ASSOCIATE} --no-thumbprint");
    assert_snapshot!(bench.run(&line), @"
    [stdout]
    + create IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
        audience: sts.amazonaws.com
        thumbprint: fetched by IAM
    ~ tag cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    [stderr]
    plan: 1 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    bench.run(&format!("{line} --approve"));
    assert!(bench.providers().contains(&format!("thumbprint: 2@{HOST}")));
    assert_eq!(bench.sandbox.world().connections, [] as [String; 0]);
}

#[test]
fn the_flags_of_the_thumbprint_contradict_each_other() {
    let bench = Bench::new();
    for flags in [
        "--no-thumbprint --refresh-thumbprint",
        "--no-thumbprint --thumbprint 9e99a48a9960b14926bb7f3b02e22da2b0ab7280",
    ] {
        let text = bench.run(&format!("{ASSOCIATE} {flags}"));
        assert!(text.ends_with("[exit 2]\n"), "{flags}: {text}");
    }
}

#[test]
fn a_chain_of_an_unknown_authority_is_refused_with_its_likely_cause() {
    let bench = with_chain(Chain::UnknownAuthority);
    assert_snapshot!(bench.run(APPROVED), @r#"
    [stderr]
    error: the TLS certificate of oidc.eks.eu-west-1.amazonaws.com is not trusted: its certificate authority is unknown to this system
    hint: likely cause: a proxy on the way inspects TLS; the certificate was issued by "CN=Corporate TLS Inspection CA"
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
    [exit 1]
    "#);
    assert_nothing_changed(&bench);
}

#[test]
fn a_self_signed_certificate_is_refused() {
    let bench = with_chain(Chain::SelfSigned);
    assert_snapshot!(bench.run(APPROVED), @r#"
    [stderr]
    error: the TLS certificate of oidc.eks.eu-west-1.amazonaws.com is not trusted: its certificate authority is unknown to this system
    hint: likely cause: a proxy on the way inspects TLS; the certificate was issued by "CN=oidc.eks.eu-west-1.amazonaws.com"
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
    [exit 1]
    "#);
    assert_nothing_changed(&bench);
}

#[test]
fn an_expired_certificate_is_refused() {
    let bench = with_chain(Chain::Expired);
    assert_snapshot!(bench.run(APPROVED), @"
    [stderr]
    error: the TLS certificate of oidc.eks.eu-west-1.amazonaws.com is not trusted: it has expired
    hint: likely cause: the issuer did not renew it, or this computer's clock is wrong (`date -u`)
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
    [exit 1]
    ");
    assert_nothing_changed(&bench);
}

#[test]
fn a_certificate_of_another_host_is_refused() {
    let bench = with_chain(Chain::WrongHost);
    assert_snapshot!(bench.run(APPROVED), @"
    [stderr]
    error: the TLS certificate of oidc.eks.eu-west-1.amazonaws.com is not trusted: it is of another host
    hint: likely cause: a proxy or a DNS entry leads to another server
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
    [exit 1]
    ");
    assert_nothing_changed(&bench);
}

#[test]
fn an_untrusted_chain_is_passed_by_a_given_thumbprint() {
    let bench = with_chain(Chain::UnknownAuthority);
    let text = bench.run(&format!("{APPROVED} --thumbprint {OTHER}"));
    assert!(text.ends_with("[exit 0]\n"), "{text}");
    assert!(bench.providers().contains(OTHER));
}

#[test]
fn an_untrusted_chain_matters_little_to_an_existing_provider() {
    let bench = Bench::associated();
    bench
        .sandbox
        .world()
        .issuer_hosts
        .get_mut(HOST)
        .expect("the issuer's host")
        .chain = Chain::UnknownAuthority;
    assert_snapshot!(bench.run(APPROVED), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    note: the provider's thumbprint was not compared: the TLS certificate of oidc.eks.eu-west-1.amazonaws.com is not trusted: its certificate authority is unknown to this system
    [exit 0]
    ");
}

#[test]
fn an_untrusted_chain_stops_a_refresh() {
    let bench = Bench::associated();
    bench
        .sandbox
        .world()
        .issuer_hosts
        .get_mut(HOST)
        .expect("the issuer's host")
        .chain = Chain::UnknownAuthority;
    let text = bench.run(&format!("{APPROVED} --refresh-thumbprint"));
    assert!(text.ends_with("[exit 1]\n"), "{text}");
    assert!(!bench.calls().contains("Update"));
}

#[test]
fn the_last_certificate_sent_makes_the_thumbprint() {
    for (chain, count) in [
        (Chain::Public, 2),
        (Chain::WithRoot, 3),
        (Chain::TwoIntermediates, 3),
    ] {
        let bench = with_chain(chain.clone());
        let text = bench.run(APPROVED);
        assert!(!text.contains("note"), "{chain:?}: {text}");
        let sha1s = bench.sha1s(HOST);
        assert_eq!(sha1s.len(), count);
        let thumbprints = bench.account(|account| thumbprints(account));
        assert_eq!(thumbprints, [sha1s[count - 1].clone()], "{chain:?}");
    }
}

fn thumbprints(account: &Account) -> Vec<String> {
    let providers = account.providers.values();
    providers
        .flat_map(|provider| provider.thumbprints.clone())
        .collect()
}

#[test]
fn a_chain_out_of_order_has_two_thumbprints_and_a_note() {
    let bench = with_chain(Chain::OutOfOrder);
    assert_snapshot!(bench.run(ASSOCIATE), @"
    [stdout]
    + create IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
        audience: sts.amazonaws.com
        thumbprint: 3@oidc.eks.eu-west-1.amazonaws.com------, 2@oidc.eks.eu-west-1.amazonaws.com------
    ~ tag cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    [stderr]
    warning: oidc.eks.eu-west-1.amazonaws.com sends its certificates out of order: the last one and the top of the path are both used
    plan: 1 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    bench.run(APPROVED);
    assert_snapshot!(bench.providers(), @"
    arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      url: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      audience: sts.amazonaws.com
      thumbprint: 3@oidc.eks.eu-west-1.amazonaws.com------
      thumbprint: 2@oidc.eks.eu-west-1.amazonaws.com------
      tag: alpha.eksctl.io/cluster-name=demo
      tag: alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    cluster tag: alpha.eksctl.io/cluster-oidc-enabled=true
    ");
}

#[test]
fn keys_on_another_host_add_its_thumbprint() {
    let bench = Bench::new();
    with_keys_at(&bench, "https://keys.example.com/demo/keys.json");
    assert_snapshot!(bench.run(ASSOCIATE), @"
    [stdout]
    + create IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
        audience: sts.amazonaws.com
        thumbprint: 2@oidc.eks.eu-west-1.amazonaws.com------, 2@keys.example.com----------------------
    ~ tag cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    [stderr]
    plan: 1 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    bench.run(APPROVED);
    let wanted = [HOST, "keys.example.com"].map(|host| bench.sha1s(host)[1].clone());
    assert_eq!(bench.account(|account| thumbprints(account)), wanted);
}

#[test]
fn keys_on_an_untrusted_host_are_refused() {
    let bench = Bench::new();
    with_keys_at(&bench, "https://keys.example.com/demo/keys.json");
    bench
        .sandbox
        .world()
        .issuer_hosts
        .get_mut("keys.example.com")
        .expect("the keys' host")
        .chain = Chain::SelfSigned;
    assert_snapshot!(bench.run(APPROVED), @r#"
    [stderr]
    error: the TLS certificate of keys.example.com is not trusted: its certificate authority is unknown to this system
    hint: likely cause: a proxy on the way inspects TLS; the certificate was issued by "CN=keys.example.com"
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
    [exit 1]
    "#);
    assert_nothing_changed(&bench);
}

#[test]
fn keys_on_an_unreachable_host_are_refused() {
    let bench = Bench::new();
    with_keys_at(&bench, "https://keys.example.com/demo/keys.json");
    bench
        .sandbox
        .world()
        .unreachable
        .push("keys.example.com".to_owned());
    assert_snapshot!(bench.run(APPROVED), @r#"
    [stderr]
    error: cannot reach the issuer's host keys.example.com: proxy 127.0.0.1:HTTPS_PROXY answers "HTTP/1.1 502 Bad Gateway"
    hint: check HTTPS_PROXY and NO_PROXY, or run this where the issuer can be reached
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
    [exit 1]
    "#);
    assert_nothing_changed(&bench);
}

#[test]
fn an_unreachable_eks_issuer_leaves_the_thumbprint_to_iam() {
    // IAM reaches it from where it is.
    let bench = Bench::new().impatient();
    bench.sandbox.fault("issuer * hang");
    assert_snapshot!(bench.run(APPROVED), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   created
    [stderr]
    warning: cannot reach the issuer's host oidc.eks.eu-west-1.amazonaws.com (no answer within 4s), as inside a VPC with an EKS interface endpoint; the thumbprint is left out, and IAM fetches it itself
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    [exit 0]
    ");
    assert_snapshot!(bench.providers(), @"
    arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      url: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      audience: sts.amazonaws.com
      thumbprint: 2@oidc.eks.eu-west-1.amazonaws.com------
      tag: alpha.eksctl.io/cluster-name=demo
      tag: alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    cluster tag: alpha.eksctl.io/cluster-oidc-enabled=true
    ");
}

#[test]
fn an_unreachable_issuer_matters_little_to_an_existing_provider() {
    let bench = Bench::associated();
    bench.sandbox.world().unreachable.push(HOST.to_owned());
    assert_snapshot!(bench.run(APPROVED), @r#"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    note: the provider's thumbprint was not compared: cannot reach the issuer's host oidc.eks.eu-west-1.amazonaws.com: proxy 127.0.0.1:HTTPS_PROXY answers "HTTP/1.1 502 Bad Gateway"
    [exit 0]
    "#);
}

#[test]
fn an_issuer_that_iam_cannot_reach_either_is_a_failure() {
    let bench = Bench::new();
    bench.sandbox.world().unreachable.push(HOST.to_owned());
    assert_snapshot!(bench.run(APPROVED), @r#"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   failed
    [stderr]
    warning: cannot reach the issuer's host oidc.eks.eu-west-1.amazonaws.com (proxy 127.0.0.1:HTTPS_PROXY answers "HTTP/1.1 502 Bad Gateway"), as inside a VPC with an EKS interface endpoint; the thumbprint is left out, and IAM fetches it itself
    error: iam:CreateOpenIDConnectProvider failed on https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: OpenIdIdpCommunicationError: Please check .well-known/openid-configuration of provider: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E is valid.
    hint: IAM cannot reach the issuer either; name the thumbprint, so that IAM need not fetch it: `--thumbprint HEX`
    [exit 1]
    "#);
    assert_nothing_changed(&bench);
}

#[test]
fn a_document_of_another_issuer_is_refused() {
    let bench = with_document(
        r#"{"issuer": "https://evil.example.com", "jwks_uri": "https://evil.example.com/keys"}"#,
    );
    assert_snapshot!(bench.run(APPROVED), @r#"
    [stderr]
    error: the issuer's discovery document https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration is of another issuer, "https://evil.example.com"
    hint: look at it: `curl https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration`
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
    [exit 1]
    "#);
    assert_nothing_changed(&bench);
}

#[test]
fn a_document_that_is_no_json_is_refused() {
    let bench = with_document("<html>captive portal</html>");
    assert_snapshot!(bench.run(APPROVED), @"
    [stderr]
    error: the issuer's discovery document https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration cannot be understood: expected value at line 1 column 1
    hint: look at it: `curl https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration`
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
    [exit 1]
    ");
    assert_nothing_changed(&bench);
}

#[test]
fn a_document_without_keys_is_refused() {
    let issuer = issuer_of(&Bench::new().sandbox.world().clusters[0]);
    let bench = with_document(&format!(r#"{{"issuer": "{issuer}"}}"#));
    assert_snapshot!(bench.run(APPROVED), @"
    [stderr]
    error: the issuer's discovery document https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration cannot be understood: missing field `jwks_uri` at line 1 column 90
    hint: look at it: `curl https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration`
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
    [exit 1]
    ");
}

#[test]
fn keys_without_tls_are_refused() {
    let issuer = issuer_of(&Bench::new().sandbox.world().clusters[0]);
    let document = format!(r#"{{"issuer": "{issuer}", "jwks_uri": "http://{HOST}/keys"}}"#);
    let bench = with_document(&document);
    assert_snapshot!(bench.run(APPROVED), @r#"
    [stderr]
    error: the issuer's discovery document https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration has a jwks_uri that is no https URL, "http://oidc.eks.eu-west-1.amazonaws.com/keys"
    hint: look at it: `curl https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration`
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
    [exit 1]
    "#);
    assert_nothing_changed(&bench);
}

#[test]
fn a_missing_document_is_refused() {
    let bench = Bench::new();
    let url = bench
        .sandbox
        .world()
        .add_issuer("oidc.example.com", "/a", Chain::Public);
    bench
        .sandbox
        .world()
        .issuer_hosts
        .get_mut("oidc.example.com")
        .expect("the issuer's host")
        .documents
        .clear();
    let line = format!("{APPROVED} --issuer-url {url}");
    assert_snapshot!(bench.run(&line), @"
    [stderr]
    error: the issuer's discovery document https://oidc.example.com/a/.well-known/openid-configuration is answered with 403 Forbidden
    hint: look at it: `curl https://oidc.example.com/a/.well-known/openid-configuration`
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint --issuer-url https://oidc.example.com/a`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX --issuer-url https://oidc.example.com/a`
    [exit 1]
    ");
    assert_nothing_changed(&bench);
}

#[test]
fn another_issuers_account_is_the_callers() {
    let bench = Bench::new();
    let url = bench
        .sandbox
        .world()
        .add_issuer("oidc.example.com", "/team/a", Chain::Public);
    let line = format!("associate-oidc-provider --cluster own --issuer-url {url} --approve");
    assert_snapshot!(bench.run(&line), @"
    [stdout]
    PROVIDER                          STATUS
    https://oidc.example.com/team/a   created
    [stderr]
    created IAM OIDC provider for https://oidc.example.com/team/a
    [exit 0]
    ");
    assert_snapshot!(bench.calls(), @"
    sts GetCallerIdentity
    iam GetOpenIDConnectProvider
    issuer /team/a/.well-known/openid-configuration
    iam CreateOpenIDConnectProvider
    ");
    assert_snapshot!(bench.providers(), @"
    arn:aws:iam::111122223333:oidc-provider/oidc.example.com/team/a
      url: https://oidc.example.com/team/a
      audience: sts.amazonaws.com
      thumbprint: 2@oidc.example.com----------------------
      tag: alpha.eksctl.io/cluster-name=own
      tag: alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    ");
}

#[test]
fn another_issuer_needs_no_clusters_name() {
    let bench = Bench::new();
    let url = bench
        .sandbox
        .world()
        .add_issuer("oidc.example.com", "", Chain::Public);
    assert_snapshot!(bench.run(&format!("associate-oidc-provider --issuer-url {url} --approve")), @"
    [stdout]
    PROVIDER                   STATUS
    https://oidc.example.com   created
    [stderr]
    created IAM OIDC provider for https://oidc.example.com
    [exit 0]
    ");
    assert_snapshot!(bench.providers(), @"
    arn:aws:iam::111122223333:oidc-provider/oidc.example.com
      url: https://oidc.example.com
      audience: sts.amazonaws.com
      thumbprint: 2@oidc.example.com----------------------
      tag: alpha.eksctl.io/cluster-name=oidc-example-com
      tag: alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    ");
}

#[test]
fn another_issuer_that_is_unreachable_is_refused() {
    let bench = Bench::new();
    let line =
        "associate-oidc-provider --cluster own --issuer-url https://oidc.example.com --approve";
    assert_snapshot!(bench.run(line), @r#"
    [stderr]
    error: cannot reach the issuer's host oidc.example.com: proxy 127.0.0.1:HTTPS_PROXY answers "HTTP/1.1 502 Bad Gateway"
    hint: check HTTPS_PROXY and NO_PROXY, or run this where the issuer can be reached
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint --issuer-url https://oidc.example.com`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX --issuer-url https://oidc.example.com`
    [exit 1]
    "#);
    assert_nothing_changed(&bench);
}

#[test]
fn an_issuer_url_that_is_none_is_refused() {
    let bench = Bench::new();
    assert_snapshot!(bench.run("associate-oidc-provider --cluster own --issuer-url http://a.example.com"), @"
    [stderr]
    error: invalid value 'http://a.example.com' for '--issuer-url <URL>': an issuer is an `https://` URL of at most 255 characters without query or fragment; its path consists of letters, digits and `-._~%!&'()+,;=:/`

    For more information, try '--help'.
    [exit 2]
    ");
    assert_snapshot!(bench.run("associate-oidc-provider --cluster own --issuer-url https://a.example.com?x=1"), @"
    [stderr]
    error: invalid value 'https://a.example.com?x=1' for '--issuer-url <URL>': an issuer is an `https://` URL of at most 255 characters without query or fragment; its path consists of letters, digits and `-._~%!&'()+,;=:/`

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn china_has_its_own_partition_and_the_same_audience() {
    let bench = Bench::with(Options {
        region: "cn-north-1".to_owned(),
        ..Options::default()
    });
    assert_snapshot!(bench.run(APPROVED), @"
    [stdout]
    PROVIDER                                                                           STATUS
    https://oidc.eks.cn-north-1.amazonaws.com.cn/id/A0E4C45171F61DB374616EAB6A5D7DB9   created
    [stderr]
    created IAM OIDC provider for https://oidc.eks.cn-north-1.amazonaws.com.cn/id/A0E4C45171F61DB374616EAB6A5D7DB9
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    [exit 0]
    ");
    assert_snapshot!(bench.providers(), @"
    arn:aws-cn:iam::111122223333:oidc-provider/oidc.eks.cn-north-1.amazonaws.com.cn/id/A0E4C45171F61DB374616EAB6A5D7DB9
      url: https://oidc.eks.cn-north-1.amazonaws.com.cn/id/A0E4C45171F61DB374616EAB6A5D7DB9
      audience: sts.amazonaws.com
      thumbprint: 2@oidc.eks.cn-north-1.amazonaws.com.cn--
      tag: alpha.eksctl.io/cluster-name=demo
      tag: alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    cluster tag: alpha.eksctl.io/cluster-oidc-enabled=true
    ");
}

#[test]
fn govcloud_has_its_own_partition_and_the_same_audience() {
    let bench = Bench::with(Options {
        region: "us-gov-west-1".to_owned(),
        ..Options::default()
    });
    bench.run(APPROVED);
    assert_snapshot!(bench.providers(), @"
    arn:aws-us-gov:iam::111122223333:oidc-provider/oidc.eks.us-gov-west-1.amazonaws.com/id/111A9A25AD97C640554FE5B5221D70E8
      url: https://oidc.eks.us-gov-west-1.amazonaws.com/id/111A9A25AD97C640554FE5B5221D70E8
      audience: sts.amazonaws.com
      thumbprint: 2@oidc.eks.us-gov-west-1.amazonaws.com--
      tag: alpha.eksctl.io/cluster-name=demo
      tag: alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    cluster tag: alpha.eksctl.io/cluster-oidc-enabled=true
    ");
}

#[test]
fn the_plan_as_json_is_whole() {
    let bench = Bench::new();
    assert_snapshot!(bench.run(&format!("{ASSOCIATE} -o json")), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Plan",
        "summary": {
            "create": 1,
            "change": 1,
            "delete": 0,
            "wait": 0
        },
        "tracks": [
            {
                "target": {
                    "provider": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                },
                "actions": [
                    {
                        "action": "createOidcProvider",
                        "arn": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E",
                        "url": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E",
                        "audiences": [
                            "sts.amazonaws.com"
                        ],
                        "thumbprints": [
                            "2@oidc.eks.eu-west-1.amazonaws.com------"
                        ],
                        "tags": {
                            "alpha.eksctl.io/cluster-name": "demo",
                            "alpha.eksctl.io/eksctl-version": "irsactl-0.1.0"
                        }
                    },
                    {
                        "action": "tagCluster",
                        "cluster": "arn:aws:eks:eu-west-1:111122223333:cluster/demo",
                        "key": "alpha.eksctl.io/cluster-oidc-enabled",
                        "value": "true"
                    }
                ]
            }
        ]
    }
    [stderr]
    plan: 1 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
}

#[test]
fn the_plan_as_yaml_is_whole() {
    let bench = Bench::new();
    assert_snapshot!(bench.run(&format!("{ASSOCIATE} -o yaml")), @r#"
    [stdout]
    apiVersion: irsactl/v1
    kind: Plan
    summary:
      create: 1
      change: 1
      delete: 0
      wait: 0
    tracks:
    - target:
        provider: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
      actions:
      - action: createOidcProvider
        arn: arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
        url: https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
        audiences:
        - sts.amazonaws.com
        thumbprints:
        - 2@oidc.eks.eu-west-1.amazonaws.com------
        tags:
          alpha.eksctl.io/cluster-name: demo
          alpha.eksctl.io/eksctl-version: irsactl-0.1.0
      - action: tagCluster
        cluster: arn:aws:eks:eu-west-1:111122223333:cluster/demo
        key: alpha.eksctl.io/cluster-oidc-enabled
        value: "true"
    [stderr]
    plan: 1 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
}

#[test]
fn the_plan_as_names() {
    let bench = Bench::new();
    assert_snapshot!(bench.run(&format!("{ASSOCIATE} -o name")), @"
    [stdout]
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    [stderr]
    plan: 1 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
}

#[test]
fn the_result_as_json() {
    let bench = Bench::new();
    assert_snapshot!(bench.run(&format!("{APPROVED} -o json")), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Result",
        "items": [
            {
                "done": [
                    "created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E",
                    "tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true"
                ],
                "status": "created",
                "target": {
                    "provider": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                }
            }
        ]
    }
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    [exit 0]
    "#);
}

#[test]
fn a_failed_result_as_json_names_the_error() {
    let bench = Bench::new();
    bench.sandbox.fault("iam CreateOpenIDConnectProvider deny");
    assert_snapshot!(bench.run(&format!("{APPROVED} -o json")), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Result",
        "items": [
            {
                "done": [],
                "errors": [
                    "not allowed to call iam:CreateOpenIDConnectProvider on https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:CreateOpenIDConnectProvider because no identity-based policy allows the iam:CreateOpenIDConnectProvider action"
                ],
                "status": "failed",
                "target": {
                    "provider": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                }
            }
        ]
    }
    [stderr]
    error: not allowed to call iam:CreateOpenIDConnectProvider on https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:CreateOpenIDConnectProvider because no identity-based policy allows the iam:CreateOpenIDConnectProvider action
    hint: allow `iam:CreateOpenIDConnectProvider` to this identity (`aws sts get-caller-identity` names it)
    [exit 1]
    "#);
}

#[test]
fn the_result_as_name() {
    let bench = Bench::new();
    assert_snapshot!(bench.run(&format!("{APPROVED} -o name")), @"
    [stdout]
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    [exit 0]
    ");
}

#[test]
fn the_detailed_exit_status_tells_of_pending_changes() {
    let bench = Bench::new();
    let line = format!("{ASSOCIATE} --detailed-exitcode");
    assert!(bench.run(&line).ends_with("[exit 3]\n"));
    bench.run(APPROVED);
    assert!(bench.run(&line).ends_with("[exit 0]\n"));
}

#[test]
fn quiet_prints_results_only() {
    let bench = Bench::new();
    assert_snapshot!(bench.run(&format!("{ASSOCIATE} -q")), @"
    [stdout]
    + create IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
        audience: sts.amazonaws.com
        thumbprint: 2@oidc.eks.eu-west-1.amazonaws.com------
    ~ tag cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{APPROVED} -q")), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   created
    [exit 0]
    ");
}

#[test]
fn a_provider_that_another_tool_made_meanwhile_is_fine() {
    let bench = Bench::new();
    bench.sandbox.fault(
        "iam CreateOpenIDConnectProvider error 409 EntityAlreadyExists Provider with url already exists.",
    );
    assert_snapshot!(bench.run(APPROVED), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   created
    [stderr]
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    [exit 0]
    ");
}

#[test]
fn a_denied_creation_names_the_permission() {
    let bench = Bench::new();
    bench.sandbox.fault("iam CreateOpenIDConnectProvider deny");
    assert_snapshot!(bench.run(APPROVED), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   failed
    [stderr]
    error: not allowed to call iam:CreateOpenIDConnectProvider on https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:CreateOpenIDConnectProvider because no identity-based policy allows the iam:CreateOpenIDConnectProvider action
    hint: allow `iam:CreateOpenIDConnectProvider` to this identity (`aws sts get-caller-identity` names it)
    [exit 1]
    ");
    assert_nothing_changed(&bench);
}

#[test]
fn a_denied_look_at_the_cluster_names_the_permission() {
    let bench = Bench::new();
    bench.sandbox.fault("eks DescribeCluster deny");
    assert_snapshot!(bench.run(APPROVED), @"
    [stderr]
    error: not allowed to call eks:DescribeCluster on demo: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: eks:DescribeCluster because no identity-based policy allows the eks:DescribeCluster action
    hint: allow `eks:DescribeCluster` to this identity (`aws sts get-caller-identity` names it)
    [exit 1]
    ");
}

#[test]
fn a_full_quota_of_providers_is_told_at_once() {
    let bench = Bench::new();
    bench.account(|account| {
        for number in 0..100 {
            let url = format!("https://{number}.example.com");
            let provider = Provider::new("aws", ACCOUNT, &url, &["a"], &[OTHER]);
            account.create_provider(provider).expect("a provider");
        }
    });
    assert_snapshot!(bench.run(APPROVED), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   failed
    [stderr]
    error: iam:CreateOpenIDConnectProvider failed on https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: LimitExceeded: Cannot exceed quota for OpenIdConnectProvidersPerAccount: 100
    hint: find the providers of dead clusters: `irsactl gc --all-regions`
    hint: or raise the quota in Service Quotas
    [exit 1]
    ");
    assert_eq!(
        bench.calls().matches("CreateOpenIDConnectProvider").count(),
        1
    );
}
