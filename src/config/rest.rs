//! What a file says beside the accounts that it asks for: nothing of it is carried out, and nothing that
//! it makes or uses is missing in the file.

use std::collections::BTreeMap;

use super::node::{YamlNode, YamlValue};
use super::{Problem, node};
use crate::asked::fields;
use crate::model::{RoleArn, ServiceAccountName, Way};

/// What a file says beside the accounts that it asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileRemainder {
    /// A second document, which is not read.
    pub further: Option<Problem>,
    /// Which of the lists are there, be they empty.
    lists: Vec<Way>,
    owners: Owners,
}

impl FileRemainder {
    /// Whether the list of the accounts of one way is there, be it empty.
    pub fn lists(&self, way: Way) -> bool {
        self.lists.contains(&way)
    }

    /// The part of the file that an account of one way belongs to beside its list, by its name or by the
    /// role that it has.
    pub fn owner(
        &self,
        way: Way,
        account: &ServiceAccountName,
        role: Option<&RoleArn>,
    ) -> Option<&str> {
        let own = fields::ASSOCIATIONS.path;
        let owner = self.owners.of(account, role);
        owner.filter(|part| way == Way::Irsa || !part.starts_with(own))
    }
}

/// The service accounts and roles that other parts of the file make or use, each with that part's path.
#[derive(Clone, Debug, Default, PartialEq)]
struct Owners {
    accounts: BTreeMap<ServiceAccountName, String>,
    roles: BTreeMap<RoleArn, String>,
}

impl Owners {
    /// The service accounts that add-ons make.
    fn of_addons(&mut self, addons: &[(String, &YamlNode)]) {
        for (path, addon) in addons {
            let name = addon.at("name").and_then(|name| name.text());
            let known = ADDONS.iter().find(|(known, _)| {
                // The API isn't case-sensitive either.
                name.is_some_and(|name| name.eq_ignore_ascii_case(known))
            });
            for account in known.into_iter().flat_map(|(_, accounts)| *accounts) {
                self.account(account, path);
            }
        }
    }

    /// The part of the file that an account belongs to, by its name or by the role that it has.
    fn of(&self, account: &ServiceAccountName, role: Option<&RoleArn>) -> Option<&str> {
        let by_name = self.accounts.get(account);
        let by_role = || self.roles.get(role?);
        by_name.or_else(by_role).map(String::as_str)
    }
}

/// The service accounts that EKS add-ons run as (EKS User Guide, "AWS add-ons"; Pod Identity's
/// `describe-addon-configuration` says the same).
const ADDONS: [(&str, &[&str]); 11] = [
    ("vpc-cni", &["kube-system/aws-node"]),
    ("aws-ebs-csi-driver", &["kube-system/ebs-csi-controller-sa"]),
    (
        "aws-efs-csi-driver",
        &[
            "kube-system/efs-csi-controller-sa",
            "kube-system/efs-csi-node-sa",
        ],
    ),
    ("aws-fsx-csi-driver", &["kube-system/fsx-csi-controller-sa"]),
    (
        "aws-mountpoint-s3-csi-driver",
        &["kube-system/s3-csi-driver-sa"],
    ),
    (
        "amazon-cloudwatch-observability",
        &["amazon-cloudwatch/cloudwatch-agent"],
    ),
    (
        "adot",
        &[
            "opentelemetry-operator-system/adot-col-prom-metrics",
            "opentelemetry-operator-system/adot-col-otlp-ingest",
            "opentelemetry-operator-system/adot-col-container-logs",
        ],
    ),
    (
        "aws-network-flow-monitoring-agent",
        &["amazon-network-flow-monitor/aws-network-flow-monitor-agent-service-account"],
    ),
    ("external-dns", &["external-dns/external-dns"]),
    ("cert-manager", &["cert-manager/cert-manager"]),
    (
        "aws-privateca-connector-for-kubernetes",
        &["aws-privateca-issuer/aws-privateca-issuer"],
    ),
];

/// eksctl makes it with the section, whatever stands in there (pkg/actions/karpenter of eksctl 0.231).
const KARPENTER: &str = "karpenter/karpenter";

/// Reads it of a file's first document.
pub fn read(root: &YamlNode, further: Option<node::Place>) -> FileRemainder {
    let mut owners = Owners::default();
    if root.at("karpenter").is_some() {
        owners.account(KARPENTER, "karpenter");
    }
    let addons = items(root, "addons", "addons");
    owners.of_addons(&addons);
    let associations = items(
        root,
        "iam.podIdentityAssociations",
        "iam.podIdentityAssociations",
    );
    let of_addons = addons.iter().flat_map(|(path, addon)| {
        items(
            addon,
            "podIdentityAssociations",
            &format!("{path}.podIdentityAssociations"),
        )
    });
    for (path, association) in associations.into_iter().chain(of_addons) {
        let text = |name: &str| association.at(name).and_then(|node| node.text());
        if let (Some(namespace), Some(name)) = (text("namespace"), text("serviceAccountName")) {
            owners.account(&format!("{namespace}/{name}"), &path);
        }
    }
    owners.roles_in(root, "");
    FileRemainder {
        further: further
            .map(|place| Problem::new(place, "", "a second document: only the first one is read")),
        lists: Way::ALL
            .into_iter()
            .filter(|way| root.field(fields::ACCOUNTS.on(*way)).is_some())
            .collect(),
        owners,
    }
}

fn items<'a>(node: &'a YamlNode, name: &str, path: &str) -> Vec<(String, &'a YamlNode)> {
    let items = node.at(name).map_or(&[][..], |node| node.items());
    let items = items.iter().enumerate();
    items
        .map(|(index, item)| (format!("{path}[{index}]"), &**item))
        .collect()
}

impl Owners {
    fn account(&mut self, name: &str, path: &str) {
        if let Ok(name) = name.parse() {
            self.accounts.entry(name).or_insert_with(|| path.to_owned());
        }
    }

    /// Every role that is named anywhere: by an add-on, a node group, a profile, another account.
    fn roles_in(&mut self, node: &YamlNode, path: &str) {
        match &node.value {
            YamlValue::Text(text) => {
                if let Ok(role) = text.parse() {
                    self.roles.entry(role).or_insert_with(|| path.to_owned());
                }
            }
            YamlValue::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.roles_in(item, &format!("{path}[{index}]"));
                }
            }
            YamlValue::Map(entries) => {
                for entry in entries {
                    let name = entry.name().unwrap_or("?");
                    self.roles_in(&entry.value, &super::inside(path, name));
                }
            }
            YamlValue::Null
            | YamlValue::Bool(_)
            | YamlValue::Number(_)
            | YamlValue::Merge
            | YamlValue::Tagged(_) => {}
        }
    }
}
