use std::path::Path;

/// How a sweep ended, besides its findings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ending<'a> {
    /// Whether it was interrupted.
    pub stopped: bool,
    /// The file that it can be resumed from.
    pub file: Option<&'a Path>,
    /// The folder that differences were written to, and how many.
    pub saved: Option<(&'a Path, usize)>,
}
