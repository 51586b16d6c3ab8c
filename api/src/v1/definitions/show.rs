//! `GET /definitions/{process}`: a process with its steps, for drawing and for starting.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use engine::language::definition::{Definition, Field, Start, Step};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shape::texts;
use super::{DefinitionShape, Which};
use crate::backend::Backend;
use crate::extract::{Caller, Path, Query};
use crate::problem::Reading;
use crate::v1::shape::TextShape;

/// A process in full.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct DefinitionInFull {
    pub definition: DefinitionShape,
    pub input: Vec<FieldShape>,
    pub data: Vec<FieldShape>,
    /// Lists of steps; the one with the empty key is the process itself.
    pub blocks: Vec<BlockShape>,
    pub steps: Vec<StepShape>,
    /// Texts by name: outcomes, meanings of signatures, notices.
    pub texts: BTreeMap<String, TextShape>,
    /// JSON Schemas of the forms that people fill in to start it, by name.
    #[schema(value_type = Object)]
    pub start_forms: BTreeMap<String, serde_json::Value>,
}

/// A declared field.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Field)]
pub struct FieldShape {
    pub name: String,
    /// As it stands in the YAML.
    #[serde(rename = "type")]
    #[schema(example = "money CNY")]
    pub kind: String,
    /// Roles that may see it; empty: every reader.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen_by: Vec<String>,
}

/// A list of steps.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Block)]
pub struct BlockShape {
    pub block: String,
    /// The step that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    pub steps: Vec<String>,
}

/// A step.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Step)]
pub struct StepShape {
    pub step: String,
    /// The word of the YAML: `call`, `task`, `approve`…
    pub kind: String,
    pub block: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milestone: Option<String>,
    /// Outcomes that lead elsewhere than to the next step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outcomes: Vec<String>,
    /// Its line in `process.yaml`.
    pub line: u32,
}

/// One process, by its effective release or by the one that is named.
#[utoipa::path(get, path = "/api/v1/definitions/{process}", tag = "definitions",
    params(("process" = String, Path), Which), responses((status = 200, body = DefinitionInFull), Reading))]
pub async fn show_definition(
    State(backend): State<Backend>,
    caller: Caller,
    Path(process): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<DefinitionInFull>, Reading> {
    let definition = which.definition(&backend, &process).await?;
    Ok(Json(shape(&definition, &caller)))
}

fn shape(definition: &Definition, caller: &Caller) -> DefinitionInFull {
    let blocks = definition.blocks.values().map(|block| BlockShape {
        block: block.key.to_string(),
        owner: block.owner.as_ref().map(ToString::to_string),
        steps: texts(&block.steps),
    });
    let forms = definition.starts.iter().filter_map(|start| match start {
        Start::People { form: Some(form), .. } => {
            definition.forms.get(form).map(|found| (form.to_string(), found.document.clone()))
        }
        _ => None,
    });
    DefinitionInFull {
        definition: DefinitionShape::of(definition, caller),
        input: definition.input.iter().map(field).collect(),
        data: definition.data.iter().map(field).collect(),
        blocks: blocks.collect(),
        steps: definition.steps.values().map(|found| step(found)).collect(),
        texts: definition.texts.iter().map(|(name, text)| (name.to_string(), text.into())).collect(),
        start_forms: forms.collect(),
    }
}

fn field(field: &Field) -> FieldShape {
    FieldShape { name: field.name.to_string(), kind: field.kind.to_string(), seen_by: texts(&field.seen_by) }
}

fn step(step: &Step) -> StepShape {
    StepShape {
        step: step.key.to_string(),
        kind: step.kind.keyword().into(),
        block: step.block.to_string(),
        milestone: step.milestone.as_ref().map(ToString::to_string),
        outcomes: step.outcomes.keys().map(ToString::to_string).collect(),
        line: step.span.line,
    }
}
