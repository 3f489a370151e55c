use serde::{Deserialize, Serialize};

use super::problem::Objection;
use imglock_core::Backend;

/// The version of the format that is read and written.
const SCHEMA: u32 = 1;
/// A header to copy.
const EXAMPLE: &str =
    r#"{"schema":1,"clock":"CLOCK_MONOTONIC","resolution_ns":1,"complete":true,"backend":"ofd"}"#;

/// The first line of a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryHeader {
    /// The version of the format.
    schema: u32,
    /// The clock of all time stamps, for the reader.
    #[serde(default = "monotonic")]
    pub clock: String,
    /// Time stamps that are no further apart than this are in no certain
    /// order.
    pub resolution_ns: u64,
    /// Whether nothing comes after it: then every lock must have been let go.
    pub complete: bool,
    /// Who owns locks: each opener, or each process.
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
    /// Of a history with stamps of CLOCK_MONOTONIC.
    pub fn new(backend: Backend, complete: bool, resolution_ns: u64) -> HistoryHeader {
        HistoryHeader { schema: SCHEMA, clock: monotonic(), resolution_ns, complete, backend }
    }

    /// Read from the first line of a file.
    pub(super) fn read(line: &[u8]) -> Result<HistoryHeader, Objection> {
        let advice = || format!("the first line must be a header such as {EXAMPLE}");
        let wrong = |error| Objection::of_json(&error, advice());
        let Version { schema } = serde_json::from_slice(line).map_err(wrong)?;
        if schema != SCHEMA {
            let what = format!("schema {schema} is not known");
            return Err(Objection::new(what, format!("this imglock reads schema {SCHEMA}")));
        }
        serde_json::from_slice(line).map_err(wrong)
    }

    /// Of a file without any line.
    pub(super) fn missing() -> Objection {
        Objection::new("there is nothing in it", format!("begin with a header such as {EXAMPLE}"))
    }
}
