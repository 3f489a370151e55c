use imglock_core::Hazard;

/// A breach of the contract, and the hazard it amounts to if it has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The known way of breaking that this is, if it is one.
    pub hazard: Option<Hazard>,
    /// What the contract asks for.
    pub expected: String,
    /// What was seen.
    pub actual: String,
    /// One sentence.
    pub message: String,
}
