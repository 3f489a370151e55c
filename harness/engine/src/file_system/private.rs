use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use rustix::thread::{CapabilitySet, capabilities};

use imglock_scenario::Scenario;

use crate::process::describe;

/// That the calling thread, and all that it starts from then on, is in a mount
/// namespace of its own: what is mounted there is seen by nobody else, and
/// goes with the last process in it.
#[derive(Debug, Clone)]
pub struct PrivateMounts {
    _entered: (),
}

/// Why there is no namespace of our own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPrivate {
    /// This user may not mount anything.
    #[error("mounting takes root (CAP_SYS_ADMIN)")]
    NotPermitted,
    /// This user may, and has entered none.
    #[error("this program has entered no mount namespace of its own")]
    NotEntered,
    /// Something else.
    #[error("no mount namespace of its own can be had: {0}")]
    Failed(String),
}

impl PrivateMounts {
    /// Why there is none, where there is none.
    pub(crate) fn why_none() -> NotPrivate {
        let may_mount =
            capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_ADMIN));
        if may_mount { NotPrivate::NotEntered } else { NotPrivate::NotPermitted }
    }

    /// Moves the calling thread into a new namespace (`CLONE_NEWNS` of
    /// unshare(2)), where no mount is shared with the old one.
    ///
    /// Threads and processes that exist already stay where they are, so it is
    /// called early. In the main thread it also changes what `/proc/self`
    /// shows.
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
