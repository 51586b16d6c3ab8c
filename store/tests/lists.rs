//! What the derived tables give back: lists with filters and cursors, leases, deliveries, on both databases.

mod common;

use std::sync::Arc;

use common::{at, id, incident, instance, job, role, task, timer};
use countersign_store::idempotency::Answer;
use countersign_store::inbox::Part;
use countersign_store::message::MessageRow;
use countersign_store::outbox::Origin;
use countersign_store::project::apply_changes;
use countersign_store::release::{ReleaseRow, State};
use countersign_store::subscription::SubscriptionRow;
use countersign_store::testing::on_both;
use countersign_store::{
    Database, business_key, idempotency, inbox, incident as incidents, instance as instances, job as jobs, message,
    outbox, release, subscription, task as tasks, timer as timers,
};
use engine::event::Candidates;
use engine::facts::RoleFact;
use engine::id::{Digest, RunId, ShardId, SubscriptionId, TimerId};
use engine::language::definition::ActivityMode;
use engine::project::{InstanceStatus, Outgoing, RowChange, TaskStatus};
use engine::value::Value;

const SHARD: ShardId = ShardId(0);

async fn write(db: &Database, changes: &[RowChange]) {
    let mut tx = db.begin().await.expect("begin");
    apply_changes(&mut tx, SHARD, 1, changes).await.expect("changes");
    tx.commit().await.expect("commit");
}

#[tokio::test]
async fn rows_come_back_whole_and_applying_twice_does_no_harm() {
    on_both(|db| async move {
        let mut row = instance(1, 10);
        (row.status, row.ended_at, row.parent) = (InstanceStatus::Ended, Some(at(20)), Some(id(9)));
        let mut work = task(1, None, vec![role("qa", &[("site", "SZ")]), Candidates::User { id: "bo".into() }]);
        work.completed_by = Some("bo".into());
        let changes = [
            RowChange::Instance(instance(1, 1)),
            RowChange::Instance(row.clone()),
            RowChange::Task(work.clone()),
            RowChange::Job(job(1, 1, 5)),
            RowChange::Timer(timer(1, 7)),
            RowChange::Incident(incident(1, 3)),
        ];
        for _ in 0..2 {
            write(&db, &changes).await;
        }
        let mut reader = db.read().await.expect("reader");
        assert_eq!(instances::find(&mut reader, id(1)).await.expect("instance"), Some(row));
        assert_eq!(tasks::find(&mut reader, id(1), work.work).await.expect("task"), Some(work));
        assert_eq!(jobs::of_instance(&mut reader, id(1)).await.expect("jobs")[0].job, job(1, 1, 5));
        assert_eq!(timers::of_instance(&mut reader, id(1)).await.expect("timers"), [timer(1, 7)]);
        let page = incidents::list(&mut reader, &incidents::Filter::default(), None, 9).await.expect("incidents");
        assert_eq!((page.rows, page.next), (vec![incident(1, 3)], None));
        drop(reader);
        write(
            &db,
            &[
                RowChange::RemoveJob { instance: id(1), run: RunId(1) },
                RowChange::RemoveTimer { instance: id(1), timer: TimerId(1) },
            ],
        )
        .await;
        let mut reader = db.read().await.expect("reader");
        assert!(jobs::of_instance(&mut reader, id(1)).await.expect("jobs").is_empty());
        assert_eq!(timers::next_due(&mut reader, SHARD).await.expect("timers"), None);
    })
    .await;
}

#[tokio::test]
async fn pages_of_instances_neither_skip_nor_repeat() {
    on_both(|db| async move {
        // Many start at the same moment: the id decides.
        let rows: Vec<_> = (1..=50u8).map(|number| instance(number, i64::from(number / 7))).collect();
        write(&db, &rows.iter().cloned().map(RowChange::Instance).collect::<Vec<_>>()).await;
        let mut wanted: Vec<_> = rows.iter().map(|row| (row.started_at, row.instance)).collect();
        wanted.sort_by(|a, b| b.cmp(a));
        let mut reader = db.read().await.expect("reader");
        for limit in [1, 3, 50, 51] {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let filter = instances::Filter { status: Some(InstanceStatus::Running), ..Default::default() };
                let page = instances::list(&mut reader, &filter, after, limit).await.expect("page");
                found.extend(page.rows.iter().map(|row| (row.started_at, row.instance)));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(found, wanted, "{limit} a page");
        }
    })
    .await;
}

#[tokio::test]
async fn an_instance_is_found_by_each_filter() {
    on_both(|db| async move {
        let mut other = instance(2, 2);
        (other.process, other.ready, other.open_incidents) = ("invoice".into(), true, 1);
        let attributes = |number: u8, values: &[(&str, &str)]| RowChange::Attributes {
            instance: id(number),
            process: "order".into(),
            values: values.iter().map(|(name, value)| (Arc::from(*name), Arc::from(*value))).collect(),
        };
        write(
            &db,
            &[
                RowChange::Instance(instance(1, 1)),
                RowChange::Instance(other),
                attributes(1, &[("customer", "旧"), ("item", "X")]),
                attributes(2, &[("customer", "客户"), ("item", "X")]),
            ],
        )
        .await;
        write(&db, &[attributes(1, &[("customer", "客户")])]).await;
        let found = async |filter: instances::Filter| {
            let mut reader = db.read().await.expect("reader");
            let page = instances::list(&mut reader, &filter, None, 9).await.expect("page");
            page.rows.iter().map(|row| row.instance).collect::<Vec<_>>()
        };
        let none = instances::Filter::default;
        assert_eq!(found(none()).await, [id(2), id(1)]);
        assert_eq!(found(instances::Filter { process: Some("invoice".into()), ..none() }).await, [id(2)]);
        assert_eq!(found(instances::Filter { key: Some("K1".into()), ..none() }).await, [id(1)]);
        assert_eq!(found(instances::Filter { with_incidents: true, ..none() }).await, [id(2)]);
        let by = |values: &[(&str, &str)]| instances::Filter {
            attributes: values.iter().map(|(name, value)| (Arc::from(*name), Arc::from(*value))).collect(),
            ..none()
        };
        assert_eq!(found(by(&[("customer", "客户")])).await, [id(2), id(1)]);
        assert_eq!(found(by(&[("customer", "客户"), ("item", "X")])).await, [id(2)]);
        assert_eq!(found(by(&[("customer", "旧")])).await, []);
        let mut reader = db.read().await.expect("reader");
        assert_eq!(instances::ready(&mut reader, SHARD, None, 9).await.expect("ready"), [id(2)]);
    })
    .await;
}

/// Everything of an inbox, page by page.
async fn inbox_of(db: &Database, filter: &inbox::Filter, limit: u32) -> Vec<u8> {
    let mut reader = db.read().await.expect("reader");
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = inbox::list(&mut reader, filter, after, limit).await.expect("page");
        assert!(page.rows.len() <= limit as usize);
        found.extend(page.rows.iter().map(|row| row.instance.as_bytes()[0]));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

#[tokio::test]
async fn an_inbox_has_what_its_owner_may_take_or_has() {
    on_both(|db| async move {
        let mut claimed = task(3, Some(30), vec![role("qa", &[])]);
        claimed.assignee = Some("bo".into());
        let mut closed = task(4, Some(1), vec![role("qa", &[])]);
        closed.status = TaskStatus::Completed;
        let all = [
            task(1, None, vec![role("qa", &[]), Candidates::User { id: "anna".into() }]),
            task(2, Some(20), vec![role("qa", &[("site", "SZ")])]),
            claimed,
            closed,
            task(5, Some(50), vec![Candidates::User { id: "anna".into() }]),
            task(6, Some(60), vec![Candidates::ManagerOf { id: "bo".into() }]),
            task(7, Some(70), vec![role("buyer", &[])]),
        ];
        write(&db, &all.map(RowChange::Task)).await;
        let qa = |site: &str| RoleFact { role: "qa".into(), scope: [("site".into(), site.into())].into() };
        let anna = inbox::Filter { people: vec!["anna".into()], roles: vec![qa("SZ")], ..Default::default() };
        for limit in [1, 2, 10] {
            // Those without a due moment come last; none twice, though anna may take the first in two ways.
            assert_eq!(inbox_of(&db, &anna, limit).await, [2, 5, 1]);
            assert_eq!(inbox_of(&db, &inbox::Filter { roles: vec![qa("WX")], ..anna.clone() }, limit).await, [5, 1]);
        }
        let bo = inbox::Filter { people: vec!["bo".into()], roles: vec![qa("SZ")], ..Default::default() };
        assert_eq!(inbox_of(&db, &bo, 10).await, [2, 3, 1]);
        assert_eq!(inbox_of(&db, &inbox::Filter { part: Part::Mine, ..bo.clone() }, 10).await, [3]);
        assert_eq!(inbox_of(&db, &inbox::Filter { part: Part::Free, ..bo.clone() }, 10).await, [2, 1]);
        assert_eq!(inbox_of(&db, &inbox::Filter { due_before: Some(at(30)), ..bo.clone() }, 10).await, [2]);
        assert_eq!(inbox_of(&db, &inbox::Filter { process: Some("other".into()), ..bo }, 10).await, [0u8; 0]);
        let boss = inbox::Filter { manages: vec!["bo".into()], ..Default::default() };
        assert_eq!(inbox_of(&db, &boss, 10).await, [6]);
        assert_eq!(inbox_of(&db, &inbox::Filter::default(), 10).await, [0u8; 0]);
    })
    .await;
}

#[tokio::test]
async fn an_inbox_of_other_scopes_still_ends() {
    on_both(|db| async move {
        let far = |number: u8| task(number, Some(i64::from(number)), vec![role("qa", &[("site", "WX")])]);
        let mut all: Vec<_> = (1..=200).map(far).map(RowChange::Task).collect();
        all.push(RowChange::Task(task(201, Some(201), vec![role("qa", &[("site", "SZ")])])));
        write(&db, &all).await;
        let roles = vec![RoleFact { role: "qa".into(), scope: [("site".into(), "SZ".into())].into() }];
        assert_eq!(inbox_of(&db, &inbox::Filter { roles, ..Default::default() }, 2).await, [201]);
    })
    .await;
}

#[tokio::test]
async fn a_job_is_leased_to_one_worker_until_its_lease_ends() {
    on_both(|db| async move {
        write(&db, &(1..=5u8).map(|number| RowChange::Job(job(number, 1, i64::from(number)))).collect::<Vec<_>>())
            .await;
        let lease = async |worker: &str, now: i64, limit: u32| {
            let mut tx = db.begin().await.expect("begin");
            let activities: [Arc<str>; 2] = ["erp.post".into(), "none".into()];
            let leased = jobs::lease(&mut tx, ActivityMode::Remote, &activities, worker, at(now), limit).await;
            tx.commit().await.expect("commit");
            leased.expect("lease")
        };
        let first = lease("one", 4, 2).await;
        assert_eq!(first.iter().map(|leased| leased.job.instance).collect::<Vec<_>>(), [id(1), id(2)]);
        assert_eq!(first[0].lease_until, at(104));
        let second = lease("two", 4, 9).await;
        assert_eq!(second.iter().map(|leased| leased.job.instance).collect::<Vec<_>>(), [id(3), id(4)]);
        // Writing the same attempt again takes nothing away; a new attempt does.
        write(&db, &[RowChange::Job(job(3, 1, 3)), RowChange::Job(job(4, 2, 4))]).await;
        let third = lease("three", 4, 9).await;
        assert_eq!(
            third.iter().map(|leased| (leased.job.instance, leased.job.attempt)).collect::<Vec<_>>(),
            [(id(4), 2)]
        );
        // After its end the lease is another's, and the first worker cannot prolong it.
        let mut tx = db.begin().await.expect("begin");
        assert!(jobs::heartbeat(&mut tx, id(1), RunId(1), first[0].fence, at(500)).await.expect("heartbeat"));
        assert!(jobs::release(&mut tx, id(3), RunId(3), second[0].fence, at(6)).await.expect("release"));
        tx.commit().await.expect("commit");
        let again = lease("four", 104, 9).await;
        assert_eq!(again.len(), 4, "{again:?}");
        let mut tx = db.begin().await.expect("begin");
        assert!(!jobs::heartbeat(&mut tx, id(2), RunId(2), first[1].fence, at(900)).await.expect("heartbeat"));
        let next = jobs::next_ready(&mut tx, ActivityMode::Remote, &["erp.post".into()]).await.expect("next");
        assert_eq!(next, Some(at(204)));
    })
    .await;
}

#[tokio::test]
async fn timers_are_due_in_order() {
    on_both(|db| async move {
        write(&db, &[3u8, 1, 2].map(|number| RowChange::Timer(timer(number, i64::from(number))))).await;
        let mut reader = db.read().await.expect("reader");
        let due = timers::due(&mut reader, SHARD, at(2), 9).await.expect("due");
        assert_eq!(due, [timer(1, 1), timer(2, 2)]);
        assert_eq!(timers::due(&mut reader, SHARD, at(9), 1).await.expect("due"), [timer(1, 1)]);
        assert_eq!(timers::next_due(&mut reader, SHARD).await.expect("next"), Some(at(1)));
    })
    .await;
}

#[tokio::test]
async fn what_is_sent_is_delivered_once() {
    on_both(|db| async move {
        let send = |number: u64| {
            let (message, instance) = (Arc::from("paid"), id(1));
            RowChange::Outgoing(Outgoing::Unsubscribe { message, instance, subscription: SubscriptionId(number) })
        };
        write(&db, &[send(1), send(2), send(3)]).await;
        let mut tx = db.begin().await.expect("begin");
        let sent = outbox::pending(&mut tx, SHARD, None, 2).await.expect("pending");
        assert_eq!(sent.iter().map(|row| row.origin.seq).collect::<Vec<_>>(), [0, 1]);
        let rest = outbox::pending(&mut tx, SHARD, Some(sent[1].origin), 9).await.expect("pending");
        assert_eq!((rest.len(), rest[0].origin), (1, Origin { shard: SHARD, position: 1, seq: 2 }));
        assert!(outbox::mark_delivered(&mut tx, sent[0].origin).await.expect("first"));
        assert!(!outbox::mark_delivered(&mut tx, sent[0].origin).await.expect("again"));
        assert!(outbox::was_delivered(&mut tx, sent[0].origin).await.expect("known"));
        assert_eq!(outbox::remove(&mut tx, &[sent[0].origin, sent[1].origin]).await.expect("removed"), 2);
        assert_eq!(outbox::pending(&mut tx, SHARD, None, 9).await.expect("pending"), rest);
        tx.commit().await.expect("commit");
    })
    .await;
}

#[tokio::test]
async fn a_business_key_has_one_owner() {
    on_both(|db| async move {
        let mut tx = db.begin().await.expect("begin");
        assert_eq!(business_key::claim(&mut tx, "p", "K", id(1)).await.expect("claim"), id(1));
        assert_eq!(business_key::claim(&mut tx, "p", "K", id(2)).await.expect("claim"), id(1));
        assert_eq!(business_key::claim(&mut tx, "q", "K", id(2)).await.expect("claim"), id(2));
        assert_eq!(business_key::free(&mut tx, &[("p", "K", id(2))]).await.expect("not its own"), 0);
        assert_eq!(business_key::free(&mut tx, &[("p", "K", id(1))]).await.expect("its own"), 1);
        assert_eq!(business_key::owner(&mut tx, "p", "K").await.expect("owner"), None);
    })
    .await;
}

#[tokio::test]
async fn a_message_and_its_subscriber_find_each_other() {
    on_both(|db| async move {
        let hash = Digest::of(b"42");
        let row = |id: &str, position: u64, expires: i64| MessageRow {
            shard: SHARD,
            name: "paid".into(),
            id: id.into(),
            payload: Value::text("款"),
            position,
            published_at: at(1),
            expires_at: at(expires),
        };
        let by = [(Arc::from("order"), hash)];
        let mut tx = db.begin().await.expect("begin");
        assert!(message::put(&mut tx, &row("b", 1, 100), &by).await.expect("put"));
        assert!(message::put(&mut tx, &row("a", 2, 5), &by).await.expect("put"));
        assert!(!message::put(&mut tx, &row("b", 3, 100), &by).await.expect("the same id"));
        let waiting = |now| (SHARD, "paid", "order", hash, at(now), 9);
        let (shard, name, fields, digest, now, limit) = waiting(1);
        let found = message::waiting(&mut tx, shard, name, fields, digest, now, limit).await.expect("waiting");
        assert_eq!(found, [row("b", 1, 100), row("a", 2, 5)]);
        let found = message::waiting(&mut tx, shard, name, fields, digest, at(5), limit).await.expect("waiting");
        assert_eq!(found, [row("b", 1, 100)]);
        message::consume(&mut tx, SHARD, "paid", "b").await.expect("consume");
        assert!(message::waiting(&mut tx, shard, name, fields, digest, now, 1).await.expect("w")[0].id.as_ref() == "a");
        assert_eq!(message::sweep(&mut tx, SHARD, at(50), 9).await.expect("sweep"), 1);
        assert!(message::find(&mut tx, SHARD, "paid", "b").await.expect("find").is_some());

        let waits = SubscriptionRow {
            since: 0,
            shard: SHARD,
            message: "paid".into(),
            fields: "order".into(),
            match_hash: hash,
            instance: id(4),
            subscription: SubscriptionId(2),
        };
        subscription::put(&mut tx, std::slice::from_ref(&waits)).await.expect("put");
        assert_eq!(subscription::fields_of(&mut tx, SHARD, "paid").await.expect("fields"), [Arc::from("order")]);
        let found = subscription::matching(&mut tx, SHARD, "paid", "order", hash, 9).await.expect("matching");
        assert_eq!(found, [waits]);
        assert_eq!(subscription::remove(&mut tx, &[(id(4), SubscriptionId(2))]).await.expect("remove"), 1);
    })
    .await;
}

#[tokio::test]
async fn an_answer_belongs_to_its_actor() {
    on_both(|db| async move {
        let answer = |actor: &str, at_micros: i64| Answer {
            actor: actor.into(),
            key: "键".into(),
            request_hash: Digest::of(b"request"),
            status: 201,
            body: vec![0, 1, 255],
            at: at(at_micros),
        };
        let mut tx = db.begin().await.expect("begin");
        idempotency::put(&mut tx, &[answer("a", 1), answer("b", 2)]).await.expect("put");
        assert_eq!(idempotency::find(&mut tx, "a", "键").await.expect("find"), Some(answer("a", 1)));
        assert_eq!(idempotency::find(&mut tx, "c", "键").await.expect("find"), None);
        assert_eq!(idempotency::find_many(&mut tx, &[("b", "键"), ("c", "键")]).await.expect("find"), [answer("b", 2)]);
        assert_eq!(idempotency::sweep(&mut tx, at(2), 9).await.expect("sweep"), 1);
        idempotency::put(&mut tx, &[answer("b", 3)]).await.expect_err("twice");
    })
    .await;
}

#[tokio::test]
async fn the_release_that_became_effective_last_is_used() {
    on_both(|db| async move {
        let row = |number: u8, state: State, from: Option<i64>| ReleaseRow {
            digest: Digest([number; 32]),
            process: "order".into(),
            state,
            effective_from: from.map(at),
            deployed_at: at(i64::from(number)),
            deployed_by: "anna".into(),
        };
        let mut tx = db.begin().await.expect("begin");
        assert!(release::put(&mut tx, &row(1, State::Effective, Some(10)), b"one").await.expect("put"));
        assert!(release::put(&mut tx, &row(2, State::Draft, None), b"two").await.expect("put"));
        assert!(!release::put(&mut tx, &row(2, State::Draft, None), b"two").await.expect("the same"));
        let digest = Digest([2; 32]);
        assert!(
            !release::set_state(&mut tx, digest, State::Approved, State::Effective, None).await.expect("not approved")
        );
        assert!(
            release::set_state(&mut tx, digest, State::Draft, State::Effective, Some(at(20))).await.expect("moved")
        );
        for (now, expected) in [(9, None), (10, Some(1)), (19, Some(1)), (20, Some(2))] {
            let found = release::effective(&mut tx, "order", at(now)).await.expect("effective");
            assert_eq!(found.map(|row| row.digest.0[0]), expected, "at {now}");
        }
        assert_eq!(release::bundle(&mut tx, digest).await.expect("bundle").as_deref(), Some(b"two".as_slice()));
        assert_eq!(release::list(&mut tx, Some("order")).await.expect("list").len(), 2);
    })
    .await;
}
