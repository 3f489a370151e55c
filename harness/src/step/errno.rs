use std::fmt;
use std::str::FromStr;

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

/// An errno by its symbol, such as `EBADF`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "i32", into = "i32")]
pub struct ErrorName(pub Errno);

impl From<i32> for ErrorName {
    fn from(code: i32) -> Self {
        ErrorName(Errno::from_raw(code))
    }
}

impl From<ErrorName> for i32 {
    fn from(name: ErrorName) -> i32 {
        name.0 as i32
    }
}

impl fmt::Display for ErrorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl FromStr for ErrorName {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        // Linux's errno values end at EHWPOISON (133).
        (1..=133)
            .map(ErrorName::from)
            .find(|name| name.0 != Errno::UnknownErrno && name.to_string() == word)
            .ok_or(())
    }
}
