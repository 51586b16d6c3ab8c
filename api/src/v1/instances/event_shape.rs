//! An event of people that is open, and what the caller may do about it.

use engine::language::definition::Definition;
use engine::raise::AllowedEvent;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::v1::shape::{Refused, TextShape};

/// An event that can be raised while its host is open.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AllowedEvent)]
pub struct EventShape {
    #[schema(example = "add_lots")]
    pub event: String,
    /// Send it back when raising; 0 is the process itself.
    pub host: u64,
    /// The step that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The keys of the items around that step, innermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<String>,
    pub title: TextShape,
    /// The JSON Schema of the answer, as the process has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub form: Option<serde_json::Value>,
    /// The meaning of the signature that it needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<String>,
    pub reason_required: bool,
    pub allowed: bool,
    /// The same refusal that raising it would give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
}

impl EventShape {
    pub(super) fn of(definition: &Definition, event: AllowedEvent) -> Self {
        let form = event.form.as_ref().and_then(|name| definition.forms.get(name));
        let refused = event.refused.map(Problem::from).map(Refused::from);
        EventShape {
            event: event.event.to_string(),
            host: event.host.0,
            step: (!event.step.is_empty()).then(|| event.step.to_string()),
            items: event.items.iter().map(ToString::to_string).collect(),
            title: TextShape::from(&event.title),
            form: form.map(|form| form.document.clone()),
            sign: event.sign.map(|meaning| meaning.to_string()),
            reason_required: event.reason_required,
            allowed: refused.is_none(),
            refused,
        }
    }
}
