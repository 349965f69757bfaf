//! The sandbox as the rest of the program sees it.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;

use super::faults::{self, Rule};
use super::options::SandboxOptions;
use super::readers;
use super::serving::{lock, serve};
use super::state::{Item, World};

/// A stand-in for the three platforms, bound to an address and not yet serving.
#[derive(Debug)]
pub struct Sandbox {
    listener: TcpListener,
    address: SocketAddr,
    options: SandboxOptions,
    faults: Vec<Rule>,
}

impl Sandbox {
    /// Binds to a loopback address; port 0 lets the system choose.
    ///
    /// # Errors
    ///
    /// `InvalidInput` when the address is not a loopback address, else what
    /// the system says when it cannot be bound.
    pub async fn bind(address: SocketAddr, options: SandboxOptions) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            let message =
                format!("the sandbox only listens on loopback addresses, not on {}", address.ip());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, options, faults: Vec::new() })
    }

    /// The address it is bound to, with the real port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, to which `/{real host}/{real path}` is added.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Begins with these fault rules: a list as for `POST /__sim/faults`.
    ///
    /// # Errors
    ///
    /// What is wrong with the rules.
    pub fn with_faults(self, rules: &serde_json::Value) -> serde_json::Result<Self> {
        Ok(Self { faults: faults::rules(rules)?, ..self })
    }

    /// Serves until `shutdown` is ready, then ends the open connections.
    ///
    /// # Errors
    ///
    /// What the system says when the listener breaks.
    pub async fn serve(
        self,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let (base_url, world) = (self.base_url(), self.world());
        serve(self.listener, base_url, world, shutdown).await
    }

    fn world(&self) -> Arc<Mutex<World>> {
        let mut world = World::new(self.options.clone());
        world.faults.clone_from(&self.faults);
        Arc::new(Mutex::new(world))
    }

    /// Binds to a free port of 127.0.0.1 and serves in a task until the runtime
    /// ends. Answers the base URL.
    ///
    /// # Errors
    ///
    /// As [`Sandbox::bind`].
    pub async fn spawn(options: SandboxOptions) -> io::Result<String> {
        let sandbox = Self::bind(SocketAddr::from(([127, 0, 0, 1], 0)), options).await?;
        let base_url = sandbox.base_url();
        tokio::spawn(sandbox.serve(std::future::pending()));
        Ok(base_url)
    }

    /// Serves in a task until the runtime ends; the answer looks at it and
    /// steers it from this process, past HTTP.
    #[must_use]
    pub fn start(self) -> Running {
        let (base_url, world) = (self.base_url(), self.world());
        let running = Running { base_url: base_url.clone(), world: Arc::clone(&world) };
        tokio::spawn(serve(self.listener, base_url, world, std::future::pending()));
        running
    }
}

/// A sandbox that serves in a task of this process.
pub struct Running {
    base_url: String,
    world: Arc<Mutex<World>>,
}

/// One post that readers of a platform can see, or could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// Page id, Instagram user id or LinkedIn URN.
    pub account: String,
    /// The platform's id of the post.
    pub id: String,
    /// Empty when the post has no text.
    pub text: String,
    /// Where its media were fetched from, as far as the platform keeps that.
    pub media: Vec<String>,
    /// A call deleted it: readers saw it once.
    pub deleted: bool,
}

impl Live {
    fn of(item: Item, deleted: bool) -> Self {
        let url = |file: &serde_json::Value| file["url"].as_str().map(str::to_owned);
        Self {
            account: item.account,
            id: item.id,
            text: item.text,
            media: item.media.iter().filter_map(url).collect(),
            deleted,
        }
    }
}

impl Running {
    /// As [`Sandbox::base_url`].
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Everything clients made that readers of the three platforms can see now,
    /// oldest first.
    #[must_use]
    pub fn live(&self) -> Vec<Live> {
        let items = readers::live(&lock(&self.world)).into_iter();
        items.filter(|item| !item.by_others).map(|item| Live::of(item, false)).collect()
    }

    /// Everything clients made that readers could see at any time, oldest first:
    /// also what was deleted, and stories whose day is over.
    #[must_use]
    pub fn ever_live(&self) -> Vec<Live> {
        let items = readers::ever(&lock(&self.world)).into_iter();
        let items = items.filter(|ever| !ever.item.by_others);
        items.map(|ever| Live::of(ever.item, ever.deleted_at.is_some())).collect()
    }

    /// Number of calls with an injected fault; a slow answer does not count.
    #[must_use]
    pub fn faults_injected(&self) -> u32 {
        let world = lock(&self.world);
        let injected = world.log.iter().filter_map(|call| call.fault.as_deref());
        injected.filter(|fault| *fault != "slow_first_byte").count().try_into().unwrap_or(u32::MAX)
    }

    /// Advances the clock of the platforms.
    pub fn advance(&self, time: Duration) {
        let ms = i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 4);
        lock(&self.world).clock.advance(ms);
    }

    /// Replaces the fault rules: a list as for `POST /__sim/faults`.
    ///
    /// # Errors
    ///
    /// What is wrong with the rules; then the old ones stay.
    pub fn set_faults(&self, rules: &serde_json::Value) -> serde_json::Result<()> {
        lock(&self.world).faults = faults::rules(rules)?;
        Ok(())
    }
}
