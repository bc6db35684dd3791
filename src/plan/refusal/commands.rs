//! Parts of reasons and hints; commands are in backticks.

use crate::model::{
    ClusterName, CommandLine, Namespace, ServiceAccountName, listed, shown_as_value,
};

pub fn delete(cluster: &ClusterName, name: &ServiceAccountName) -> String {
    command("delete", cluster, name, "")
}

/// About one service account.
pub fn command(
    verb: &str,
    cluster: &ClusterName,
    name: &ServiceAccountName,
    flags: &str,
) -> String {
    format!(
        "`irsactl {verb} iamserviceaccount {} --namespace {} --cluster {cluster}{flags}`",
        name.name, name.namespace
    )
}

/// Waits until a namespace is gone.
pub fn await_deletion(namespace: &Namespace) -> String {
    let namespace = format!("namespace/{namespace}");
    format!(
        "`{}`",
        CommandLine::of("kubectl wait --for delete {}", &[&namespace])
    )
}

/// What is asked for beside what is there.
pub fn sides(asked: &str, found: &str) -> String {
    let [asked, found] = [asked, found].map(shown_as_value);
    listed([format!("asked: {asked}"), format!("found: {found}")])
}
