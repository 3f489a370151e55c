use miette::SourceSpan;

use crate::text::Reader;
use imglock_core::Backend;

/// The defaults and counters for the lines of a body.
#[derive(Debug)]
pub(super) struct Scope {
    /// The backends of the scenario.
    pub backends: Vec<Backend>,
    /// The image of an `open` that names none.
    pub image: String,
    /// The counters of the outer `repeat` blocks.
    pub counters: Vec<String>,
}

impl Scope {
    /// Returns whether the scenario runs on `backend`; reports a problem if not.
    pub fn has(&self, backend: Backend, span: SourceSpan, reader: &mut Reader<'_>) -> bool {
        let has = self.backends.contains(&backend);
        if !has {
            reader.problems.add(
                span,
                "excluded by `backends`",
                format!("the scenario is never run on `{backend}`"),
                format!("remove this, or add `{backend}` to the line `backends`"),
            );
        }
        has
    }
}
