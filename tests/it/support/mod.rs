//! What tests of the real binary stand on. A test makes a [`World`], runs the
//! program in it, looks at what readers of the platforms would see, and ends
//! with [`World::assert_healthy`]:
//!
//! ```ignore
//! let world = World::new();
//! let page = world.account("facebook");
//! world.fault(&json!({"match": publish_call("facebook"), "when": {"nth": 1}, "fault": "after_commit_drop"}));
//! let id = world.schedule(&page, &["--caption", "Hello"]);
//! world.work_until_done();
//! assert_eq!((world.status(&id), world.live().len()), ("published".to_owned(), 1));
//! world.assert_healthy();
//! ```
//!
//! Nothing sleeps until a time comes: [`World::advance`] moves what is stored
//! into the past and the platforms' clock ahead.

mod daemon;
mod database;
mod memory;
mod odd_values;
mod private_server;
mod proxy;
mod run_result;
mod session;
mod simulator;
mod sweep;
mod wait;
mod world;

pub use daemon::Daemon;
pub use database::{Database, Engine};
pub use memory::Starving;
pub use odd_values::bad_times;
pub use private_server::{PrivateServer, may_mount};
pub use proxy::Proxy;
pub use run_result::Ran;
pub use session::Session;
pub use simulator::{PLATFORMS, Simulator, ask, publish_call, publish_call_of, staging_call_of};
pub use sweep::some_of;
pub use wait::eventually;
pub use world::{Account, World};
