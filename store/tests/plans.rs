//! Statements that run with every batch or page walk an index: none may read a whole table, or sort one.

use countersign_store::testing::{sqlite, usual_options};

const STATEMENTS: &[&str] = &[
    "EXPLAIN QUERY PLAN DELETE FROM task_candidate WHERE (instance, run, seat) IN \
     (SELECT column1, column2, column3 FROM (VALUES (x'01',1,0),(x'02',1,0)) AS listed)",
    "EXPLAIN QUERY PLAN DELETE FROM business_key WHERE (process, key, instance) IN \
     (SELECT column1, column2, column3 FROM (VALUES ('p','a',x'01'),('p','b',x'02')) AS listed)",
    "EXPLAIN QUERY PLAN SELECT actor FROM idempotency WHERE (actor, key) IN \
     (SELECT column1, column2 FROM (VALUES ('p','a'),('p','b')) AS listed)",
    "EXPLAIN QUERY PLAN SELECT * FROM instance WHERE status = 'running' ORDER BY started_at DESC, instance DESC LIMIT 9",
    "EXPLAIN QUERY PLAN SELECT * FROM instance WHERE process = $1 AND (started_at, instance) < ($2, $3) \
     ORDER BY started_at DESC, instance DESC LIMIT 9",
    "EXPLAIN QUERY PLAN SELECT * FROM instance WHERE initiator = $1 ORDER BY started_at DESC, instance DESC LIMIT 9",
    "EXPLAIN QUERY PLAN SELECT * FROM instance WHERE parent = $1 ORDER BY started_at DESC, instance DESC LIMIT 9",
    "EXPLAIN QUERY PLAN SELECT instance FROM instance WHERE shard = $1 AND ready AND instance > $2 ORDER BY instance LIMIT 9",
    "EXPLAIN QUERY PLAN SELECT * FROM task WHERE status = 'open' AND (due_order, instance, run, seat) > ($1, $2, $3, $4) \
     ORDER BY due_order, instance, run, seat LIMIT 9",
    "EXPLAIN QUERY PLAN SELECT * FROM task WHERE assignee = $1 ORDER BY due_order, instance, run, seat LIMIT 9",
    "EXPLAIN QUERY PLAN SELECT instance, run, seat, scope FROM task_candidate WHERE kind = 'role' AND name = $1 AND \
     (due_order, instance, run, seat) > ($2, $3, $4, $5) ORDER BY due_order, instance, run, seat LIMIT 9",
    "EXPLAIN QUERY PLAN SELECT instance, run, seat, scope FROM task_candidate WHERE kind = 'role' AND name = $1 AND \
     process = $2 AND due_order < $3 ORDER BY due_order, instance, run, seat LIMIT 9",
    "EXPLAIN QUERY PLAN SELECT task.*, entry.scope FROM (SELECT * FROM (SELECT * FROM (SELECT instance, run, seat, kind, \
     name, scope, due_order FROM task_candidate WHERE kind = 'role' AND name = $1 ORDER BY due_order, instance, run, seat \
     LIMIT 9) AS branch_0 UNION ALL SELECT * FROM (SELECT instance, run, seat, kind, name, scope, due_order FROM \
     task_candidate WHERE kind = 'user' AND name = $2 ORDER BY due_order, instance, run, seat LIMIT 9) AS branch_1) AS \
     merged) AS entry JOIN task ON task.instance = entry.instance AND task.run = entry.run AND task.seat = entry.seat",
    "EXPLAIN QUERY PLAN SELECT instance, run FROM job WHERE mode = $1 AND activity = $2 AND ready_at <= $3 \
     ORDER BY ready_at, instance, run LIMIT 9",
    "EXPLAIN QUERY PLAN SELECT instance FROM timer WHERE shard = $1 AND due <= $2 ORDER BY due, instance, timer LIMIT 9",
    "EXPLAIN QUERY PLAN SELECT body FROM outbox WHERE shard = $1 AND (position, seq) > ($2, $3) ORDER BY position, seq LIMIT 9",
    "EXPLAIN QUERY PLAN SELECT body FROM transition WHERE shard = $1 AND position > $2 ORDER BY position LIMIT 9",
    "EXPLAIN QUERY PLAN SELECT body FROM transition WHERE instance = $1 AND version > $2 ORDER BY version LIMIT 9",
];

#[tokio::test]
async fn no_statement_of_a_batch_or_a_page_reads_a_whole_table() {
    let fresh = sqlite(usual_options()).await;
    let mut tx = fresh.database.begin().await.expect("begin");
    for sql in STATEMENTS {
        for row in tx.fetch(sql, &[]).await.expect(sql) {
            let step = row.text(3).expect("a step");
            let ordered = step.contains("INDEX instance_running") || step.contains("INDEX task_open");
            let constant = step.contains("VALUES CLAUSE")
                || step.contains("CONSTANT")
                || step.contains("listed")
                || step.contains("subquery")
                || step.ends_with("branch_0")
                || step.ends_with("branch_1")
                || step.ends_with("entry");
            assert!(!step.starts_with("SCAN") || ordered || constant, "{step}: {sql}");
            assert!(!step.contains("TEMP B-TREE"), "{step}: {sql}");
        }
    }
}
