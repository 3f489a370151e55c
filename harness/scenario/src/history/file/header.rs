use serde::{Deserialize, Serialize};

use super::problem::Objection;
use imglock_core::Backend;

/// The version of the format that this program reads and writes.
const SCHEMA: u32 = 1;
/// An example of a header, for messages.
const EXAMPLE: &str =
    r#"{"schema":1,"clock":"CLOCK_MONOTONIC","resolution_ns":1,"complete":true,"backend":"ofd"}"#;

/// The first line of a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryHeader {
    /// The version of the format.
    schema: u32,
    /// The name of the clock of all time stamps, for the reader.
    #[serde(default = "monotonic")]
    pub clock: String,
    /// The resolution of the clock, in nanoseconds. Time stamps of different openers that are no
    /// further apart than this have no certain order.
    pub resolution_ns: u64,
    /// Whether the history is finished, so that every lock must have been released.
    pub complete: bool,
    /// The kind of locks. It determines their owner: each opener, or each process.
    pub backend: Backend,
}

#[derive(Deserialize)]
struct Version {
    schema: u32,
}

fn monotonic() -> String {
    "CLOCK_MONOTONIC".to_owned()
}

impl HistoryHeader {
    /// A header for time stamps of CLOCK_MONOTONIC.
    pub fn new(backend: Backend, complete: bool, resolution_ns: u64) -> HistoryHeader {
        HistoryHeader { schema: SCHEMA, clock: monotonic(), resolution_ns, complete, backend }
    }

    /// Parses the first line of a file.
    pub(super) fn read(line: &[u8]) -> Result<HistoryHeader, Objection> {
        let advice = || format!("the first line must be a header such as {EXAMPLE}");
        let wrong = |error| Objection::of_json(&error, advice());
        let Version { schema } = serde_json::from_slice(line).map_err(wrong)?;
        if schema != SCHEMA {
            let what = format!("schema {schema} is unknown");
            return Err(Objection::new(what, format!("this imglock reads schema {SCHEMA}")));
        }
        serde_json::from_slice(line).map_err(wrong)
    }

    /// The error for an empty file.
    pub(super) fn missing() -> Objection {
        Objection::new("the file is empty", format!("begin with a header such as {EXAMPLE}"))
    }
}
