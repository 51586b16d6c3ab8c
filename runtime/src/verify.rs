//! Replaying the record: the chain, the folds, deciding again, and the rows that are derived from it.
//!
//! Reads only; it works beside a running server and sees what was committed when it began.

use std::collections::{BTreeMap, HashMap};

use engine::command::Action;
use engine::facts::Context;
use engine::history::replay::{Redecided, fold, redecide_to};
use engine::history::transition::{Content, Transition, leaf, next_head};
use engine::id::{Digest, InstanceId, ShardId};
use engine::project::{InstanceRow, RowChange, standing};
use engine::state::State;
use store::{Database, StoreError};

use crate::releases::{ReleaseError, Releases};

const PAGE: u32 = 2_000;
/// Mismatches after which it stops looking for more.
const MISMATCHES_MAX: usize = 1_000;

/// What replaying gave.
#[derive(Debug, Default, serde::Serialize)]
pub struct Report {
    pub instances: u64,
    pub transitions: u64,
    pub mismatches: Vec<Mismatch>,
    /// The newest digests of every row of a service's table, by table and key.
    #[serde(skip)]
    pub rows: BTreeMap<(String, String), Newest>,
}

/// What each shard last wrote of one row; none where it removed the row. Instances of several shards may write the same
/// row, and the log has no order between shards: the row as it is now is the newest of one of them.
pub type Newest = BTreeMap<ShardId, Option<Digest>>;

/// One place where the record and what is derived from it do not agree.
#[derive(Debug, serde::Serialize)]
pub struct Mismatch {
    /// `chain`, `fold`, `decide`, `row`, `release`.
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<InstanceId>,
    pub shard: ShardId,
    pub position: u64,
    pub detail: String,
}

/// An instance as far as it was folded.
struct Folded {
    state: State,
    version: u64,
    position: u64,
}

/// Replays everything.
pub async fn all(
    database: &Database,
    releases: &Releases,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Report, StoreError> {
    let mut report = Report::default();
    for shard in (0..database.shards()).map(ShardId) {
        replay_shard(database, releases, shard, &mut report, progress).await?;
    }
    Ok(report)
}

async fn replay_shard(
    database: &Database,
    releases: &Releases,
    shard: ShardId,
    report: &mut Report,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<(), StoreError> {
    let mut reader = database.read().await?;
    let end = store::shard::get(&mut reader, shard).await?;
    drop(reader);
    let mut live: HashMap<InstanceId, Folded> = HashMap::new();
    let (mut position, mut head) = (0u64, Digest::ZERO);
    while position < end.position && report.mismatches.len() < MISMATCHES_MAX {
        let mut reader = database.read().await?;
        let rows = store::log::of_shard(&mut reader, shard, position, PAGE).await?;
        drop(reader);
        if rows.is_empty() {
            break;
        }
        let mut done = Vec::new();
        for row in rows.into_iter().filter(|row| row.position <= end.position) {
            let mut fault = |kind, instance, detail: String| {
                report.mismatches.push(Mismatch { kind, instance, shard, position: row.position, detail });
            };
            if row.position != position + 1 {
                fault("chain", None, format!("position {} follows {position}", row.position));
            }
            let hash = leaf(&row.body);
            if hash != row.leaf {
                fault("chain", Some(row.instance), "the row's bytes are not those that were hashed".into());
            }
            position = row.position;
            head = next_head(head, hash);
            let transition = match row.transition() {
                Ok(transition) => transition,
                Err(error) => {
                    fault("chain", Some(row.instance), error.to_string());
                    continue;
                }
            };
            let same = transition.position == row.position
                && transition.instance == row.instance
                && transition.version == row.version
                && transition.at == row.at
                && transition.shard == shard;
            if !same {
                fault("chain", Some(row.instance), "the row's columns differ from its body".into());
            }
            report.transitions += 1;
            for written in &transition.rows {
                let row = (written.table.to_string(), written.key.to_string());
                report.rows.entry(row).or_default().insert(shard, written.digest);
            }
            if matches!(transition.content, Content::Service { .. }) {
                continue;
            }
            match step(releases, &mut live, &transition).await {
                Ok(None) => {}
                Ok(Some(detail)) => fault("decide", Some(row.instance), detail),
                Err((kind, detail)) => fault(kind, Some(row.instance), detail),
            }
            if transition.version == 1 {
                report.instances += 1;
            }
            if live.get(&row.instance).is_some_and(|folded| !folded.state.is_live())
                && let Some(ended) = live.remove(&row.instance)
            {
                done.push(ended);
            }
        }
        compare(database, releases, shard, done, end.position, report).await?;
        progress(report.transitions);
    }
    if position == end.position && head != end.head {
        let detail = "the chain does not end at the shard's head".to_owned();
        report.mismatches.push(Mismatch { kind: "chain", instance: None, shard, position, detail });
    }
    if position < end.position && report.mismatches.len() < MISMATCHES_MAX {
        let detail = format!("the shard's head is at {}, but the log ends at {position}", end.position);
        report.mismatches.push(Mismatch { kind: "chain", instance: None, shard, position, detail });
    }
    compare(database, releases, shard, live.into_values().collect(), end.position, report).await
}

/// Folds one transition and decides it again; a text says how deciding differs.
async fn step(
    releases: &Releases,
    live: &mut HashMap<InstanceId, Folded>,
    transition: &Transition,
) -> Result<Option<String>, (&'static str, String)> {
    let Content::Instance { command, facts, events } = &transition.content else { return Ok(None) };
    let before = live.remove(&transition.instance);
    let (state, version) = before.map_or((None, 0), |before| (Some(before.state), before.version));
    let release = match (&state, &command.action) {
        (Some(state), _) => state.release(),
        (None, Action::Start(start)) => start.release,
        (None, _) => return Err(("fold", "the history does not begin with a start".into())),
    };
    let unusable = |error: ReleaseError| match error {
        ReleaseError::Store(error) => ("release", error.to_string()),
        other => ("release", other.to_string()),
    };
    let definition = releases.definition(release).await.map_err(unusable)?;
    let target = match command.action.target() {
        Some(target) => Some(releases.definition(target).await.map_err(unusable)?),
        None => None,
    };
    let context = Context { instance: transition.instance, now: transition.at };
    let again = redecide_to((definition, target), state.clone(), context, command, facts, events);
    let state = fold(state, version, transition).map_err(|error| ("fold", error.to_string()))?;
    let folded = Folded { state, version: transition.version, position: transition.position };
    live.insert(transition.instance, folded);
    Ok(match again {
        Redecided::Same => None,
        Redecided::Differs { first, decided } => {
            let now = decided.get(first).map(|event| format!("{event:?}"));
            Some(format!("event {first} is decided otherwise now: {}", now.unwrap_or_else(|| "there is none".into())))
        }
        Redecided::Refused(error) => Some(format!("it is refused now: {error}")),
    })
}

/// Compares what the store derived with what the fold says. An instance that moved on meanwhile is left out.
async fn compare(
    database: &Database,
    releases: &Releases,
    shard: ShardId,
    folded: Vec<Folded>,
    end: u64,
    report: &mut Report,
) -> Result<(), StoreError> {
    for Folded { state, version, position } in folded {
        let id = state.id();
        let mut fault = |detail: String| {
            report.mismatches.push(Mismatch { kind: "row", instance: Some(id), shard, position, detail });
        };
        for bug in state.faults() {
            fault(bug);
        }
        let mut reader = database.read().await?;
        let Some(stored) = store::instance::find(&mut reader, id).await? else {
            fault("there is no row of the instance".into());
            continue;
        };
        if stored.version > version && position <= end {
            continue;
        }
        let Ok(definition) = releases.definition(state.release()).await else { continue };
        let expected = standing(&definition, &state, version);
        let (mut tasks, mut timers, mut jobs) = (Vec::new(), Vec::new(), Vec::new());
        let mut row: Option<InstanceRow> = None;
        for change in expected {
            match change {
                RowChange::Instance(expected) => row = Some(expected),
                RowChange::Task(task) => tasks.push(task),
                RowChange::Timer(timer) => timers.push(timer),
                RowChange::Job(job) => jobs.push(job),
                _ => {}
            }
        }
        if row.as_ref() != Some(&stored) {
            fault(format!("the instance's row is {stored:?}, but its history says {row:?}"));
        }
        let filter = store::task::Filter {
            instance: Some(id),
            status: Some(engine::project::TaskStatus::Open),
            ..store::task::Filter::default()
        };
        let mut open = Vec::new();
        let mut after = None;
        loop {
            let page = store::task::list(&mut reader, &filter, after, 200).await?;
            open.extend(page.rows);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        open.sort_by_key(|task| task.work);
        tasks.sort_by_key(|task| task.work);
        if open != tasks {
            fault(format!("{} open tasks are stored, but the history says {}", open.len(), tasks.len()));
        }
        let mut armed = store::timer::of_instance(&mut reader, id).await?;
        armed.sort_by_key(|timer| timer.timer);
        timers.sort_by_key(|timer| timer.timer);
        if armed != timers {
            fault(format!("{} timers are stored, but the history says {}", armed.len(), timers.len()));
        }
        let queued: Vec<_> =
            store::job::of_instance(&mut reader, id).await?.into_iter().map(|listed| listed.job).collect();
        jobs.sort_by_key(|job| job.run);
        if queued != jobs {
            fault(format!("{} jobs are stored, but the history says {}", queued.len(), jobs.len()));
        }
        if let Some(snapshot) = store::snapshot::find(&mut reader, id).await?
            && snapshot.version == version
            && serde_json::from_slice::<State>(&snapshot.state).ok().as_ref() != Some(&state)
        {
            fault("the stored state differs from the fold".into());
        }
    }
    Ok(())
}
