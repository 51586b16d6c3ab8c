//! What the log and its shards promise, on both databases.

mod common;

use common::{at, id, log_row};
use countersign_store::testing::{on_both, on_both_with, usual_options};
use countersign_store::{Database, OpenOptions, StoreError, log, params, shard};
use engine::id::{Digest, ShardId};

const SHARD: ShardId = ShardId(0);

async fn append(db: &Database, rows: &[log::LogRow]) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    log::append(&mut tx, rows).await?;
    tx.commit().await
}

#[tokio::test]
async fn the_log_takes_insert_only() {
    on_both(|db| async move {
        append(&db, &[log_row(0, 1, id(1), 1), log_row(0, 2, id(1), 2)]).await.expect("append");
        for sql in [
            "UPDATE transition SET at = 0",
            "UPDATE transition SET at = 0 WHERE position = 2",
            "DELETE FROM transition",
            "DELETE FROM transition WHERE position = 1",
        ] {
            let mut tx = db.begin().await.expect("begin");
            let error = tx.execute(sql, &[]).await.expect_err(sql);
            assert!(format!("{:?}", error).contains("INSERT only"), "{sql}: {error:?}");
        }
        for sql in ["TRUNCATE transition", "INSERT OR REPLACE INTO transition SELECT * FROM transition"] {
            let mut tx = db.begin().await.expect("begin");
            tx.execute(sql, &[]).await.expect_err(sql);
        }
        let rows = log::of_shard(&mut db.read().await.expect("reader"), SHARD, 0, 10).await.expect("rows");
        assert_eq!(rows, [log_row(0, 1, id(1), 1), log_row(0, 2, id(1), 2)]);
    })
    .await;
}

#[tokio::test]
async fn a_position_and_a_version_are_given_once() {
    on_both(|db| async move {
        append(&db, &[log_row(0, 1, id(1), 1)]).await.expect("append");
        append(&db, &[log_row(0, 1, id(2), 1)]).await.expect_err("the position is taken");
        append(&db, &[log_row(0, 2, id(1), 1)]).await.expect_err("the version is taken");
        let mut reader = db.read().await.expect("reader");
        assert_eq!(log::of_instance(&mut reader, id(1), 0, 10).await.expect("rows").len(), 1);
    })
    .await;
}

#[tokio::test]
async fn paging_the_log_neither_skips_nor_repeats() {
    on_both(|db| async move {
        let rows: Vec<_> = (1..=700).map(|position| log_row(0, position, id(1), position)).collect();
        append(&db, &rows).await.expect("append");
        let mut reader = db.read().await.expect("reader");
        for step in [1u32, 7, 256, 1000] {
            let mut found = Vec::new();
            loop {
                let after = found.last().map_or(0, |row: &log::LogRow| row.position);
                let page = log::of_shard(&mut reader, SHARD, after, step).await.expect("page");
                if page.is_empty() || (step == 1 && found.len() > 20) {
                    break;
                }
                found.extend(page);
            }
            assert_eq!(found, rows[..found.len()]);
            assert!(step == 1 || found.len() == rows.len());
        }
    })
    .await;
}

#[tokio::test]
async fn only_the_present_epoch_advances_a_shard() {
    on_both(|db| async move {
        let lease = shard::lease(&db, SHARD, "a", at(0), 100).await.expect("lease");
        assert_eq!((lease.position, lease.head, lease.until), (0, Digest::ZERO, at(100)));
        let head = Digest([3; 32]);
        let mut tx = db.begin().await.expect("begin");
        assert!(!shard::advance(&mut tx, SHARD, lease.epoch - 1, 0, 5, head).await.expect("stale epoch"));
        assert!(!shard::advance(&mut tx, SHARD, lease.epoch, 1, 5, head).await.expect("other position"));
        assert!(shard::advance(&mut tx, SHARD, lease.epoch, 0, 5, head).await.expect("advance"));
        tx.commit().await.expect("commit");

        let next = shard::lease(&db, SHARD, "b", at(100), 100).await.expect("lease");
        assert_eq!((next.position, next.head, next.epoch), (5, head, lease.epoch + 1));
        let mut tx = db.begin().await.expect("begin");
        assert!(!shard::advance(&mut tx, SHARD, lease.epoch, 5, 6, head).await.expect("the former holder"));
    })
    .await;
}

#[tokio::test]
async fn a_lease_excludes_others_until_it_ends() {
    on_both(|db| async move {
        let lease = shard::lease(&db, SHARD, "first", at(0), 100).await.expect("lease");
        let error = shard::lease(&db, SHARD, "second", at(99), 100).await.expect_err("held");
        assert!(matches!(&error, StoreError::ServerRunning { holder, .. } if holder == "first"), "{error:?}");
        assert!(error.to_string().starts_with("server_running"));
        assert!(shard::renew(&db, SHARD, lease.epoch, at(200)).await.expect("renew"));
        shard::lease(&db, SHARD, "second", at(199), 100).await.expect_err("renewed");
        shard::lease(&db, SHARD, "second", at(200), 100).await.expect("ended");
        assert!(!shard::renew(&db, SHARD, lease.epoch, at(900)).await.expect("lost"));
        shard::release(&db, SHARD, lease.epoch).await.expect("too late, and no harm");
        shard::lease(&db, SHARD, "first", at(201), 100).await.expect_err("the second holds it");
    })
    .await;
}

#[tokio::test]
async fn newer_semantics_are_not_leased() {
    on_both(|db| async move {
        let mut tx = db.begin().await.expect("begin");
        tx.execute("UPDATE shard SET semantics = 99", &[]).await.expect("update");
        tx.commit().await.expect("commit");
        let error = shard::lease(&db, SHARD, "old", at(0), 100).await.expect_err("too new");
        assert!(matches!(error, StoreError::Semantics { found: 99, .. }), "{error:?}");
    })
    .await;
}

#[tokio::test]
async fn the_number_of_shards_is_fixed_at_creation() {
    let options = OpenOptions { shards: Some(3), ..usual_options() };
    on_both_with(options.clone(), |db| async move {
        assert_eq!(db.shards(), 3);
        assert_eq!(shard::all(&mut db.read().await.expect("reader")).await.expect("shards").len(), 3);
    })
    .await;
    let fresh = countersign_store::testing::sqlite(options).await;
    let again = |shards| Database::open(&fresh.url, OpenOptions { shards, ..usual_options() });
    assert_eq!(again(None).await.expect("as it is").shards(), 3);
    assert!(matches!(again(Some(4)).await, Err(StoreError::Shards { found: 3, wanted: 4 })));
}

#[tokio::test]
async fn what_is_not_there_is_not_made_unasked() {
    let folder = tempfile::tempdir().expect("folder");
    let url = format!("sqlite:{}", folder.path().join("none.db").display());
    let options = OpenOptions { create: false, ..usual_options() };
    assert!(Database::open(&url, options).await.is_err());
    assert!(!folder.path().join("none.db").exists());
    assert!(matches!(Database::open("postgres://host/db", usual_options()).await, Err(StoreError::Url { .. })));
    assert!(matches!(Database::open("mysql://me@host/db", usual_options()).await, Err(StoreError::Url { .. })));
}

#[tokio::test]
async fn a_changed_migration_is_told() {
    on_both(|db| async move {
        let mut tx = db.begin().await.expect("begin");
        let changed =
            tx.execute("UPDATE schema_migration SET digest = $1", &params![&[0u8; 32]]).await.expect("update");
        assert!(changed > 0);
        tx.commit().await.expect("commit");
    })
    .await;
    let fresh = countersign_store::testing::sqlite(usual_options()).await;
    let mut tx = fresh.database.begin().await.expect("begin");
    tx.execute("UPDATE schema_migration SET digest = $1", &params![&[0u8; 32]]).await.expect("update");
    tx.commit().await.expect("commit");
    assert!(matches!(Database::open(&fresh.url, usual_options()).await, Err(StoreError::MigrationChanged { .. })));
}
