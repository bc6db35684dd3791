//! `migrate scan` of a large cluster: 2,000 workloads in 300 namespaces, of which some have roles.

use std::error::Error;

use serde_json::json;

use super::sandbox::{Options, Role, Sandbox, Service};
use super::{ACCOUNT, Table, irsactl, megabytes, run};

const WORKLOADS: usize = 2_000;
const NAMESPACES: usize = 300;
/// Every fourth workload has one of them.
const ROLES: usize = 100;
const NODES: usize = 300;
const PODS: u32 = 2;

pub fn measure(table: &mut Table) -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::start(Options::default())?;
    arrange(&sandbox);
    let command = irsactl(&sandbox, "migrate scan --cluster demo -o json");
    let measured = run(&command)?;
    let calls = std::mem::take(&mut sandbox.world().calls);
    let of = |service: Service| {
        let calls = calls.iter();
        calls.filter(|call| call.service == service).count()
    };
    let name = format!("migrate scan of {WORKLOADS} workloads in {NAMESPACES} namespaces");
    let time = format!("{:.1} s", measured.time.as_secs_f64());
    table.row(&name, &time, "≤ 10 s");
    let calls = format!("{}, {}", of(Service::Iam), of(Service::Kubernetes));
    let roles = format!("{ROLES} roles");
    table.row("… calls: IAM, Kubernetes", &calls, &roles);
    let processor = format!("{:.1} s", measured.processor.as_secs_f64());
    table.row("… processor time", &processor, "");
    table.row("… peak memory", &megabytes(measured.peak), "≤ 100 MB");
    Ok(())
}

fn arrange(sandbox: &Sandbox) {
    let mut world = sandbox.world();
    let account = world.accounts.entry(ACCOUNT.to_owned()).or_default();
    let trust = json!({"Version": "2012-10-17", "Statement": []});
    let roles = (0..ROLES).map(|number| {
        let name = format!("role-{number}");
        Role::new("aws", ACCOUNT, "/", &name, trust.clone())
    });
    let roles: Vec<Role> = roles.collect();
    let by_name = roles.iter().map(|role| (role.name.clone(), role.clone()));
    account.roles.extend(by_name);
    for number in 0..NODES {
        let (name, instance) = (format!("node-{number}"), format!("i-{number:017}"));
        world.api("demo").put_node(&name, &instance, &[]);
        world.add_instance(&instance);
    }
    let api = world.api("demo");
    for number in 0..WORKLOADS {
        let namespace = format!("team-{}", number % NAMESPACES);
        let name = format!("app-{number:04}");
        if number % 4 == 0 {
            let role = &roles[number / 4 % ROLES].arn;
            let annotation = ("eks.amazonaws.com/role-arn", role.as_str());
            api.put_service_account(&namespace, &name, &[], &[annotation], "helm");
        }
        api.run_deployment(&namespace, &name, &name, PODS);
    }
    world.calls.clear();
}
