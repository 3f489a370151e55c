use imglock_core::Hazard;

/// A breach of the contract, with its hazard where the breach is a known one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The known hazard, or `None` for a breach that no hazard explains.
    pub hazard: Option<Hazard>,
    /// The state that the contract requires.
    pub expected: String,
    /// The state that was observed.
    pub actual: String,
    /// The breach in one sentence.
    pub message: String,
}
