//! Processes: what they are, and how they look.

pub mod diagram;
pub mod list;
mod shape;
pub mod show;
pub mod to_sign;

pub use shape::DefinitionShape;

use std::sync::Arc;

use engine::id::Digest;
use engine::language::definition::Definition;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::backend::Backend;
use crate::problem::{Code, Problem};

/// Which release of a process.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// The digest of a release; absent: the effective one.
    pub release: Option<String>,
    /// For pictures: `zh` or `en`; absent: as `Accept-Language` says.
    pub language: Option<String>,
}

impl Which {
    /// The definition, which is of this process.
    pub(crate) async fn definition(&self, backend: &Backend, process: &str) -> Result<Arc<Definition>, Problem> {
        let Some(release) = &self.release else { return backend.effective(process).await };
        let digest: Digest = release.parse().map_err(|_| Problem::plain(Code::NotFound))?;
        let definition = backend.definition(digest).await?;
        if definition.process.as_ref() == process { Ok(definition) } else { Err(Problem::plain(Code::NotFound)) }
    }
}
