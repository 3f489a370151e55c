use miette::SourceSpan;

use crate::text::Reader;
use imglock_core::Backend;

/// What the lines of a body refer to without naming it.
#[derive(Debug)]
pub(super) struct Scope {
    /// The scenario's backends.
    pub backends: Vec<Backend>,
    /// The image that `open` means when it names none.
    pub image: String,
    /// The counters of the `repeat` blocks around the line.
    pub counters: Vec<String>,
}

impl Scope {
    /// Whether the scenario is run on `backend`; complains when it is not.
    pub fn has(&self, backend: Backend, span: SourceSpan, reader: &mut Reader<'_>) -> bool {
        let has = self.backends.contains(&backend);
        if !has {
            reader.problems.add(
                span,
                "left out by `backends`",
                format!("the scenario is never run on `{backend}`"),
                format!("leave this out, or add `{backend}` to the line `backends`"),
            );
        }
        has
    }
}
