//! Ballots and signatures: that somebody can decide, sees what is signed, and is not passed over by time.

use crate::language::check::context::Check;
use crate::language::definition::{
    BallotSpec, Candidate, HandlerAction, InitiatorApproves, NotWho, Risk, Rule, Step, StepKind, Trigger,
};
use crate::language::diagnostics::registry as codes;

impl Check<'_, '_> {
    pub(super) fn ballots(&mut self) {
        for step in self.steps() {
            match &step.kind {
                StepKind::Approve(ballot) => self.ballot(&step, ballot),
                StepKind::Task(task) => {
                    let only_initiator =
                        !task.to.is_empty() && task.to.iter().all(|who| matches!(who, Candidate::Initiator));
                    if only_initiator && task.not.contains(&NotWho::Initiator) {
                        self.excluded(&step, "task");
                    }
                    if task.sign.is_some() && task.shows.is_empty() && task.form.is_none() {
                        self.blind(&step);
                    }
                }
                _ => {}
            }
            if self.definition.risk == Risk::High {
                self.gate(&step);
            }
        }
    }

    fn ballot(&mut self, step: &Step, ballot: &BallotSpec) {
        let seats = ballot.seats.len();
        let fixed = ballot.seats.iter().all(|seat| seat.each.is_none());
        if let Rule::AtLeast(wanted) = ballot.rule
            && fixed
            && wanted as usize > seats
        {
            let place = self.place(&step.key, "rule");
            let message = text!(
                format!("要求 {wanted} 票，却只有 {seats} 个席位"),
                format!("{wanted} votes are wanted, and there are {seats} seats")
            );
            self.say(&codes::BALLOT_UNSATISFIABLE, place, message, None);
        }
        let refuses = self.definition.policy.initiator_approves == InitiatorApproves::Refuse;
        let initiator_out = refuses || ballot.not.contains(&NotWho::Initiator);
        let initiator = |who: &Candidate| match who {
            Candidate::Initiator => true,
            Candidate::User(crate::language::definition::Template::Expression(who)) => {
                who.source().trim() == "initiator"
            }
            _ => false,
        };
        if initiator_out && !ballot.seats.is_empty() {
            let needed = ballot.seats.iter().any(|seat| seat.must && seat.when.is_none() && initiator(&seat.who));
            if needed || ballot.seats.iter().all(|seat| initiator(&seat.who)) {
                self.excluded(step, "approve");
            }
        }
        self.same_person(step, ballot);
        let signs = ballot.sign.is_some() || ballot.seats.iter().any(|seat| seat.sign.is_some());
        if signs && ballot.shows.is_empty() {
            self.blind(step);
        }
    }

    /// Seats of a person who always acted in a step that `not` names.
    fn same_person(&mut self, step: &Step, ballot: &BallotSpec) {
        let acted: Vec<String> = ballot
            .not
            .iter()
            .filter_map(|not| match not {
                NotWho::Step(key) => self.definition.step(key),
                NotWho::Initiator => None,
            })
            .filter_map(|step| match &step.kind {
                StepKind::Task(task) if task.to.len() == 1 => task.to.first().and_then(person),
                _ => None,
            })
            .collect();
        let out = |who: &Candidate| person(who).is_some_and(|who| acted.contains(&who));
        let needed = ballot.seats.iter().any(|seat| {
            let counts = seat.must || ballot.rule == Rule::All;
            counts && seat.when.is_none() && out(&seat.who)
        });
        let left = ballot.seats.iter().filter(|seat| !out(&seat.who)).count();
        let fixed = ballot.seats.iter().all(|seat| seat.each.is_none());
        let too_few = match ballot.rule {
            Rule::AtLeast(wanted) => fixed && left < wanted as usize && wanted as usize <= ballot.seats.len(),
            Rule::Any => left == 0 && !ballot.seats.is_empty(),
            Rule::All | Rule::Ratio(_) => false,
        };
        if needed || too_few {
            self.excluded(step, "approve");
        }
    }

    fn excluded(&mut self, step: &Step, kind: &str) {
        let place = self.place(&step.key, kind);
        let message = text!(
            format!("`{}` 的席位都被 `not` 排除", step.key),
            format!("`not` excludes everybody who could act in `{}`", step.key)
        );
        self.say(&codes::BALLOT_EXCLUDED, place, message, None);
    }

    fn blind(&mut self, step: &Step) {
        let place = self.place(&step.key, "sign");
        let message = text!("签名没有展示任何内容", "the signature shows nothing");
        let hint = text!("加上 `shows: [ … ]`", "add `shows: [ … ]`");
        self.say(&codes::SIGN_SHOWS_NOTHING, place, message, Some(hint));
    }

    /// In a process of high risk, time alone must not carry the flow past a person's decision.
    fn gate(&mut self, step: &Step) {
        let is_gate = match &step.kind {
            StepKind::Approve(_) => true,
            StepKind::Task(task) => task.sign.is_some(),
            _ => false,
        };
        for handler in &step.handlers {
            let passes = match &handler.action {
                HandlerAction::Instead { block, .. } => !self.block_diverges(block),
                HandlerAction::Steps(_) => handler.ends_step,
            };
            if is_gate && passes && matches!(handler.on, Trigger::After(_)) {
                let place = self.place(&step.key, &format!("event.{}", handler.name));
                let message = text!(
                    format!("高风险流程中，时间一到 `{}` 就会自动通过", step.key),
                    format!("in a process of high risk, `{}` would be passed by time alone", step.key)
                );
                let hint = text!(
                    "用 `due` 的阶梯催办，或以 `end`、`back_to` 收尾",
                    "remind with a ladder in `due`, or finish with `end` or `back_to`"
                );
                self.say(&codes::RISK_SELF_COMPLETING, place, message, Some(hint));
            }
        }
    }
}

/// The one person that a candidate is, as it is written.
fn person(who: &Candidate) -> Option<String> {
    use crate::language::definition::Template;
    match who {
        Candidate::User(Template::Expression(who)) => Some(who.source().trim().to_owned()),
        Candidate::User(Template::Literal(who)) => Some(format!("{who:?}")),
        Candidate::Initiator => Some("initiator".to_owned()),
        Candidate::User(_) | Candidate::ManagerOf(_) | Candidate::Role { .. } => None,
    }
}
