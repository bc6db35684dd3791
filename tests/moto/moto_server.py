"""moto's server with one cluster, and with what moto 5.2.5 lacks of AWS where irsactl notices.

Usage: moto_server.py CLUSTER, a JSON object: account, region, name, issuer, endpoint,
certificateAuthority (base64). Prints its port; ends when stdin ends.

Supplied here, because moto lacks it:
- eks: a cluster whose issuer, endpoint and certificate authority are reachable (moto invents them).
- cloudformation: UpdateTerminationProtection (moto: HTTP 500); a protected stack is not deleted
  (moto deletes it).
- cloudformation, AWS::IAM::Role: ManagedPolicyArns are attached on creation and detached on deletion
  (moto ignores them); a generated name has at most 64 characters (moto's has any number).
- iam: AddClientIDToOpenIDConnectProvider (moto: HTTP 500).
- Ids are the same in every run (moto draws them by lot).
- One request at a time: moto's state is not safe for threads, and irsactl reads side by side.
"""

import json
import os
import sys
import threading

os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.eks.models import eks_backends
from moto.iam.models import Role, iam_backends
from moto.iam.responses import IamResponse
from moto.moto_api._internal import mock_random
from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.utilities.utils import get_partition
from werkzeug.serving import make_server


def update_termination_protection(self):
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    stack.enable_termination_protection = self._get_bool_param("EnableTerminationProtection")
    return ActionResult({"StackId": stack.stack_id})


delete_stack_of_moto = CloudFormationBackend.delete_stack


def delete_stack(self, name_or_stack_id):
    for stack in self.stacks.values():
        if name_or_stack_id in (stack.name, stack.stack_id) and stack.enable_termination_protection:
            raise ValidationError(
                message=f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            )
    delete_stack_of_moto(self, name_or_stack_id)


create_role_of_moto = Role.create_from_cloudformation_json.__func__
delete_role_of_moto = Role.delete_from_cloudformation_json.__func__


def create_role(cls, resource_name, cloudformation_json, account_id, region_name, **more):
    properties = cloudformation_json["Properties"]
    # moto cuts no generated name; AWS cuts the stack's part of it.
    name = resource_name if len(resource_name) <= 64 else resource_name[:45] + resource_name[-19:]
    role = create_role_of_moto(cls, name, cloudformation_json, account_id, region_name, **more)
    backend = iam_backends[account_id][get_partition(region_name)]
    role.policies_of_its_stack = properties.get("ManagedPolicyArns", [])
    for arn in role.policies_of_its_stack:
        backend.attach_role_policy(arn, role.name)
    return role


def delete_role(cls, resource_name, cloudformation_json, account_id, region_name):
    backend = iam_backends[account_id][get_partition(region_name)]
    for arn in backend.get_role(resource_name).policies_of_its_stack:
        backend.detach_role_policy(arn, resource_name)
    delete_role_of_moto(cls, resource_name, cloudformation_json, account_id, region_name)


def add_client_id(self):
    provider = self.backend.get_open_id_connect_provider(self._get_param("OpenIDConnectProviderArn"))
    client_id = self._get_param("ClientID")
    if client_id not in provider.client_id_list:
        provider.client_id_list.append(client_id)
    return EmptyResult()


CloudFormationResponse.update_termination_protection = update_termination_protection
CloudFormationBackend.delete_stack = delete_stack
Role.create_from_cloudformation_json = classmethod(create_role)
Role.delete_from_cloudformation_json = classmethod(delete_role)
IamResponse.add_client_id_to_open_id_connect_provider = add_client_id


def add_cluster(wanted):
    account, region = wanted["account"], wanted["region"]
    cluster = eks_backends[account][region].create_cluster(
        name=wanted["name"],
        role_arn=f"arn:aws:iam::{account}:role/cluster",
        resources_vpc_config={"subnetIds": [], "securityGroupIds": []},
    )
    cluster.identity = {"oidc": {"issuer": wanted["issuer"]}}
    cluster.endpoint = wanted["endpoint"]
    cluster.certificate_authority = {"data": wanted["certificateAuthority"]}
    # AWS's managed policies are loaded by the first look at an account, not by the first call.
    iam_backends[account][get_partition(region)]


def one_at_a_time(application):
    lock = threading.Lock()

    def serve(environ, start_response):
        with lock:
            return list(application(environ, start_response))

    return serve


def main():
    wanted = json.loads(sys.argv[1])
    os.environ["MOTO_ACCOUNT_ID"] = wanted["account"]
    mock_random.seed(0)
    add_cluster(wanted)
    application = one_at_a_time(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


main()
