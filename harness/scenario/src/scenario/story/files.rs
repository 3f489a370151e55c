use miette::SourceSpan;

use super::Story;
use crate::scenario::draft::Spans;
use crate::scenario::{names, word};
use imglock_core::Action;

impl Story<'_> {
    /// Applies a verb of the host to the names of images.
    pub(super) fn host(&mut self, action: &Action, spans: &Spans) {
        let (old, new) = match action {
            Action::Create { image, .. } => (None, Some((image, spans.object))),
            Action::HardLink { name, to }
            | Action::Symlink { name, to }
            | Action::Bind { name, to, .. }
            | Action::Overlay { name, over: to } => {
                (Some((to, spans.other)), Some((name, spans.object)))
            }
            Action::Rename { image, to } => (Some((image, spans.object)), Some((to, spans.other))),
            Action::Unlink { image } => (Some((image, spans.object)), None),
            _ => (None, None),
        };
        if let Some((name, span)) = old {
            self.image(name, span);
        }
        if let Some((name, span)) = new {
            self.short_enough(name, span);
            self.images.insert(name.clone());
        }
    }

    /// Reports a problem if no image ever had this name.
    pub(super) fn image(&mut self, name: &str, span: SourceSpan) {
        self.short_enough(name, span);
        if self.images.contains(name) || self.cast.doubtful.contains(name) {
            return;
        }
        let mut known: Vec<&str> = self.images.iter().map(String::as_str).collect();
        known.sort_unstable();
        self.problems.add(
            span,
            "unknown image",
            format!("there is no image `{name}` at this point"),
            format!("{}; or declare it at the top: `image {name}`", word::advice(name, &known)),
        );
    }

    /// The number of a round in place of `$n` can make a name too long.
    fn short_enough(&mut self, name: &str, span: SourceSpan) {
        if name.len() > names::LONGEST_FILE {
            self.problems.add(
                span,
                "too long",
                format!("a file name of {} bytes is too long", name.len()),
                format!("the maximum is {} bytes", names::LONGEST_FILE),
            );
        }
    }
}
