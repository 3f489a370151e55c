use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use rustix::thread::{CapabilitySet, capabilities};

use imglock_scenario::Scenario;

use crate::process::describe;

/// A proof that the calling thread has entered a mount namespace of its own.
/// Processes that it starts from then on are in it, too. Other processes do not
/// see the mounts there, and the mounts end with its last process.
#[derive(Debug, Clone)]
pub struct PrivateMounts {
    _entered: (),
}

/// Why there is no private mount namespace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotPrivate {
    /// This user may not mount.
    #[error("mounting takes root (CAP_SYS_ADMIN)")]
    NotPermitted,
    /// This user may mount, but the program has entered no namespace.
    #[error("this program has entered no mount namespace of its own")]
    NotEntered,
    /// Another error.
    #[error("cannot enter a mount namespace of its own: {0}")]
    Failed(String),
}

impl PrivateMounts {
    /// The reason for a program without a namespace.
    pub(crate) fn why_none() -> NotPrivate {
        let may_mount =
            capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_ADMIN));
        if may_mount { NotPrivate::NotEntered } else { NotPrivate::NotPermitted }
    }

    /// Moves the calling thread into a new namespace (`CLONE_NEWNS` of
    /// unshare(2)), whose mounts are not shared with the old one.
    ///
    /// Existing threads and processes stay in the old namespace, so call it
    /// early. In the main thread it also changes the content of `/proc/self`.
    ///
    /// # Errors
    /// When this user may not, or the kernel has no such namespaces.
    pub fn enter() -> Result<PrivateMounts, NotPrivate> {
        let failed = |errno: Errno| match errno {
            Errno::EPERM => NotPrivate::NotPermitted,
            errno => NotPrivate::Failed(describe(&errno.into())),
        };
        unshare(CloneFlags::CLONE_NEWNS).map_err(failed)?;
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(None::<&str>, "/", None::<&str>, private, None::<&str>).map_err(failed)?;
        Ok(PrivateMounts { _entered: () })
    }

    /// Enters a namespace if one of these scenarios mounts something and this
    /// user may mount. Call it before other threads are started, as
    /// [`PrivateMounts::enter`].
    pub fn if_needed<'s>(
        scenarios: impl IntoIterator<Item = &'s Scenario>,
    ) -> Option<PrivateMounts> {
        if !scenarios.into_iter().any(Scenario::mounts) {
            return None;
        }
        let entered = PrivateMounts::enter();
        entered.inspect_err(|why| tracing::debug!(%why, "no private mount namespace")).ok()
    }
}
