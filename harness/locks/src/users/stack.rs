use std::path::Path;

use super::file_systems::Mounted;
use super::identity::KnownFile;
use super::processes::Opener;
use super::surroundings::{Near, Served, Surroundings};
use super::{Carrier, DataAccess, DataProcess, DataUser, DataUserKind, DataUsers, DeviceNumber};
use crate::lock_table::FileKey;

/// The most layers between a file and a user. Sysfs shows no circle, but it is read piece by piece
/// while it changes.
const MOST_LAYERS: usize = 16;

/// The users of one file, layer by layer.
#[derive(Debug)]
pub(super) struct Stack<'a> {
    around: &'a Surroundings,
    file: &'a KnownFile,
    served: &'a [Served],
    users: Vec<DataUser>,
}

/// One layer: what carries the bytes, and how the bytes come from the file to it.
#[derive(Debug, Clone)]
struct Layer {
    through: Vec<String>,
    access: DataAccess,
    certain: bool,
}

impl Layer {
    /// A user on this layer.
    fn user(&self, kind: DataUserKind, name: impl Into<String>, access: DataAccess) -> DataUser {
        DataUser {
            kind,
            name: name.into(),
            device: None,
            through: self.through.clone(),
            access: access.min(self.access),
            processes: Vec::new(),
            certain: self.certain,
            release: None,
        }
    }

    /// The layer that a user makes.
    fn on(&self, user: &DataUser) -> Layer {
        let mut through = self.through.clone();
        through.push(user.name.clone());
        Layer { through, access: user.access, certain: user.certain }
    }
}

impl<'a> Stack<'a> {
    /// Finds the users of a file.
    pub(super) fn users(
        around: &'a Surroundings,
        file: &'a KnownFile,
        near: &'a Near,
    ) -> DataUsers {
        let mut stack = Stack { around, file, served: &near.served, users: Vec::new() };
        let ground = Layer { through: Vec::new(), access: DataAccess::Write, certain: true };
        stack.mappings(file.identity.kernel, &ground);
        stack.on_file(file.identity.stat, &ground);
        for alias in &near.aliases {
            let path = alias.path.to_string_lossy();
            let layer = ground.clone();
            let opened =
                |opener: &&Opener| opener.seen.block.is_none() && opener.seen.file == alias.stat;
            let openers: Vec<&Opener> = around.sightings.openers.iter().filter(opened).collect();
            stack.openers(DataUserKind::OverlayOpener, openers, &layer);
            let layer = Layer { through: vec![path.into_owned()], ..layer };
            stack.mappings(alias.kernel, &layer);
            stack.on_file(alias.stat, &layer);
        }
        for served in &near.served {
            stack.served(served, &ground);
        }
        if let Some(number) = file.identity.block {
            let read_only = around.block.get(number).is_some_and(|device| device.read_only);
            let access = DataAccess::writing(!read_only);
            stack.on_device(number, &Layer { access, ..ground });
        }
        let stands_on = file.identity.block.map_or(Vec::new(), |number| stands_on(around, number));
        DataUsers { users: stack.users, stands_on, gaps: around.gaps.list() }
    }

    /// Adds the users of a file: loop devices and all that can stand on a device or a file.
    fn on_file(&mut self, file: FileKey, layer: &Layer) {
        self.on_carrier(Carrier::File(file), layer);
        let around = self.around;
        for attached in around.loops_of(file) {
            let layer = Layer { certain: layer.certain && attached.certain, ..layer.clone() };
            self.device(attached.number, &layer);
        }
    }

    /// Adds the users of a device.
    fn on_device(&mut self, number: DeviceNumber, layer: &Layer) {
        let around = self.around;
        let own = (layer.through.is_empty()).then_some(self.file.identity.stat);
        // The server of a device has it open, and is known as the server.
        let server = self.served.iter().find(|served| served.number == number);
        let opened = |opener: &&Opener| {
            opener.seen.block == Some(number)
                && Some(opener.seen.file) != own
                && server.is_none_or(|server| server.pid != opener.pid)
        };
        let openers: Vec<&Opener> = around.sightings.openers.iter().filter(opened).collect();
        self.openers(DataUserKind::DeviceOpener, openers, layer);
        if let Some(node) = around.node(number).filter(|node| Some(*node) != own) {
            self.mappings(node, layer);
        }
        self.on_carrier(Carrier::Device(number), layer);
        for above in around.devices_on(number) {
            self.device(above, layer);
        }
    }

    /// Adds a device, and its users.
    fn device(&mut self, number: DeviceNumber, layer: &Layer) {
        let Some(device) = self.around.block.get(number) else { return };
        let access = DataAccess::writing(!device.read_only);
        let user = DataUser {
            device: Some(number),
            release: device.release.clone(),
            ..layer.user(device.kind, &device.node, access)
        };
        let above = layer.on(&user);
        self.users.push(user);
        if above.through.len() < MOST_LAYERS {
            self.on_device(number, &above);
        }
    }

    /// Adds a device that a process serves, and its users.
    fn served(&mut self, served: &Served, layer: &Layer) {
        let around = self.around;
        let Some(device) = around.block.get(served.number) else { return };
        let opener = self.file.openers.iter().find(|opener| opener.pid == served.pid);
        let writable = opener.is_some_and(|opener| opener.writable) && !device.read_only;
        let layer = Layer { certain: false, ..layer.clone() };
        let user = DataUser {
            device: Some(served.number),
            processes: vec![DataProcess::read(&around.root, served.pid)],
            release: device.release.clone(),
            ..layer.user(served.kind, &device.node, DataAccess::writing(writable))
        };
        let above = layer.on(&user);
        self.users.push(user);
        self.on_device(served.number, &above);
    }

    /// Adds mounts, swap areas and exports.
    fn on_carrier(&mut self, carrier: Carrier, layer: &Layer) {
        let around = self.around;
        let before = self.users.len();
        self.users
            .extend(around.file_systems.on(carrier).map(|mounted| file_system(mounted, layer)));
        if let Carrier::Device(number) = carrier
            && self.users.len() == before
        {
            let unseen = |uuid| {
                let name = format!("btrfs {uuid}");
                layer.user(DataUserKind::FileSystemUnseen, name, DataAccess::Write)
            };
            self.users.extend(around.file_systems.btrfs_on(number).map(unseen));
        }
        self.users.extend(around.swaps_on(carrier).map(|area| {
            let path = area.path.to_string_lossy().into_owned();
            let release = Some(vec!["swapoff".to_owned(), path.clone()]);
            DataUser { release, ..layer.user(DataUserKind::Swap, path, DataAccess::Write) }
        }));
        self.users.extend(around.exports_on(carrier).map(|export| DataUser {
            certain: layer.certain && export.certain,
            release: Some(export.release.clone()),
            ..layer.user(export.kind, &export.name, DataAccess::writing(!export.read_only))
        }));
    }

    /// Adds processes that have a file or node open, one user for each path.
    fn openers(&mut self, kind: DataUserKind, openers: Vec<&Opener>, layer: &Layer) {
        for opener in openers {
            let process = DataProcess::read(&self.around.root, opener.pid);
            let user = layer.user(kind, opener.path.to_string_lossy(), opener.access);
            self.process(user, process);
        }
    }

    /// Adds the processes that map a file, apart from those whose descriptors allow as much.
    fn mappings(&mut self, file: FileKey, layer: &Layer) {
        let around = self.around;
        for mapping in around.sightings.mappings.iter().filter(|mapping| mapping.file == file) {
            let writes = mapping.access == DataAccess::Write;
            let known = |pid: i32, writable: bool| pid == mapping.pid && (writable || !writes);
            let by_descriptor = match layer.through.is_empty() {
                true => self.file.openers.iter().any(|one| known(one.pid, one.writable)),
                false => around.sightings.openers.iter().any(|one| {
                    one.seen.file == file && known(one.pid, one.access == DataAccess::Write)
                }),
            };
            if !by_descriptor {
                let process = DataProcess::read(&around.root, mapping.pid);
                let name = layer.through.last().cloned();
                let own = || self.file.identity.path.to_string_lossy().into_owned();
                let name = name.unwrap_or_else(own);
                self.process(layer.user(DataUserKind::Mapping, name, mapping.access), process);
            }
        }
    }

    /// Adds a process, to a user that differs in nothing else if there is one.
    fn process(&mut self, user: DataUser, process: DataProcess) {
        let alike = |other: &&mut DataUser| {
            (other.kind, other.access, &other.name, &other.through)
                == (user.kind, user.access, &user.name, &user.through)
        };
        match self.users.iter_mut().find(alike) {
            Some(other) => other.processes.push(process),
            None => self.users.push(DataUser { processes: vec![process], ..user }),
        }
    }
}

fn file_system(mounted: &Mounted, layer: &Layer) -> DataUser {
    let point = mounted.point.to_string_lossy().into_owned();
    let mut words = vec!["umount".to_owned(), point.clone()];
    let kind = match (mounted.here, mounted.elsewhere.first()) {
        (false, Some(process)) => {
            let enter = format!("nsenter -t {} -m", process.pid);
            words.splice(..0, enter.split(' ').map(str::to_owned));
            DataUserKind::FileSystemElsewhere
        }
        _ => DataUserKind::FileSystem,
    };
    DataUser {
        processes: mounted.elsewhere.clone(),
        release: Some(words),
        ..layer.user(kind, point, DataAccess::writing(!mounted.read_only))
    }
}

/// The devices and the file below a device, the nearest first.
fn stands_on(around: &Surroundings, number: DeviceNumber) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut next = vec![number];
    while let Some(number) = next.pop() {
        let file = around.block.get(number).and_then(|device| device.backing_file.clone());
        let below = around.block.below(number);
        let nodes = below.iter().filter_map(|below| around.block.get(*below));
        let all: Vec<String> =
            file.into_iter().chain(nodes.map(|device| device.node.clone())).collect();
        for name in all {
            if !names.contains(&name) && Path::new(&name).is_absolute() {
                names.push(name);
            }
        }
        next.extend(below.into_iter().filter(|_| names.len() < MOST_LAYERS));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::users::FileIdentity;
    use crate::users::root::Root;

    #[test]
    fn no_user_can_do_more_than_the_layer_below_it() {
        let device = Layer { through: Vec::new(), access: DataAccess::Read, certain: false };
        let user = device.user(DataUserKind::FileSystem, "/mnt", DataAccess::Write);
        assert_eq!((user.access, user.certain), (DataAccess::Read, false));
        let above = device.on(&user).user(DataUserKind::LoopDevice, "x", DataAccess::Write);
        assert_eq!((above.access, above.through), (DataAccess::Read, vec!["/mnt".to_owned()]));
    }

    #[test]
    fn processes_that_differ_in_nothing_else_are_one_user() {
        let stat = FileKey::new(0, 6, 1);
        let identity = FileIdentity { path: "/x".into(), stat, kernel: stat, block: None };
        let file = KnownFile { identity, openers: Vec::new() };
        let nowhere = tempfile::tempdir().expect("a folder");
        let around = Surroundings::of(Root::under(nowhere.path()), &[]);
        let mut stack = Stack { around: &around, file: &file, served: &[], users: Vec::new() };
        let layer = Layer { through: Vec::new(), access: DataAccess::Write, certain: true };
        let process = |pid| DataProcess { pid, comm: String::new(), command: Vec::new() };
        for (pid, access) in [(1, DataAccess::Write), (2, DataAccess::Read), (3, DataAccess::Write)]
        {
            stack.process(layer.user(DataUserKind::DeviceOpener, "/x", access), process(pid));
        }
        let pids = |user: &DataUser| user.processes.iter().map(|one| one.pid).collect::<Vec<_>>();
        assert_eq!(stack.users.iter().map(pids).collect::<Vec<_>>(), [vec![1, 3], vec![2]]);
    }
}
