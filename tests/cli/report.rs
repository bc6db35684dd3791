//! `report`: one page on who may be what.

use insta::assert_snapshot;
use serde_json::Value;

use crate::audited::{HOSTILE, audited};
use crate::doctor::without_times;
use crate::last_used::used;
use crate::support::Bench;

/// What stands on stdout alone.
fn printed(bench: &Bench, line: &str) -> String {
    let output = bench.command_line(line).output().expect("irsactl runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn each_account_stands_with_its_roles_and_who_else_may_assume_them() {
    let bench = audited();
    let told = printed(&bench, "report --cluster demo -o json");
    let report: Value = serde_json::from_str(&told).expect("JSON");
    let mut lines = String::new();
    for account in report["items"].as_array().expect("items") {
        let name = account["name"].as_str().expect("a name");
        let name = if name.len() > 60 { "shop/a…z" } else { name };
        lines.push_str(&format!("{name}: {}\n", account["state"]));
        for role in account["roles"].as_array().expect("roles") {
            let policies = role["policies"].as_array().expect("policies");
            let policies: Vec<String> = policies
                .iter()
                .map(|it| format!("{}: {}", it["name"], it["allows"]))
                .collect();
            lines.push_str(&format!(
                "  {} by {}\n    others: {}\n    policies: {}\n    unknown: {}\n",
                role["arn"],
                role["way"],
                role["others"],
                policies.join("\n      "),
                role["unknown"]
            ));
        }
        lines.push_str(&format!("  workloads: {}\n", account["workloads"]));
    }
    assert_snapshot!(bench.steady(&lines), @r#"
    shop/a…z: "problem"
      "arn:aws:iam::111122223333:role/gone" by "irsa"
        others: []
        policies: 
        unknown: "there is no such role"
      workloads: []
    shop/hostile: "problem"
      workloads: []
    shop/worker: "healthy"
      "arn:aws:iam::111122223333:role/queue-worker" by "pod-identity"
        others: ["EKS Pod Identity, for any association of the account"]
        policies: 
        unknown: null
      workloads: ["deployment shop/worker"]
    web/api: "healthy"
      "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU" by "irsa"
        others: []
        policies: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess": ["allows s3:Get*, s3:List*, s3:Describe*, s3-object-lambda:Get*, s3-object-lambda:List* on all resources"]
          "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy": ["allows ec2:Describe*, ec2:CreateSnapshot, ec2:AttachVolume, ec2:DetachVolume on all resources"]
        unknown: null
      workloads: ["deployment web/api"]
    web/mailer: "warning"
      "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-maile-Role1-5NTCI4ULQEYU" by "irsa"
        others: ["arn:aws:iam::444455556666:role/<b>auditor</b>"]
        policies: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess": ["allows s3:Get*, s3:List*, s3:Describe*, s3-object-lambda:Get*, s3-object-lambda:List* on all resources"]
          "all": ["allows all actions on all resources"]
        unknown: null
      workloads: ["deployment web/mail"]
    "#);
}

#[test]
fn the_page_takes_names_of_others_for_text() {
    let bench = audited();
    let page = printed(&bench, "report --cluster demo");
    assert!(!page.contains("<script>alert"), "{page}");
    assert!(!page.contains("<img"), "{page}");
    assert!(!page.contains("<b>auditor"), "{page}");
    assert!(page.contains("&lt;b&gt;auditor&lt;/b&gt;"), "{page}");
    assert!(!page.contains('\u{202e}'), "{page}");
    // One script, whose hash the policy names, and nothing that is loaded.
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("</script").count(), 1);
    assert!(page.contains("content=\"default-src 'none'; style-src 'sha256-"));
    let tags = tags(&page);
    let loads = [
        "src=", "url(", "<link", "<iframe", "<object", " style=", " on",
    ];
    for loads in loads {
        assert!(!tags.contains(loads), "{loads}: {tags}");
    }
    // A name that looks like a place of the template is not filled.
    assert_eq!(page.matches("<tbody>").count(), 2);
    assert!(HOSTILE.contains("{{rows}}"));
    let longest = format!("shop/a{}z", "b".repeat(251));
    assert!(page.contains(&format!("<th scope=\"row\">{longest}</th>")));
}

/// All that stands in tags.
fn tags(page: &str) -> String {
    let parts = page.split('<').skip(1);
    let tags = parts.filter_map(|part| part.split('>').next());
    tags.map(|tag| format!("<{tag}>")).collect()
}

#[test]
fn markdown_is_for_a_ticket() {
    let bench = audited();
    let told = printed(&bench, "report --cluster demo -o markdown");
    let mail: Vec<&str> = told
        .lines()
        .filter(|line| line.contains("mailer"))
        .collect();
    assert_snapshot!(without_times(&bench.steady(&mail.join("\n"))), @"| web/mailer | warning | arn:aws:iam:&#58;111122223333:role/eksctl-demo-addon-iamserviceaccount-web-maile-Role1-5NTCI4ULQEYU &#40;irsa&#41; | arn:aws:iam:&#58;444455556666:role/&#60;b&#62;auditor&#60;/b&#62; | AmazonS3ReadOnlyAccess<br>all | not in 400 days | deployment web/mail | warning: role eksctl-demo-addon-iamserviceaccount-web-maile-Role1-5NTCI4ULQEYU was changed by hand: its stack says otherwise<br>warning: the policy all allows everything on all resources |");
}

#[test]
fn a_cluster_without_accounts_has_a_page_too() {
    let bench = Bench::associated();
    let page = printed(&bench, "report --cluster demo");
    assert!(page.contains("No service account has a role."), "{page}");
    let told = printed(&bench, "report --cluster demo -o markdown");
    assert!(told.ends_with("No service account has a role.\n"), "{told}");
}

/// A page that says nothing of them would be taken for one that found none.
#[test]
fn what_could_not_be_read_is_told() {
    let bench = audited();
    bench.befall("iam GetRole", "deny");
    bench.befall("cloudformation DescribeStacks", "deny");
    let told = printed(&bench, "report --cluster demo -o markdown");
    let unknown: Vec<&str> = told
        .lines()
        .filter(|it| it.starts_with("- unknown"))
        .collect();
    assert_snapshot!(unknown.join("\n"), @"- unknown: all-service-accounts: not allowed to call cloudformation:DescribeStacks");
    let of_api = told
        .lines()
        .find(|line| line.contains("web/api"))
        .expect("a row");
    assert!(of_api.contains("| unknown |"), "{of_api}");
}

#[test]
fn five_hundred_accounts_fit_into_a_page() {
    let bench = audited();
    let role = bench.account(|account| {
        let role = account
            .roles
            .values()
            .find(|it| it.name.contains("-web-api"));
        role.expect("the role").arn.clone()
    });
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    for number in 0..500 {
        let annotations = [("eks.amazonaws.com/role-arn", role.as_str())];
        let name = format!("worker-{number:03}");
        api.put_service_account("shop", &name, &[], &annotations, "helm");
    }
    drop(world);
    let page = printed(&bench, "report --cluster demo");
    assert!(page.contains("shop/worker-499"), "{}", page.len());
    assert!(page.len() < 1_500_000, "{}", page.len());
}

#[test]
fn nothing_is_changed_by_it() {
    let bench = audited();
    let before = bench.state();
    printed(&bench, "report --cluster demo");
    assert_eq!(bench.state(), before);
}

/// IAM would tell of it as the last use of the role.
#[test]
fn no_role_is_assumed_for_it() {
    let bench = audited();
    printed(&bench, "report --cluster demo");
    let calls = bench.calls();
    assert!(calls.contains("iam GetRole"), "{calls}");
    let assumed = calls
        .lines()
        .filter(|call| call.contains("AssumeRole") || call.contains("serviceaccounts/token"));
    assert_eq!(assumed.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn what_roles_used_is_told_where_it_is_asked() {
    let bench = used();
    let line = "report --cluster demo -o markdown";
    let row = |told: &str| {
        let row = told.lines().find(|line| line.contains("web/api"));
        let cells = row.expect("a row").split(" | ");
        cells.skip(5).take(1).collect::<String>()
    };
    let told = printed(&bench, &format!("{line} --usage --since 30d"));
    assert_snapshot!(without_times(&row(&told)), @"TIME in eu-west-1<br>s3: a day ago<br>s3-object-lambda: not in 30 days");
    let asked = bench
        .sandbox
        .count("iam GenerateServiceLastAccessedDetails");
    let told = printed(&bench, line);
    assert!(!row(&told).contains("s3"), "{told}");
    let again = bench
        .sandbox
        .count("iam GenerateServiceLastAccessedDetails");
    assert_eq!((asked.calls, again.calls), (1, 1));
}
