//! What differs between a stack and a template: the changes of a change set, down to the property.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::aws::Xml;
use super::template::{self, Declared, Template, resolved};
use super::{Desired, Resource, Stack, resources};

/// One resource's change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// `Add`, `Modify`, `Remove`.
    pub action: &'static str,
    pub logical_id: String,
    pub physical_id: Option<String>,
    pub kind: String,
    /// `True`, `False`, `Conditional`: of `Modify`.
    pub replacement: &'static str,
    pub details: Vec<Detail>,
    /// All properties and tags, as they were and as they will be.
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// One property's change, or one tag's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Detail {
    /// `Properties` or `Tags`.
    pub attribute: &'static str,
    /// The property; of the tags only `Tags`.
    pub name: String,
    pub recreation: &'static str,
    /// The resource whose replacement is the reason, where the template's own text is not.
    pub cause: Option<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// What would change in the stack; `None` when nothing would. A changed description alone is no
/// change, changed tags or outputs are.
pub fn between(stack: &Stack, desired: &Desired) -> Option<Vec<Change>> {
    let new = template::parse(&desired.template, &desired.parameters).ok()?;
    let mut seen = stack.clone();
    seen.tags.clone_from(&desired.tags);
    let mut changes: Vec<Change> = Vec::new();
    for declared in &new.resources {
        let replaced = changes.iter().filter(|change| change.replacement == "True");
        let replaced = replaced.map(|change| &change.logical_id);
        let causes: Vec<String> = replaced
            .filter(|name| declared.dependencies.contains(*name))
            .cloned()
            .collect();
        changes.extend(of_resource(declared, &seen, &new, causes));
    }
    let known = |name: &String| new.resources.iter().any(|declared| declared.name == *name);
    for (name, old) in stack.resources.iter().filter(|(name, _)| !known(name)) {
        changes.push(Change {
            action: "Remove",
            logical_id: name.clone(),
            physical_id: Some(old.physical_id.clone()),
            kind: old.kind.clone(),
            before: Some(context(&old.properties)),
            ..Change::default()
        });
    }
    let outputs = template::parse(&stack.template, &stack.parameters).map(|old| old.outputs);
    let other = outputs.ok().as_ref() != Some(&new.outputs) || stack.tags != desired.tags;
    (other || !changes.is_empty()).then_some(changes)
}

/// What a declaration changes in a stack that has the new tags already.
fn of_resource(
    declared: &Declared,
    stack: &Stack,
    template: &Template,
    causes: Vec<String>,
) -> Option<Change> {
    // What refers to a resource that is not made yet has no values before it is.
    let properties = resolved(&declared.properties, stack, template);
    let properties = properties.unwrap_or_else(|_| declared.properties.clone());
    let mut change = Change {
        action: "Add",
        logical_id: declared.name.clone(),
        kind: declared.kind.clone(),
        after: Some(context(&properties)),
        ..Change::default()
    };
    let Some(old) = stack.resources.get(&declared.name) else {
        return Some(change);
    };
    change.details = details(old, &properties);
    if old.kind == "AWS::IAM::Role" {
        let tags = resources::role_tags(&declared.name, &properties, stack);
        change.details.extend(of_tags(&old.tags, &tags));
    }
    change
        .details
        .extend(causes.into_iter().map(|cause| Detail {
            attribute: "Properties",
            name: referring(&declared.properties, &cause),
            recreation: "Never",
            cause: Some(cause),
            before: None,
            after: None,
        }));
    if change.details.is_empty() {
        return None;
    }
    change.action = "Modify";
    change.physical_id = Some(old.physical_id.clone());
    change.replacement = match resources::is_replaced(old, &properties) {
        true => "True",
        false => "False",
    };
    change.before = Some(context(&old.properties));
    Some(change)
}

fn of_tags(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Option<Detail> {
    (old != new).then(|| Detail {
        attribute: "Tags",
        name: "Tags".to_owned(),
        recreation: "Never",
        cause: None,
        before: Some(own(old)),
        after: Some(own(new)),
    })
}

/// Tags without those that CloudFormation sets itself.
fn own(tags: &BTreeMap<String, String>) -> Value {
    let own = tags.iter().filter(|(key, _)| !key.starts_with("aws:"));
    own.map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect()
}

fn context(properties: &Value) -> Value {
    json!({ "Properties": properties })
}

/// The properties that differ.
fn details(old: &Resource, properties: &Value) -> Vec<Detail> {
    let names = |value: &Value| -> Vec<String> {
        let members = value.as_object().into_iter();
        members.flat_map(|all| all.keys().cloned()).collect()
    };
    let mut all = names(&old.properties);
    all.extend(names(properties));
    all.sort_unstable();
    all.dedup();
    all.retain(|name| old.properties.get(name) != properties.get(name));
    let detail = |name: String| Detail {
        attribute: "Properties",
        recreation: resources::recreation(&old.kind, &name),
        cause: None,
        before: old.properties.get(&name).cloned(),
        after: properties.get(&name).cloned(),
        name,
    };
    all.into_iter().map(detail).collect()
}

/// The property that refers to a resource.
fn referring(properties: &Value, resource: &str) -> String {
    let quoted = format!("\"{resource}\"");
    let mut members = properties.as_object().into_iter().flatten();
    let found = members.find(|(_, value)| value.to_string().contains(&quoted));
    found.map(|(name, _)| name.clone()).unwrap_or_default()
}

/// `with_values` is IncludePropertyValues.
pub fn change_xml(change: &Change, with_values: bool) -> Xml {
    let mut scope: Vec<String> = Vec::new();
    for detail in &change.details {
        if !scope.iter().any(|known| known == detail.attribute) {
            scope.push(detail.attribute.to_owned());
        }
    }
    let details = change.details.iter();
    let mut resource = Xml::default()
        .text("Action", change.action)
        .text("LogicalResourceId", &change.logical_id)
        .optional("PhysicalResourceId", change.physical_id.as_deref())
        .text("ResourceType", &change.kind)
        .optional(
            "Replacement",
            (change.action == "Modify").then_some(change.replacement),
        )
        .values("Scope", &scope)
        .list(
            "Details",
            details.map(|detail| detail_xml(detail, with_values)),
        );
    if with_values {
        let text = |context: &Option<Value>| context.as_ref().map(Value::to_string);
        resource = resource
            .optional("BeforeContext", text(&change.before).as_deref())
            .optional("AfterContext", text(&change.after).as_deref());
    }
    Xml::default()
        .text("Type", "Resource")
        .element("ResourceChange", resource)
}

fn detail_xml(detail: &Detail, with_values: bool) -> Xml {
    let named = (detail.attribute == "Properties").then_some(detail.name.as_str());
    let mut target = Xml::default()
        .text("Attribute", detail.attribute)
        .optional("Name", named)
        .text("RequiresRecreation", detail.recreation);
    if with_values {
        let text = |value: &Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        let kind = match (&detail.before, &detail.after) {
            (None, Some(_)) => "Add",
            (Some(_), None) => "Remove",
            _ => "Modify",
        };
        let (before, after) = (
            detail.before.as_ref().map(text),
            detail.after.as_ref().map(text),
        );
        target = target
            .text("Path", &format!("/Properties/{}", detail.name))
            .optional("BeforeValue", before.as_deref())
            .optional("AfterValue", after.as_deref())
            .text("AttributeChangeType", kind);
    }
    let (evaluation, source) = match detail.cause {
        Some(_) => ("Dynamic", "ResourceReference"),
        None => ("Static", "DirectModification"),
    };
    Xml::default()
        .element("Target", target)
        .text("Evaluation", evaluation)
        .text("ChangeSource", source)
        .optional("CausingEntity", detail.cause.as_deref())
}
