//! The faults that the program must stand, one test or more for each. A test's
//! name begins with the fault's letter and number.

mod clock;
mod connections;
mod contract;
mod database_files;
mod foreign_rows;
mod input;
mod instance;
mod many;
mod media;
mod screen;
mod servers;
mod settings;
mod syscalls;
mod text;
mod time;
