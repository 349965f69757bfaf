//! T1: which of the due posts a claim takes: account by account, client by client.

use std::collections::HashMap;
use std::time::Duration;

use socialsched::domain::{AccountId, Claim, ClientId, Platform, PostId};
use socialsched::store::{ClaimRequest, Claimed, Gate};

use super::queue::jobs;
use super::{Queue, on_every_engine, worker};
use crate::support::Engine;

fn add_account(queue: &Queue) -> AccountId {
    let account = AccountId::generate();
    queue.add_account(account, Platform::Facebook);
    account
}

fn add_client(queue: &Queue, id: i64) -> ClientId {
    let company = queue.company;
    queue.database.execute(&format!(
        "INSERT INTO agency_clients (id, company_id, client_first_name, client_last_name)
         VALUES ({id}, '{company}', 'Ann', 'Lee')"
    ));
    ClientId(id)
}

/// A post that has been due for these seconds; negative ones are still to come.
fn due_since(queue: &Queue, account: AccountId, client: Option<ClientId>, seconds: i64) -> PostId {
    let mut draft = queue.draft();
    draft.account_id = account;
    draft.client_id = client;
    let id = queue.insert(&draft);
    set_run_at(queue, id, -seconds);
    id
}

fn set_run_at(queue: &Queue, id: PostId, seconds: i64) {
    let run_at = queue.database.in_seconds(seconds);
    queue.database.execute(&format!(
        "UPDATE post_schedule SET run_at = {run_at} WHERE post_detail_id = '{id}'"
    ));
}

/// A due post as another program stores it, which knows of no lines.
fn insert_unlined(queue: &Queue, account: AccountId, seconds: i64) -> PostId {
    let id = due_since(queue, account, None, seconds);
    queue.database.execute(&format!(
        "UPDATE post_schedule SET account_id = NULL WHERE post_detail_id = '{id}'"
    ));
    id
}

fn move_to(queue: &Queue, id: PostId, account: &str) {
    let change =
        format!("UPDATE post_details SET social_account_id = '{account}' WHERE id = '{id}'");
    queue.database.execute_unchecked(&change);
}

fn pause(queue: &Queue, account: AccountId) {
    let now = queue.database.in_seconds(0);
    queue.database.execute(&format!(
        "UPDATE meta_social_accounts SET paused_at = {now} WHERE id = '{account}'"
    ));
}

/// As a worker asks: at most two jobs of an account.
fn request(queue: &Queue, limit: u32) -> ClaimRequest {
    ClaimRequest { per_account: 2, ..queue.claim_request(&worker("a"), limit) }
}

fn claim(queue: &Queue, request: &ClaimRequest) -> Vec<Claim> {
    jobs(queue.wait(queue.store.claim_due(request)).unwrap())
}

fn posts(claims: &[Claim]) -> Vec<PostId> {
    claims.iter().map(|claim| claim.post_id).collect()
}

/// **T1**: a claim takes the two earliest posts of an account, less those in flight.
#[test]
fn two_posts_of_an_account_are_claimed() {
    on_every_engine(|queue| {
        let ids: Vec<_> = (0..6).map(|n| due_since(queue, queue.account, None, 100 - n)).collect();
        assert_eq!(posts(&claim(queue, &request(queue, 10))), ids[..2]);
        for (in_flight, expected) in [(2, &ids[..0]), (3, &[]), (1, &ids[2..3]), (0, &ids[3..5])] {
            let mut request = request(queue, 10);
            request.in_flight = HashMap::from([(queue.account, in_flight)]);
            assert_eq!(posts(&claim(queue, &request)), expected, "{in_flight} in flight");
        }
    });
}

/// **T1**: the first posts of all accounts come before the second one of any.
#[test]
fn small_accounts_wait_behind_no_big_one() {
    on_every_engine(|queue| {
        let big: Vec<_> = (0..20).map(|n| due_since(queue, queue.account, None, 900 - n)).collect();
        let small: Vec<_> =
            (0..3).map(|n| due_since(queue, add_account(queue), None, 9 - n)).collect();
        assert_eq!(posts(&claim(queue, &request(queue, 3))), [big[0], small[0], small[1]]);
        assert_eq!(posts(&claim(queue, &request(queue, 3))), [big[1], small[2], big[2]]);
        pause(queue, queue.account);
        let late = due_since(queue, add_account(queue), None, 1);
        assert_eq!(posts(&claim(queue, &request(queue, 3))), [late]);
    });
}

/// **T1**: clients take turns, however many accounts they have and however long their
/// posts have been due.
#[test]
fn clients_take_turns() {
    on_every_engine(|queue| {
        let [one, two] = [1, 2].map(|id| add_client(queue, id));
        let first: Vec<_> =
            (0..4).map(|n| due_since(queue, add_account(queue), Some(one), 900 - n)).collect();
        let second: Vec<_> =
            (0..2).map(|n| due_since(queue, add_account(queue), Some(two), 9 - n)).collect();
        let missing = due_since(queue, queue.account, None, 1);
        let claims = claim(queue, &request(queue, 4));
        assert_eq!(posts(&claims), [first[0], second[0], missing, first[1]]);
        // Each slot that becomes free by itself: two posts of the first client are in
        // flight, and one of the second.
        let mut request = request(queue, 1);
        request.in_flight = claims.iter().map(|claim| (claim.account.id, 1)).collect();
        assert_eq!(posts(&claim(queue, &request)), [second[1]]);
        // Those of another worker count for that one.
        request.worker = worker("b");
        assert_eq!(posts(&claim(queue, &request)), [first[2]]);
    });
}

/// **T1**: what is due comes before what is to be prepared.
#[test]
fn due_posts_come_before_later_ones() {
    on_every_engine(|queue| {
        let [one, two] = [1, 2].map(|id| add_client(queue, id));
        let due: Vec<_> =
            (0..3).map(|n| due_since(queue, add_account(queue), Some(one), 90 - n)).collect();
        let later = due_since(queue, add_account(queue), Some(two), -200);
        let mut request = request(queue, 3);
        request.ahead = Duration::from_secs(300);
        assert_eq!(posts(&claim(queue, &request)), due);
        assert_eq!(posts(&claim(queue, &request)), [later]);
    });
}

/// **T0f**: posts that another program stored wait in lines like all others.
#[test]
fn unlined_posts_are_put_in_line() {
    on_every_engine(|queue| {
        let big: Vec<_> = (0..20).map(|n| insert_unlined(queue, queue.account, 900 - n)).collect();
        let account = add_account(queue);
        let small = insert_unlined(queue, account, 9);
        let later = insert_unlined(queue, account, -900);
        assert_eq!(posts(&claim(queue, &request(queue, 2))), [big[0], small]);
        for (id, line) in [
            (big[19], queue.account.to_string()),
            (small, account.to_string()),
            (later, String::new()),
        ] {
            assert_eq!(queue.job(id, "account_id"), line);
        }
    });
}

/// **T1**: a post whose account another program has changed goes to that account, and
/// waits while it is paused.
#[test]
fn moved_post_is_claimed_for_its_new_account() {
    on_every_engine(|queue| {
        let other = add_account(queue);
        let moved = due_since(queue, queue.account, None, 100);
        let behind = due_since(queue, queue.account, None, 10);
        move_to(queue, moved, &other.to_string());
        pause(queue, other);
        assert_eq!(posts(&claim(queue, &request(queue, 5))), [behind]);
        assert_eq!(queue.job(moved, "account_id"), other.to_string());
        queue.database.execute("UPDATE meta_social_accounts SET paused_at = NULL");
        let claims = claim(queue, &request(queue, 5));
        assert_eq!((posts(&claims), claims[0].account.id), (vec![moved], other));
    });
}

/// A post that another program takes away from a paused account is found with the halves,
/// and needs no claim of its old line.
#[test]
fn post_moved_off_paused_account_is_claimed() {
    on_every_engine(|queue| {
        let other = add_account(queue);
        let moved = due_since(queue, queue.account, None, 100);
        pause(queue, queue.account);
        move_to(queue, moved, &other.to_string());
        let repair =
            |dry_run| queue.wait(queue.store.repair_halves(Some(Duration::ZERO), dry_run)).unwrap();
        assert_eq!(repair(true), []);
        assert_eq!(claim(queue, &request(queue, 5)).len(), 0);
        assert_eq!(repair(false), []);
        let claims = claim(queue, &request(queue, 5));
        assert_eq!((posts(&claims), claims[0].account.id), (vec![moved], other));
    });
}

/// **T4**: a post whose account another program changes while it is claimed is not sent
/// for either account, but put back, and claimed for the new one.
#[test]
fn post_moved_after_its_claim_is_not_sent() {
    on_every_engine(|queue| {
        let other = add_account(queue);
        let id = due_since(queue, queue.account, None, 100);
        let claimed = claim(queue, &request(queue, 5)).remove(0);
        move_to(queue, id, &other.to_string());
        assert!(matches!(queue.gate(&claimed), Gate::AccountPaused(_)));
        // Also if the worker read the change right after its claim.
        let mut read_late = claimed.clone();
        read_late.job.account.id = other;
        assert!(matches!(queue.gate(&read_late), Gate::AccountPaused(_)));
        queue.release(&claimed, Duration::ZERO).unwrap();
        let next = claim(queue, &request(queue, 5)).remove(0);
        assert_eq!(next.account.id, other);
        queue.intent(&next);
    });
}

/// **F10**: posts of accounts that are not there fail with the reason, and keep no other
/// post waiting.
#[test]
fn posts_of_missing_accounts_fail_beside_others() {
    on_every_engine(|queue| {
        if queue.database.engine() == Engine::Postgres {
            // Its foreign keys let no such row be.
            return;
        }
        queue.will_be_broken();
        let missing = AccountId::generate().to_string();
        let unlined = insert_unlined(queue, queue.account, 100);
        let moved = due_since(queue, queue.account, None, 90);
        let good = due_since(queue, queue.account, None, 80);
        for id in [unlined, moved] {
            move_to(queue, id, &missing);
        }
        let mut unreadable = Vec::new();
        let mut claimed = Vec::new();
        for _ in 0..2 {
            for taken in queue.wait(queue.store.claim_due(&request(queue, 5))).unwrap() {
                match taken {
                    Claimed::Unreadable { lease, why } => {
                        assert!(why.contains("account that is not there"), "{why}");
                        unreadable.push(lease.post());
                    }
                    Claimed::Job(job) => claimed.push(job.post_id),
                    Claimed::Ended(ended) => panic!("{ended:?}"),
                }
            }
        }
        assert_eq!((unreadable, claimed), (vec![unlined, moved], vec![good]));
    });
}

/// The same out of turn.
fn out_of_turn(queue: &Queue, limit: u32) -> ClaimRequest {
    ClaimRequest { in_turns: false, ..request(queue, limit) }
}

/// **T1**: out of turn, what waits longest is claimed where enough accounts have some.
#[test]
fn longest_waiting_posts_are_claimed_out_of_turn() {
    on_every_engine(|queue| {
        let accounts: Vec<_> = (0..4).map(|_| add_account(queue)).collect();
        let ids: Vec<_> = (0..12)
            .map(|n| due_since(queue, accounts[n % 4], None, 100 - i64::try_from(n).unwrap()))
            .collect();
        assert_eq!(posts(&claim(queue, &out_of_turn(queue, 5))), ids[..5]);
        // Fewer are due than may be taken: each account's share of them.
        let mut few = out_of_turn(queue, 20);
        few.in_flight = accounts.iter().map(|account| (*account, 1)).collect();
        let mut claimed = posts(&claim(queue, &few));
        claimed.sort();
        let mut expected = ids[5..9].to_vec();
        expected.sort();
        assert_eq!(claimed, expected);
    });
}

/// **T1**: also out of turn, neither an account with very many due posts, nor a paused
/// one, nor posts that are looked at again and again keep the others waiting.
#[test]
fn crowding_posts_delay_no_others_out_of_turn() {
    on_every_engine(|queue| {
        let [big, small] = [add_account(queue), add_account(queue)];
        let many: Vec<_> = (0..20).map(|n| due_since(queue, big, None, 1000 - n)).collect();
        let one = due_since(queue, small, None, 1);
        let claimed = posts(&claim(queue, &out_of_turn(queue, 4)));
        assert_eq!(claimed.len(), 3, "{claimed:?}");
        assert!(claimed.contains(&one) && claimed.contains(&many[0]), "{claimed:?}");
        pause(queue, big);
        let one = due_since(queue, small, None, 1);
        assert_eq!(posts(&claim(queue, &out_of_turn(queue, 4))), [one]);
        let ago = queue.database.in_seconds(-1);
        for _ in 0..20 {
            let id = due_since(queue, add_account(queue), None, 500);
            queue.database.execute(&format!(
                "UPDATE post_schedule SET next_attempt_at = {ago} WHERE post_detail_id = '{id}'"
            ));
        }
        let new = due_since(queue, add_account(queue), None, 300);
        assert_eq!(posts(&claim(queue, &out_of_turn(queue, 1))), [new]);
    });
}
