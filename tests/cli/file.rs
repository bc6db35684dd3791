//! A config file in the place of flags, on every command that takes one: how it is read, what
//! contradicts it, and which of its accounts are meant.

mod create;
mod delete;
mod filters;
mod flags;
mod input;

use serde_json::json;

use crate::sandbox::Role;
use crate::support::{ACCOUNT, Bench, S3};

/// A file for "demo" with these lines under `iam.serviceAccounts`.
pub fn file_of(accounts: &str) -> String {
    format!(
        "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\n\
         metadata: {{name: demo, region: eu-west-1}}\n\
         iam:\n  withOIDC: true\n  serviceAccounts:\n{accounts}"
    )
}

/// One account of a file, with the policy that most tests attach.
pub fn account(namespace: &str, name: &str) -> String {
    format!(
        "  - metadata: {{name: {name}, namespace: {namespace}}}\n    attachPolicyARNs: [{S3}]\n"
    )
}

impl Bench {
    /// Writes `~/cluster.yaml` with such accounts.
    pub fn config_of(&self, names: &[&str]) {
        let accounts = names.iter().map(|name| {
            let (namespace, name) = name.split_once('/').expect("a namespace");
            account(namespace, name)
        });
        self.file("cluster.yaml", &file_of(&accounts.collect::<String>()));
    }

    /// A role that somebody made without a stack.
    pub fn role_made_by_hand(&self, name: &str) {
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}},
        ]});
        let role = Role::new("aws", ACCOUNT, "/", name, trust);
        self.account(|account| account.create_role(role).map(|_| ()).expect("a role"));
    }

    /// The name of the role of a service account's stack.
    pub fn role_of(&self, account: &str) -> String {
        self.sandbox.world().role_of(account).name.clone()
    }

    /// Attaches a policy to it by hand.
    pub fn attach_by_hand(&self, account: &str) -> String {
        let role = self.role_of(account);
        let policy = "arn:aws:iam::aws:policy/AmazonSQSFullAccess";
        self.account(|account| account.attach_policy(&role, policy).expect("a policy"));
        role
    }

    /// The same, applied.
    pub fn applied(&self, names: &[&str]) {
        self.config_of(names);
        for name in names {
            self.create(name);
        }
    }
}
