//! A directory for one run only.

use std::path::{Path, PathBuf};

/// A directory that disappears with the value.
pub(super) struct Throwaway(PathBuf);

impl Throwaway {
    /// Makes one that only its owner can look into, named after the command.
    pub(super) fn new(parent: PathBuf, command: &str) -> std::io::Result<Self> {
        let name = format!("socialsched-{command}-{}", uuid::Uuid::new_v4().simple());
        let folder = parent.join(name);
        std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700)
            .create(&folder)?;
        Ok(Self(folder))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, folder = %self.0.display(), "throw-away files remain");
        }
    }
}
