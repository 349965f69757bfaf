//! What tests of the real binary stand on. A test makes a [`World`], runs the
//! program in it, looks at what readers of the platforms would see, and ends
//! with [`World::assert_healthy`].

mod daemon;
mod database;
mod ran;
mod simulator;
mod wait;
mod world;

pub use daemon::Daemon;
pub use database::{Database, Engine};
pub use ran::Ran;
pub use simulator::{PLATFORMS, Simulator, publish_call};
pub use wait::eventually;
pub use world::{Account, World};
