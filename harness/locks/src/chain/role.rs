#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr};

/// The use of a file in a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Display, IntoStaticStr)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[strum(serialize_all = "kebab-case")]
pub enum ChainRole {
    /// The image itself.
    Top,
    /// The file below an overlay, which is read where the overlay has no data.
    Backing,
    /// The file with the guest's data of a qcow2 image that has only metadata.
    DataFile,
}
