use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// The part that executes a guest's instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accelerator {
    /// The processor, through KVM of the running kernel.
    Kvm,
    /// QEMU's translator. It works everywhere, and is several times slower.
    Tcg,
}

impl Accelerator {
    /// Its name in QEMU.
    pub fn name(self) -> &'static str {
        match self {
            Accelerator::Kvm => "kvm",
            Accelerator::Tcg => "tcg",
        }
    }

    /// The processor model of the guest.
    pub(crate) fn processor(self) -> &'static str {
        match self {
            Accelerator::Kvm => "host",
            Accelerator::Tcg => "max",
        }
    }
}

/// The requested accelerator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, VariantArray)]
pub enum AcceleratorChoice {
    /// KVM if it can be used, otherwise TCG.
    #[default]
    Auto,
    /// Only KVM.
    Kvm,
    /// TCG.
    Tcg,
}

impl AcceleratorChoice {
    /// All choices.
    pub const ALL: &[AcceleratorChoice] = AcceleratorChoice::VARIANTS;

    /// Its word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            AcceleratorChoice::Auto => "auto",
            AcceleratorChoice::Kvm => "kvm",
            AcceleratorChoice::Tcg => "tcg",
        }
    }
}

/// The knowledge about KVM that the kernels of one call share.
#[derive(Debug, Default)]
pub(crate) struct Experience {
    kvm_is_of_no_use: AtomicBool,
}

impl Experience {
    /// The accelerator to try next. KVM counts as available if its device can
    /// be opened. Only a start shows whether it can run a guest.
    pub(crate) fn accelerator(&self, choice: AcceleratorChoice) -> Accelerator {
        match choice {
            AcceleratorChoice::Kvm => Accelerator::Kvm,
            AcceleratorChoice::Tcg => Accelerator::Tcg,
            AcceleratorChoice::Auto if self.kvm_is_of_no_use.load(Ordering::Relaxed) => {
                Accelerator::Tcg
            }
            AcceleratorChoice::Auto => {
                match File::options().read(true).write(true).open("/dev/kvm") {
                    Ok(_) => Accelerator::Kvm,
                    Err(_) => Accelerator::Tcg,
                }
            }
        }
    }

    /// Disables KVM for all further kernels.
    pub(crate) fn give_up_kvm(&self) {
        self.kvm_is_of_no_use.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_up_is_not_tried_again() {
        let experience = Experience::default();
        experience.give_up_kvm();
        let next = |choice| experience.accelerator(choice);
        assert_eq!(next(AcceleratorChoice::Auto), Accelerator::Tcg);
        assert_eq!(next(AcceleratorChoice::Kvm), Accelerator::Kvm, "KVM was requested explicitly");
    }
}
