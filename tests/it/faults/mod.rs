//! The faults that the program must stand, one test or more for each. A test's
//! name begins with the fault's letter and number.

mod captions;
mod clock_jumps;
mod command_line;
mod configuration;
mod connections;
mod database_files;
mod database_servers;
mod foreign_rows;
mod long_queues;
mod media;
mod odd_value_reports;
mod odd_values;
mod output_text;
mod script_contract;
mod syscalls;
mod times;
mod unconfirmed_commits;
mod wrong_database;

/// The faults whose tests are spread over the program and its tests, so that
/// one could get lost without anybody noticing.
const NAMED: [(char, &[u8]); 4] = [
    ('f', &[2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 18, 19]),
    ('g', &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18]),
    ('h', &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24]),
    ('i', &[1, 2, 10]),
];

#[test]
fn every_fault_has_a_test() {
    let tests = crate::source::tests();
    let rows = NAMED.iter().flat_map(|(letter, numbers)| {
        numbers.iter().map(move |number| format!("{letter}{number:02}_"))
    });
    let missing: Vec<String> =
        rows.filter(|row| !tests.iter().any(|test| test.starts_with(row.as_str()))).collect();
    assert_eq!(missing, [""; 0]);
}
