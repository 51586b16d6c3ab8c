//! A copy has equal heads and rows, in both directions.

mod common;

use common::{HARD_TEXTS, at, id_in, instance, job, log_row, task, timer};
use countersign_store::copy::copy;
use countersign_store::project::apply_changes;
use countersign_store::shard::ShardRow;
use countersign_store::testing::{Fresh, postgres, sqlite, usual_options};
use countersign_store::{Database, OpenOptions, StoreError, log, params, shard};
use engine::history::transition::next_head;
use engine::id::{Digest, ShardId};
use engine::project::RowChange;

fn options() -> OpenOptions {
    OpenOptions { shards: Some(2), ..usual_options() }
}

/// A database with a chain in each shard and rows in many tables.
async fn filled() -> Fresh {
    let fresh = sqlite(options()).await;
    for number in 0..2u16 {
        let lease = shard::lease(&fresh.database, ShardId(number), "writer", at(0), 10).await.expect("lease");
        let mut tx = fresh.database.begin().await.expect("begin");
        let rows: Vec<_> = (1..=1200).map(|at| log_row(number, at, id_in(5, number), at)).collect();
        log::append(&mut tx, &rows).await.expect("append");
        let head = rows.iter().fold(Digest::ZERO, |head, row| next_head(head, row.leaf));
        assert!(shard::advance(&mut tx, ShardId(number), lease.epoch, 0, 1200, head).await.expect("advance"));
        tx.commit().await.expect("commit");
    }
    let mut tx = fresh.database.begin().await.expect("begin");
    let mut ready = instance(2, 2);
    ready.ready = true;
    let rows = [
        RowChange::Instance(instance(1, 1)),
        RowChange::Instance(ready),
        RowChange::Task(task(1, None, vec![common::role("qa", &[("site", "SZ")])])),
        RowChange::Job(job(1, 1, 1)),
        RowChange::Timer(timer(1, 1)),
    ];
    apply_changes(&mut tx, ShardId(0), 1, &rows).await.expect("changes");
    for text in HARD_TEXTS {
        const SQL: &str = "INSERT INTO business_key (process, key, instance) VALUES ('p', $1, $2)";
        tx.execute(SQL, &params![text, &[7u8; 16]]).await.expect("insert");
    }
    tx.commit().await.expect("commit");
    fresh
}

async fn heads(db: &Database) -> Vec<ShardRow> {
    let mut rows = shard::all(&mut db.read().await.expect("reader")).await.expect("shards");
    rows.iter_mut().for_each(|row| (row.holder, row.lease_until) = (None, None));
    rows
}

#[tokio::test]
async fn a_copy_there_and_back_has_equal_heads() {
    let first = filled().await;
    let Some(middle) = postgres(options()).await else { return };
    let last = sqlite(options()).await;
    let mut told = Vec::new();
    let there = copy(&first.database, &middle.database, &mut |progress| told.push(progress)).await.expect("there");
    let back = copy(&middle.database, &last.database, &mut |_| {}).await.expect("back");
    assert_eq!((there.transitions, &there), (2400, &back));
    assert!(told.iter().any(|progress| progress.table == "transition" && progress.rows == 2400 && progress.of == 2400));
    assert_eq!(heads(&first.database).await, heads(&middle.database).await);
    assert_eq!(heads(&first.database).await, heads(&last.database).await);
    for table in ["SELECT * FROM instance ORDER BY instance", "SELECT * FROM business_key ORDER BY key"] {
        let before = first.database.read().await.expect("reader").fetch(table, &[]).await.expect("rows");
        let after = last.database.read().await.expect("reader").fetch(table, &[]).await.expect("rows");
        assert_eq!(before.len(), after.len());
        for (before, after) in before.iter().zip(&after) {
            for column in 0..before.width() {
                assert_eq!(before.opt_bytes(column).ok(), after.opt_bytes(column).ok());
                assert_eq!(before.opt_i64(column).ok(), after.opt_i64(column).ok());
            }
        }
    }
}

#[tokio::test]
async fn a_copy_needs_an_idle_source_and_a_new_target() {
    let first = filled().await;
    let second = filled().await;
    let refused = copy(&first.database, &second.database, &mut |_| {}).await;
    assert!(matches!(&refused, Err(StoreError::Copy(why)) if why.contains("not new")), "{refused:?}");
    let other = sqlite(usual_options()).await;
    assert!(matches!(copy(&first.database, &other.database, &mut |_| {}).await, Err(StoreError::Shards { .. })));
    let now = first.database.now().await.expect("now");
    shard::lease(&first.database, ShardId(1), "busy", now, 60_000_000).await.expect("lease");
    let target = sqlite(options()).await;
    let refused = copy(&first.database, &target.database, &mut |_| {}).await;
    assert!(matches!(&refused, Err(StoreError::ServerRunning { holder, .. }) if holder == "busy"), "{refused:?}");
}
