//! Templates: JSON in, checked as CreateStack checks them, and the intrinsic functions. Apart from
//! the operations because what is refused here never becomes a stack, while everything later ends
//! in the stack's events.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::super::aws::Refusal;
use super::{Resource, Stack};

const SECTIONS: [&str; 11] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];
const ATTRIBUTES: [&str; 10] = [
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Description",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
];
const PSEUDO: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// A checked template.
#[derive(Clone, Debug)]
pub struct Template {
    pub description: Option<String>,
    /// In an order that has every resource after those it refers to.
    pub resources: Vec<Declared>,
    pub outputs: Map<String, Value>,
    /// Parameters with their values for this stack.
    pub parameters: BTreeMap<String, String>,
}

/// A resource of a template, its properties not yet resolved.
#[derive(Clone, Debug)]
pub struct Declared {
    pub name: String,
    pub kind: String,
    pub properties: Value,
    pub dependencies: BTreeSet<String>,
    /// DeletionPolicy Retain.
    pub retained: bool,
}

/// Parses and checks a template body with the stack's parameters.
pub fn parse(body: &str, parameters: &[(String, String)]) -> Result<Template, Refusal> {
    let value = json(body)?;
    let members = value
        .as_object()
        .ok_or_else(|| format_error("unsupported structure."))?;
    let unknown: Vec<&str> = members
        .keys()
        .map(String::as_str)
        .filter(|key| !SECTIONS.contains(key))
        .collect();
    if !unknown.is_empty() {
        let message = format!(
            "Invalid template property or properties [{}]",
            unknown.join(", ")
        );
        return Err(Refusal::validation(message));
    }
    if let Some(version) = members
        .get("AWSTemplateFormatVersion")
        .filter(|version| **version != "2010-09-09")
    {
        return Err(format_error(&format!(
            "{version} is not a supported value for AWSTemplateFormatVersion."
        )));
    }
    let description = members
        .get("Description")
        .and_then(Value::as_str)
        .map(str::to_owned);
    if description.as_ref().is_some_and(|text| text.len() > 1024) {
        return Err(format_error("'Description' length is greater than 1024."));
    }
    let parameters = parameter_values(
        &members.get("Parameters").cloned().unwrap_or_default(),
        parameters,
    )?;
    let resources = members
        .get("Resources")
        .and_then(Value::as_object)
        .filter(|all| !all.is_empty());
    let resources =
        resources.ok_or_else(|| format_error("At least one Resources member must be defined."))?;
    let declared = resources
        .iter()
        .map(|(name, resource)| declared(name, resource));
    let declared: Vec<Declared> = declared.collect::<Result<_, _>>()?;
    let outputs = members
        .get("Outputs")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    check_outputs(&outputs, &declared, &parameters)?;
    Ok(Template {
        description,
        resources: ordered(declared, &parameters)?,
        outputs,
        parameters,
    })
}

impl Template {
    /// The capability that the template needs: IAM resources do, those with names of their own
    /// the stronger one.
    pub fn capability(&self) -> Option<&'static str> {
        let iam = self
            .resources
            .iter()
            .filter(|resource| resource.kind.starts_with("AWS::IAM::"));
        let mut iam = iam
            .filter(|resource| resource.kind != "AWS::IAM::OIDCProvider")
            .peekable();
        iam.peek()?;
        let names = [
            "RoleName",
            "UserName",
            "GroupName",
            "ManagedPolicyName",
            "InstanceProfileName",
        ];
        let named = iam.any(|resource| {
            names
                .iter()
                .any(|name| resource.properties.get(name).is_some())
        });
        Some(if named {
            "CAPABILITY_NAMED_IAM"
        } else {
            "CAPABILITY_IAM"
        })
    }
}

fn format_error(message: &str) -> Refusal {
    Refusal::validation(format!("Template format error: {message}"))
}

/// JSON only: AWS takes YAML too, but nothing here sends it.
fn json(body: &str) -> Result<Value, Refusal> {
    if body.len() > 51_200 {
        let shown: String = body.chars().take(60).collect();
        let rule = "have length less than or equal to 51200";
        return Err(Refusal::constraint(
            "templateBody",
            &format!("{shown}..."),
            rule,
        ));
    }
    if !body.trim_start().starts_with('{') {
        return Err(format_error("unsupported structure."));
    }
    serde_json::from_str(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format_error(&format!(
            "JSON not well-formed. (line {line}, column {column})"
        ))
    })
}

fn parameter_values(
    declared: &Value,
    given: &[(String, String)],
) -> Result<BTreeMap<String, String>, Refusal> {
    let none = Map::new();
    let declared = declared.as_object().unwrap_or(&none);
    let unknown: Vec<&str> = given
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| !declared.contains_key(*name))
        .collect();
    if !unknown.is_empty() {
        let message = format!(
            "Parameters: [{}] do not exist in the template",
            unknown.join(", ")
        );
        return Err(Refusal::validation(message));
    }
    let (mut values, mut missing) = (BTreeMap::new(), Vec::new());
    for (name, parameter) in declared {
        let value = given
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.clone());
        match value.or_else(|| parameter.get("Default").map(as_text)) {
            Some(value) => {
                values.insert(name.clone(), value);
            }
            None => missing.push(name.as_str()),
        }
    }
    if missing.is_empty() {
        return Ok(values);
    }
    Err(Refusal::validation(format!(
        "Parameters: [{}] must have values",
        missing.join(", ")
    )))
}

fn declared(name: &str, resource: &Value) -> Result<Declared, Refusal> {
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(format_error(&format!(
            "Resource name {name} is non alphanumeric."
        )));
    }
    let members = resource.as_object().ok_or_else(|| {
        format_error(&format!(
            "[/Resources/{name}] resource definition is malformed"
        ))
    })?;
    if let Some(unknown) = members
        .keys()
        .find(|key| !ATTRIBUTES.contains(&key.as_str()))
    {
        return Err(Refusal::validation(format!(
            "Invalid template resource property '{unknown}'"
        )));
    }
    let kind = members.get("Type").and_then(Value::as_str).ok_or_else(|| {
        format_error(&format!(
            "[/Resources/{name}] Every Resources object must contain a Type member."
        ))
    })?;
    if kind.split("::").count() < 2 || !(kind.starts_with("AWS::") || kind.starts_with("Custom::"))
    {
        return Err(format_error(&format!(
            "Unrecognized resource types: [{kind}]"
        )));
    }
    let properties = members
        .get("Properties")
        .cloned()
        .unwrap_or_else(|| Value::Object(Map::new()));
    let mut dependencies = BTreeSet::new();
    references(&properties, &mut dependencies)?;
    if let Some(depends) = members.get("DependsOn") {
        let names = super::super::trust::one_or_many(depends);
        dependencies.extend(
            names
                .into_iter()
                .filter_map(Value::as_str)
                .map(str::to_owned),
        );
    }
    Ok(Declared {
        name: name.to_owned(),
        kind: kind.to_owned(),
        properties,
        dependencies,
        retained: members
            .get("DeletionPolicy")
            .is_some_and(|policy| policy == "Retain"),
    })
}

/// The names that a value's intrinsic functions refer to.
fn references(value: &Value, names: &mut BTreeSet<String>) -> Result<(), Refusal> {
    match value {
        Value::Array(values) => values.iter().try_for_each(|value| references(value, names)),
        Value::Object(members) => match function(members) {
            Some(("Ref", Value::String(name))) => {
                names.insert(name.clone());
                Ok(())
            }
            Some(("Fn::GetAtt", argument)) => {
                let message = "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource \
                               name and the resource attribute";
                let (name, _) = attribute(argument).ok_or_else(|| Refusal::validation(message))?;
                names.insert(name);
                Ok(())
            }
            Some(("Fn::Sub", argument)) => {
                let message = "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. \
                               Specify a string as first argument, and an optional second argument to specify a mapping \
                               of values to replace in the string";
                let (text, own) =
                    substitution(argument).ok_or_else(|| Refusal::validation(message))?;
                for name in placeholders(&text)
                    .into_iter()
                    .filter(|name| !own.contains_key(name))
                {
                    names.insert(name.split('.').next().unwrap_or_default().to_owned());
                }
                own.values().try_for_each(|value| references(value, names))
            }
            Some(("Fn::Join", argument)) => references(argument, names),
            Some((name, _)) => {
                let message =
                    format!("Template error: the sandbox does not know {name} of that form");
                Err(Refusal::validation(message))
            }
            None => members
                .values()
                .try_for_each(|value| references(value, names)),
        },
        _ => Ok(()),
    }
}

/// The intrinsic function that an object is.
fn function(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = members.iter().next().filter(|_| members.len() == 1)?;
    (name == "Ref" || name.starts_with("Fn::")).then_some((name.as_str(), argument))
}

/// Resource and attribute of Fn::GetAtt, which has an array form and a string form.
fn attribute(argument: &Value) -> Option<(String, String)> {
    let (name, attribute) = match argument {
        Value::String(text) => text.split_once('.')?,
        Value::Array(parts) => match parts.as_slice() {
            [Value::String(name), Value::String(attribute)] => (name.as_str(), attribute.as_str()),
            _ => return None,
        },
        _ => return None,
    };
    Some((name.to_owned(), attribute.to_owned()))
}

fn substitution(argument: &Value) -> Option<(String, Map<String, Value>)> {
    match argument {
        Value::String(text) => Some((text.clone(), Map::new())),
        Value::Array(parts) => match parts.as_slice() {
            [Value::String(text), Value::Object(own)] => Some((text.clone(), own.clone())),
            _ => None,
        },
        _ => None,
    }
}

/// The `${…}` of a text, without `${!…}`.
fn placeholders(text: &str) -> Vec<String> {
    let names = text
        .split("${")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('}')?.0));
    names
        .filter(|name| !name.starts_with('!'))
        .map(|name| name.trim().to_owned())
        .collect()
}

fn check_outputs(
    outputs: &Map<String, Value>,
    declared: &[Declared],
    parameters: &BTreeMap<String, String>,
) -> Result<(), Refusal> {
    for (name, output) in outputs {
        let Some(value) = output.get("Value") else {
            let message =
                format!("[/Outputs/{name}] Every Outputs member must contain a Value object");
            return Err(format_error(&message));
        };
        let mut names = BTreeSet::new();
        references(value, &mut names)?;
        for wanted in names {
            let known = declared.iter().any(|resource| resource.name == wanted);
            if !known && !parameters.contains_key(&wanted) && !PSEUDO.contains(&wanted.as_str()) {
                let section = "in the Outputs block of the template";
                return Err(format_error(&format!(
                    "Unresolved resource dependencies [{wanted}] {section}"
                )));
            }
        }
    }
    Ok(())
}

/// Dependencies first.
fn ordered(
    declared: Vec<Declared>,
    parameters: &BTreeMap<String, String>,
) -> Result<Vec<Declared>, Refusal> {
    let names: BTreeSet<String> = declared
        .iter()
        .map(|resource| resource.name.clone())
        .collect();
    let mut left = declared;
    for resource in &mut left {
        resource
            .dependencies
            .retain(|name| !parameters.contains_key(name) && !PSEUDO.contains(&name.as_str()));
        let unknown: Vec<&String> = resource.dependencies.difference(&names).collect();
        if let Some(name) = unknown.first() {
            let section = "in the Resources block of the template";
            return Err(format_error(&format!(
                "Unresolved resource dependencies [{name}] {section}"
            )));
        }
    }
    let (mut ordered, mut done) = (Vec::new(), BTreeSet::new());
    while !left.is_empty() {
        let (ready, rest): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|resource| resource.dependencies.is_subset(&done));
        if ready.is_empty() {
            let names: Vec<&str> = rest.iter().map(|resource| resource.name.as_str()).collect();
            let message = format!(
                "Circular dependency between resources: [{}]",
                names.join(", ")
            );
            return Err(Refusal::validation(message));
        }
        done.extend(ready.iter().map(|resource| resource.name.clone()));
        ordered.extend(ready);
        left = rest;
    }
    Ok(ordered)
}

/// Resolves the intrinsic functions of a value, for a stack whose resources referred to exist.
/// Scalars become texts: what a handler hands on to IAM has `"true"` where the template has `true`
/// (CloudFormation User Guide on templates: all values are strings; seen in IAM as `"true"`).
/// The error is a reason for the stack's events.
pub fn resolved(value: &Value, stack: &Stack, template: &Template) -> Result<Value, String> {
    match value {
        Value::Array(values) => {
            let values = values.iter().filter(|value| !is_no_value(value));
            values
                .map(|value| resolved(value, stack, template))
                .collect::<Result<_, _>>()
                .map(Value::Array)
        }
        Value::Object(members) => match function(members) {
            Some((name, argument)) => {
                let text = called(name, argument, stack, template)?;
                Ok(Value::String(dereferenced(&text)))
            }
            None => {
                let members = members.iter().filter(|(_, value)| !is_no_value(value));
                let members = members
                    .map(|(key, value)| Ok((key.clone(), resolved(value, stack, template)?)));
                members.collect::<Result<_, String>>().map(Value::Object)
            }
        },
        Value::String(text) => Ok(Value::String(dereferenced(text))),
        Value::Bool(_) | Value::Number(_) => Ok(Value::String(as_text(value))),
        Value::Null => Ok(Value::Null),
    }
}

/// A text with its `{{resolve:ssm:…}}` replaced, after all functions (User Guide, "Dynamic references").
/// The sandbox's parameters have the last part of their name as value: `/team/bucket` is `bucket`.
fn dereferenced(text: &str) -> String {
    let mut parts = text.split("{{resolve:ssm:");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").unwrap_or((part, ""));
        out.push_str(name.rsplit('/').next().unwrap_or_default());
        out.push_str(rest);
    }
    out
}

fn is_no_value(value: &Value) -> bool {
    value.get("Ref").is_some_and(|name| name == "AWS::NoValue")
}

fn called(
    name: &str,
    argument: &Value,
    stack: &Stack,
    template: &Template,
) -> Result<String, String> {
    match name {
        "Ref" => reference(argument.as_str().unwrap_or_default(), stack, template),
        "Fn::GetAtt" => {
            let (name, attribute) = attribute(argument).ok_or("malformed Fn::GetAtt")?;
            attribute_of(stack.resources.get(&name), &name, &attribute)
        }
        "Fn::Sub" => {
            let (text, own) = substitution(argument).ok_or("malformed Fn::Sub")?;
            substituted(&text, &own, stack, template)
        }
        _ => {
            let malformed = || "malformed Fn::Join".to_owned();
            let [Value::String(delimiter), Value::Array(parts)] =
                argument.as_array().map_or(&[][..], Vec::as_slice)
            else {
                return Err(malformed());
            };
            let parts = parts
                .iter()
                .map(|part| resolved(part, stack, template).map(|value| as_text(&value)));
            Ok(parts.collect::<Result<Vec<_>, _>>()?.join(delimiter))
        }
    }
}

fn reference(name: &str, stack: &Stack, template: &Template) -> Result<String, String> {
    if let Some(value) = template.parameters.get(name) {
        return Ok(value.clone());
    }
    let pseudo = match name {
        "AWS::AccountId" => stack.account.clone(),
        "AWS::Partition" => stack.partition().to_owned(),
        "AWS::Region" => stack.region.clone(),
        "AWS::StackId" => stack.id.clone(),
        "AWS::StackName" => stack.name.clone(),
        "AWS::URLSuffix" => super::super::world::dns_suffix(stack.partition()).to_owned(),
        _ => {
            let resource = stack
                .resources
                .get(name)
                .map(|resource| resource.physical_id.clone());
            return resource.ok_or_else(|| format!("Unresolved resource dependencies [{name}]"));
        }
    };
    Ok(pseudo)
}

fn attribute_of(
    resource: Option<&Resource>,
    name: &str,
    attribute: &str,
) -> Result<String, String> {
    let value = resource
        .and_then(|resource| resource.attributes.get(attribute))
        .cloned();
    value.ok_or_else(|| {
        format!("Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt")
    })
}

fn substituted(
    text: &str,
    own: &Map<String, Value>,
    stack: &Stack,
    template: &Template,
) -> Result<String, String> {
    let mut parts = text.split("${");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let Some((name, rest)) = part.split_once('}') else {
            out.push_str("${");
            out.push_str(part);
            continue;
        };
        let name = name.trim();
        if let Some(literal) = name.strip_prefix('!') {
            out.push_str(&format!("${{{literal}}}"));
        } else if let Some(value) = own.get(name) {
            out.push_str(&as_text(&resolved(value, stack, template)?));
        } else if let Some((resource, attribute)) = name.split_once('.') {
            out.push_str(&attribute_of(
                stack.resources.get(resource),
                resource,
                attribute,
            )?);
        } else {
            out.push_str(&reference(name, stack, template)?);
        }
        out.push_str(rest);
    }
    Ok(out)
}

fn as_text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
