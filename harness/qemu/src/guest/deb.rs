use std::io::Read;
use std::path::Path;

use super::modules::Modules;
use super::packing::Packing;

/// The contents of a Debian kernel package.
#[derive(Debug, Default)]
pub(super) struct Package {
    /// `/boot/vmlinuz-*`.
    pub(super) image: Option<Vec<u8>>,
    /// The useful modules below `/lib/modules`.
    pub(super) modules: Modules,
}

/// The start of every `.deb`: an ar archive with its first member (deb(5)).
const MAGIC: &[u8] = b"!<arch>\ndebian-binary";

/// Whether the bytes start as a Debian package.
pub(super) fn is_package(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

impl Package {
    /// Unpacks the package, including its modules if they are `wanted`.
    ///
    /// # Errors
    /// If the package is truncated, or compressed in an unknown way.
    pub(super) fn read(deb: &[u8], wanted: bool) -> Result<Package, String> {
        let told = |error: std::io::Error| imglock_engine::describe(&error);
        let mut members = ar::Archive::new(deb);
        while let Some(member) = members.next_entry() {
            let member = member.map_err(told)?;
            let name = String::from_utf8_lossy(member.header().identifier()).into_owned();
            let (packing, plain) = Packing::of(name.trim_end_matches('/'));
            if plain == "data.tar" {
                let data = packing.reader(member).map_err(told)?;
                return Package::of_data(data, wanted).map_err(told);
            }
            if plain.starts_with("data.tar") {
                return Err(format!("the compression of its {name} is not supported"));
            }
        }
        Err("it has no data.tar".to_owned())
    }

    fn of_data(data: impl Read, wanted: bool) -> std::io::Result<Package> {
        let mut package = Package::default();
        for entry in tar::Archive::new(data).entries()? {
            let mut entry = entry?;
            let path = entry.path()?.into_owned();
            let path = path.strip_prefix(".").unwrap_or(&path).to_owned();
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let mut content = Vec::new();
            if is_image(&path) {
                entry.read_to_end(&mut content)?;
                package.image = Some(content);
                if !wanted {
                    break;
                }
            } else if path.ends_with("modules.builtin") {
                entry.read_to_end(&mut content)?;
                package.modules.add_builtin(&String::from_utf8_lossy(&content));
            } else if is_of_use(&path) {
                entry.read_to_end(&mut content)?;
                package.modules.add(&path, Some(content));
            }
        }
        Ok(package)
    }
}

fn is_image(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    path.starts_with("boot") && name.starts_with("vmlinuz-")
}

/// Most of a kernel's modules are drivers, network and sound. File systems need
/// only disks and, where they reach other hosts, virtio's cards and RPC.
fn is_of_use(path: &Path) -> bool {
    const DRIVERS: [&str; 3] = ["block", "md", "virtio"];
    const CARDS: [&str; 2] = ["virtio_net.ko", "net_failover.ko"];
    const NETWORK: [&str; 5] = ["9p", "ceph", "core", "dns_resolver", "sunrpc"];
    let Ok(path) = path.strip_prefix("usr").unwrap_or(path).strip_prefix("lib/modules") else {
        return false;
    };
    // RELEASE/kernel/drivers/block/loop.ko
    let parts: Vec<_> = path.iter().filter_map(|part| part.to_str()).collect();
    match parts.get(2..) {
        Some(["drivers", "net", card]) => CARDS.iter().any(|name| card.starts_with(name)),
        Some(["drivers", driver, ..]) => DRIVERS.contains(driver),
        Some(["net", part, ..]) => NETWORK.contains(part),
        Some(["sound" | "samples", ..]) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A package with these files, compressed by xz.
    fn package(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut data = tar::Builder::new(liblzma::write::XzEncoder::new(Vec::new(), 1));
        for (path, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            data.append_data(&mut header, path, *content).expect("memory");
        }
        let data = data.into_inner().and_then(liblzma::write::XzEncoder::finish).expect("memory");
        let mut archive = ar::Builder::new(Vec::new());
        let mut add = |name: &[u8], content: &[u8]| {
            let header = ar::Header::new(name.to_vec(), content.len() as u64);
            archive.append(&header, content).expect("memory");
        };
        add(b"debian-binary", b"2.0\n");
        add(b"control.tar.xz", b"");
        add(b"data.tar.xz", &data);
        archive.into_inner().expect("memory")
    }

    #[test]
    fn kernel_and_modules_are_found() {
        let deb = package(&[
            ("./boot/System.map-6.1.0", b"map"),
            ("./boot/vmlinuz-6.1.0", b"kernel"),
            ("./lib/modules/6.1.0/kernel/fs/xfs/xfs.ko", b"xfs"),
            ("./lib/modules/6.1.0/kernel/drivers/block/loop.ko.xz", b"loop"),
            ("./lib/modules/6.1.0/kernel/drivers/gpu/drm/drm.ko", b"drm"),
            ("./lib/modules/6.1.0/kernel/drivers/net/virtio_net.ko.xz", b"virtio_net"),
            ("./lib/modules/6.1.0/kernel/drivers/net/tun.ko", b"tun"),
            ("./lib/modules/6.1.0/kernel/net/sunrpc/sunrpc.ko", b"sunrpc"),
            ("./lib/modules/6.1.0/modules.builtin", b"kernel/fs/ext4/ext4.ko\n"),
        ]);
        assert!(is_package(&deb));
        let Package { image, modules } = Package::read(&deb, true).expect("a package");
        assert_eq!(image.as_deref(), Some(&b"kernel"[..]));
        let known = ["xfs", "loop", "ext4", "virtio_net", "sunrpc"];
        assert_eq!(known.map(|name| modules.knows(name)), [true; 5]);
        assert_eq!(["drm", "tun"].map(|name| modules.knows(name)), [false; 2]);
    }

    #[test]
    fn modules_of_a_merged_usr_are_found_too() {
        let deb = package(&[("./usr/lib/modules/6.19/kernel/fs/xfs/xfs.ko.zst", b"xfs")]);
        let Package { image, modules } = Package::read(&deb, true).expect("a package");
        assert_eq!((image, modules.knows("xfs")), (None, true));
    }

    #[test]
    fn one_that_is_cut_short_is_told() {
        let deb = package(&[("./boot/vmlinuz-6.1.0", b"kernel")]);
        assert!(Package::read(&deb[..deb.len() - 60], true).is_err());
        assert!(Package::read(&deb[..100], true).is_err());
    }
}
