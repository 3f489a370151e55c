use std::io;
use std::path::PathBuf;

/// The reason why a survey failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SurveyError {
    /// The path does not lead to a file, or a directory in it cannot be searched.
    #[error("cannot look at {}: {source}", path.display())]
    Image {
        /// The path.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file is neither a regular file nor a block device, so no program locks it as an image.
    #[error("{} is {what}, not an image", path.display())]
    NotAnImage {
        /// The path.
        path: PathBuf,
        /// The type of the file, such as `a directory`.
        what: &'static str,
    },
    /// /proc is missing or cannot be read.
    #[error("cannot read locks from /proc: {0}")]
    Proc(io::Error),
}
