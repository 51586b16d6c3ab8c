//! Committed states of live instances, within a limit of bytes.
//!
//! Invariant: only the writer puts states in, and only after their transaction has committed.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use engine::id::InstanceId;
use engine::state::State;

/// A committed state and how many transitions made it.
#[derive(Clone, Debug)]
pub struct Committed {
    pub state: State,
    pub version: u64,
    /// The version of the newest stored snapshot; 0 for none.
    pub snapshot: u64,
}

/// After how many transitions an instance's state is weighed again.
const WEIGHED_EVERY: u64 = 64;

/// States by instance; the least recently used goes first.
pub(crate) struct Cache {
    inner: Mutex<Inner>,
    bytes_max: usize,
}

#[derive(Default)]
struct Inner {
    entries: HashMap<InstanceId, Entry>,
    /// By the turn in which each was last used.
    order: BTreeMap<u64, InstanceId>,
    turn: u64,
    bytes: usize,
}

struct Entry {
    committed: Committed,
    turn: u64,
    bytes: usize,
}

impl Cache {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Cache { inner: Mutex::new(Inner::default()), bytes_max }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic while the lock was held left a whole map: every change below is a few infallible calls.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, id: InstanceId) -> Option<Committed> {
        let mut inner = self.lock();
        inner.turn += 1;
        let turn = inner.turn;
        let entry = inner.entries.get_mut(&id)?;
        let before = std::mem::replace(&mut entry.turn, turn);
        let committed = entry.committed.clone();
        inner.order.remove(&before);
        inner.order.insert(turn, id);
        Some(committed)
    }

    /// Puts a state in; an ended instance's is dropped, since nothing will be decided on it.
    pub(crate) fn put(&self, committed: Committed) {
        let id = committed.state.id();
        let mut inner = self.lock();
        let before = inner.remove(id);
        if !committed.state.is_live() {
            return;
        }
        inner.turn += 1;
        // Weighing walks the data, so it is done now and then, not at every step.
        let weighed = before.filter(|_| !committed.version.is_multiple_of(WEIGHED_EVERY));
        let (turn, bytes) = (inner.turn, weighed.unwrap_or_else(|| committed.state.weight()));
        inner.bytes += bytes;
        inner.order.insert(turn, id);
        inner.entries.insert(id, Entry { committed, turn, bytes });
        while inner.bytes > self.bytes_max {
            let Some(oldest) = inner.order.values().next().copied() else { break };
            inner.remove(oldest);
        }
    }

    /// Bytes held, as estimated.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }
}

impl Inner {
    /// Takes an entry out; how many bytes it was counted for.
    fn remove(&mut self, id: InstanceId) -> Option<usize> {
        let entry = self.entries.remove(&id)?;
        self.order.remove(&entry.turn);
        self.bytes -= entry.bytes;
        Some(entry.bytes)
    }
}
