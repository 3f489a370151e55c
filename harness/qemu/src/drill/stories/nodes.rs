//! Images opened under the conditions of a drill, and their users.

use serde_json::{Value, json};

use super::words;
use crate::drill::{FileNode, Lab};
use crate::qemu::{Command, MACHINE, QemuProgram};
use imglock_core::Mode;
use imglock_engine::StepFailure;

/// The id of a node's user.
pub(super) const USER: &str = "user";

/// One image in a chain. Its format node has this name, its file node the name
/// `NAME-file`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layer<'a> {
    pub(super) name: &'a str,
    pub(super) image: &'a str,
    pub(super) format: &'a str,
}

impl<'a> Layer<'a> {
    pub(super) const fn raw(name: &'a str, image: &'a str) -> Layer<'a> {
        Layer { name, image, format: "raw" }
    }

    pub(super) const fn qcow2(name: &'a str, image: &'a str) -> Layer<'a> {
        Layer { name, image, format: "qcow2" }
    }

    /// The options of its file node.
    pub(super) fn file(&self, lab: &Lab<'_>) -> Value {
        lab.file(&format!("{}-file", self.name), self.image)
    }

    /// The options of its format node above a file node.
    pub(super) fn format(&self, file: Value, read_only: bool) -> Value {
        json!({
            "driver": self.format,
            "node-name": self.name,
            "read-only": read_only,
            "file": file,
        })
    }
}

/// Opens a chain, the active layer first. Separate nodes need two commands
/// each, from the bottom up; inline nodes need one.
pub(super) fn open(lab: &mut Lab<'_>, actor: &str, chain: &[Layer<'_>]) -> Result<(), StepFailure> {
    let inline = lab.variant().node == FileNode::Inline;
    let mut below: Option<Value> = None;
    for (depth, layer) in chain.iter().enumerate().rev() {
        let file = layer.file(lab);
        let mut format = match inline {
            true => layer.format(file, depth > 0),
            false => {
                let title = format!("It opens {}", layer.image);
                lab.tell(actor, &title, &Command::new("blockdev-add", file.clone()))?;
                layer.format(file["node-name"].clone(), depth > 0)
            }
        };
        if layer.format == "qcow2" {
            format["backing"] = below.take().unwrap_or(Value::Null);
        }
        if inline && depth > 0 {
            below = Some(format);
            continue;
        }
        let title = match (inline, chain.len()) {
            (true, 1) => format!("It opens {}", layer.image),
            (true, _) => format!("It opens {} and all below", layer.image),
            (false, _) => format!("It opens the {} format in it", layer.format),
        };
        lab.tell(actor, &title, &Command::new("blockdev-add", format))?;
        below = Some(layer.name.into());
    }
    Ok(())
}

/// Starts a QEMU to which disks can be added.
pub(super) fn machine(lab: &mut Lab<'_>, actor: &str) -> Result<(), StepFailure> {
    let arguments = words(match lab.program() {
        QemuProgram::System => &["-machine", MACHINE, "-device", "virtio-scsi-pci,id=scsi"],
        _ => &[],
    });
    lab.start(actor, "A QEMU is started", &arguments)
}

/// Starts a QEMU that uses a raw image as its disk, read-write. Returns the
/// mode that it then holds.
pub(super) fn machine_with_disk(
    lab: &mut Lab<'_>,
    actor: &str,
    image: &str,
) -> Result<Mode, StepFailure> {
    machine(lab, actor)?;
    open(lab, actor, &[Layer::raw("disk", image)])?;
    attach(lab, actor, "disk")
}

/// Attaches a read-write user to a node: a SCSI disk in the emulator, an NBD
/// export in the storage daemon. Returns the mode that a raw image then has.
pub(super) fn attach(lab: &mut Lab<'_>, actor: &str, node: &str) -> Result<Mode, StepFailure> {
    if lab.program() == QemuProgram::System {
        plug(lab, actor, "scsi-hd", USER, node)?;
        return Ok(Mode::Rw);
    }
    let socket = json!({ "type": "unix", "data": { "path": format!("{actor}.sock") } });
    let server = Command::new("nbd-server-start", json!({ "addr": socket }));
    lab.tell(actor, "It becomes an NBD server", &server)?;
    let export = json!({ "type": "nbd", "id": USER, "node-name": node, "writable": true });
    let add = Command::new("block-export-add", export);
    lab.tell(actor, "The disk is exported, and clients can write", &add)?;
    Ok(Mode::NbdRw)
}

/// Plugs a SCSI device above a node.
pub(super) fn plug(
    lab: &mut Lab<'_>,
    actor: &str,
    driver: &str,
    id: &str,
    node: &str,
) -> Result<(), StepFailure> {
    let device = json!({ "driver": driver, "bus": "scsi.0", "id": id, "drive": node });
    plug_device(lab, actor, "A drive is plugged", device)
}

/// Plugs a SCSI disk that shares `write` above a node.
pub(super) fn plug_sharing(
    lab: &mut Lab<'_>,
    actor: &str,
    id: &str,
    node: &str,
) -> Result<(), StepFailure> {
    let device = json!({
        "driver": "scsi-hd", "bus": "scsi.0", "id": id, "drive": node, "share-rw": true,
    });
    plug_device(lab, actor, "A disk that shares `write` is plugged", device)
}

fn plug_device(
    lab: &mut Lab<'_>,
    actor: &str,
    title: &str,
    device: Value,
) -> Result<(), StepFailure> {
    lab.tell(actor, title, &Command::new("device_add", device)).map(|_| ())
}

/// Unplugs a SCSI device, which needs no cooperation of the guest.
pub(super) fn unplug(lab: &mut Lab<'_>, actor: &str, id: &str) -> Result<(), StepFailure> {
    let delete = Command::new("device_del", json!({ "id": id }));
    lab.tell(actor, "It is unplugged", &delete)?;
    let gone = |data: &Value| data["device"] == id;
    lab.await_event(actor, "It is gone", "DEVICE_DELETED", gone).map(|_| ())
}

/// Creates a chain of images of 1 MiB, the active one first.
pub(super) fn make_chain(lab: &mut Lab<'_>, chain: &[Layer<'_>]) -> Result<(), StepFailure> {
    let mut below: Option<&Layer<'_>> = None;
    for layer in chain.iter().rev() {
        match (layer.format, below) {
            ("raw", _) => {
                lab.raw_image(layer.image, 1 << 20)?;
                below = Some(layer);
                continue;
            }
            (format, None) => lab.run(
                QemuProgram::Img,
                &format!("{} is made", layer.image),
                &["create", "-q", "-f", format, layer.image, "1M"],
            )?,
            (format, Some(base)) => lab.run(
                QemuProgram::Img,
                &format!("{} is made above {}", layer.image, base.image),
                &["create", "-q", "-f", format, "-b", base.image, "-F", base.format, layer.image],
            )?,
        }
        lab.watch(layer.image);
        below = Some(layer);
    }
    Ok(())
}
