use std::path::Path;

use super::accelerator::Accelerator;
use super::payload::INIT;
use crate::qemu::MACHINE;

/// The value of [`ROLE`](imglock_engine::ROLE) that makes this program the init
/// of a guest.
pub(super) const GUEST: &str = "guest";

/// The guest's port for messages, by its name in the guest.
pub(super) const PORT: &str = "/dev/ttyS1";

/// A machine for one guest.
#[derive(Debug)]
pub(super) struct Machine<'a> {
    /// Its accelerator.
    pub(super) accelerator: Accelerator,
    /// The number of its processors.
    pub(super) processors: u16,
    /// Its memory, in MiB.
    pub(super) memory: u32,
    /// The kernel and its initramfs.
    pub(super) kernel: &'a Path,
    pub(super) initramfs: &'a Path,
    /// The directories of its libraries.
    pub(super) libraries: &'a str,
    /// Additional kernel parameters.
    pub(super) more: &'a [String],
    /// A named pipe for the console output.
    pub(super) console: &'a Path,
}

impl Machine<'_> {
    /// QEMU's arguments. The port is QEMU's standard input.
    pub(super) fn arguments(&self) -> Vec<String> {
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
        words.chain(["-nodefaults", "-no-user-config", "-no-reboot"].map(str::to_owned)).collect()
    }

    /// The kernel's command line. Unknown words become the environment of init.
    fn command_line(&self) -> String {
        let role = format!("{}={GUEST}", imglock_engine::ROLE);
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
fn escaped(path: &Path) -> String {
    path.display().to_string().replace(',', ",,")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_user_adds_comes_last_and_so_counts() {
        let machine = Machine {
            accelerator: Accelerator::Tcg,
            processors: 2,
            memory: 512,
            kernel: Path::new("/kernel"),
            initramfs: Path::new("/initramfs"),
            libraries: "/lib",
            more: &["rdinit=/nowhere".to_owned()],
            console: Path::new("/a,b/console"),
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
    }
}
