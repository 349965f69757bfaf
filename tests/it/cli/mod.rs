//! Commands as scripts and people use them.

mod commands;
mod output;
