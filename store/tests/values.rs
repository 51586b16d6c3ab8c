//! Values come back as they were stored, on both databases, in bulk and one by one.

mod common;

use common::{HARD_TEXTS, at};
use countersign_store::bulk::{self, Conflict, Table, Type};
use countersign_store::testing::on_both;
use countersign_store::{Param, StoreError, params};

const TABLE: Table<'static> = Table {
    name: "business_key",
    columns: &[("process", Type::Text), ("key", Type::Text), ("instance", Type::Bytes)],
    key: 2,
};

#[tokio::test]
async fn hard_texts_survive() {
    on_both(|db| async move {
        // Short lists and long ones take other ways.
        for repeat in [1, 40] {
            let processes: Vec<String> = (0..repeat).map(|number| format!("{repeat}/{number}")).collect();
            let params: Vec<Param<'_>> = processes
                .iter()
                .flat_map(|process| HARD_TEXTS.iter().flat_map(move |text| [(process, *text)]))
                .flat_map(|(process, text)| [Param::from(process), Param::from(text), Param::Bytes(&[])])
                .collect();
            let mut tx = db.begin().await.expect("begin");
            let written = bulk::write(&mut tx, &TABLE, Conflict::Refuse, &params).await.expect("write");
            assert_eq!(written as usize, repeat * HARD_TEXTS.len());
            tx.commit().await.expect("commit");
            let mut reader = db.read().await.expect("reader");
            for text in HARD_TEXTS {
                const SQL: &str = "SELECT key, instance FROM business_key WHERE key = $1 AND process = $2";
                let row = reader.fetch_optional(SQL, &params![text, &processes[0]]).await.expect("read").expect(text);
                assert_eq!((row.text(0).expect("text"), row.bytes(1).expect("bytes")), (text, Vec::new()));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn numbers_survive_to_their_ends() {
    on_both(|db| async move {
        const SQL: &str = "SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT)";
        let params = params![i64::MIN, i64::MAX, None::<i64>];
        let row = db.read().await.expect("reader").fetch_optional(SQL, &params).await.expect("read").expect("row");
        assert_eq!(row.i64(0).expect("min"), i64::MIN);
        assert_eq!(row.i64(1).expect("max"), i64::MAX);
        assert_eq!(row.opt_i64(2).expect("null"), None);
        assert!(matches!(row.i64(2), Err(StoreError::Corrupt { .. })));
        assert!(row.text(0).is_err());
    })
    .await;
}

#[tokio::test]
async fn a_nul_character_is_refused_before_the_database_sees_it() {
    on_both(|db| async move {
        let mut tx = db.begin().await.expect("begin");
        let error = tx.fetch("SELECT $1", &params!["a\0b"]).await.err();
        assert!(matches!(error, Some(StoreError::NulCharacter { parameter: 1 })), "{error:?}");
        tx.rollback().await.expect("rollback");
        let mut tx = db.begin().await.expect("begin");
        let error = bulk::write(&mut tx, &TABLE, Conflict::Keep, &params!["p", "\0", &[1u8; 16]]).await.err();
        assert!(matches!(error, Some(StoreError::NulCharacter { parameter: 2 })), "{error:?}");
        let error = bulk::write(&mut tx, &TABLE, Conflict::Keep, &params!["p", 7, &[1u8; 16]]).await.err();
        assert!(matches!(error, Some(StoreError::BulkType { .. })), "{error:?}");
    })
    .await;
}

#[tokio::test]
async fn writing_in_bulk_twice_is_writing_once() {
    on_both(|db| async move {
        for count in [1usize, 9, 10, 64, 65, 300, 1500] {
            let keys: Vec<String> = (0..count).map(|number| format!("{count}/{number}")).collect();
            let rows = |instance: &'static [u8; 16]| -> Vec<Param<'_>> {
                keys.iter().flat_map(|key| [Param::Text("p"), Param::from(key), Param::from(instance)]).collect()
            };
            let mut tx = db.begin().await.expect("begin");
            assert_eq!(
                bulk::write(&mut tx, &TABLE, Conflict::Refuse, &rows(&[1; 16])).await.expect("new"),
                count as u64
            );
            assert_eq!(bulk::write(&mut tx, &TABLE, Conflict::Keep, &rows(&[2; 16])).await.expect("kept"), 0);
            for _ in 0..2 {
                let written = bulk::write(&mut tx, &TABLE, Conflict::Replace, &rows(&[3; 16])).await.expect("replaced");
                assert_eq!(written, count as u64);
            }
            let wanted: Vec<Param<'_>> = keys.iter().flat_map(|key| [Param::Text("p"), Param::from(key)]).collect();
            let found = bulk::read(&mut tx, &TABLE, "key, instance", &wanted).await.expect("read");
            assert_eq!(found.len(), count);
            assert!(found.iter().all(|row| row.bytes(1).expect("bytes") == [3; 16]));
            assert_eq!(bulk::remove(&mut tx, &TABLE, &wanted).await.expect("removed"), count as u64);
            tx.commit().await.expect("commit");
        }
    })
    .await;
}

#[tokio::test]
async fn the_database_has_a_clock() {
    on_both(|db| async move {
        let (first, second) = (db.now().await.expect("now"), db.now().await.expect("now"));
        assert!(first > at(1_700_000_000_000_000) && first <= second, "{first} {second}");
    })
    .await;
}
