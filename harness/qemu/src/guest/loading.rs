use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::initramfs::Initramfs;
use super::modules::Module;
use imglock_engine::describe;

/// A module to load in a guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ModuleOrder {
    /// Its name.
    name: String,
    /// Its file.
    file: PathBuf,
    /// Whether the guest works without it.
    optional: bool,
}

impl ModuleOrder {
    /// Puts the modules into `initramfs` and returns the orders to load them.
    ///
    /// # Errors
    /// If a module is too large.
    pub(crate) fn put(
        modules: &[Module],
        initramfs: &mut Initramfs,
    ) -> io::Result<Vec<ModuleOrder>> {
        let put = |module: &Module| {
            let file = Path::new("/imglock/modules").join(format!("{}.ko", module.name));
            initramfs.plain(&file, &module.content)?;
            let (name, optional) = (module.name.clone(), module.optional);
            Ok(ModuleOrder { name, file, optional })
        };
        modules.iter().map(put).collect()
    }

    /// finit_module(2). A module that is already loaded is fine.
    ///
    /// # Errors
    /// If the kernel refuses a module that is not optional.
    pub(crate) fn load(&self) -> Result<(), String> {
        let loaded = File::open(&self.file)
            .and_then(|file| Ok(rustix::system::finit_module(&file, c"", 0)?));
        match loaded {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists || self.optional => Ok(()),
            Err(error) => Err(format!(
                "cannot load module {}: {} (is it of this very kernel?)",
                self.name,
                describe(&error)
            )),
            Ok(()) => Ok(()),
        }
    }
}
