//! Names of the cluster and the account: what is offered, how seldom it is asked for, and how quietly.

use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;

use crate::support::{ACCOUNT, Bench, REGION};

/// What is offered at the end of a line, as the scripts ask for it.
fn offered(bench: &Bench, line: &str) -> String {
    let words = ["__complete", "--"].into_iter().chain(line.split(' '));
    bench.run_words(words, "")
}

/// The offers alone.
fn words(bench: &Bench, line: &str) -> Vec<String> {
    let text = offered(bench, line);
    assert!(!text.contains("[stderr]"), "{text}");
    let lines = text.lines().filter(|line| !line.starts_with('['));
    lines
        .map(|line| line.split('\t').next().unwrap_or_default().to_owned())
        .collect()
}

/// A cluster with three IAM service accounts.
fn inhabited() -> Bench {
    let bench = Bench::new();
    for account in ["web/app", "web/api", "default/job"] {
        bench.eksctl_stack(account, "CREATE_COMPLETE");
    }
    bench
}

#[test]
fn clusters_are_asked_for_once_a_minute() {
    let bench = Bench::new();
    assert_eq!(words(&bench, "irsactl get sa --cluster "), ["demo"]);
    assert_eq!(bench.calls(), "eks ListClusters");
    for line in [
        "irsactl get sa -c ",
        "irsactl associate-oidc-provider ",
        "irsactl thumbprint --cluster d",
    ] {
        assert_eq!(words(&bench, line), ["demo"], "{line}");
    }
    assert_eq!(bench.calls(), "");
}

#[test]
fn a_cluster_of_the_first_page_is_not_all() {
    let bench = Bench::new();
    let mut world = bench.sandbox.world();
    world.page_size = 1;
    world.add_cluster("other", ACCOUNT, REGION);
    drop(world);
    assert_eq!(
        words(&bench, "irsactl export --cluster "),
        ["demo", "other"]
    );
}

#[test]
fn service_accounts_with_a_role_are_those_of_the_stacks() {
    let bench = inhabited();
    for (line, wanted) in [
        (
            "get sa -c demo ",
            &["default/job", "web/api", "web/app"][..],
        ),
        ("delete sa -c demo web/ap", &["web/api", "web/app"]),
        ("update sa -c demo --namespace web ", &["api", "app"]),
        ("get sa -c demo -n web --name ap", &["api", "app"]),
        ("get sa -c demo --name ", &["job"]),
        ("get sa -c demo -n ", &["default", "web"]),
        ("get sa -c other ", &[]),
    ] {
        let flags = words(&bench, &format!("irsactl {line}"));
        let names: Vec<_> = flags.iter().filter(|it| !it.starts_with('-')).collect();
        assert_eq!(names, wanted, "{line}");
    }
}

#[test]
fn associations_are_those_of_the_cluster() {
    let bench = inhabited();
    let mut world = bench.sandbox.world();
    let role = world.add_role_of_pods("reader");
    for (namespace, name) in [("web", "api"), ("jobs", "nightly")] {
        world.clusters[0].add_association(namespace, name, &role);
    }
    drop(world);
    for (line, wanted) in [
        ("get pia -c demo ", &["jobs/nightly", "web/api"][..]),
        ("update podidentityassociation -c demo w", &["web/api"]),
        (
            "delete podidentityassociations -c demo -n jobs ",
            &["nightly"],
        ),
        ("delete pia -c demo -n ", &["jobs", "web"]),
        ("get sa -c demo w", &["web/api", "web/app"]),
        ("create pia -c demo default/", &["default/default"]),
    ] {
        let offers = words(&bench, &format!("irsactl {line}"));
        let names: Vec<_> = offers.iter().filter(|it| !it.starts_with('-')).collect();
        assert_eq!(names, wanted, "{line}");
    }
    let calls = bench.calls();
    assert_eq!(
        calls.matches("ListPodIdentityAssociations").count(),
        1,
        "{calls}"
    );
}

#[test]
fn what_is_created_for_is_in_the_cluster() {
    let bench = inhabited();
    assert_eq!(
        words(&bench, "irsactl create sa -c demo -n "),
        ["default", "kube-node-lease", "kube-public", "kube-system"]
    );
    assert_eq!(
        words(&bench, "irsactl create sa -c demo default/"),
        ["default/default"]
    );
    assert_eq!(
        words(&bench, "irsactl doctor -c demo default/"),
        ["default/default"]
    );
    assert_eq!(
        bench.calls(),
        "eks DescribeCluster\n\
         kubernetes list namespaces\n\
         eks DescribeCluster\n\
         kubernetes list serviceaccounts"
    );
}

#[test]
fn pods_are_named_with_their_namespace() {
    let bench = inhabited();
    let pods: Vec<String> = {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        api.run_deployment("web", "api", "default", 2);
        api.run_deployment("default", "job", "default", 1);
        let names = ["default", "web"].map(|place| {
            api.pods(place)
                .into_iter()
                .map(move |name| format!("{place}/{name}"))
                .collect::<Vec<_>>()
        });
        names.concat()
    };
    assert_eq!(pods.len(), 3);
    for (line, wanted) in [
        ("web/", &pods[1..]),
        ("", &pods),
        ("web/ap", &pods[1..]),
        ("nope/", &[]),
    ] {
        let line = format!("irsactl doctor -c demo --pod {line}");
        assert_eq!(words(&bench, &line), wanted, "{line}");
    }
    assert_eq!(bench.calls(), "eks DescribeCluster\nkubernetes list pods");
}

#[test]
fn what_follows_an_equals_sign_is_a_value() {
    let bench = Bench::new();
    for (line, wanted) in [
        (
            "create sa --role-only=",
            &["--role-only=false", "--role-only=true"][..],
        ),
        ("create sa --approve=t", &["--approve=true"]),
        ("delete sa --wait=f", &["--wait=false"]),
        ("create sa --role-name=", &[]),
        ("doctor --workload=", &[]),
        ("doctor --workload ", &[]),
    ] {
        assert_eq!(words(&bench, &format!("irsactl {line}")), wanted, "{line}");
    }
}

#[test]
fn help_is_followed_by_commands_and_calls_nobody() {
    let bench = inhabited();
    for (line, wanted) in [
        ("irsactl ver", &["verify", "version"][..]),
        ("irsactl hel", &["help"]),
        (
            "irsactl help create ",
            &["iamserviceaccount", "podidentityassociation"],
        ),
        ("irsactl help get ir", &["irsa"]),
        ("irsactl help get sa ", &[]),
        ("irsactl help associate-oidc-provider ", &[]),
    ] {
        let offers = words(&bench, line);
        let offers: Vec<_> = offers.iter().filter(|it| !it.starts_with('-')).collect();
        assert_eq!(offers, wanted, "{line}");
    }
    assert_eq!(bench.calls(), "");
}

#[test]
fn without_a_cluster_on_the_line_nobody_is_asked() {
    let bench = inhabited();
    for line in [
        "irsactl get sa d",
        "irsactl create sa -n ",
        "irsactl get sa --name ",
    ] {
        assert_eq!(words(&bench, line), [""; 0], "{line}");
    }
    assert_eq!(bench.calls(), "");
}

#[test]
fn words_of_the_program_need_no_call() {
    let bench = inhabited();
    for line in [
        "irsactl ",
        "irsactl del",
        "irsactl get sa -c demo --out",
        "irsactl get sa -c demo -",
        "irsactl get sa -c demo --output ",
        "irsactl create sa -c demo --well-known-policy ",
        "irsactl create sa -c demo --region ",
        "irsactl create sa -c demo --profile ",
    ] {
        offered(&bench, line);
        assert_eq!(bench.calls(), "", "{line}");
    }
}

#[test]
fn policies_are_the_accounts_and_aws() {
    let bench = Bench::new();
    bench.account(|account| {
        let arn = "arn:aws:iam::111122223333:policy/team/app-read";
        account.policies.insert(arn.to_owned(), Default::default());
        account.policies.get_mut(arn).expect("it").arn = arn.to_owned();
    });
    assert_eq!(
        words(&bench, "irsactl create sa --permissions-boundary app"),
        ["arn:aws:iam::111122223333:policy/team/app-read"]
    );
    assert_eq!(
        words(&bench, "irsactl update sa --add-policy-arn a,AmazonS3Re"),
        ["a,arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]
    );
}

#[test]
fn the_lines_region_is_asked() {
    let bench = Bench::new();
    assert_eq!(words(&bench, "irsactl get sa -c "), ["demo"]);
    let elsewhere = words(&bench, "irsactl get sa --region us-east-1 -c ");
    assert_eq!(elsewhere, [""; 0]);
    assert_eq!(bench.calls(), "eks ListClusters\neks ListClusters");
}

/// It may lie in a folder of somebody else's, and name any program.
#[test]
fn no_plugin_of_a_kubeconfig_by_a_relative_path_is_run() {
    let bench = Bench::new();
    let plugin = bench.file("plugin", "#!/bin/sh\ntouch ~/ran\n");
    let ran = plugin.with_file_name("ran");
    std::fs::set_permissions(&plugin, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    let kubeconfig = bench.sandbox.world().kubeconfig("demo").replace(
        "token: sandbox-admin",
        &format!("exec: {{apiVersion: client.authentication.k8s.io/v1, command: {}, interactiveMode: Never}}", plugin.display()),
    );
    let path = bench.file("kubeconfig", &kubeconfig);
    for (path, runs) in [
        ("./kubeconfig", false),
        (&*path.display().to_string(), true),
    ] {
        let line = format!("irsactl create sa --cluster demo --kubeconfig {path} --namespace ");
        assert_eq!(words(&bench, &line), [""; 0]);
        assert_eq!(ran.exists(), runs, "{path}");
    }
}

#[test]
fn profiles_and_contexts_are_those_of_the_files() {
    let mut bench = Bench::new();
    let config = bench.file(
        "config",
        "[default]\n[profile dev]\n[sso-session s]\n[profile a b]\n",
    );
    let credentials = bench.file("credentials", "[ci]\naws_access_key_id = AKIAs3cret\n");
    let kubeconfig = bench.file(
        "kubeconfig",
        "contexts:\n- name: me@demo\n  context: {cluster: c}\n- name: $(id)\n  context: {cluster: c}\n",
    );
    bench.set("AWS_CONFIG_FILE", &config.display().to_string());
    bench.set(
        "AWS_SHARED_CREDENTIALS_FILE",
        &credentials.display().to_string(),
    );
    assert_eq!(
        words(&bench, "irsactl get sa --profile "),
        ["ci", "default", "dev"]
    );
    let line = format!(
        "irsactl get sa --kubeconfig {} --context ",
        kubeconfig.display()
    );
    assert_eq!(words(&bench, &line), ["me@demo"]);
    assert_eq!(
        words(&bench, "irsactl get sa -r eu-west-"),
        ["eu-west-1", "eu-west-2", "eu-west-3"]
    );
}

#[test]
fn whatever_fails_is_silent_and_not_kept() {
    for effect in ["deny", "reset", "garbage", "half"] {
        let bench = Bench::new();
        bench.befall("eks ListClusters", &format!("times 20 {effect}"));
        assert_eq!(
            offered(&bench, "irsactl get sa -c "),
            "[exit 0]\n",
            "{effect}"
        );
        let bench = Bench::new();
        bench.befall("kubernetes list namespaces", &format!("times 20 {effect}"));
        let line = "irsactl create sa -c demo -n ";
        assert_eq!(offered(&bench, line), "[exit 0]\n", "{effect}");
    }
    let bench = Bench::new();
    bench.befall("eks ListClusters", "times 1 deny");
    assert_eq!(offered(&bench, "irsactl get sa -c "), "[exit 0]\n");
    assert_eq!(words(&bench, "irsactl get sa -c "), ["demo"]);
}

#[test]
fn who_does_not_answer_is_not_waited_for() {
    let bench = Bench::new().impatient();
    bench.befall("* *", "hang");
    assert_eq!(offered(&bench, "irsactl get sa -c "), "[exit 0]\n");
    // A second attempt would come only after two seconds.
    let calls = bench.calls();
    assert!(calls.lines().count() <= 1, "{calls}");
}

#[test]
fn policies_that_came_in_time_are_offered_but_not_kept() {
    let bench = Bench::new();
    bench.account(|account| {
        let arn = "arn:aws:iam::111122223333:policy/mine";
        account.policies.insert(arn.to_owned(), Default::default());
        account.policies.get_mut(arn).expect("it").arn = arn.to_owned();
    });
    bench.befall("iam ListPolicies", "from 2 hang");
    let line = "irsactl create sa --attach-policy-arn ";
    assert_eq!(
        words(&bench, line),
        ["arn:aws:iam::111122223333:policy/mine"]
    );
    bench.calls();
    offered(&bench, line);
    assert_eq!(bench.calls(), "iam ListPolicies");
}

#[test]
fn without_credentials_nothing_is_offered_and_nothing_said() {
    let mut bench = Bench::new();
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ] {
        bench.set(name, "");
    }
    bench.set("AWS_EC2_METADATA_DISABLED", "true");
    bench.set("IRSACTL_LOG", "trace");
    assert_eq!(offered(&bench, "irsactl -vvv get sa -c "), "[exit 0]\n");
    bench.set("AWS_REGION", "");
    assert_eq!(offered(&bench, "irsactl get sa -c "), "[exit 0]\n");
}

#[test]
fn nonsense_is_silent() {
    let bench = Bench::new();
    for line in [
        "__complete",
        "__complete --",
        "__complete -- irsactl nope nope ",
    ] {
        assert_eq!(bench.run(line), "[exit 0]\n", "{line}");
    }
    for line in [
        "irsactl get sa --cluster demo --nope x ",
        "irsactl get sa -c \u{1b}[31m ",
        "irsactl get sa -c '; id' ",
        "irsactl create sa --region \u{7f} -c ",
    ] {
        let text = offered(&bench, line);
        assert!(!text.contains("[stderr]"), "{text}");
        assert!(text.ends_with("[exit 0]\n"), "{text}");
    }
}

#[test]
fn names_that_a_shell_would_run_are_not_offered() {
    let bench = Bench::new();
    let mut world = bench.sandbox.world();
    for name in [
        "$(id)",
        "a;id",
        "a b",
        "a'b",
        "`id`",
        "x\nevil",
        "-rf",
        "\u{1b}[31mred",
    ] {
        world.add_cluster(name, ACCOUNT, REGION);
    }
    drop(world);
    assert_eq!(
        offered(&bench, "irsactl get sa -c "),
        "[stdout]\ndemo\t\n[exit 0]\n"
    );
    // From the kept list as well.
    assert_eq!(
        offered(&bench, "irsactl get sa -c "),
        "[stdout]\ndemo\t\n[exit 0]\n"
    );
}

#[cfg(unix)]
#[test]
fn what_is_kept_is_the_users_alone_and_no_secret() {
    use std::os::unix::fs::PermissionsExt;

    let mut bench = Bench::new();
    let cache = bench.file("cache/here", "").with_file_name("");
    bench.set("XDG_CACHE_HOME", &cache.display().to_string());
    offered(&bench, "irsactl get sa -c ");
    let folder = cache.join("irsactl/completion");
    let files: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    let [file] = files.as_slice() else {
        panic!("{files:?}");
    };
    assert_eq!(std::fs::read_to_string(file).expect("a file"), "demo\n");
    let mode = std::fs::metadata(file)
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let name = file.file_name().expect("a name").to_string_lossy();
    assert!(name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[test]
fn what_was_kept_a_minute_ago_is_asked_for_again() {
    use std::time::{Duration, SystemTime};

    let mut bench = Bench::new();
    let cache = bench.file("cache/here", "").with_file_name("");
    bench.set("XDG_CACHE_HOME", &cache.display().to_string());
    assert_eq!(words(&bench, "irsactl get sa -c "), ["demo"]);
    let kept = std::fs::read_dir(cache.join("irsactl/completion")).expect("a folder");
    for file in kept {
        let file = file.expect("an entry").path();
        std::fs::write(&file, "gone\n").expect("a list");
        let file = std::fs::File::options().write(true).open(&file);
        let old = SystemTime::now() - Duration::from_secs(61);
        let made_old = file.and_then(|file| file.set_modified(old));
        made_old.expect("a time");
    }
    bench.calls();
    assert_eq!(words(&bench, "irsactl get sa -c "), ["demo"]);
    assert_eq!(bench.calls(), "eks ListClusters");
}

/// A folder of somebody else, or of something else, is neither read, nor written, nor swept.
#[cfg(unix)]
#[test]
fn a_cache_that_leads_elsewhere_is_left_alone() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::time::{Duration, SystemTime};

    let mut bench = Bench::new();
    let cache = bench.file("cache/here", "").with_file_name("");
    bench.set("XDG_CACHE_HOME", &cache.display().to_string());
    offered(&bench, "irsactl get sa -c ");
    let folder = cache.join("irsactl/completion");
    let mode = |path: &std::path::Path| {
        let found = std::fs::metadata(path).expect("a folder");
        found.permissions().mode() & 0o777
    };
    assert_eq!(mode(&folder), 0o700);
    // One of an earlier version is closed too.
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).expect("a folder");
    offered(&bench, "irsactl get sa -c ");
    assert_eq!(mode(&folder), 0o700);
    let hash = "0".repeat(32);
    let old = SystemTime::now() - Duration::from_secs(3600);
    let kept = ["precious/thesis.txt".to_owned(), format!("precious/{hash}")];
    for name in &kept {
        let path = bench.file(name, "years of work");
        let file = std::fs::File::options().write(true).open(path);
        file.and_then(|file| file.set_modified(old))
            .expect("a time");
    }
    let precious = bench
        .file("precious/thesis.txt.copy", "")
        .with_file_name("");
    for place in ["irsactl/completion", "irsactl"] {
        let place = cache.join(place);
        std::fs::remove_dir_all(&place).expect("a folder");
        symlink(&precious, &place).expect("a link");
        bench.calls();
        for _ in 0..2 {
            assert_eq!(words(&bench, "irsactl get sa -c "), ["demo"]);
        }
        assert_eq!(bench.calls(), "eks ListClusters\neks ListClusters");
        for name in &kept {
            let path = precious.with_file_name("").join(name);
            assert_eq!(
                std::fs::read_to_string(path).expect("kept"),
                "years of work"
            );
        }
        std::fs::remove_file(&place).expect("the link");
        std::fs::create_dir_all(cache.join("irsactl/completion")).expect("a folder");
    }
}

#[test]
fn a_cache_that_cannot_be_written_is_done_without() {
    let mut bench = Bench::new();
    let file = bench.file("no-folder", "");
    bench.set("XDG_CACHE_HOME", &file.display().to_string());
    for _ in 0..2 {
        assert_eq!(words(&bench, "irsactl get sa -c "), ["demo"]);
    }
    assert_eq!(bench.calls(), "eks ListClusters\neks ListClusters");
}

#[test]
fn what_is_offered_says_what_it_is() {
    let bench = Bench::new();
    assert_snapshot!(offered(&bench, "irsactl de"), @"
    [stdout]
    delete	Delete IAM service accounts, or their associations
    [exit 0]
    ");
    assert_snapshot!(offered(&bench, "irsactl delete sa --det"), @"
    [stdout]
    --detach-foreign	Detach policies that were attached to the role by hand, which else stop the deletion
    --detailed-exitcode	Exit with 3 when there is something to do (without acting)
    [exit 0]
    ");
    assert_snapshot!(offered(&bench, "irsactl delete sa --wait -"), @"
    [stdout]
    --cluster	Name of the cluster; required without --config-file
    --issuer-url	OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context
    --name	Name of the service account
    --namespace	Namespace of the service account
    --help	Print help
    --config-file	Config file of eksctl in the place of a name; shows the plan unless --approve; - reads stdin
    --include	Only those whose NAMESPACE/NAME matches, as 'web/*' (repeatable)
    --exclude	But those whose NAMESPACE/NAME matches (repeatable)
    --only-missing	Those of the cluster that the file does not have, in the place of those that it has
    --role-only	Leave the ServiceAccount: no Kubernetes access
    --detach-foreign	Detach policies that were attached to the role by hand, which else stop the deletion
    --with-foreign-resources	Delete what else is in the stack, which else stops the deletion
    --wait	Wait for the end of the stack's deletion; --wait=false does not
    --dry-run	Show the plan only
    --approve	Carry the plan of a config file out; a deletion by name acts at once
    --detailed-exitcode	Exit with 3 when there is something to do (without acting)
    --parallel	Service accounts to work on side by side, 1 to 64
    --cfn-role-arn	Role that CloudFormation works as
    --deployment-mode	Whether CloudFormation waits until IAM knows a role everywhere, standard, or not, express
    --role-profile	AWS profile for IAM and CloudFormation, of another account than the cluster's
    --role-via	Role of another account, assumed first for IAM and CloudFormation
    --region	AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile's)
    --profile	AWS profile; outranks the keys of the environment
    --timeout	Time for everything, as 90s, 25m, 1h30m
    --kubeconfig	Kubeconfig file to use in place of the EKS endpoint
    --context	Context of the kubeconfig
    --output	Output format
    --quiet	Print results and errors only
    --verbose	Log more to stderr: -v what is done, -vv every call, -vvv everything
    --color	Colour the output
    [exit 0]
    ");
}
