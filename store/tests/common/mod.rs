//! Rows for the contract tests.
#![expect(dead_code, reason = "each test file uses some of these")]

use std::sync::Arc;

use countersign_store::log::LogRow;
use engine::command::WorkId;
use engine::event::{Candidates, TimerPurpose};
use engine::history::transition::leaf;
use engine::id::{Digest, IncidentId, InstanceId, RunId, ShardId, TimerId};
use engine::incident::IncidentCode;
use engine::language::definition::{ActivityMode, Text};
use engine::project::{IncidentRow, InstanceRow, InstanceStatus, JobRow, TaskRow, TaskStatus, TimerRow};
use engine::time::Timestamp;
use engine::value::Value;

/// Texts that a database may get wrong.
pub(crate) const HARD_TEXTS: [&str; 8] = ["", " ", "会签", "ß𝄞\u{301}", "a'b\"c`", "%_\\", "\u{7f}\n\t", "$1 ? :x"];

pub(crate) fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

pub(crate) fn id(number: u8) -> InstanceId {
    id_in(number, 0)
}

pub(crate) fn id_in(number: u8, shard: u16) -> InstanceId {
    let mut bytes = [number; 16];
    bytes[14..].copy_from_slice(&shard.to_be_bytes());
    InstanceId::from_bytes(bytes)
}

pub(crate) fn log_row(shard: u16, position: u64, instance: InstanceId, version: u64) -> LogRow {
    let body = format!("{{\"position\":{position}}}").into_bytes();
    LogRow { shard: ShardId(shard), position, instance, version, at: at(5), leaf: leaf(&body), body }
}

pub(crate) fn instance(number: u8, started: i64) -> InstanceRow {
    InstanceRow {
        instance: id(number),
        process: "order".into(),
        release: Digest([9; 32]),
        key: Some(format!("K{number}").into()),
        status: InstanceStatus::Running,
        outcome: None,
        version: 1,
        ready: false,
        open_incidents: 0,
        initiator: Some("anna".into()),
        parent: None,
        started_at: at(started),
        updated_at: at(started),
        ended_at: None,
    }
}

pub(crate) fn role(name: &str, scope: &[(&str, &str)]) -> Candidates {
    let scope = scope.iter().map(|(name, value)| (Arc::from(*name), Arc::from(*value))).collect();
    Candidates::Role { role: name.into(), scope }
}

pub(crate) fn task(number: u8, due: Option<i64>, candidates: Vec<Candidates>) -> TaskRow {
    TaskRow {
        instance: id(number),
        work: WorkId { run: RunId(1), seat: 0 },
        process: "order".into(),
        step: "review".into(),
        title: Text { zh: "评审".into(), en: "Review".into() },
        status: TaskStatus::Open,
        candidates,
        assignee: None,
        form: None,
        sign: Some("approved".into()),
        outcomes: vec!["yes".into(), "no".into()],
        due: due.map(at),
        key: Some("K".into()),
        revision: 1,
        opened_at: at(1),
        closed_at: None,
        outcome: None,
        completed_by: None,
    }
}

pub(crate) fn job(number: u8, attempt: u32, available: i64) -> JobRow {
    JobRow {
        instance: id(number),
        run: RunId(u64::from(number)),
        activity: "erp.post".into(),
        mode: ActivityMode::Remote,
        attempt,
        input: Value::record([("a", Value::Int(1))]),
        idempotency_key: format!("k/{number}").into(),
        available_at: at(available),
        lease_micros: 100,
    }
}

pub(crate) fn timer(number: u8, due: i64) -> TimerRow {
    let purpose = TimerPurpose::Alternative { name: "迟到".into() };
    TimerRow { instance: id(number), timer: TimerId(1), run: RunId(2), purpose, due: at(due) }
}

pub(crate) fn incident(number: u8, raised: i64) -> IncidentRow {
    IncidentRow {
        instance: id(number),
        incident: IncidentId(1),
        process: "order".into(),
        step: Some("post".into()),
        code: IncidentCode::ActivityFailed,
        detail: Value::text("no answer"),
        raised_at: at(raised),
        resolved_at: None,
        resolved_by: None,
    }
}
