//! The images of recipes, and the block nodes that open them.

use serde_json::{Value, json};

use crate::drill::Lab;
use crate::qemu::QemuProgram;
use imglock_engine::StepFailure;

/// The images' size, in bytes and as `qemu-img` reads it.
pub(super) const SIZE: u64 = 4 << 20;
pub(super) const SIZE_IN_WORDS: &str = "4M";
/// Creates a raw image of zeros.
pub(super) fn make_raw(lab: &mut Lab<'_>, name: &str) -> Result<(), StepFailure> {
    lab.raw_image(name, SIZE)
}

/// Creates an empty qcow2 image.
pub(super) fn make_qcow2(lab: &mut Lab<'_>, name: &str) -> Result<(), StepFailure> {
    let words = ["create", "-q", "-f", "qcow2", name, SIZE_IN_WORDS];
    lab.run(QemuProgram::Img, "An image is made", &words)?;
    lab.watch(name);
    Ok(())
}

/// Creates an empty qcow2 image above another one.
pub(super) fn make_overlay(
    lab: &mut Lab<'_>,
    name: &str,
    base: &str,
    format: &str,
) -> Result<(), StepFailure> {
    let words = ["create", "-q", "-f", "qcow2", "-b", base, "-F", format, name];
    lab.run(QemuProgram::Img, "An overlay is made", &words)?;
    lab.watch(name);
    Ok(())
}

/// A format node `node` above a file node.
pub(super) fn image_node(format: &str, node: &str, image: &str) -> Value {
    let file = json!({ "driver": "file", "filename": image });
    json!({ "driver": format, "node-name": node, "file": file })
}

/// The node `disk` of `disk.raw`.
pub(super) fn raw_disk() -> Value {
    image_node("raw", "disk", "disk.raw")
}

/// The node `disk` of `disk.qcow2`.
pub(super) fn qcow2_disk() -> Value {
    image_node("qcow2", "disk", "disk.qcow2")
}

/// The same node, read-only.
pub(super) fn read_only(mut node: Value) -> Value {
    node["read-only"] = true.into();
    node
}

/// A qcow2 node above another one.
pub(super) fn overlay_node(node: &str, image: &str, backing: Value) -> Value {
    let mut overlay = image_node("qcow2", node, image);
    overlay["backing"] = backing;
    overlay
}
