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
    assert_snapshot!(first, @r#"
    [
        "a-c88ffc65c1c760c9f",
        "arn:aws:iam::111122223333:role/reader",
        {
            "team": "a"
        },
        false,
        null
    ]
    "#);
    // The same request again is no second one.
    assert_eq!(shell.output(&made), first);
    let other = made.replace("once", "again");
    assert_snapshot!(refused(&shell, &other), @"An error occurred (ResourceInUseException) when calling the CreatePodIdentityAssociation operation: Association already exists: a-c88ffc65c1c760c9f");
    assert_snapshot!(refused(&shell, &made.replace("reader", "writer")), @"An error occurred (InvalidParameterException) when calling the CreatePodIdentityAssociation operation: The clientRequestToken was used with other parameters.");
    let list = "aws eks list-pod-identity-associations --cluster-name demo --namespace web \
                --service-account api --query 'associations[].associationId' --output text";
    let id = shell.output(list);
    let of_another = list.replace("account api", "account other");
    assert_eq!(shell.output(&of_another), "");
    let one = format!("--cluster-name demo --association-id {id} --query association");
    let update = format!("aws eks update-pod-identity-association {one}");
    assert_snapshot!(refused(&shell, &update), @"An error occurred (InvalidParameterException) when calling the UpdatePodIdentityAssociation operation: At least one of roleArn, targetRoleArn, disableSessionTags and policy must be given.");
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
    assert_snapshot!(shell.output(&tags), @r#"
    {
        "stage": "test"
    }
    "#);
    let query = "[roleArn, targetRoleArn, externalId, tags]";
    assert_snapshot!(shell.output(&format!(
        "aws eks describe-pod-identity-association {}",
        one.replace("association.", "").replace("--query association", &format!("--query 'association.{query}'"))
    )), @r#"
    [
        "arn:aws:iam::111122223333:role/writer",
        "arn:aws:iam::444455556666:role/far",
        "a0f6fba8a0a711954f7af657965a11fe",
        {
            "stage": "test"
        }
    ]
    "#);
    shell.output(&format!("aws eks delete-pod-identity-association {one}"));
    let describe = format!("aws eks describe-pod-identity-association {one}");
    assert_snapshot!(refused(&shell, &describe), @"An error occurred (ResourceNotFoundException) when calling the DescribePodIdentityAssociation operation: No association found for ID: a-c88ffc65c1c760c9f in cluster: demo");
    assert_snapshot!(refused(&shell, &describe.replace(&id, "a-1")), @"An error occurred (InvalidParameterException) when calling the DescribePodIdentityAssociation operation: The parameter associationId should be 19 characters long.");
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
    assert_snapshot!(told.join("\n"), @"
    An error occurred (InvalidParameterException) when calling the CreatePodIdentityAssociation operation: Cross-account pass role is not allowed.
    An error occurred (InvalidParameterException) when calling the CreatePodIdentityAssociation operation: Role provided in the request does not exist.
    An error occurred (InvalidParameterException) when calling the CreatePodIdentityAssociation operation: Trust policy of the role provided is invalid. Follow the official documentation to resolve the issue.
    An error occurred (InvalidParameterException) when calling the CreatePodIdentityAssociation operation: Invalid role ARN: nonsense
    An error occurred (InvalidParameterException) when calling the CreatePodIdentityAssociation operation: The parameter policy is no valid session policy.
    An error occurred (InvalidParameterException) when calling the CreatePodIdentityAssociation operation: disableSessionTags must be set to true when policy is specified.
    An error occurred (InvalidParameterException) when calling the CreatePodIdentityAssociation operation: aws: prefixed tag key names are not allowed for external use
    An error occurred (ResourceNotFoundException) when calling the CreatePodIdentityAssociation operation: No cluster found for name: dema.
    ");
    let first = create(&format!("--service-account one --role-arn {ROLE}/reader"));
    shell.output(&first);
    assert_snapshot!(with(&format!("--role-arn {ROLE}/reader")), @"An error occurred (ResourceLimitExceededException) when calling the CreatePodIdentityAssociation operation: Your cluster has reached the maximum of 1 pod identity associations.");
    shell.bench.sandbox.world().clusters[0].associations[0].owner =
        Some("arn:of:vpc-cni".to_owned());
    let id = shell.bench.sandbox.world().clusters[0].associations[0]
        .id
        .clone();
    let delete = format!(
        "aws eks delete-pod-identity-association --cluster-name demo --association-id {id}"
    );
    assert_snapshot!(refused(&shell, &delete), @"An error occurred (InvalidRequestException) when calling the DeletePodIdentityAssociation operation: Association a-e935d687f14863453 is owned by arn:of:vpc-cni. Use the add-on to change or delete it.");
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
    assert_snapshot!(refused(&shell, &format!("{list} --page-size 101")), @"An error occurred (InvalidParameterException) when calling the ListPodIdentityAssociations operation: maxResults must be between 1 and 100");
}

/// With web/api, whose pod runs, and which is associated with the role `reader`; and with kubectl.
fn running() -> Shell {
    let shell = Shell::with_kubectl(shell().bench);
    {
        let mut world = shell.bench.sandbox.world();
        world.clusters[0].add_addon("eks-pod-identity-agent");
        world.clusters[0].add_association("web", "api", &format!("{ROLE}/reader"));
        world.api("demo").run_pod("web", "api-1", "api");
    }
    Shell::with_aws(shell.bench)
}

/// The token that the kubelet gives a pod.
fn token(pod: &str, audience: &str) -> String {
    format!(
        "kubectl create token api --namespace web --audience {audience} --bound-object-kind Pod \
         --bound-object-name {pod}"
    )
}

const PODS: &str = "pods.eks.amazonaws.com";

fn assume(token: &str) -> String {
    format!("aws eks-auth assume-role-for-pod-identity --cluster-name demo --token $({token})")
}

#[test]
fn the_aws_cli_gets_a_pods_credentials_and_is_the_role() {
    let shell = running();
    let assume = assume(&token("api-1", PODS));
    let query = "[subject, audience, podIdentityAssociation]";
    assert_snapshot!(shell.output(&format!("{assume} --query '{query}'")), @r#"
    [
        {
            "namespace": "web",
            "serviceAccount": "api"
        },
        "pods.eks.amazonaws.com",
        {
            "associationArn": "arn:aws:eks:eu-west-1:111122223333:podidentityassociation/demo/a-c88ffc65c1c760c9f",
            "associationId": "a-c88ffc65c1c760c9f"
        }
    ]
    "#);
    let keys = "credentials.[accessKeyId, secretAccessKey, sessionToken]";
    let who = format!(
        "set -- $({assume} --query '{keys}' --output text); \
         AWS_ACCESS_KEY_ID=$1 AWS_SECRET_ACCESS_KEY=$2 AWS_SESSION_TOKEN=$3 \
         aws sts get-caller-identity --query Arn --output text"
    );
    assert_snapshot!(shell.output(&who), @"arn:aws:sts::111122223333:assumed-role/reader/eks-demo-api-1-UUID");
}

#[test]
fn the_aws_cli_is_told_why_a_pod_gets_no_credentials() {
    let shell = running();
    let told = |change: fn(&mut crate::sandbox::World)| {
        let shell = running();
        change(&mut shell.bench.sandbox.world());
        refused(&shell, &assume(&token("api-1", PODS)))
    };
    fn role(world: &mut crate::sandbox::World) -> &mut serde_json::Value {
        let account = world.accounts.get_mut("111122223333").expect("the account");
        &mut account.roles.get_mut("reader").expect("a role").trust["Statement"][0]
    }
    let all = [
        refused(&shell, &assume(&token("api-1", "sts.amazonaws.com"))),
        refused(&shell, &assume("echo a.b.c")),
        refused(&shell, &assume("echo nonsense")),
        refused(
            &shell,
            &assume(&token("api-1", PODS)).replace("--cluster-name demo", "--cluster-name dema"),
        ),
        told(|world| world.clusters[0].associations.clear()),
        told(|world| world.clusters[0].associations[0].namespace = "other".to_owned()),
        told(|world| role(world)["Action"] = "sts:AssumeRole".into()),
        told(|world| {
            role(world)["Condition"] = serde_json::json!({"StringEquals": {
                "aws:RequestTag/kubernetes-namespace": "other"
            }});
        }),
        told(|world| {
            // Conditions on tags that are not sent fail.
            world.clusters[0].associations[0].session_tags_disabled = true;
            role(world)["Condition"] = serde_json::json!({"StringEquals": {
                "aws:RequestTag/kubernetes-namespace": "web"
            }});
        }),
        told(|world| {
            world.clusters[0].associations[0].target_role = Some(format!("{ROLE}/writer"))
        }),
        told(|world| world.allow_only(serde_json::json!({"Statement": []}))),
    ];
    assert_snapshot!(all.join("\n"), @r#"
    An error occurred (InvalidTokenException) when calling the AssumeRoleForPodIdentity operation: The audience of the service account token is not pods.eks.amazonaws.com.
    An error occurred (InvalidTokenException) when calling the AssumeRoleForPodIdentity operation: The service account token could not be verified.
    An error occurred (InvalidParameterException) when calling the AssumeRoleForPodIdentity operation: The token must satisfy regular expression pattern: [A-Za-z0-9-_=]+\.[A-Za-z0-9-_=]+\.[A-Za-z0-9-_=]+
    An error occurred (ResourceNotFoundException) when calling the AssumeRoleForPodIdentity operation: No cluster found for name: dema.
    An error occurred (ResourceNotFoundException) when calling the AssumeRoleForPodIdentity operation: No pod identity association found for service account api in namespace web.
    An error occurred (ResourceNotFoundException) when calling the AssumeRoleForPodIdentity operation: No pod identity association found for service account api in namespace web.
    An error occurred (AccessDeniedException) when calling the AssumeRoleForPodIdentity operation: Unauthorized Exception! EKS does not have permissions to assume the associated role.
    An error occurred (AccessDeniedException) when calling the AssumeRoleForPodIdentity operation: Unauthorized Exception! EKS does not have permissions to assume the associated role.
    An error occurred (AccessDeniedException) when calling the AssumeRoleForPodIdentity operation: Unauthorized Exception! EKS does not have permissions to assume the associated role.
    An error occurred (AccessDeniedException) when calling the AssumeRoleForPodIdentity operation: Unauthorized Exception! EKS does not have permissions to assume the associated role.
    An error occurred (AccessDeniedException) when calling the AssumeRoleForPodIdentity operation: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: eks-auth:AssumeRoleForPodIdentity on resource: arn:aws:eks:eu-west-1:111122223333:cluster/demo because no identity-based policy allows the eks-auth:AssumeRoleForPodIdentity action
    "#);
    shell.output(&format!("{} > kept", token("api-1", PODS)));
    let mut world = shell.bench.sandbox.world();
    let pod = ("pods".to_owned(), "web".to_owned(), "api-1".to_owned());
    world.api("demo").objects.remove(&pod).expect("the pod");
    drop(world);
    assert_snapshot!(refused(&shell, &assume("cat kept")), @"An error occurred (InvalidTokenException) when calling the AssumeRoleForPodIdentity operation: The pod of the service account token does not exist.");
}

#[test]
fn the_documented_conditions_let_just_their_service_account_in() {
    let shell = running();
    let condition = serde_json::json!({
        "StringEquals": {
            "aws:RequestTag/kubernetes-namespace": ["web"],
            "aws:RequestTag/kubernetes-service-account": ["api"],
            "aws:RequestTag/eks-cluster-arn": ["arn:aws:eks:eu-west-1:111122223333:cluster/demo"],
            "aws:SourceAccount": "111122223333",
        },
        "ArnLike": {"aws:SourceArn": "arn:aws:eks:eu-west-1:111122223333:cluster/*"},
    });
    {
        let mut world = shell.bench.sandbox.world();
        let far = "arn:aws:iam::444455556666:role/far";
        let mut role = world.accounts["111122223333"].roles["reader"].clone();
        role.trust["Statement"][0]["Condition"] = condition;
        role.inline.insert(
            "chain".to_owned(),
            serde_json::json!({"Statement": [{
                "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": far,
            }]}),
        );
        let mut target = role.clone();
        target.arn = far.to_owned();
        target.name = "far".to_owned();
        target.trust = serde_json::json!({"Statement": [{
            "Effect": "Allow",
            "Principal": {"AWS": role.arn},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Condition": {"StringEquals": {
                "sts:ExternalId": "theirs",
                "aws:RequestTag/kubernetes-namespace": "web",
            }},
        }]});
        let mut put = |account: &str, role: crate::sandbox::Role| {
            let account = world.accounts.get_mut(account).expect("the account");
            account.roles.insert(role.name.clone(), role);
        };
        put("111122223333", role);
        put("444455556666", target);
    }
    let arn = format!(
        "{} --query assumedRoleUser.arn --output text",
        assume(&token("api-1", PODS))
    );
    let session = |told: &str| told.rsplit_once("/eks-").expect("a session").0.to_owned();
    assert_snapshot!(session(&shell.output(&arn)), @"arn:aws:sts::111122223333:assumed-role/reader");
    let one = |id: &str| {
        let mut world = shell.bench.sandbox.world();
        let one = &mut world.clusters[0].associations[0];
        one.target_role = Some("arn:aws:iam::444455556666:role/far".to_owned());
        one.external_id = Some(id.to_owned());
    };
    one("another");
    assert_snapshot!(refused(&shell, &arn), @"An error occurred (AccessDeniedException) when calling the AssumeRoleForPodIdentity operation: Unauthorized Exception! EKS does not have permissions to assume the associated role.");
    one("theirs");
    assert_snapshot!(session(&shell.output(&arn)), @"arn:aws:sts::444455556666:assumed-role/far");
}

#[test]
fn kubectl_is_told_which_pods_a_token_can_be_bound_to() {
    let shell = running();
    shell
        .bench
        .sandbox
        .world()
        .api("demo")
        .run_pod("web", "other-1", "other");
    let all = [
        token("other-1", PODS),
        token("nobody", PODS),
        format!("{} --bound-object-uid 1234", token("api-1", PODS)),
        token("api-1", PODS).replace("kind Pod", "kind Service"),
    ];
    let told: Vec<String> = all
        .iter()
        .map(|line| {
            let told = shell.run(line);
            told.lines()
                .find(|line| line.starts_with("error"))
                .unwrap_or(&told)
                .to_owned()
        })
        .collect();
    assert_snapshot!(told.join("\n"), @r#"
    error: failed to create token: cannot bind token for serviceaccount "api" to pod running with different serviceaccount name.
    error: failed to create token: pods "nobody" not found
    error: failed to create token: Operation cannot be fulfilled on Pod "api-1": the UID in the bound object reference (1234) does not match the UID in record. The object might have been deleted and then recreated
    error: supported --bound-object-kind values are Node, Pod, Secret
    "#);
    let claims = shell.output(&format!(
        "{} | cut -d. -f2 | tr '_-' '/+' | base64 -d 2>/dev/null || true",
        token("api-1", PODS)
    ));
    let claims: serde_json::Value = serde_json::from_str(&claims).expect("claims");
    let of = &claims["kubernetes.io"];
    let told = [
        &claims["aud"],
        &of["namespace"],
        &of["serviceaccount"]["name"],
        &of["pod"]["name"],
        &of["node"],
    ];
    assert_snapshot!(serde_json::to_string(&told).expect("JSON"), @r#"[["pods.eks.amazonaws.com"],"web","api","api-1",{"name":"ip-10-0-1-10.internal","uid":"5a4db0c5-0000-4000-8000-000000000011"}]"#);
}

#[test]
fn what_takes_its_time_is_in_effect_some_calls_later() {
    let shell = running();
    shell.bench.sandbox.world().association_delay = 2;
    let id = shell.bench.sandbox.world().clusters[0].associations[0]
        .id
        .clone();
    let given = |pod: &str| {
        let mut world = shell.bench.sandbox.world();
        let api = world.api("demo");
        api.run_pod("web", pod, "api");
        let variable = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
        api.pod_variable("web", pod, variable).is_some()
    };
    shell.output(&format!(
        "aws eks delete-pod-identity-association --cluster-name demo --association-id {id}"
    ));
    let again = create(&format!("--service-account api --role-arn {ROLE}/writer"));
    assert!(given("api-2"));
    // Until then it is in the way of another.
    assert_snapshot!(refused(&shell, &again), @"An error occurred (ResourceInUseException) when calling the CreatePodIdentityAssociation operation: Association already exists: a-c88ffc65c1c760c9f");
    shell.output("aws eks list-clusters");
    assert!(!given("api-3"));
    shell.output(&again);
    assert!(!given("api-4"));
    shell.output("aws eks list-clusters");
    shell.output("aws eks list-clusters");
    assert!(given("api-5"));
}

#[test]
fn the_aws_cli_installs_the_agent_and_waits_for_it() {
    let shell = shell();
    shell.bench.sandbox.world().addon_looks = 1;
    let addon = |verb: &str| {
        format!("aws eks {verb}-addon --cluster-name demo --addon-name eks-pod-identity-agent")
    };
    let query = "--query addon.[addonName,status,addonVersion] --output text";
    assert_snapshot!(shell.output(&format!("{} {query}", addon("create"))), @"eks-pod-identity-agent	CREATING	v1.3.4-eksbuild.1");
    assert!(!shell.bench.sandbox.world().clusters[0].has_agent());
    assert_snapshot!(refused(&shell, &addon("create")), @"An error occurred (ResourceInUseException) when calling the CreateAddon operation: Addon already exists.");
    assert_snapshot!(refused(&shell, &addon("create").replace("eks-pod", "no-pod")), @"An error occurred (InvalidParameterException) when calling the CreateAddon operation: Addon no-pod-identity-agent specified is not supported");
    let describe = format!("{} {query}", addon("describe"));
    assert_snapshot!(shell.output(&describe), @"eks-pod-identity-agent	CREATING	v1.3.4-eksbuild.1");
    assert_snapshot!(shell.output(&describe), @"eks-pod-identity-agent	ACTIVE	v1.3.4-eksbuild.1");
    {
        let mut world = shell.bench.sandbox.world();
        assert!(world.clusters[0].has_agent());
        let name = "eks-pod-identity-agent";
        assert!(
            world
                .api("demo")
                .object("daemonsets", "kube-system", name)
                .is_some()
        );
    }
    shell.output(&addon("delete"));
    shell.output(&format!(
        "{} --cluster-name demo --addon-name eks-pod-identity-agent",
        "aws eks wait addon-deleted"
    ));
    assert_snapshot!(refused(&shell, &addon("describe")), @"An error occurred (ResourceNotFoundException) when calling the DescribeAddon operation: No addon: eks-pod-identity-agent found in cluster: demo");
}

#[test]
fn an_addons_associations_are_its_own() {
    let shell = shell();
    shell.bench.sandbox.world().addon_outcome = "DEGRADED".to_owned();
    let addon = |verb: &str| {
        format!("aws eks {verb}-addon --cluster-name demo --addon-name aws-ebs-csi-driver")
    };
    let with = |account: &str, role: &str| {
        format!("--pod-identity-associations serviceAccount={account},roleArn={ROLE}/{role}")
    };
    let configuration = "aws eks describe-addon-configuration --addon-name aws-ebs-csi-driver \
                         --addon-version v1.50.1-eksbuild.1 --query podIdentityConfiguration --output text";
    assert_snapshot!(shell.output(configuration), @"
    ebs-csi-controller-sa
    RECOMMENDEDMANAGEDPOLICIES	arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy
    ");
    let create = addon("create");
    assert_snapshot!(refused(&shell, &format!("{create} {}", with("other", "reader"))), @"An error occurred (InvalidParameterException) when calling the CreateAddon operation: Service account other in pod identity configuration is not supported for addon aws-ebs-csi-driver");
    shell.output(&format!(
        "{create} {}",
        with("ebs-csi-controller-sa", "reader")
    ));
    let list = "aws eks list-pod-identity-associations --cluster-name demo \
                --query 'associations[].[namespace, serviceAccount, ownerArn]' --output text";
    assert_snapshot!(shell.output(list), @"kube-system	ebs-csi-controller-sa	arn:aws:eks:eu-west-1:111122223333:addon/demo/aws-ebs-csi-driver/f8ed866e-da0c-635a-f635-c3b8ba15de18");
    let update = addon("update");
    shell.output(&format!(
        "{update} {}",
        with("ebs-csi-controller-sa", "writer")
    ));
    let role = |shell: &Shell| {
        shell.bench.sandbox.world().clusters[0].associations[0]
            .role
            .clone()
    };
    assert_eq!(role(&shell), format!("{ROLE}/writer"));
    let status = format!(
        "{} --query addon.[status,podIdentityAssociations] --output text",
        addon("describe")
    );
    assert_snapshot!(shell.output(&status), @"
    DEGRADED
    arn:aws:eks:eu-west-1:111122223333:podidentityassociation/demo/a-2d6d1dbed3e758b24
    ");
    shell.output(&format!("{update} --pod-identity-associations []"));
    assert_eq!(shell.output(list), "");
}

#[test]
fn cloudformation_makes_changes_and_deletes_an_association() {
    let shell = shell();
    let template = |role: &str, account: &str| {
        let template = serde_json::json!({
            "Resources": {"Association": {
                "Type": "AWS::EKS::PodIdentityAssociation",
                "Properties": {
                    "ClusterName": "demo",
                    "Namespace": "web",
                    "ServiceAccount": account,
                    "RoleArn": format!("{ROLE}/{role}"),
                    "Tags": [{"Key": "team", "Value": "a"}],
                },
            }},
            "Outputs": {
                "Id": {"Value": {"Fn::GetAtt": ["Association", "AssociationId"]}},
                "Arn": {"Value": {"Ref": "Association"}},
            },
        });
        shell.bench.file("template.json", &template.to_string());
    };
    let stack = |verb: &str| format!("aws cloudformation {verb}-stack --stack-name pia");
    let body = "--template-body file://template.json";
    let described = || {
        let outputs =
            "--query 'Stacks[0].[StatusReason, StackStatus, Outputs[].OutputValue]' --output json";
        let line = "aws cloudformation describe-stacks --stack-name pia";
        let told = shell.output(&format!("{line} {outputs}"));
        let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        told.to_string()
    };
    let list = "aws eks list-pod-identity-associations --cluster-name demo \
                --query 'associations[].[serviceAccount, associationId]' --output text";
    template("reader", "api");
    shell.output(&format!("{} {body}", stack("create")));
    assert_snapshot!(described(), @r#"[null,"CREATE_COMPLETE",["arn:aws:eks:eu-west-1:111122223333:podidentityassociation/demo/a-c88ffc65c1c760c9f","a-c88ffc65c1c760c9f"]]"#);
    assert_snapshot!(shell.output(list), @"api	a-c88ffc65c1c760c9f");
    template("writer", "api");
    shell.output(&format!("{} {body}", stack("update")));
    assert_snapshot!(described(), @r#"[null,"UPDATE_COMPLETE",["arn:aws:eks:eu-west-1:111122223333:podidentityassociation/demo/a-c88ffc65c1c760c9f","a-c88ffc65c1c760c9f"]]"#);
    let role = shell.bench.sandbox.world().clusters[0].associations[0]
        .role
        .clone();
    assert_eq!(role, format!("{ROLE}/writer"));
    // Of another service account it is another association.
    template("writer", "other");
    shell.output(&format!("{} {body}", stack("update")));
    described();
    assert_snapshot!(shell.output(list), @"other	a-50d5084747bba5bfe");
    shell.output(&stack("delete"));
    shell.run("aws cloudformation describe-stacks --stack-name pia");
    assert_eq!(shell.output(list), "");
    // One that cannot be is a failed resource.
    template("nobody", "api");
    shell.output(&format!(
        "{} {body} --on-failure DO_NOTHING",
        stack("create")
    ));
    described();
    let events = "aws cloudformation describe-stack-events --stack-name pia --output text \
                  --query 'StackEvents[?ResourceStatus==`CREATE_FAILED`].ResourceStatusReason'";
    assert_snapshot!(shell.output(events), @r#"The following resource(s) failed to create: [Association]. 	Resource handler returned message: "Role provided in the request does not exist. (Service: Eks, Status Code: 400, Request ID: d524de8e-49f8-3940-26e2-ab1b0d49ccaa)" (RequestToken: f9e156fc-3e4c-40a1-7718-a4205b84b9a8, HandlerErrorCode: InvalidRequest)"#);
}

#[test]
fn the_rights_that_are_asked_for_are_aws_own() {
    let shell = running();
    let addon =
        |verb: &str| format!("aws eks {verb}-addon --cluster-name demo --addon-name vpc-cni");
    let one = "--cluster-name demo --association-id $id";
    let script = [
        "set -e".to_owned(),
        format!(
            "id=$({} --query association.associationId --output text)",
            create(&format!(
                "--service-account web --role-arn {ROLE}/reader --tags a=b"
            ))
        ),
        format!("aws eks update-pod-identity-association {one} --role-arn {ROLE}/writer"),
        format!(
            "arn=$(aws eks describe-pod-identity-association {one} --query association.associationArn \
             --output text)"
        ),
        "aws eks tag-resource --resource-arn $arn --tags c=d".to_owned(),
        "aws eks untag-resource --resource-arn $arn --tag-keys c".to_owned(),
        "aws eks list-pod-identity-associations --cluster-name demo".to_owned(),
        format!("aws eks delete-pod-identity-association {one}"),
        format!(
            "{} --pod-identity-associations serviceAccount=aws-node,roleArn={ROLE}/reader",
            addon("create")
        ),
        addon("describe"),
        addon("update"),
        addon("delete"),
        "aws eks describe-addon-versions --addon-name vpc-cni".to_owned(),
        "aws eks describe-addon-configuration --addon-name vpc-cni --addon-version v1".to_owned(),
        assume(&token("api-1", PODS)),
    ];
    shell.bench.file("script", &script.join("\n"));
    let told = shell.run("sh script > /dev/null");
    assert_eq!(told, "[exit 0]\n");
    let (faults, asked) = crate::authorization::asked(&shell.bench);
    assert_snapshot!(faults, @"");
    assert_eq!(asked, 19);
    // Who may not pass the role may not give it to pods.
    let policy = serde_json::json!({"Statement": [
        {"Effect": "Allow", "Action": ["eks:*", "iam:GetRole"], "Resource": "*"},
        {
            "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
            "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
        },
    ]});
    shell.bench.sandbox.world().allow_only(policy);
    let line = create(&format!("--service-account web --role-arn {ROLE}/reader"));
    assert_snapshot!(refused(&shell, &line), @"An error occurred (AccessDeniedException) when calling the CreatePodIdentityAssociation operation: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/reader because no identity-based policy allows the iam:PassRole action");
}
