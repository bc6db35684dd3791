//! A stand-in for everything irsactl talks to, on loopback: EKS and EKS Auth, IAM, CloudFormation, STS
//! and the reads of EC2, CloudTrail and Access Analyzer on one HTTP port, the OIDC issuer and the Kubernetes API over TLS under their real names behind a
//! CONNECT proxy. Tests start it in-process; `cargo run --example sandbox` starts it by itself.
//! It is also the project's description of the outside world: read it to learn how AWS behaves
//! where irsactl can notice.

mod analyzer;
mod attempt;
mod authorization;
mod aws;
mod certificates;
mod cloudformation;
mod eks;
mod eks_auth;
mod fault;
mod hook;
mod http;
mod iam;
mod impostor;
mod issuer;
mod kubernetes;
mod network;
mod past;
mod plant;
mod proxy;
mod sts;
mod token;
mod trail;
mod trust;
mod vault;
mod world;

pub use attempt::{Attempt, Watch, Way};
pub use authorization::{Hand, Rights};
pub use aws::now;
pub use certificates::{Authority, Chain, thumbprint};
pub use cloudformation::{
    Change, ChangeSet, Detail, Express, Failure, Hooked, NO_CHANGES, NO_UPDATES,
};
pub use eks::{Addon, Association, PODS};
pub use fault::{Effect, Fault, Kind, Which};
pub use iam::{ManagedPolicy, Provider, Role, SERVICES};
pub use impostor::{Impostor, Speech};
pub use kubernetes::{Access, Admission};
pub use network::{Instance, Rule, SecurityGroup, VpcEndpoint};
pub use trail::Event;
pub use vault::{VAULT, VAULT_TOKEN, Vault};
pub use world::{Account, Call, Cluster, Count, Options, Pace, Service, World};

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use hook::Hook;
use world::{Shared, SharedWorld};

/// A running sandbox; dropping it stops it.
pub struct Sandbox {
    shared: Shared,
    directory: PathBuf,
    aws_port: u16,
    proxy_port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Sandbox {
    /// Starts the servers on free ports of 127.0.0.1 (or `options.port` for AWS) and returns when
    /// they listen.
    ///
    /// # Errors
    /// When a port cannot be bound or the temporary folder cannot be written.
    pub fn start(options: Options) -> std::io::Result<Self> {
        Self::of(World::build(options))
    }

    /// Another one, in whose world all is as it is in this one's now, on ports of its own.
    ///
    /// # Errors
    /// As where one is started.
    pub fn copy(&self) -> std::io::Result<Self> {
        let mut world = self.shared.lock().clone();
        world.options.port = 0;
        Self::of(world)
    }

    fn of(world: World) -> std::io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let port = world.options.port;
        let shared = SharedWorld::new(world);
        // Before anything is written: a port that is taken leaves nothing behind.
        let aws = std::net::TcpListener::bind(("127.0.0.1", port))?;
        let proxy = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        let directory = std::env::temp_dir().join(format!(
            "irsactl-sandbox-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        ));
        std::fs::create_dir_all(&directory)?;
        std::fs::write(directory.join("roots.pem"), shared.lock().root.pem())?;
        let (aws_port, proxy_port) = (aws.local_addr()?.port(), proxy.local_addr()?.port());
        let (stop, stopped) = oneshot::channel();
        let world = shared.clone();
        let thread = std::thread::spawn(move || run(aws, proxy, world, stopped));
        Ok(Self {
            shared,
            directory,
            aws_port,
            proxy_port,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The variables that make any AWS or Kubernetes client talk to the sandbox.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let world = self.shared.lock();
        vec![
            (
                "AWS_ENDPOINT_URL",
                format!("http://127.0.0.1:{}", self.aws_port),
            ),
            ("AWS_REGION", world.options.region.clone()),
            ("AWS_DEFAULT_REGION", world.options.region.clone()),
            (
                "AWS_ACCESS_KEY_ID",
                format!("AKIA{}", world.options.accounts[0]),
            ),
            ("AWS_SECRET_ACCESS_KEY", "sandbox-secret-key".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            (
                "HTTPS_PROXY",
                format!("http://127.0.0.1:{}", self.proxy_port),
            ),
            ("NO_PROXY", "127.0.0.1,localhost".to_owned()),
            (
                "SSL_CERT_FILE",
                self.directory.join("roots.pem").display().to_string(),
            ),
        ]
    }

    /// The world, to arrange or to look at. The sandbox answers nothing while the guard lives.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.shared.lock()
    }

    /// Adds a fault rule in its text form (see `fault.rs`).
    ///
    /// # Panics
    /// When the text is no rule: that is a mistake of the test.
    pub fn fault(&self, rule: &str) {
        let fault = rule.parse().unwrap_or_else(|error| panic!("{error}"));
        self.shared.lock().faults.push(fault);
    }

    /// Lets somebody else act just before the `number`-th call from now (counted from 1) that is
    /// meant by `SERVICE OPERATION [of SUBJECT]`, such as `kubernetes patch serviceaccounts of
    /// default/s3-reader`. The call then finds the world so changed. Calls that a fault answers
    /// do not count.
    ///
    /// # Panics
    /// When the text means no calls: that is a mistake of the test.
    pub fn before(&self, call: &str, number: u32, act: impl FnMut(&mut World) + Send + 'static) {
        let hook = Hook::new(which(call), Some(number), Arc::new(Mutex::new(act)));
        self.shared.lock().hooks.push(hook);
    }

    /// The same before every such call.
    ///
    /// # Panics
    /// When the text means no calls: that is a mistake of the test.
    pub fn before_every(&self, call: &str, act: impl FnMut(&mut World) + Send + 'static) {
        let hook = Hook::new(which(call), None, Arc::new(Mutex::new(act)));
        self.shared.lock().hooks.push(hook);
    }

    /// How often the calls meant by `SERVICE OPERATION` were made and were throttled, since the
    /// beginning; `* *` means all.
    ///
    /// # Panics
    /// When the text means no calls: that is a mistake of the test.
    pub fn count(&self, call: &str) -> Count {
        self.shared.lock().count(&which(call))
    }

    /// All calls so far, as `service Operation`.
    pub fn calls(&self) -> Vec<String> {
        self.shared
            .lock()
            .calls
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    /// The token that Kubernetes projects into a pod of a service account, for one hour.
    pub fn pod_token(&self, cluster: &str, namespace: &str, name: &str, audience: &str) -> String {
        let mut world = self.shared.lock();
        let issuer = world.clusters.iter().find(|known| known.name == cluster);
        let issuer = issuer
            .and_then(|cluster| cluster.issuer.clone())
            .unwrap_or_default();
        let account = world.api(cluster).service_account(namespace, name);
        let uid = account
            .and_then(|account| account["metadata"]["uid"].as_str())
            .unwrap_or_default()
            .to_owned();
        let audiences = [audience.to_owned()];
        let token = token::sign(&issuer, namespace, name, &uid, &audiences, 3600, None);
        world.tokens.push(token.clone());
        token
    }

    /// A token with any claims, such as no API server would make.
    pub fn sign(&self, claims: &serde_json::Value) -> String {
        let token = token::sign_claims(claims);
        self.shared.lock().tokens.push(token.clone());
        token
    }

    /// What nobody but its owner may see: the keys of the sessions that STS issued, and the signatures of
    /// the tokens.
    pub fn secrets(&self) -> Vec<String> {
        let world = self.shared.lock();
        let sessions = world.sessions.iter();
        let keys = sessions.flat_map(|(key, session)| {
            [key.clone(), session.secret.clone(), session.token.clone()]
        });
        let tokens = world.tokens.iter();
        let signatures = tokens.filter_map(|token| token.rsplit('.').next());
        keys.chain(signatures.map(str::to_owned)).collect()
    }

    /// The tokens that were issued so far.
    pub fn tokens(&self) -> Vec<String> {
        self.shared.lock().tokens.clone()
    }

    /// Puts something else in a host's place.
    pub fn impostor(&self, host: &str, impostor: Impostor) {
        let mut world = self.shared.lock();
        world.impostors.insert(host.to_lowercase(), impostor);
    }

    /// Port of the CONNECT proxy.
    pub fn proxy_port(&self) -> u16 {
        self.proxy_port
    }

    /// Waits until a call has made something true.
    ///
    /// # Panics
    /// When that does not happen in half a minute: a test then fails and does not hang.
    pub fn until(&self, reached: impl Fn(&World) -> bool) {
        let waited = async {
            loop {
                let mut called = std::pin::pin!(self.shared.called.notified());
                called.as_mut().enable();
                if reached(&self.shared.lock()) {
                    return;
                }
                called.await;
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime for the wait");
        let limit = std::time::Duration::from_secs(30);
        runtime
            .block_on(async { tokio::time::timeout(limit, waited).await })
            .expect("the awaited call");
    }

    /// A folder of the sandbox's own that goes away with it.
    pub fn directory(&self) -> &std::path::Path {
        &self.directory
    }
}

/// The calls that `SERVICE OPERATION [of SUBJECT]` means.
///
/// # Panics
/// When the text means no calls: that is a mistake of the test.
pub fn which(call: &str) -> Which {
    let words: Vec<&str> = call.split_whitespace().collect();
    match Which::read(&words) {
        Ok((which, [])) => which,
        Ok((_, more)) => panic!("`{call}`: {more:?} is too much"),
        Err(why) => panic!("`{call}`: {why}"),
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// The servers' thread: one current-thread runtime, until `stopped`.
fn run(
    aws: std::net::TcpListener,
    proxy: std::net::TcpListener,
    shared: Shared,
    stopped: oneshot::Receiver<()>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime for the sandbox");
    runtime.block_on(async move {
        let listen = |listener: std::net::TcpListener| {
            listener
                .set_nonblocking(true)
                .expect("a non-blocking listener");
            TcpListener::from_std(listener).expect("a listener")
        };
        let (aws, proxy) = (listen(aws), listen(proxy));
        tokio::select! {
            () = accept(aws, |stream| http::serve(stream, http::Server::Aws, shared.clone())) => {}
            () = accept(proxy, |stream| proxy::serve(stream, shared.clone())) => {}
            _ = stopped => {}
        }
    });
}

async fn accept<F>(listener: TcpListener, serve: impl Fn(tokio::net::TcpStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(serve(stream));
        }
    }
}
