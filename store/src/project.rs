//! Writes what the engine's projection says, for a whole batch: changes of the same row are folded into the last one,
//! and each table gets its rows in one statement.

use std::collections::BTreeMap;

use engine::command::{DeliveryId, DeliveryResult, WorkId};
use engine::id::{IncidentId, InstanceId, RunId, ShardId, TimerId};
use engine::project::{
    DeliveryRow, IncidentRow, InstanceRow, JobRow, NoticeRow, Outgoing, RowChange, TaskRow, TimerRow,
};
use serde::Serialize;

use crate::error::StoreError;
use crate::instance::Attributes;
use crate::outbox::Origin;
use crate::tx::Tx;
use crate::{business_key, delivery, incident, instance, job, notice, outbox, task, timer};

/// The changes of one transition.
#[derive(Clone, Copy, Debug)]
pub struct Changes<'a> {
    pub shard: ShardId,
    pub position: u64,
    pub changes: &'a [RowChange],
}

/// Applies the changes of transitions, in their order.
pub async fn apply(tx: &mut Tx, transitions: &[Changes<'_>]) -> Result<(), StoreError> {
    let mut folded = Folded::default();
    for transition in transitions {
        let mut seq = 0;
        for change in transition.changes {
            if let RowChange::Outgoing(outgoing) = change {
                let origin = Origin { shard: transition.shard, position: transition.position, seq };
                folded.outgoing.push((origin, outgoing));
                seq += 1;
            } else {
                folded.fold(change);
            }
        }
    }
    folded.write(tx).await
}

/// Applies the changes of one transition.
pub async fn apply_changes(
    tx: &mut Tx,
    shard: ShardId,
    position: u64,
    changes: &[RowChange],
) -> Result<(), StoreError> {
    apply(tx, &[Changes { shard, position, changes }]).await
}

/// The last change of each row.
#[derive(Default)]
struct Folded<'a> {
    instances: BTreeMap<InstanceId, &'a InstanceRow>,
    attributes: BTreeMap<InstanceId, Attributes>,
    keys: BTreeMap<(&'a str, &'a str), InstanceId>,
    tasks: BTreeMap<(InstanceId, WorkId), &'a TaskRow>,
    /// None: removed.
    jobs: BTreeMap<(InstanceId, RunId), Option<&'a JobRow>>,
    timers: BTreeMap<(InstanceId, TimerId), Option<&'a TimerRow>>,
    incidents: BTreeMap<(InstanceId, IncidentId), &'a IncidentRow>,
    notices: Vec<&'a NoticeRow>,
    deliveries: Vec<&'a DeliveryRow>,
    delivered: Vec<(InstanceId, DeliveryId, Option<&'a DeliveryResult>)>,
    outgoing: Vec<(Origin, &'a Outgoing)>,
}

impl<'a> Folded<'a> {
    fn fold(&mut self, change: &'a RowChange) {
        match change {
            RowChange::Instance(row) => {
                self.instances.insert(row.instance, row);
            }
            RowChange::Attributes { instance, process, values } => {
                let attributes = Attributes { instance: *instance, process: process.clone(), values: values.clone() };
                self.attributes.insert(*instance, attributes);
            }
            RowChange::FreeKey { process, key, instance } => {
                self.keys.insert((process, key), *instance);
            }
            RowChange::Task(row) => {
                self.tasks.insert((row.instance, row.work), row);
            }
            RowChange::Job(row) => {
                self.jobs.insert((row.instance, row.run), Some(row));
            }
            RowChange::RemoveJob { instance, run } => {
                self.jobs.insert((*instance, *run), None);
            }
            RowChange::Timer(row) => {
                self.timers.insert((row.instance, row.timer), Some(row));
            }
            RowChange::RemoveTimer { instance, timer } => {
                self.timers.insert((*instance, *timer), None);
            }
            RowChange::Incident(row) => {
                self.incidents.insert((row.instance, row.incident), row);
            }
            // What was told was told once: these are never the same row.
            RowChange::Notice(row) => self.notices.push(row),
            RowChange::Delivery(row) => self.deliveries.push(row),
            RowChange::DeliveryDone { instance, delivery, result } => {
                self.delivered.push((*instance, *delivery, result.as_ref()));
            }
            // Taken by the caller, which knows its place.
            RowChange::Outgoing(_) => {}
        }
    }

    async fn write(self, tx: &mut Tx) -> Result<(), StoreError> {
        instance::put(tx, &self.instances.into_values().collect::<Vec<_>>()).await?;
        instance::put_attributes(tx, &self.attributes.into_values().collect::<Vec<_>>()).await?;
        task::put(tx, &self.tasks.into_values().collect::<Vec<_>>()).await?;
        let (jobs, gone) = split(self.jobs);
        job::remove(tx, &gone).await?;
        job::put(tx, &jobs).await?;
        let (timers, gone) = split(self.timers);
        timer::remove(tx, &gone).await?;
        timer::put(tx, &timers).await?;
        incident::put(tx, &self.incidents.into_values().collect::<Vec<_>>()).await?;
        notice::put(tx, &self.notices).await?;
        delivery::put(tx, &self.deliveries).await?;
        delivery::finish(tx, &self.delivered).await?;
        outbox::append(tx, &self.outgoing).await?;
        let freed: Vec<_> = self.keys.into_iter().map(|((process, key), instance)| (process, key, instance)).collect();
        business_key::free(tx, &freed).await?;
        Ok(())
    }
}

/// The rows that stay and the keys of those that go.
fn split<K, R>(rows: BTreeMap<K, Option<R>>) -> (Vec<R>, Vec<K>) {
    let (mut stay, mut go) = (Vec::new(), Vec::new());
    for (key, row) in rows {
        match row {
            Some(row) => stay.push(row),
            None => go.push(key),
        }
    }
    (stay, go)
}

/// The stored text of one of the engine's values.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("the engine's values are plain JSON with text keys")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn the_last_change_of_a_row_wins() {
        let instance = InstanceId::from_bytes([7; 16]);
        let removed = RowChange::RemoveTimer { instance, timer: TimerId(1) };
        let freed = RowChange::FreeKey { process: Arc::from("p"), key: Arc::from("k"), instance };
        let mut folded = Folded::default();
        folded.fold(&freed);
        folded.fold(&removed);
        folded.fold(&freed);
        assert_eq!((folded.keys.len(), folded.timers.len()), (1, 1));
    }
}
