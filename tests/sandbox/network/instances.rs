//! EC2's instances: how their metadata is given away, and by which instance profile they have a role. Operations
//! and members are those of botocore's `ec2` model; the messages are from memory.

use super::super::aws::{Caller, Parameters, Refusal, Xml, digest};
use super::super::world::World;
use super::{Item, VPC, set};

#[derive(Clone, Debug)]
pub struct Instance {
    pub id: String,
    /// How its metadata is given away.
    pub endpoint_enabled: bool,
    pub tokens_required: bool,
    pub hop_limit: u8,
    /// ARN of its instance profile.
    pub profile: Option<String>,
}

impl World {
    /// For all nodes that clusters have.
    pub fn add_instances_of_nodes(&mut self) {
        for number in ["10", "11"] {
            self.add_instance(&format!("i-0123456789abcde{number}"));
        }
    }

    /// An instance as EKS's own launch templates make them: IMDSv2 only, one hop.
    pub fn add_instance(&mut self, id: &str) -> &mut Instance {
        self.network.instances.push(Instance {
            id: id.to_owned(),
            endpoint_enabled: true,
            tokens_required: true,
            hop_limit: 1,
            profile: None,
        });
        let instances = &mut self.network.instances;
        instances.last_mut().expect("the instance just added")
    }
}

/// What changes an instance; `None` for any other operation.
pub fn changed(
    world: &mut World,
    caller: &Caller,
    action: &str,
    parameters: &Parameters,
) -> Option<Result<Xml, Refusal>> {
    let is_here =
        caller.account == world.options.accounts[0] && caller.region == world.options.region;
    let answer = match action {
        _ if !is_here => return None,
        "AssociateIamInstanceProfile" => associate(world, caller, parameters),
        "DisassociateIamInstanceProfile" => disassociate(world, parameters),
        "ModifyInstanceMetadataOptions" => modify(world, parameters),
        _ => return None,
    };
    Some(answer)
}

fn named<'a>(world: &'a mut World, parameters: &Parameters) -> Result<&'a mut Instance, Refusal> {
    let id = parameters.required("InstanceId")?;
    let mut all = world.network.instances.iter_mut();
    let found = all.find(|it| it.id == id);
    found.ok_or_else(|| {
        let message = format!("The instance ID '{id}' does not exist");
        Refusal::new(400, "InvalidInstanceID.NotFound", message)
    })
}

/// By the name of the profile, or its ARN.
fn associate(world: &mut World, caller: &Caller, parameters: &Parameters) -> Result<Xml, Refusal> {
    let text = |member: &str| parameters.text(&format!("IamInstanceProfile.{member}"));
    let arn = text("Arn").and_then(|arn| arn.rsplit('/').next());
    let name = text("Name").or(arn).unwrap_or_default().to_owned();
    let account = world.accounts.entry(caller.account.clone()).or_default();
    if !account.instance_profiles.contains_key(&name) {
        let message = format!(
            "Value ({name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"
        );
        return Err(Refusal::new(400, "InvalidParameterValue", message));
    }
    let (partition, id) = (caller.partition, &caller.account);
    let arn = format!("arn:{partition}:iam::{id}:instance-profile/{name}");
    let instance = named(world, parameters)?;
    if instance.profile.is_some() {
        let message = format!(
            "There is an existing association for instance {}",
            instance.id
        );
        return Err(Refusal::new(400, "IncorrectState", message));
    }
    instance.profile = Some(arn);
    Ok(told(instance))
}

fn disassociate(world: &mut World, parameters: &Parameters) -> Result<Xml, Refusal> {
    let id = parameters.required("AssociationId")?;
    let mut all = world.network.instances.iter_mut();
    let is_it = |it: &&mut Instance| it.profile.is_some() && association_id(it) == id;
    let Some(instance) = all.find(is_it) else {
        let message = format!("An invalid association-id of '{id}' was given");
        return Err(Refusal::new(400, "InvalidAssociationID.NotFound", message));
    };
    let told = told(instance);
    instance.profile = None;
    Ok(told)
}

/// What is not given stays.
fn modify(world: &mut World, parameters: &Parameters) -> Result<Xml, Refusal> {
    let hops = parameters.number("HttpPutResponseHopLimit")?;
    let instance = named(world, parameters)?;
    if let Some(tokens) = parameters.text("HttpTokens") {
        instance.tokens_required = tokens == "required";
    }
    if let Some(endpoint) = parameters.text("HttpEndpoint") {
        instance.endpoint_enabled = endpoint == "enabled";
    }
    if let Some(hops) = hops.and_then(|hops| u8::try_from(hops).ok()) {
        instance.hop_limit = hops;
    }
    Ok(Xml::default()
        .text("instanceId", &instance.id)
        .element("instanceMetadataOptions", options(instance)))
}

fn association_id(one: &Instance) -> String {
    format!("iip-assoc-{}", &digest(&["association", &one.id])[..17])
}

fn associated(one: &Instance, arn: &str) -> Xml {
    Xml::default()
        .text("associationId", &association_id(one))
        .text("instanceId", &one.id)
        .and(profile(arn))
        .text("state", "associated")
}

fn told(one: &Instance) -> Xml {
    let arn = one.profile.as_deref().unwrap_or_default();
    Xml::default().element("iamInstanceProfileAssociation", associated(one, arn))
}

/// Of an instance that has a profile.
pub fn association(one: &Instance) -> Option<Item> {
    let arn = one.profile.as_deref()?;
    Some(Item {
        id: association_id(one),
        properties: vec![("instance-id", one.id.clone())],
        xml: associated(one, arn),
    })
}

fn profile(arn: &str) -> Xml {
    let id = format!("AIPA{}", &digest(&["profile", arn])[..17].to_uppercase());
    let inner = Xml::default().text("arn", arn).text("id", &id);
    Xml::default().element("iamInstanceProfile", inner)
}

fn options(one: &Instance) -> Xml {
    let word = |is: bool, yes: &'static str, no: &'static str| if is { yes } else { no };
    Xml::default()
        .text("state", "applied")
        .text(
            "httpTokens",
            word(one.tokens_required, "required", "optional"),
        )
        .text("httpPutResponseHopLimit", &one.hop_limit.to_string())
        .text(
            "httpEndpoint",
            word(one.endpoint_enabled, "enabled", "disabled"),
        )
        .text("httpProtocolIpv6", "disabled")
        .text("instanceMetadataTags", "disabled")
}

/// Each in a reservation of its own.
pub fn item(one: &Instance, owner: &str) -> Item {
    let options = options(one);
    let profile = one.profile.as_ref().map(|arn| profile(arn));
    let profile = profile.into_iter().fold(Xml::default(), Xml::and);
    let shown = Xml::default()
        .text("instanceId", &one.id)
        .element(
            "instanceState",
            Xml::default().text("code", "16").text("name", "running"),
        )
        .text("instanceType", "m7i.large")
        .text("vpcId", VPC)
        .and(profile)
        .element("metadataOptions", options);
    let xml = Xml::default()
        .text(
            "reservationId",
            &format!("r-{}", &digest(&["reservation", &one.id])[..17]),
        )
        .text("ownerId", owner)
        .element("groupSet", Xml::default())
        .element("instancesSet", set([shown]));
    Item {
        id: one.id.clone(),
        properties: vec![("instance-id", one.id.clone()), ("vpc-id", VPC.to_owned())],
        xml,
    }
}
