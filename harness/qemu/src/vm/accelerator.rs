use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// What runs a guest's instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accelerator {
    /// The processor, through the running kernel.
    Kvm,
    /// QEMU, which translates them: anywhere, and several times slower.
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

    /// The processor that a guest gets to see.
    pub(super) fn processor(self) -> &'static str {
        match self {
            Accelerator::Kvm => "host",
            Accelerator::Tcg => "max",
        }
    }
}

/// What is to run guests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, VariantArray)]
pub enum AcceleratorChoice {
    /// KVM where it can be used, TCG otherwise.
    #[default]
    Auto,
    /// KVM, or nothing.
    Kvm,
    /// TCG.
    Tcg,
}

impl AcceleratorChoice {
    /// All of them.
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

/// What the kernels of one call have found out about KVM.
#[derive(Debug, Default)]
pub(super) struct Experience {
    kvm_is_of_no_use: AtomicBool,
}

impl Experience {
    /// What to try next. KVM counts as there when its device can be opened;
    /// whether it can run a guest only shows when it does.
    pub(super) fn accelerator(&self, choice: AcceleratorChoice) -> Accelerator {
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

    /// Nobody is to try KVM any more.
    pub(super) fn give_up_kvm(&self) {
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
        assert_eq!(next(AcceleratorChoice::Kvm), Accelerator::Kvm, "it was insisted on");
    }
}
