//! Transitions become the bytes that are stored, and links of their shards' chains.
//!
//! Writing them down takes as long as deciding them, and needs nothing of the database: a batch of some length does it on
//! another thread, while the database is busy with the batch's other rows. A short one does not: going to another
//! thread and back costs more than it spares.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::history::transition::{Transition, leaf, next_head};
use engine::id::ShardId;
use store::log::LogRow;
use tokio::task::{JoinError, JoinHandle};

use crate::batch::Head;

/// From this many transitions on, another thread does it.
const APART_MIN: usize = 8;

/// The rows of the log, and where the chains stand after them.
type Sealed = (Vec<LogRow>, BTreeMap<ShardId, Head>);

/// The work, done or on its way.
pub(crate) enum Sealing {
    Done(Sealed),
    Apart { transitions: Arc<Vec<Transition>>, heads: BTreeMap<ShardId, Head>, handle: JoinHandle<Sealed> },
}

impl Sealing {
    /// Begins with transitions in the order of the log, and the heads before them.
    pub(crate) fn begin(transitions: Vec<Transition>, heads: BTreeMap<ShardId, Head>) -> Self {
        if transitions.len() < APART_MIN {
            return Sealing::Done(seal(&transitions, heads));
        }
        let transitions = Arc::new(transitions);
        let (work, from) = (transitions.clone(), heads.clone());
        let handle = tokio::task::spawn_blocking(move || seal(&work, from));
        Sealing::Apart { transitions, heads, handle }
    }

    pub(crate) async fn end(self) -> Sealed {
        match self {
            Sealing::Done(sealed) => sealed,
            Sealing::Apart { transitions, heads, handle } => match handle.await.map_err(JoinError::try_into_panic) {
                Ok(sealed) => sealed,
                Err(Ok(panic)) => std::panic::resume_unwind(panic),
                // A runtime that is stopping begins no work on other threads any more.
                Err(Err(_)) => seal(&transitions, heads),
            },
        }
    }
}

fn seal(transitions: &[Transition], mut heads: BTreeMap<ShardId, Head>) -> Sealed {
    let rows = transitions.iter().map(|transition| {
        let body = transition.to_bytes();
        let leaf = leaf(&body);
        if let Some(head) = heads.get_mut(&transition.shard) {
            head.position = transition.position;
            head.head = next_head(head.head, leaf);
        }
        LogRow {
            shard: transition.shard,
            position: transition.position,
            instance: transition.instance,
            version: transition.version,
            at: transition.at,
            body,
            leaf,
        }
    });
    (rows.collect(), heads)
}

#[cfg(test)]
mod tests {
    use engine::history::transition::{Content, FORMAT, SEMANTICS};
    use engine::id::{Digest, InstanceId};
    use engine::time::Timestamp;
    use engine::value::Value;

    use super::*;

    fn transition(shard: ShardId, position: u64) -> Transition {
        let content = Content::Service {
            actor: engine::command::Actor::System,
            command: "test.count".into(),
            input: Value::Int(i64::try_from(position).unwrap_or_default()),
            result: Value::Null,
        };
        Transition {
            format: FORMAT,
            shard,
            position,
            instance: InstanceId::from_bytes([7; 16]),
            version: position,
            semantics: SEMANTICS,
            build: "test".into(),
            at: Timestamp::from_micros(0),
            content,
            rows: Vec::new(),
        }
    }

    #[tokio::test]
    async fn another_thread_seals_what_this_one_would() {
        let start = Head { epoch: 3, position: 0, head: Digest([1; 32]) };
        let heads = BTreeMap::from([(ShardId(0), start), (ShardId(1), start)]);
        let long: Vec<Transition> =
            (0..2 * APART_MIN as u64).map(|n| transition(ShardId(u16::from(n % 2 == 1)), n / 2 + 1)).collect();
        let sealing = Sealing::begin(long.clone(), heads.clone());
        assert!(matches!(sealing, Sealing::Apart { .. }));
        assert_eq!(sealing.end().await, seal(&long, heads.clone()));
        let (rows, after) = seal(&long, heads);
        let chained = rows.iter().filter(|row| row.shard == ShardId(1));
        assert_eq!(after[&ShardId(1)].head, chained.fold(start.head, |head, row| next_head(head, row.leaf)));
        assert_eq!(after[&ShardId(1)].position, APART_MIN as u64);
    }
}
