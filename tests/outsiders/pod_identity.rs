//! EKS Pod Identity as the aws CLI meets it: associations, their tags, and what pods get by them.

use insta::assert_snapshot;

use crate::shell::Shell;
use crate::support::Bench;

/// With two roles that pods may have.
fn shell() -> Shell {
    let bench = Bench::new();
    for name in ["reader", "writer"] {
        bench.sandbox.world().add_role_of_pods(name);
    }
    Shell::with_aws(bench)
}

const ROLE: &str = "arn:aws:iam::111122223333:role";

fn create(rest: &str) -> String {
    format!("aws eks create-pod-identity-association --cluster-name demo --namespace web {rest}")
}

/// What the CLI says of a refusal.
fn refused(shell: &Shell, line: &str) -> String {
    let told = shell.run(line);
    assert!(
        told.ends_with("[exit 255]\n") || told.ends_with("[exit 254]\n"),
        "{told}"
    );
    let told = told
        .lines()
        .find(|line| line.starts_with("An error occurred"));
    told.unwrap_or_default().to_owned()
}

#[test]
fn the_aws_cli_manages_an_association() {
    let shell = shell();
    let made = create(&format!(
        "--service-account api --role-arn {ROLE}/reader --tags team=a --client-request-token once \
         --query 'association.[associationId, roleArn, tags, disableSessionTags, externalId]'"
    ));
    let first = shell.output(&made);
    assert_snapshot!(first, @"");
    // The same request again is no second one.
    assert_eq!(shell.output(&made), first);
    let other = made.replace("once", "again");
    assert_snapshot!(refused(&shell, &other), @"");
    assert_snapshot!(refused(&shell, &made.replace("reader", "writer")), @"");
    let list = "aws eks list-pod-identity-associations --cluster-name demo --namespace web \
                --service-account api --query 'associations[].associationId' --output text";
    let id = shell.output(list);
    let of_another = list.replace("account api", "account other");
    assert_eq!(shell.output(&of_another), "");
    let one = format!("--cluster-name demo --association-id {id} --query association");
    let update = format!("aws eks update-pod-identity-association {one}");
    assert_snapshot!(refused(&shell, &update), @"");
    shell.output(&format!(
        "{update} --role-arn {ROLE}/writer --target-role-arn arn:aws:iam::444455556666:role/far"
    ));
    let arn = shell.output(&format!(
        "aws eks describe-pod-identity-association {one}.associationArn --output text"
    ));
    shell.output(&format!(
        "aws eks tag-resource --resource-arn {arn} --tags stage=test"
    ));
    shell.output(&format!(
        "aws eks untag-resource --resource-arn {arn} --tag-keys team"
    ));
    let tags = format!("aws eks list-tags-for-resource --resource-arn {arn} --query tags");
    assert_snapshot!(shell.output(&tags), @"");
    let query = "[roleArn, targetRoleArn, externalId, tags]";
    assert_snapshot!(shell.output(&format!(
        "aws eks describe-pod-identity-association {}",
        one.replace("association.", "").replace("--query association", &format!("--query 'association.{query}'"))
    )), @"");
    shell.output(&format!("aws eks delete-pod-identity-association {one}"));
    let describe = format!("aws eks describe-pod-identity-association {one}");
    assert_snapshot!(refused(&shell, &describe), @"");
    assert_snapshot!(refused(&shell, &describe.replace(&id, "a-1")), @"");
    // What comes after it has an id of its own.
    assert_ne!(shell.output(&other), first);
}

#[test]
fn the_aws_cli_is_told_what_an_association_cannot_be() {
    let shell = shell();
    let irsa = serde_json::json!({"Statement": [{
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }]});
    {
        let mut world = shell.bench.sandbox.world();
        world.add_role_of_pods("untagged");
        let account = world.accounts.get_mut("111122223333").expect("the account");
        account.roles.get_mut("untagged").expect("a role").trust = irsa;
        world.clusters[0].association_limit = Some(1);
        world.clusters[0].add_addon("vpc-cni");
    }
    let with = |rest: &str| refused(&shell, &create(&format!("--service-account api {rest}")));
    let told = [
        with("--role-arn arn:aws:iam::444455556666:role/far"),
        with(&format!("--role-arn {ROLE}/nobody")),
        with(&format!("--role-arn {ROLE}/untagged")),
        with("--role-arn nonsense"),
        with(&format!(
            "--role-arn {ROLE}/reader --policy '{{}}' --disable-session-tags"
        )),
        with(&format!("--role-arn {ROLE}/reader --policy '{{}}'")),
        with(&format!("--role-arn {ROLE}/reader --tags aws:a=b")),
        refused(
            &shell,
            &create(&format!("--service-account api --role-arn {ROLE}/reader"))
                .replace("demo", "dema"),
        ),
    ];
    assert_snapshot!(told.join("\n"), @"");
    let first = create(&format!("--service-account one --role-arn {ROLE}/reader"));
    shell.output(&first);
    assert_snapshot!(with(&format!("--role-arn {ROLE}/reader")), @"");
    shell.bench.sandbox.world().clusters[0].associations[0].owner =
        Some("arn:of:vpc-cni".to_owned());
    let id = shell.bench.sandbox.world().clusters[0].associations[0]
        .id
        .clone();
    let delete = format!(
        "aws eks delete-pod-identity-association --cluster-name demo --association-id {id}"
    );
    assert_snapshot!(refused(&shell, &delete), @"");
}

#[test]
fn the_aws_cli_pages_through_associations() {
    let shell = shell();
    for number in 0..5 {
        let mut world = shell.bench.sandbox.world();
        let role = format!("{ROLE}/reader");
        world.clusters[0].add_association("web", &format!("sa-{number}"), &role);
    }
    let list = "aws eks list-pod-identity-associations --cluster-name demo --query 'associations[].serviceAccount' --output text";
    let paged = shell.output(&format!("{list} --page-size 2"));
    assert_eq!(paged.split_whitespace().count(), 5, "{paged}");
    assert_eq!(
        shell
            .bench
            .sandbox
            .count("eks ListPodIdentityAssociations")
            .calls,
        3
    );
    assert_snapshot!(refused(&shell, &format!("{list} --page-size 101")), @"");
}
