"""Compares the JSON Schema of config files with irsactl's own judgement of them, by python's jsonschema.

Arguments: the program, its schema, and the files to take documents from: YAML, the blocks of Markdown, and
the texts in Rust. Each document, and each with one name or one value spoiled, is given to both.
"""

import copy, json, re, subprocess, sys, textwrap
from concurrent.futures import ThreadPoolExecutor

import jsonschema, yaml


class Loader(yaml.SafeLoader):
    """Without dates, which irsactl's reader does not know either."""

    yaml_implicit_resolvers = {
        first: [(tag, regex) for tag, regex in resolvers if not tag.endswith("timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


HEAD = "apiVersion: eksctl.io/"
LITERAL = re.compile(r'r(#+)"(.*?)"\1|"((?:\\.|[^"\\])*)"', re.S)
# What a schema can know: names, types, and what must be there.
FOR_SCHEMAS = re.compile(r"there is no such|is wanted, this is|[A-Za-z]: must be set$", re.M)


def documents(path):
    text = open(path, encoding="utf-8").read()
    if path.endswith(".yaml"):
        return [text]
    if path.endswith(".md"):
        return [block for block in re.findall(r"```yaml\n(.*?)```", text, re.S) if HEAD in block]
    found = []
    for raw, inner, plain in (match.groups() for match in LITERAL.finditer(text)):
        literal = inner or re.sub(r"\\\n\s*", "", plain or "").replace('\\"', '"').replace("\\n", "\n")
        if HEAD in literal:
            line = literal.rfind("\n", 0, literal.index(HEAD)) + 1
            found.append(textwrap.dedent(literal[line:]).split("[exit")[0])
    return found


def load(text):
    """As JSON; nothing where it is not that."""
    try:
        first = next(doc for doc in yaml.load_all(text, Loader) if doc is not None)
        return json.loads(json.dumps(first))
    except (yaml.YAMLError, StopIteration, TypeError, ValueError):
        return None


def spoiled(value, schema, path="config"):
    """The same with one thing changed, most of them wrong, each with what that is."""
    if isinstance(value, dict) and "properties" in schema:
        for key in value:
            other = copy.copy(value)
            other[key + "X"] = other.pop(key)
            yield f"{path}.{key}X", other
            for what, inner in spoiled(value[key], schema["properties"].get(key, {}), f"{path}.{key}"):
                yield what, {**value, key: inner}
    for index, item in enumerate(value if isinstance(value, list) else []):
        for what, inner in spoiled(item, schema.get("items", {}), f"{path}[{index}]"):
            yield what, [*value[:index], inner, *value[index + 1 :]]
    if "type" in schema:
        yield f"{path} of another type", [[1]] if not isinstance(value, list) else "text"
    if "minimum" in schema:
        for number in (schema["minimum"], schema["maximum"]):
            for near in (number - 1, number, number + 1):
                yield f"{path}: {near}", near


def judged(text):
    """What irsactl has against a file; nothing where it takes it."""
    flags = ["--issuer-url", "https://oidc.eks.eu-west-1.amazonaws.com/id/A", "--account-id", "111122223333"]
    run = subprocess.run([PROGRAM, "render", "-f", "-", *flags], input=text, capture_output=True, text=True)
    return run.stderr if "is no valid config file" in run.stderr else ""


PROGRAM, schema, *paths = sys.argv[1:]
schema = json.load(open(schema))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
corpus = [(path, text, load(text)) for path in paths for text in documents(path)]
corpus = [(path, text, loaded) for path, text, loaded in corpus if loaded is not None]
with ThreadPoolExecutor(4) as pool:
    faults = list(pool.map(judged, (text for _, text, _ in corpus)))
taken = refused = 0
for (path, text, loaded), fault in zip(corpus, faults):
    takes = validator.is_valid(loaded)
    taken += takes and not fault
    refused += bool(fault) and not takes
    if not fault and not takes:
        print(f"{path}: only the schema refuses it: {next(validator.iter_errors(loaded)).message}\n{text}")
    if takes and FOR_SCHEMAS.search(fault):
        print(f"{path}: only irsactl refuses it\n{fault}")
example = next(loaded for path, _, loaded in corpus if path.endswith("config-file.md"))
wrong = [(what, json.dumps(other)) for what, other in spoiled(example, schema)]
with ThreadPoolExecutor(4) as pool:
    faults = list(pool.map(judged, (text for _, text in wrong)))
for (what, text), fault in zip(wrong, faults):
    takes = validator.is_valid(json.loads(text))
    if takes == bool(fault):
        print(f"{what}: irsactl says {fault!r}, the schema takes it: {takes}")
print(f"{taken} taken, {refused} refused, {len(wrong)} spoiled")
