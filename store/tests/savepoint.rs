//! What savepoints, locks and noted rows promise, on both databases.

use countersign_store::testing::on_both;
use countersign_store::{ErrorKind, Kind, StoreError, params};
use engine::id::Digest;
use engine::value::Value;

const INSERT: &str = "INSERT INTO business_key (process, key, instance) VALUES ('p', $1, $2)";
const KEYS: &str = "SELECT key FROM business_key ORDER BY key";

#[tokio::test]
async fn a_savepoint_undoes_its_own_writes_and_notes_only() {
    on_both(|db| async move {
        let row = Value::record([("amount", Value::Int(1))]);
        let mut tx = db.begin().await.expect("begin");
        for (key, undone) in [("a", false), ("b", true), ("c", false)] {
            tx.savepoint().await.expect("savepoint");
            tx.execute(INSERT, &params![key, &[1u8; 16]]).await.expect("insert");
            tx.wrote("business_key", key, Some(&row));
            if undone {
                tx.rollback_to_savepoint().await.expect("back");
            } else {
                tx.release_savepoint().await.expect("release");
            }
        }
        let noted = tx.take_rows();
        assert_eq!(noted.iter().map(|row| row.key.as_ref()).collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(noted[0].digest, Some(Digest::of(br#"{"amount":1}"#)));
        let keys: Vec<_> = tx.fetch(KEYS, &[]).await.expect("keys");
        assert_eq!(keys.iter().map(|row| row.text(0).expect("text").to_owned()).collect::<Vec<_>>(), ["a", "c"]);
        tx.commit().await.expect("commit");
    })
    .await;
}

#[tokio::test]
async fn savepoints_nest() {
    on_both(|db| async move {
        let mut tx = db.begin().await.expect("begin");
        tx.savepoint().await.expect("outer");
        tx.wrote("t", "outer", None);
        tx.savepoint().await.expect("inner");
        tx.wrote("t", "inner", None);
        tx.execute(INSERT, &params!["inner", &[1u8; 16]]).await.expect("insert");
        tx.release_savepoint().await.expect("keep the inner");
        tx.rollback_to_savepoint().await.expect("undo the outer");
        assert!(tx.take_rows().is_empty());
        assert!(tx.fetch(KEYS, &[]).await.expect("keys").is_empty());
        assert!(matches!(tx.rollback_to_savepoint().await, Err(StoreError::NoSavepoint)));
        assert_eq!(tx.savepoints_opened(), 2);
        tx.commit().await.expect("commit");
    })
    .await;
}

#[tokio::test]
async fn a_row_is_noted_once_as_it_was_left() {
    on_both(|db| async move {
        let mut tx = db.begin().await.expect("begin");
        tx.wrote("item", "1", Some(&Value::Int(1)));
        tx.wrote("item", "2", Some(&Value::Int(2)));
        tx.wrote("item", "1", None);
        let noted = tx.take_rows();
        assert_eq!(noted.len(), 2);
        assert_eq!((noted[0].key.as_ref(), noted[0].digest), ("1", None));
        assert!(tx.take_rows().is_empty());
        tx.rollback().await.expect("rollback");
    })
    .await;
}

#[tokio::test]
async fn a_lock_keeps_the_next_one_out_until_the_end() {
    let options = countersign_store::OpenOptions {
        lock_timeout: std::time::Duration::from_millis(50),
        acquire_timeout: Some(std::time::Duration::from_millis(50)),
        ..countersign_store::testing::usual_options()
    };
    countersign_store::testing::on_both_with(options, |db| async move {
        let mut first = db.begin().await.expect("begin");
        first.lock(&mut ["stock/b".to_owned(), "stock/a".to_owned(), "stock/a".to_owned()]).await.expect("lock");
        // SQLite has one writer, so the second cannot even begin.
        match (db.kind(), db.begin().await) {
            (Kind::Sqlite, second) => {
                assert_eq!(second.err().map(|error| error.kind()), Some(ErrorKind::Unavailable));
            }
            (Kind::Postgres, second) => {
                let mut second = second.expect("begin");
                let error = second.lock(&mut ["stock/a".to_owned()]).await.expect_err("held");
                assert_eq!(error.kind(), ErrorKind::Retryable, "{error:?}");
            }
        }
        first.commit().await.expect("commit");
        let mut third = db.begin().await.expect("begin");
        third.lock(&mut ["stock/a".to_owned()]).await.expect("free");
    })
    .await;
}

#[tokio::test]
async fn two_that_wait_for_each_other_are_told_to_try_again() {
    let Some(fresh) = countersign_store::testing::postgres(countersign_store::testing::usual_options()).await else {
        return;
    };
    let db = &fresh.database;
    let (mut first, mut second) = (db.begin().await.expect("begin"), db.begin().await.expect("begin"));
    first.lock(&mut ["a".to_owned()]).await.expect("a");
    second.lock(&mut ["b".to_owned()]).await.expect("b");
    let (mut b, mut a) = (["b".to_owned()], ["a".to_owned()]);
    let answers = tokio::join!(
        async {
            let answer = first.lock(&mut b).await;
            drop(first);
            answer
        },
        async {
            let answer = second.lock(&mut a).await;
            drop(second);
            answer
        }
    );
    let errors: Vec<_> = [answers.0, answers.1].into_iter().filter_map(Result::err).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].kind(), ErrorKind::Retryable, "{errors:?}");
}

#[tokio::test]
async fn a_full_disk_is_told_apart_and_nothing_is_kept() {
    let fresh = countersign_store::testing::sqlite(countersign_store::testing::usual_options()).await;
    let mut tx = fresh.database.begin().await.expect("begin");
    tx.fetch("PRAGMA max_page_count = 1", &[]).await.expect("a small disk");
    let big = vec![1u8; 1 << 20];
    let error = tx.execute(INSERT, &params!["big", &big]).await.expect_err("full");
    assert_eq!(error.kind(), ErrorKind::Full, "{error:?}");
    assert!(matches!(tx.commit().await, Err(StoreError::TransactionFailed)));
    assert!(fresh.database.read().await.expect("reader").fetch(KEYS, &[]).await.expect("keys").is_empty());
}

/// What may happen in a transaction.
#[derive(Clone, Copy, Debug)]
enum Step {
    Save,
    Write(u8),
    Fail,
    Back,
    Keep,
}

/// Runs steps on a database and on lists, and compares what is left.
async fn check(db: &countersign_store::Database, steps: &[Step]) {
    let mut levels: Vec<Vec<u8>> = vec![Vec::new()];
    let mut failed = false;
    let mut tx = db.begin().await.expect("begin");
    for step in steps {
        match *step {
            Step::Save if !failed => {
                tx.savepoint().await.expect("savepoint");
                levels.push(Vec::new());
            }
            Step::Write(number) if !failed && !levels.iter().flatten().any(|known| *known == number) => {
                tx.execute(INSERT, &params![&number.to_string(), &[1u8; 16]]).await.expect("insert");
                tx.wrote("business_key", &number.to_string(), None);
                levels.last_mut().expect("a level").push(number);
            }
            Step::Fail => {
                tx.execute("INSERT INTO meta (id, format, shards, created) VALUES (1, 1, 1, 1)", &[])
                    .await
                    .expect_err("twice");
                failed = true;
            }
            Step::Back if levels.len() > 1 => {
                tx.rollback_to_savepoint().await.expect("back");
                levels.pop();
                failed = false;
            }
            Step::Keep if levels.len() > 1 && !failed => {
                tx.release_savepoint().await.expect("keep");
                let kept = levels.pop().expect("a level");
                levels.last_mut().expect("a level").extend(kept);
            }
            _ => {}
        }
    }
    if !failed {
        let mut expected: Vec<String> = levels.iter().flatten().map(u8::to_string).collect();
        let noted: Vec<String> = tx.take_rows().iter().map(|row| row.key.to_string()).collect();
        assert_eq!(noted, expected, "{steps:?}");
        expected.sort();
        let rows = tx.fetch(KEYS, &[]).await.expect("keys");
        let stored: Vec<String> = rows.iter().map(|row| row.text(0).expect("text").to_owned()).collect();
        assert_eq!(stored, expected, "{steps:?}");
    }
    tx.rollback().await.expect("rollback");
}

#[tokio::test]
async fn any_order_of_savepoints_leaves_what_was_kept() {
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let step = prop_oneof![
        3 => Just(Step::Save),
        6 => (0u8..30).prop_map(Step::Write),
        1 => Just(Step::Fail),
        2 => Just(Step::Back),
        2 => Just(Step::Keep),
    ];
    let steps = prop::collection::vec(step, 0..25);
    let mut runner = TestRunner::deterministic();
    let cases: Vec<Vec<Step>> = (0..60).map(|_| steps.new_tree(&mut runner).expect("steps").current()).collect();
    on_both(|db| {
        let cases = cases.clone();
        async move {
            for steps in &cases {
                check(&db, steps).await;
            }
        }
    })
    .await;
}
