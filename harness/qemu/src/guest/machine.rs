use std::path::Path;

use super::accelerator::Accelerator;
use super::payload::INIT;
use crate::qemu::MACHINE;

/// The value of [`ROLE`](imglock_engine::ROLE) that makes this program the init
/// of a guest, or a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Role(pub(crate) &'static str);

/// The guest's port for messages, by its name in the guest.
pub(crate) const PORT: &str = "/dev/ttyS1";

/// A machine for one guest.
#[derive(Debug)]
pub(crate) struct Machine<'a> {
    /// The role of its init.
    pub(crate) role: Role,
    /// Its accelerator.
    pub(crate) accelerator: Accelerator,
    /// The number of its processors.
    pub(crate) processors: u16,
    /// Its memory, in MiB.
    pub(crate) memory: u32,
    /// The kernel and its initramfs.
    pub(crate) kernel: &'a Path,
    pub(crate) initramfs: &'a Path,
    /// The directories of its libraries.
    pub(crate) libraries: &'a str,
    /// Additional kernel parameters.
    pub(crate) more: &'a [String],
    /// A named pipe for the console output.
    pub(crate) console: &'a Path,
    /// QEMU's arguments for more devices.
    pub(crate) devices: &'a [String],
}

impl Machine<'_> {
    /// QEMU's arguments. The port is QEMU's standard input.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let Machine { accelerator, processors, memory, .. } = self;
        let pairs: [(&str, String); 14] = [
            ("-machine", MACHINE.to_owned()),
            ("-accel", accelerator.name().to_owned()),
            ("-cpu", accelerator.processor().to_owned()),
            ("-smp", processors.to_string()),
            ("-m", format!("{memory}M")),
            ("-kernel", self.kernel.display().to_string()),
            ("-initrd", self.initramfs.display().to_string()),
            ("-append", self.command_line()),
            ("-chardev", format!("file,id=console,path={}", escaped(self.console))),
            ("-serial", "chardev:console".to_owned()),
            ("-chardev", "socket,id=port,fd=0".to_owned()),
            ("-serial", "chardev:port".to_owned()),
            ("-display", "none".to_owned()),
            ("-action", "panic=none".to_owned()),
        ];
        let words = pairs.into_iter().flat_map(|(option, value)| [option.to_owned(), value]);
        // A kernel that panics reboots, and that ends QEMU.
        let words =
            words.chain(["-nodefaults", "-no-user-config", "-no-reboot"].map(str::to_owned));
        words.chain(self.devices.iter().cloned()).collect()
    }

    /// The kernel's command line. Unknown words become the environment of init.
    fn command_line(&self) -> String {
        let role = format!("{}={}", imglock_engine::ROLE, self.role.0);
        let libraries = format!("LD_LIBRARY_PATH={}", self.libraries);
        let init = format!("rdinit={INIT}");
        let mut words = vec![
            // With the first parameter, it prints before it has a console.
            "earlyprintk=ttyS0",
            "console=ttyS0",
            // The time distinguishes kernel messages from output of programs.
            "printk.time=1",
            "panic=-1",
            "oops=panic",
            // The guest has no other source of random numbers at start.
            "random.trust_cpu=on",
            // A way to reboot that every machine supports.
            "reboot=t",
            &init,
            &role,
        ];
        if !self.libraries.is_empty() {
            words.push(&libraries);
        }
        words.extend(self.more.iter().map(String::as_str));
        words.join(" ")
    }
}

/// A path in a QEMU option, where a comma would end it.
pub(crate) fn escaped(path: &Path) -> String {
    path.display().to_string().replace(',', ",,")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_user_adds_comes_last_and_so_counts() {
        let machine = Machine {
            role: Role("guest"),
            accelerator: Accelerator::Tcg,
            processors: 2,
            memory: 512,
            kernel: Path::new("/kernel"),
            initramfs: Path::new("/initramfs"),
            libraries: "/lib",
            more: &["rdinit=/nowhere".to_owned()],
            console: Path::new("/a,b/console"),
            devices: &["-device".to_owned(), "virtio-rng-pci".to_owned()],
        };
        let arguments = machine.arguments();
        let after = |option: &str| {
            let at = arguments.iter().position(|word| word == option).expect("the option");
            arguments[at + 1].as_str()
        };
        let told = after("-append");
        assert!(
            told.ends_with(" IMGLOCK_ROLE=guest LD_LIBRARY_PATH=/lib rdinit=/nowhere"),
            "{told}"
        );
        assert_eq!(after("-chardev"), "file,id=console,path=/a,,b/console");
        assert_eq!(after("-cpu"), "max");
        assert_eq!(after("-device"), "virtio-rng-pci");
    }
}
