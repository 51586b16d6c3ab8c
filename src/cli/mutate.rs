//! `countersign test --mutate`: changes of a process that no scenario notices.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::language::definition::Definition;
use engine::scenario::mutation::{Change, Fate, Ignored, Mutator, ignored};
use engine::scenario::{self, Fault};
use serde_json::{Value as Json, json};

use super::files::ProcessFolder;
use super::output;

/// What became of the changes of one process.
#[derive(Default)]
pub(crate) struct Mutations {
    pub(crate) process: String,
    noticed: usize,
    refused: usize,
    survived: Vec<Change>,
    /// Survived, with the reason why that is well.
    excused: Vec<(Change, Arc<str>)>,
    /// Entries of `mutations.yaml` that name no change, or one that is noticed.
    idle: Vec<Ignored>,
    /// Changes for which there was no time.
    untried: usize,
    faults: Vec<Fault>,
}

/// Tries the changes of a process until `until`; the process is sound, and its scenarios pass.
#[expect(clippy::disallowed_methods, reason = "how long a person waits is measured in their time")]
pub(crate) fn mutate(folder: &ProcessFolder, definition: &Arc<Definition>, until: Instant) -> Mutations {
    let mut found = Mutations { process: definition.process.to_string(), ..Mutations::default() };
    let excuses = match ignored(&folder.own) {
        Ok(excuses) => excuses,
        Err(faults) => {
            found.faults = faults;
            return found;
        }
    };
    let mutator = match Mutator::new(&folder.bundle, definition, &folder.own) {
        Ok(mutator) => mutator,
        Err(faults) => {
            found.faults = faults;
            return found;
        }
    };
    let changes = mutator.changes();
    let bar = output::bar(Some(changes.len() as u64), &found.process);
    let mut used = BTreeSet::new();
    for (tried, change) in changes.iter().enumerate() {
        if Instant::now() >= until {
            found.untried = changes.len() - tried;
            break;
        }
        match mutator.judge(change) {
            Fate::Refused(_) => found.refused += 1,
            Fate::Noticed(_) => found.noticed += 1,
            Fate::Survived => match excuses.iter().find(|excuse| *excuse.change == *change.id) {
                Some(excuse) => {
                    used.insert(excuse.change.clone());
                    found.excused.push((change.clone(), excuse.reason.clone()));
                }
                None => found.survived.push(change.clone()),
            },
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if found.untried == 0 {
        found.idle = excuses.into_iter().filter(|excuse| !used.contains(&excuse.change)).collect();
    }
    found
}

/// How long trying changes may take.
#[expect(clippy::disallowed_methods, reason = "how long a person waits is measured in their time")]
pub(crate) fn deadline(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}

impl Mutations {
    /// Of the changes that count, how many are noticed, in hundredths and rounded down.
    fn score(&self) -> u32 {
        let counted = self.noticed + self.survived.len();
        (self.noticed * 100).checked_div(counted).and_then(|score| u32::try_from(score).ok()).unwrap_or(100)
    }

    /// Whether the scenarios notice enough, and the list of excuses is in order.
    pub(crate) fn passes(&self, min_score: u32) -> bool {
        self.faults.is_empty() && self.idle.is_empty() && self.untried == 0 && self.score() >= min_score
    }

    pub(crate) fn to_json(&self) -> Json {
        let change = |change: &Change| {
            json!({
                "change": change.id, "file": change.file, "line": change.span.line, "column": change.span.column,
                "from": change.from, "to": change.to,
            })
        };
        let excused = |(one, reason): &(Change, Arc<str>)| {
            let mut one = change(one);
            one["reason"] = json!(reason);
            one
        };
        let idle = |idle: &Ignored| json!({ "change": idle.change, "reason": idle.reason });
        let fault = |fault: &scenario::Fault| json!({ "file": fault.file, "line": fault.span.line, "column": fault.span.column, "message": fault.message });
        json!({
            "process": self.process,
            "score": self.score(),
            "noticed": self.noticed,
            "refused": self.refused,
            "survived": self.survived.iter().map(change).collect::<Vec<_>>(),
            "excused": self.excused.iter().map(excused).collect::<Vec<_>>(),
            "idle": self.idle.iter().map(idle).collect::<Vec<_>>(),
            "untried": self.untried,
            "faults": self.faults.iter().map(fault).collect::<Vec<_>>(),
        })
    }
}

/// As people read it, without a line end.
impl std::fmt::Display for Mutations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (noticed, refused, survived) = (self.noticed, self.refused, self.survived.len());
        write!(
            f,
            "{}: score {} %: {noticed} changes noticed, {survived} not, {refused} kept out by the checker, {} excused",
            self.process,
            self.score(),
            self.excused.len()
        )?;
        for change in &self.survived {
            let (place, shown) = (change.span, |text: &str| text.lines().next().unwrap_or_default().to_owned());
            let (from, to) = (shown(&change.from), shown(&change.to));
            let to = if to.is_empty() { "nothing".to_owned() } else { format!("`{to}`") };
            write!(
                f,
                "\n  {}:{}:{}: `{from}` became {to}, and no scenario failed",
                change.file, place.line, place.column
            )?;
            write!(f, "\n      {}", change.id)?;
        }
        for idle in &self.idle {
            write!(
                f,
                "\n  mutations.yaml: `{}` excuses nothing: there is no such change, or it is noticed",
                idle.change
            )?;
        }
        for fault in &self.faults {
            write!(f, "\n  {fault}")?;
        }
        if self.untried > 0 {
            write!(f, "\n  {} changes were not tried: the time was up (--mutate-seconds)", self.untried)?;
        }
        Ok(())
    }
}
