//! Tables: migrations, the import of the old scheduler's, and what must hold in all of them.

pub(super) mod import;
pub(super) mod invariants;
pub(super) mod migrate;
pub(super) mod opening;
pub(super) mod scratch;
