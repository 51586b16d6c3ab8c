//! What a transaction promises, on both databases.

use countersign_store::testing::on_both;
use countersign_store::{Database, ErrorKind, StoreError, params};

const COUNT: &str = "SELECT COUNT(*) FROM business_key";
const INSERT: &str = "INSERT INTO business_key (process, key, instance) VALUES ($1, $2, $3)";

async fn count(db: &Database) -> i64 {
    db.read().await.expect("reader").fetch(COUNT, &[]).await.expect("count")[0].i64(0).expect("number")
}

#[tokio::test]
async fn what_is_committed_is_read() {
    on_both(|db| async move {
        let mut tx = db.begin().await.expect("begin");
        assert_eq!(tx.execute(INSERT, &params!["p", "会签", &[1u8; 16]]).await.expect("insert"), 1);
        tx.commit().await.expect("commit");
        assert_eq!(count(&db).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing() {
    on_both(|db| async move {
        // More often than there are connections, so that a leaked one would be met again.
        for round in 0..12 {
            let mut tx = db.begin().await.expect("begin");
            tx.execute(INSERT, &params!["p", &format!("{round}"), &[1u8; 16]]).await.expect("insert");
            drop(tx);
        }
        assert_eq!(count(&db).await, 0);
        let mut tx = db.begin().await.expect("begin");
        assert_eq!(tx.fetch(COUNT, &[]).await.expect("count")[0].i64(0).expect("number"), 0);
        tx.commit().await.expect("commit");
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_begin_leaves_no_transaction_open() {
    on_both(|db| async move {
        for polls in 0..12 {
            let mut begin = Box::pin(db.begin());
            for _ in 0..polls {
                if let std::task::Poll::Ready(tx) =
                    std::future::poll_fn(|cx| std::task::Poll::Ready(begin.as_mut().poll(cx))).await
                {
                    drop(tx);
                    begin = Box::pin(db.begin());
                }
                tokio::task::yield_now().await;
            }
            drop(begin);
            let mut tx = db.begin().await.expect("begin");
            tx.execute(INSERT, &params!["p", &format!("{polls}"), &[1u8; 16]]).await.expect("insert");
            tx.commit().await.expect("commit");
            assert_eq!(count(&db).await, polls + 1);
        }
    })
    .await;
}

#[tokio::test]
async fn after_an_error_only_a_savepoint_helps() {
    on_both(|db| async move {
        let mut tx = db.begin().await.expect("begin");
        tx.execute(INSERT, &params!["p", "kept", &[1u8; 16]]).await.expect("insert");
        tx.savepoint().await.expect("savepoint");
        let error = tx.execute(INSERT, &params!["p", "kept", &[1u8; 16]]).await.expect_err("twice");
        assert!(error.is_unique_violation(), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::Other);
        assert!(matches!(tx.fetch(COUNT, &[]).await, Err(StoreError::TransactionFailed)));
        tx.rollback_to_savepoint().await.expect("back");
        tx.commit().await.expect("commit");
        assert_eq!(count(&db).await, 1);

        let mut tx = db.begin().await.expect("begin");
        tx.execute(INSERT, &params!["p", "kept", &[1u8; 16]]).await.expect_err("twice");
        assert!(matches!(tx.commit().await, Err(StoreError::TransactionFailed)));
    })
    .await;
}

#[tokio::test]
async fn a_reader_cannot_write() {
    on_both(|db| async move {
        let mut reader = db.read().await.expect("reader");
        reader.fetch(INSERT, &params!["p", "k", &[1u8; 16]]).await.map(|_| ()).expect_err("read only");
        assert_eq!(count(&db).await, 0);
    })
    .await;
}

#[tokio::test]
async fn work_on_a_database_may_move_between_threads() {
    fn movable<T: Send>(future: T) -> T {
        future
    }
    on_both(|db| async move {
        let work = movable(async move {
            let mut tx = db.begin().await?;
            countersign_store::project::apply(&mut tx, &[]).await?;
            tx.lock(&mut ["a".to_owned()]).await?;
            tx.commit().await?;
            let mut reader = db.read().await?;
            let filter = countersign_store::inbox::Filter::default();
            countersign_store::inbox::list(&mut reader, &filter, None, 1).await?;
            countersign_store::shard::all(&mut reader).await?;
            let other = db.clone();
            drop(countersign_store::copy::copy(&db, &other, &mut |_| {}));
            db.checkpoint().await
        });
        tokio::spawn(work).await.expect("joined").expect("worked");
    })
    .await;
}
