//! F7: transactions that wait for each other, or that a database server undoes
//! because they cannot be put in an order.

use socialsched::domain::{AccountId, Platform};
use socialsched::store::{CancelAnswer, Gate, StoreError};

use super::queue::to_publish;
use super::{LEASE, Queue, on_every_engine, worker};
use crate::support::{Engine, eventually};

/// Makes the other session the one that the engine lets proceed: MariaDB undoes the
/// transaction with fewer changes, PostgreSQL the one that looks first.
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

/// **F7**: a transaction that was undone in a deadlock is repeated.
#[test]
fn deadlocked_transaction_is_repeated() {
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
            let (first, second) = (first.clone(), second.clone());
            queue.spawn(async move {
                let jobs = [&first, &second].map(to_publish);
                store.open_gates(&jobs, LEASE).await
            })
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

/// Makes the server refuse the first transactions that change a job, `first` of them, as
/// not serialisable, and counts all that try, also those undone.
fn refuse(queue: &Queue, first: u32) {
    let (table, trigger) = match queue.database.engine() {
        // Without transactions: what it counted stays.
        Engine::MariaDb => (
            "CREATE TABLE tries (n INT NOT NULL) ENGINE = MyISAM; INSERT INTO tries VALUES (0)",
            format!(
                "CREATE TRIGGER refuse BEFORE UPDATE ON post_schedule FOR EACH ROW BEGIN
                   UPDATE tries SET n = n + 1;
                   IF (SELECT n FROM tries) <= {first} THEN
                     SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'refused';
                   END IF;
                 END"
            ),
        ),
        // What a sequence gave it does not take back.
        _ => (
            "CREATE SEQUENCE tries",
            format!(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                   IF nextval('tries') <= {first} THEN
                     RAISE EXCEPTION 'refused' USING ERRCODE = '40001';
                   END IF;
                   RETURN NEW;
                 END $$;
                 CREATE TRIGGER refuse BEFORE UPDATE ON post_schedule
                   FOR EACH ROW EXECUTE FUNCTION refuse()"
            ),
        ),
    };
    queue.database.execute(table);
    queue.database.execute(&trigger);
}

fn tries(queue: &Queue) -> String {
    queue.database.value(match queue.database.engine() {
        Engine::MariaDb => "SELECT n FROM tries",
        _ => "SELECT last_value FROM tries",
    })
}

/// **F7**: a transaction that could not be serialised is repeated whole, up to
/// five times.
#[test]
fn unserialisable_transaction_is_repeated_five_times() {
    for (refused, done) in [(4, true), (100, false)] {
        on_every_engine(|queue| {
            if queue.database.engine() == Engine::Sqlite {
                return;
            }
            let id = queue.schedule();
            let before = queue.states(id);
            refuse(queue, refused);
            let answers = queue.wait(queue.store.cancel_posts(queue.company, &[id], Some("why")));
            assert_eq!(tries(queue), "5", "{answers:?}");
            if done {
                assert!(matches!(answers.as_deref(), Ok([CancelAnswer::Cancelled])), "{answers:?}");
                assert_eq!(queue.states(id), "cancelled/done");
            } else {
                assert!(matches!(answers, Err(StoreError::Conflict)), "{answers:?}");
                assert_eq!(queue.states(id), before, "nothing of it was kept");
            }
        });
    }
}
