//! What an instance has to do with others: those it started, and those who wait for its milestones.

use std::sync::Arc;

use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

use super::{Map, State};
use crate::command::Cause;
use crate::id::{IncidentId, InstanceId, RunId, StepKey, SubscriptionId};
use crate::time::Timestamp;
use crate::value::Value;

/// An instance that a step started, or runs with a tie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TiedChild {
    pub child: InstanceId,
    pub process: Arc<str>,
    pub step: StepKey,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<Arc<str>>,
    /// The milestone that its step awaits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Arc<str>>,
    /// A milestone, or `end`: until then this instance does not end. None once it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks: Option<Arc<str>>,
    /// It ended without the milestone; an operator lets go of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<IncidentId>,
    pub status: ChildStatus,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum ChildStatus {
    Running,
    Ended {
        outcome: Arc<str>,
    },
    /// It ended after its step was given up.
    Orphaned {
        outcome: Arc<str>,
    },
}

/// Somebody who is told when a milestone is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watcher {
    pub instance: InstanceId,
    pub to: WatchTo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchTo {
    Subscription(SubscriptionId),
    /// The parent's step.
    Run(RunId),
}

/// A child is told with its start which milestone its parent waits for, so that none can pass unseen.
pub(super) fn watched_from_the_start(cause: &Cause) -> Map<Arc<str>, Vec<Watcher>> {
    let mut watchers = RedBlackTreeMapSync::new_sync();
    if let Cause::Parent { instance, run, tie } | Cause::Linked { instance, run, tie } = cause {
        for milestone in &tie.until {
            watchers.insert_mut(milestone.clone(), vec![Watcher { instance: *instance, to: WatchTo::Run(*run) }]);
        }
    }
    watchers
}

impl State {
    /// How many parents there are above it.
    pub(crate) fn depth(&self) -> u32 {
        match &self.cause {
            Cause::Parent { tie, .. } | Cause::Linked { tie, .. } => tie.depth,
            _ => 0,
        }
    }

    /// When a milestone was reached.
    #[must_use]
    pub fn milestone(&self, name: &str) -> Option<Timestamp> {
        self.milestones.get(name).copied()
    }

    /// Instances that steps started, or run with a tie.
    pub fn tied(&self) -> impl Iterator<Item = &TiedChild> {
        self.tied.values()
    }

    /// Children that hold the end.
    pub(crate) fn holders(&self) -> impl Iterator<Item = &TiedChild> {
        self.tied.values().filter(|tied| tied.blocks.is_some())
    }

    /// What a reader sees of them.
    pub(crate) fn links(&self) -> Vec<serde_json::Value> {
        let status = |tied: &TiedChild| match &tied.status {
            ChildStatus::Running => ("running", None),
            ChildStatus::Ended { outcome } => ("ended", Some(outcome.clone())),
            ChildStatus::Orphaned { outcome } => ("orphaned", Some(outcome.clone())),
        };
        let own = match &self.cause {
            Cause::Parent { instance, tie, .. } | Cause::Linked { instance, tie, .. } => {
                Some(serde_json::json!({ "to": "parent", "instance": instance.to_string(), "relation": tie.relation }))
            }
            _ => None,
        };
        let children = self.tied.values().map(|tied| {
            let (word, outcome) = status(tied);
            serde_json::json!({
                "to": "child",
                "instance": tied.child.to_string(),
                "process": tied.process,
                "step": tied.step,
                "relation": tied.relation,
                "holds_end_until": tied.blocks,
                "status": word,
                "outcome": outcome,
            })
        });
        own.into_iter().chain(children).collect()
    }

    /// The instance that the newest activation of a step started.
    pub(crate) fn started_by(&self, run: RunId) -> Option<Value> {
        self.tied.get(&run).map(|tied| Value::from(tied.child.to_string()))
    }
}
