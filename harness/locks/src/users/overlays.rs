use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::mounts::{Mount, showing};
use super::namespaces::Namespace;
use super::root::{Root, unescaped};
use super::{DeviceNumber, FileIdentity};
use crate::lock_table::FileKey;

/// Another file with the bytes of an image: the file of an overlayfs above it, or the file of a
/// layer below it. Each has its own inode, with its own locks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alias {
    /// Its path.
    pub(super) path: PathBuf,
    /// Its name in stat(2).
    pub(super) stat: FileKey,
    /// Its name in /proc/PID/maps.
    pub(super) kernel: FileKey,
}

/// The aliases of a file, as far as mounted overlays show them (Documentation/filesystems/
/// overlayfs.rst).
///
/// A file of a layer is found by its path: another hard link, a file that the overlay renamed, and
/// a descriptor from before a copy-up are not found. Nor is a layer whose directory is not visible
/// in the mount namespace that shows the overlay.
pub(super) fn aliases(of: &FileIdentity, namespaces: &[Namespace]) -> Vec<Alias> {
    let Some(own) = namespaces.first() else { return Vec::new() };
    let mut aliases = below(of, own);
    let ancestors = ancestors(of, own);
    for namespace in namespaces {
        let overlays = namespace.mounts.iter().filter(|mount| mount.kind == "overlay");
        aliases.extend(
            overlays.filter_map(|mount| above(of, mount, namespace, &own.root, &ancestors)),
        );
    }
    // One overlay is visible in many namespaces.
    aliases.sort_by_key(|alias| alias.stat);
    aliases.dedup_by_key(|alias| alias.stat);
    aliases
}

/// The number of overlays of which a layer is not found from any mount namespace that shows it.
pub(super) fn unseen(namespaces: &[Namespace]) -> usize {
    let Some(own) = namespaces.first() else { return 0 };
    let mut complete: BTreeMap<DeviceNumber, bool> = BTreeMap::new();
    for namespace in namespaces {
        for mount in namespace.mounts.iter().filter(|mount| mount.kind == "overlay") {
            let found = |layer: &PathBuf| look(layer, namespace, &own.root).is_some();
            let all = layers(mount).iter().all(found);
            *complete.entry(mount.device).or_default() |= all;
        }
    }
    complete.values().filter(|complete| !**complete).count()
}

/// A file of a layer. Its path is one in the namespace of the program that mounted the overlay,
/// which may be another one than the namespace that shows it.
fn look(path: &Path, namespace: &Namespace, own: &Root) -> Option<FileKey> {
    let seen = |root: &Root| root.look(path).ok().map(|seen| seen.file);
    path.is_absolute().then(|| seen(&namespace.root).or_else(|| seen(own))).flatten()
}

/// A directory above the image, and the path from there.
type Ancestor = (FileKey, PathBuf);

fn ancestors(of: &FileIdentity, own: &Namespace) -> Vec<Ancestor> {
    let folders = of.path.ancestors().skip(1);
    let ancestor = |folder: &Path| {
        let rest = of.path.strip_prefix(folder).ok()?;
        Some((own.root.look(folder).ok()?.file, rest.to_owned()))
    };
    folders.filter_map(ancestor).collect()
}

/// The file of the overlay that shows the image from one of its layers. An overlay opens the file
/// of a lower layer only to read: an opener that can write gets a copy in the upper layer.
fn above(
    of: &FileIdentity,
    overlay: &Mount,
    namespace: &Namespace,
    own: &Root,
    ancestors: &[Ancestor],
) -> Option<Alias> {
    let layers = layers(overlay);
    let at = |layer: &PathBuf| {
        let folder = look(layer, namespace, own)?;
        ancestors.iter().find(|(ancestor, _)| *ancestor == folder)
    };
    let (index, (_, rest)) =
        layers.iter().enumerate().find_map(|(index, layer)| Some((index, at(layer)?)))?;
    // A layer above it has a file with this name, which hides the image.
    let hides = |layer: &PathBuf| look(&layer.join(rest), namespace, own).is_some();
    if layers[..index].iter().any(hides) {
        return None;
    }
    let shown = overlay.root.strip_prefix("/").unwrap_or(&overlay.root);
    let path = overlay.point.join(rest.strip_prefix(shown).ok()?);
    let seen = namespace.root.look(&path).ok()?;
    (seen.file != of.stat).then(|| alias(path, seen.file, overlay))
}

/// The file of the layer that an overlay's file shows.
fn below(of: &FileIdentity, own: &Namespace) -> Vec<Alias> {
    let shown = || {
        let overlay = showing(&own.mounts, &of.path).filter(|mount| mount.kind == "overlay")?;
        let inside = of.path.strip_prefix(&overlay.point).ok()?;
        let inside = overlay.root.strip_prefix("/").ok()?.join(inside);
        let (path, file) = layers(overlay).into_iter().find_map(|layer| {
            let path = layer.join(&inside);
            look(&path, own, &own.root).map(|file| (path, file))
        })?;
        let mount = showing(&own.mounts, &path)?;
        (file != of.stat).then(|| alias(path, file, mount))
    };
    shown().into_iter().collect()
}

fn alias(path: PathBuf, stat: FileKey, mount: &Mount) -> Alias {
    let kernel = FileKey::new(mount.device.major, mount.device.minor, stat.inode);
    Alias { path, stat, kernel }
}

/// The directories of an overlay, the upper one first (`ovl_show_options`, fs/overlayfs/params.c).
/// Directories for data only, whose files have no names of their own, come last.
fn layers(overlay: &Mount) -> Vec<PathBuf> {
    let upper = overlay.options("upperdir").map(unescaped);
    let lower = overlay.options("lowerdir").flat_map(separate);
    // Since Linux 6.8, one option for each layer if it was mounted in this way.
    let added = overlay.options("lowerdir+").map(unescaped);
    upper.chain(lower).chain(added).collect()
}

/// Splits the option at its colons. A colon inside of a name is `\072` since Linux 6.8, and `\134:`
/// before, where the mounting program had to write it as `\:`.
fn separate(folders: &[u8]) -> Vec<PathBuf> {
    const BACKSLASH: &[u8] = b"\\134";
    let mut layers = vec![Vec::new()];
    for (index, byte) in folders.iter().enumerate() {
        let inside = folders[..index].ends_with(BACKSLASH);
        match layers.last_mut() {
            Some(layer) if *byte == b':' && inside => {
                layer.truncate(layer.len() - BACKSLASH.len());
                layer.push(*byte);
            }
            Some(layer) if *byte != b':' => layer.push(*byte),
            _ => layers.push(Vec::new()),
        }
    }
    layers.retain(|layer| !layer.is_empty());
    layers.iter().map(|layer| unescaped(layer)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::one("/a", &["/a"])]
    #[case::several("/a:/b/c::/data", &["/a", "/b/c", "/data"])]
    #[case::escaped(r"/a\072b:/c\134d", &["/a:b", r"/c\d"])]
    #[case::escaped_before_6_8(r"/a\134:b:/c\040d", &["/a:b", "/c d"])]
    fn layers_are_separated_by_colons(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(
            separate(text.as_bytes()),
            expected.iter().map(PathBuf::from).collect::<Vec<_>>()
        );
    }
}
