use std::collections::BTreeSet;
use std::path::Path;

use super::block_devices::BlockDevices;
use super::file_systems::FileSystems;
use super::gap::Gaps;
use super::identity::KnownFile;
use super::loops::{AttachedLoop, attached};
use super::namespaces::namespaces;
use super::overlays::{Alias, aliases, unseen};
use super::processes::{Sightings, Watch, has_thread, open_paths};
use super::root::Root;
use super::swaps::{SwapArea, swap_areas};
use super::targets::{Export, exports};
use super::{Carrier, DataUserKind, DeviceNumber, FileIdentity, UserGap};
use crate::lock_table::FileKey;

/// All that the users of several files are found from, read once.
#[derive(Debug)]
pub(super) struct Surroundings {
    pub(super) root: Root,
    pub(super) block: BlockDevices,
    pub(super) loops: Vec<AttachedLoop>,
    pub(super) file_systems: FileSystems,
    pub(super) swaps: Vec<SwapArea>,
    pub(super) exports: Vec<Export>,
    pub(super) sightings: Sightings,
    pub(super) gaps: Gaps,
    /// For each file, in the order given.
    pub(super) near: Vec<Near>,
}

/// The other names of one file, and the devices that processes serve from it.
#[derive(Debug, Default)]
pub(super) struct Near {
    pub(super) aliases: Vec<Alias>,
    pub(super) served: Vec<Served>,
}

/// A device that a process with the file open seems to serve from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Served {
    pub(super) number: DeviceNumber,
    pub(super) kind: DataUserKind,
    pub(super) pid: i32,
}

impl Surroundings {
    /// Reads sysfs, mounts, swap areas and targets, and looks into all processes for users of these
    /// files and of the devices that stand on them.
    pub(super) fn of(root: Root, files: &[KnownFile]) -> Surroundings {
        let mut gaps = Gaps::default();
        let block = BlockDevices::read(&root);
        if !block.readable {
            gaps.unreadable("/sys/class/block");
        }
        let namespaces = namespaces(&root, &mut gaps);
        let count = unseen(&namespaces);
        if count > 0 {
            gaps.add(UserGap::Overlays { count });
        }
        let mut around = Surroundings {
            loops: attached(&root, &block, &mut gaps),
            file_systems: FileSystems::read(&root, &block, &namespaces),
            swaps: swap_areas(&root, &block, &mut gaps),
            exports: exports(&root, &block, &mut gaps),
            sightings: Sightings::default(),
            near: Vec::new(),
            gaps,
            block,
            root,
        };
        let near = |file: &KnownFile| Near {
            aliases: aliases(&file.identity, &namespaces),
            served: around.served(file),
        };
        around.near = files.iter().map(near).collect();
        around.sightings = Sightings::of(&around.root, &around.watch(files));
        if around.sightings.unreadable > 0 {
            around.gaps.add(UserGap::Processes { count: around.sightings.unreadable });
        }
        around
    }

    /// The files and devices to look for in processes.
    fn watch(&self, files: &[KnownFile]) -> Watch {
        let mut watch = Watch::default();
        for (file, near) in files.iter().zip(&self.near) {
            watch.files.extend(near.aliases.iter().map(|alias| alias.stat));
            watch.mapped.insert(file.identity.kernel);
            watch.mapped.extend(near.aliases.iter().map(|alias| alias.kernel));
            watch.devices.extend(self.reach(&file.identity, near));
        }
        let nodes = watch.devices.iter().filter_map(|number| self.node(*number));
        watch.mapped.extend(nodes.collect::<Vec<_>>());
        if let ([file], 1) = (files, watch.mapped.len()) {
            let writers = file.openers.iter().filter(|opener| opener.writable);
            watch.writers.extend(writers.map(|opener| opener.pid));
        }
        watch
    }

    /// All devices that show bytes of a file.
    fn reach(&self, file: &FileIdentity, near: &Near) -> BTreeSet<DeviceNumber> {
        let mut files: Vec<FileKey> = near.aliases.iter().map(|alias| alias.stat).collect();
        files.push(file.stat);
        let on_file = self.loops.iter().filter(|one| files.contains(&one.file));
        let mut next: Vec<DeviceNumber> = on_file.map(|one| one.number).collect();
        next.extend(file.block);
        next.extend(near.served.iter().map(|served| served.number));
        let mut reached = BTreeSet::new();
        while let Some(number) = next.pop() {
            if reached.insert(number) {
                next.extend(self.devices_on(number));
            }
        }
        reached
    }

    /// The devices that stand directly on a device.
    pub(super) fn devices_on(&self, number: DeviceNumber) -> Vec<DeviceNumber> {
        let mut above = self.block.above(number);
        let loops = self.loops.iter().filter(|one| one.block == Some(number));
        above.extend(loops.map(|one| one.number));
        above.sort_unstable();
        above.dedup();
        above
    }

    /// The name in /proc/PID/maps of the usual node of a device.
    pub(super) fn node(&self, number: DeviceNumber) -> Option<FileKey> {
        let seen = self.root.look(&self.block.get(number)?.node).ok()?;
        (seen.block == Some(number)).then_some(seen.file)
    }

    /// The loop devices of a file.
    pub(super) fn loops_of(&self, file: FileKey) -> impl Iterator<Item = &AttachedLoop> {
        self.loops.iter().filter(move |one| one.file == file && one.block.is_none())
    }

    /// The devices that processes with the file open serve: the client thread of /dev/nbdN is one of
    /// their threads, or they have /dev/ublkcN open.
    fn served(&self, file: &KnownFile) -> Vec<Served> {
        let mut served = Vec::new();
        let has_ublk = self.block.each().any(|(_, device)| device.name.starts_with("ublkb"));
        for opener in &file.openers {
            let pid = opener.pid;
            let paths = if has_ublk { open_paths(&self.root, pid) } else { Vec::new() };
            for (number, device) in self.block.each() {
                let thread = device.served_by.filter(|thread| has_thread(&self.root, pid, *thread));
                if thread.is_some() {
                    served.push(Served { number, kind: DataUserKind::NetworkBlockDevice, pid });
                }
                let control = device.name.strip_prefix("ublkb").map(|n| format!("/dev/ublkc{n}"));
                if control
                    .is_some_and(|control| paths.iter().any(|path| path == Path::new(&control)))
                {
                    served.push(Served { number, kind: DataUserKind::UserBlockDevice, pid });
                }
            }
        }
        // The server of a surveyed device is an opener of it.
        served.retain(|served| file.identity.block != Some(served.number));
        served.dedup();
        served
    }

    /// The swap areas on a device or file.
    pub(super) fn swaps_on(&self, carrier: Carrier) -> impl Iterator<Item = &SwapArea> {
        self.swaps.iter().filter(move |area| area.on == carrier)
    }

    /// The exports of kernel targets on a device or file.
    pub(super) fn exports_on(&self, carrier: Carrier) -> impl Iterator<Item = &Export> {
        self.exports.iter().filter(move |export| export.on == carrier)
    }
}
