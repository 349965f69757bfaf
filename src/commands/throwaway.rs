//! A directory for one run only.

use std::path::{Path, PathBuf};

use crate::exit::Fault;

/// A directory that disappears with the value.
pub(super) struct Throwaway(PathBuf);

impl Throwaway {
    /// Makes one that only its owner can look into, named after the command.
    ///
    /// # Errors
    /// There is no such parent, or nothing may be made in it.
    pub(super) fn new(parent: &Path, command: &str) -> Result<Self, Fault> {
        let name = format!("socialsched-{command}-{}", uuid::Uuid::new_v4().simple());
        let folder = parent.join(name);
        std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700)
            .create(&folder)
            .map_err(|error| {
                Fault::setup(format!("cannot create a folder in {}: {error}", parent.display()))
                    .field("TMPDIR")
                    .hint("set TMPDIR to a folder that exists and that you may write to")
            })?;
        Ok(Self(folder))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, folder = %self.0.display(), "throw-away files could not be removed");
        }
    }
}
