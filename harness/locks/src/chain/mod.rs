//! The files that QEMU opens with an image: the chain of backing files below a qcow2 overlay, and
//! external data files.
//!
//! [`Chain::read`] turns a path into plain data: one [`ChainFile`] for each file, with the reason
//! why the chain is not followed further. [`would_grant_chain`] computes from a survey of these
//! files whether QEMU could open all of them.
//!
//! The names in a header are a stranger's input: a guest can write a header into its raw disk. So
//! a name is followed only to a regular file or a block device at or below the directory of the
//! top file, and no symbolic link leads out of it ([`ChainRules::follow`] lifts this). Nothing else
//! is opened: a FIFO or a device cannot hang the reader. Of each file a few kilobytes are read,
//! without a lock.
//!
//! Headers are read by a thread with a descriptor table of its own, so that closing a file drops
//! no POSIX lock of the process. A file with a write lease is not opened.

mod answer;
mod files;
mod format;
mod header;
mod name;
mod place;
mod role;
mod user;
mod walk;

pub use answer::{ChainAnswer, ChainObstacle, would_grant_chain};
pub use files::{Chain, ChainFile, ChainStop};
pub use format::ImageFormat;
pub use header::HeaderError;
pub use name::{ChainName, NameKind};
pub use role::ChainRole;
pub use walk::ChainRules;
