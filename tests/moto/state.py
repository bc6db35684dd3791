"""What is in the account, by boto3: a line a thing, so that a test compares it whole."""

import json

import boto3

iam, cloudformation, eks = (boto3.client(name) for name in ("iam", "cloudformation", "eks"))


def names(tags):
    return " ".join(sorted(f"{tag['Key']}={tag['Value']}" for tag in tags))


for provider in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider["Arn"])
    print("provider", provider["Arn"])
    print("  audiences:", *found["ClientIDList"])
    print("  thumbprints:", *found["ThumbprintList"])
    print("  tags:", names(found.get("Tags", [])))

for stack in cloudformation.describe_stacks()["Stacks"]:
    if stack["StackStatus"] == "DELETE_COMPLETE":
        continue
    print("stack", stack["StackName"], stack["StackStatus"])
    print("  protected:", stack["EnableTerminationProtection"])
    print("  outputs:", *(f"{output['OutputKey']}={output['OutputValue']}" for output in stack["Outputs"]))
    print("  tags:", names(stack["Tags"]))

for role in iam.list_roles()["Roles"]:
    name = role["RoleName"]
    role = iam.get_role(RoleName=name)["Role"]
    print("role", role["Arn"])
    print("  trust:", json.dumps(role["AssumeRolePolicyDocument"], sort_keys=True))
    print("  boundary:", role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"))
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    print("  managed:", *sorted(policy["PolicyArn"] for policy in attached))
    for policy in sorted(iam.list_role_policies(RoleName=name)["PolicyNames"]):
        document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        print("  inline:", policy, json.dumps(document, sort_keys=True))

for name in eks.list_clusters()["clusters"]:
    cluster = eks.describe_cluster(name=name)["cluster"]
    print("cluster", name)
    print("  tags:", " ".join(f"{key}={value}" for key, value in sorted(cluster["tags"].items())))
