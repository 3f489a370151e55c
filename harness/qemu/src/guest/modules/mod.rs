mod info;
#[cfg(test)]
mod made_up;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::guest::packing::{Packing, unpacked};
use info::{ModuleInfo, normal};

#[cfg(test)]
pub(super) use made_up::made_up;

/// A module to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Its name, as in /proc/modules.
    pub name: String,
    /// Whether the guest works without it.
    pub optional: bool,
    /// The module, uncompressed.
    pub content: Vec<u8>,
}

/// The reasons why modules cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModuleError {
    /// A required module is missing.
    #[error("module `{by}` needs `{name}`, which is neither available nor built in")]
    Missing {
        /// The missing module.
        name: String,
        /// The module that requires it.
        by: String,
    },
    /// A module cannot be read.
    #[error("module `{name}` cannot be read: {why}")]
    Broken {
        /// The module.
        name: String,
        /// The reason.
        why: String,
    },
}

/// The modules of a kernel, loadable and built in.
#[derive(Debug, Clone, Default)]
pub struct Modules {
    files: BTreeMap<String, ModuleFile>,
    builtin: BTreeSet<String>,
}

/// The location of a module.
#[derive(Debug, Clone)]
struct ModuleFile {
    path: PathBuf,
    /// Its content if it comes from a package; otherwise it is read from
    /// `path`.
    packed: Option<Vec<u8>>,
}

impl Modules {
    /// Adds a module's file. `packed` is its content if it is not read from
    /// `path`. Other files are ignored.
    pub(super) fn add(&mut self, path: &Path, packed: Option<Vec<u8>>) {
        if let Some(name) = module_name(path) {
            self.files.insert(name, ModuleFile { path: path.to_owned(), packed });
        }
    }

    /// Adds the entries of a `modules.builtin` file.
    pub(super) fn add_builtin(&mut self, list: &str) {
        self.builtin.extend(list.lines().filter_map(|line| module_name(Path::new(line))));
    }

    /// Whether a module of this name is available or built in.
    #[cfg(test)]
    pub(super) fn knows(&self, name: &str) -> bool {
        let name = normal(name);
        self.files.contains_key(&name) || self.builtin.contains(&name)
    }

    /// These modules and all modules that they require, in load order. Built-in
    /// modules are left out, and so are unknown names: the kernel may work
    /// without them.
    ///
    /// # Errors
    /// If a required module is missing or cannot be read.
    pub fn in_order(&self, wanted: &[String]) -> Result<Vec<Module>, ModuleError> {
        let mut order =
            Order { modules: self, aliases: None, met: BTreeSet::new(), found: Vec::new() };
        for name in wanted {
            let name = normal(name);
            if self.files.contains_key(&name) {
                order.visit(&name, false)?;
            }
        }
        Ok(order.found)
    }

    fn read(&self, name: &str) -> Result<Option<(Vec<u8>, ModuleInfo)>, ModuleError> {
        let Some(file) = self.files.get(name) else { return Ok(None) };
        let broken = |why: String| ModuleError::Broken { name: name.to_owned(), why };
        let content = match &file.packed {
            Some(packed) => unpacked(&file.path, packed),
            None => std::fs::read(&file.path).and_then(|packed| unpacked(&file.path, &packed)),
        };
        let content = content.map_err(|error| broken(imglock_engine::describe(&error)))?;
        let info = ModuleInfo::read(&content).map_err(broken)?;
        Ok(Some((content, info)))
    }

    /// The modules for each alias. Most soft dependencies are for computing
    /// functions, so only such modules are searched.
    fn aliases(&self) -> BTreeMap<String, Vec<String>> {
        let mut aliases: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let computes = |path: &Path| {
            path.components()
                .any(|part| ["crypto", "lib"].iter().any(|folder| part.as_os_str() == *folder))
        };
        for (name, file) in &self.files {
            // An unreadable module satisfies no soft dependency.
            let info = computes(&file.path).then(|| self.read(name).ok().flatten()).flatten();
            for alias in info.into_iter().flat_map(|(_, info)| info.aliases) {
                aliases.entry(alias).or_default().push(name.clone());
            }
        }
        aliases
    }
}

/// The traversal of module dependencies.
struct Order<'a> {
    modules: &'a Modules,
    aliases: Option<BTreeMap<String, Vec<String>>>,
    met: BTreeSet<String>,
    found: Vec<Module>,
}

impl Order<'_> {
    fn visit(&mut self, name: &str, optional: bool) -> Result<(), ModuleError> {
        if !self.met.insert(name.to_owned()) {
            if !optional {
                self.insist_on(name);
            }
            return Ok(());
        }
        let Some((content, info)) = self.modules.read(name)? else { return Ok(()) };
        for wish in &info.wishes {
            for granted in self.granted_by(wish) {
                // A soft dependency may fail.
                let _ = self.visit(&granted, true);
            }
        }
        for needed in &info.depends {
            if self.modules.builtin.contains(needed) {
                continue;
            }
            if !self.modules.files.contains_key(needed) {
                let (name, by) = (needed.clone(), name.to_owned());
                return Err(ModuleError::Missing { name, by });
            }
            self.visit(needed, optional)?;
        }
        self.found.push(Module { name: name.to_owned(), optional, content });
        Ok(())
    }

    /// Makes an optional module and its dependencies required.
    fn insist_on(&mut self, name: &str) {
        let Some(module) = self.found.iter_mut().find(|one| one.name == name && one.optional)
        else {
            return;
        };
        module.optional = false;
        let needed = ModuleInfo::read(&module.content).unwrap_or_default().depends;
        needed.iter().for_each(|needed| self.insist_on(needed));
    }

    /// The modules that satisfy a soft dependency. A built-in module satisfies
    /// it as well.
    fn granted_by(&mut self, wish: &str) -> Vec<String> {
        if self.modules.files.contains_key(wish) {
            return vec![wish.to_owned()];
        }
        let aliases = self.aliases.get_or_insert_with(|| self.modules.aliases());
        aliases.get(wish).cloned().unwrap_or_default()
    }
}

/// The name of the module in a file, such as `crc32c_intel` for
/// `crc32c-intel.ko.xz`.
fn module_name(path: &Path) -> Option<String> {
    let file = path.file_name()?.to_str()?;
    let (_, plain) = Packing::of(file);
    plain.strip_suffix(".ko").map(normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Modules by path, with their metadata.
    fn modules(files: &[(&str, &str)], builtin: &str) -> Modules {
        let mut modules = Modules::default();
        for (path, info) in files {
            modules.add(Path::new(path), Some(made_up(info)));
        }
        modules.add_builtin(builtin);
        modules
    }

    fn order(modules: &Modules, wanted: &[&str]) -> Result<Vec<String>, ModuleError> {
        let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        let name = |module: Module| match module.optional {
            true => format!("({})", module.name),
            false => module.name,
        };
        Ok(modules.in_order(&wanted)?.into_iter().map(name).collect())
    }

    const BTRFS: &[(&str, &str)] = &[
        ("kernel/fs/btrfs/btrfs.ko", "softdep=pre: crypto-crc32c|depends=xor,raid6_pq"),
        ("kernel/crypto/xor.ko", "depends="),
        ("kernel/lib/raid6/raid6-pq.ko", "depends="),
        ("kernel/arch/x86/crypto/crc32c-intel.ko", "alias=crypto-crc32c|depends=cryptd"),
        ("kernel/crypto/cryptd.ko", "depends="),
        ("kernel/drivers/block/loop.ko", "depends="),
        ("kernel/drivers/other.ko", "alias=crypto-crc32c|depends="),
    ];

    #[test]
    fn what_is_needed_comes_first() {
        let order = order(&modules(BTRFS, ""), &["btrfs", "loop"]);
        assert_eq!(
            order.expect("an order"),
            ["(cryptd)", "(crc32c_intel)", "xor", "raid6_pq", "btrfs", "loop"]
        );
    }

    #[test]
    fn what_was_wished_for_and_is_needed_too_is_needed() {
        let order = order(&modules(BTRFS, ""), &["btrfs", "crc32c-intel"]);
        assert_eq!(
            order.expect("an order"),
            ["cryptd", "crc32c_intel", "xor", "raid6_pq", "btrfs"]
        );
    }

    #[test]
    fn what_is_built_in_is_not_loaded() {
        let builtin = "kernel/crypto/xor.ko\nkernel/fs/ext4/ext4.ko\n";
        let mut files = BTRFS.to_vec();
        files.remove(1);
        let modules = modules(&files, builtin);
        let names = order(&modules, &["btrfs", "ext4"]).expect("an order");
        assert!(!names.contains(&"xor".to_owned()), "{names:?}");
        assert!(!names.contains(&"ext4".to_owned()), "{names:?}");
        assert!(modules.knows("ext4") && modules.knows("raid6-pq") && !modules.knows("xfs"));
    }

    #[test]
    fn a_need_that_cannot_be_met_is_told_with_whose_it_is() {
        let mut files = BTRFS.to_vec();
        files.remove(1);
        let (name, by) = ("xor".to_owned(), "btrfs".to_owned());
        assert_eq!(order(&modules(&files, ""), &["btrfs"]), Err(ModuleError::Missing { name, by }));
    }

    #[test]
    fn a_wish_that_cannot_be_granted_stays_one() {
        let mut files = BTRFS.to_vec();
        files.remove(4);
        let names = order(&modules(&files, ""), &["btrfs"]).expect("an order");
        assert_eq!(names, ["xor", "raid6_pq", "btrfs"]);
    }

    #[test]
    fn modules_that_need_each_other_come_to_an_end() {
        let files = [("a.ko", "depends=b"), ("b.ko", "depends=a")];
        assert_eq!(order(&modules(&files, ""), &["a"]).expect("an order"), ["b", "a"]);
    }

    #[test]
    fn a_module_that_is_none_is_told() {
        let mut modules = Modules::default();
        modules.add(Path::new("xfs.ko"), Some(b"text".to_vec()));
        let error = order(&modules, &["xfs"]).expect_err("no module");
        assert!(error.to_string().starts_with("module `xfs` cannot be read"), "{error}");
    }
}
