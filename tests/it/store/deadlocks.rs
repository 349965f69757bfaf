//! F7: two transactions that wait for each other, on a database server.

use socialsched::domain::{AccountId, Platform};
use socialsched::store::Gate;

use super::{LEASE, Queue, on_every_engine, worker};
use crate::support::{Engine, eventually};

/// Makes the other session the one that the engine lets go on: MariaDB undoes
/// the transaction with fewer changes, PostgreSQL the one that looks first.
fn favoured(queue: &Queue) -> String {
    match queue.database.engine() {
        Engine::MariaDb => {
            let rows: Vec<String> =
                (0..100).map(|n| format!("('d{n}', 'h', 1, '1', {{now}}, {{now}})")).collect();
            let now = queue.database.in_seconds(0);
            let insert = "INSERT INTO workers (id, host, pid, version, started_at, beat_at)";
            format!("BEGIN; {insert} VALUES {}", rows.join(", ").replace("{now}", &now))
        }
        _ => "BEGIN; SET LOCAL deadlock_timeout = '60s'".to_owned(),
    }
}

#[test]
fn f07_a_transaction_that_was_undone_in_a_deadlock_is_repeated() {
    on_every_engine(|queue| {
        if queue.database.engine() == Engine::Sqlite {
            return;
        }
        let a = worker("a");
        let first = queue.claimed(&a);
        let other = AccountId::generate();
        queue.add_account(other, Platform::Facebook);
        let mut draft = queue.draft();
        draft.account_id = other;
        queue.insert(&draft);
        let second = queue.claim(&a);
        let lock = |account: AccountId| {
            format!("SELECT id FROM meta_social_accounts WHERE id = '{account}' FOR UPDATE")
        };
        let mut session = queue.database.session();
        session.execute(&favoured(queue));
        session.execute(&lock(other));
        let store = queue.another_store();
        let program = {
            let (a, first, second) = (a.clone(), first.clone(), second.clone());
            queue.spawn(async move { store.open_gates(&a, &[&first, &second], LEASE).await })
        };
        // It has the first account and wants the other.
        eventually("it waits", || queue.database.waiting() > 0);
        session.execute(&lock(queue.account));
        session.execute("COMMIT");
        let gates = queue.wait(program).unwrap().unwrap();
        assert!(matches!(gates.as_slice(), [Gate::Open(_), Gate::Open(_)]), "{gates:?}");
        for claim in [&first, &second] {
            let intents = format!(
                "SELECT COUNT(*) FROM publish_log WHERE post_schedule_id = '{}'",
                claim.job_id
            );
            assert_eq!(queue.database.value(&intents), "1", "what was undone left nothing");
        }
    });
}
