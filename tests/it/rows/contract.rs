//! What the command line promises to scripts.
