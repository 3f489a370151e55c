use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::step::FileSystem;

/// The name of a place: one file system under one kernel.
///
/// Its text form, which serialization uses too, is empty for an existing
/// directory under the running kernel, `ext4` for a file system that was made
/// for the run, `6.12.0-amd64` for a kernel that was booted, and
/// `6.12.0-amd64/ext4` for both. [`fmt::Display`] and [`FromStr`] are each
/// other's inverse.
///
/// ```
/// use imglock_core::{FileSystem, PlaceName};
///
/// let name: PlaceName = "6.12.0-amd64/ext4".parse()?;
/// assert_eq!(name.kernel.as_deref(), Some("6.12.0-amd64"));
/// assert_eq!(name.file_system, Some(FileSystem::Ext4));
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "String", into = "String"))]
pub struct PlaceName {
    /// The release of a kernel that was booted, or of the running kernel
    /// beside those; `None` where only the running kernel is meant.
    pub kernel: Option<String>,
    /// The file system that was made for the run; `None` for an existing
    /// directory.
    pub file_system: Option<FileSystem>,
}

impl PlaceName {
    /// The existing directory under the running kernel: the place without a name.
    pub const HERE: PlaceName = PlaceName { kernel: None, file_system: None };

    /// A file system that was made under the running kernel.
    pub fn made(file_system: FileSystem) -> PlaceName {
        PlaceName { kernel: None, file_system: Some(file_system) }
    }

    /// The same file system under `kernel`.
    #[must_use]
    pub fn under(self, kernel: &str) -> PlaceName {
        PlaceName { kernel: Some(kernel.to_owned()), ..self }
    }

    /// Whether it is [`PlaceName::HERE`], whose text is empty.
    pub fn is_here(&self) -> bool {
        *self == PlaceName::HERE
    }
}

impl fmt::Display for PlaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [self.kernel.as_deref(), self.file_system.map(FileSystem::name)];
        f.pad(&parts.into_iter().flatten().collect::<Vec<_>>().join("/"))
    }
}

impl FromStr for PlaceName {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<PlaceName, Infallible> {
        let kernel = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Ok(match text.rsplit_once('/') {
            Some((before, last)) => match last.parse() {
                Ok(made) => PlaceName { kernel: kernel(before), file_system: Some(made) },
                Err(_) => PlaceName { kernel: kernel(text), file_system: None },
            },
            None => match text.parse() {
                Ok(made) => PlaceName::made(made),
                Err(_) => PlaceName { kernel: kernel(text), file_system: None },
            },
        })
    }
}

impl From<&str> for PlaceName {
    fn from(text: &str) -> PlaceName {
        let Ok(name) = text.parse();
        name
    }
}

impl From<String> for PlaceName {
    fn from(text: String) -> PlaceName {
        text.as_str().into()
    }
}

impl From<PlaceName> for String {
    fn from(name: PlaceName) -> String {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("", None, None)]
    #[case("fuse-locks", None, Some(FileSystem::FuseLocks))]
    #[case("6.1.0-18-amd64", Some("6.1.0-18-amd64"), None)]
    #[case("6.1.0~host/xfs", Some("6.1.0~host"), Some(FileSystem::Xfs))]
    #[case("6.1.0/nfs", Some("6.1.0/nfs"), None)]
    fn text_and_name_are_each_others_inverse(
        #[case] text: &str,
        #[case] kernel: Option<&str>,
        #[case] file_system: Option<FileSystem>,
    ) {
        let name = PlaceName::from(text.to_owned());
        assert_eq!((name.kernel.as_deref(), name.file_system), (kernel, file_system));
        assert_eq!(name.to_string(), text);
        assert_eq!(name.is_here(), text.is_empty());
    }
}
