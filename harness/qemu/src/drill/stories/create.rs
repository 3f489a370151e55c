//! An image that is created again while it is in use.

use serde_json::json;

use super::ANY;
use super::nodes::machine_with_disk;
use crate::drill::{Drill, DrillExpected, Lab, LockEffect};
use crate::qemu::Command;
use imglock_core::Backend;
use imglock_engine::StepFailure;

/// `blockdev-create` of a file that is in use.
pub const CREATE: Drill = Drill {
    name: "create",
    commands: "blockdev-create",
    summary: "blockdev-create of an image that the same QEMU has in use destroys its data and unlocks it",
    about: "\
The job locks `write` and `resize` before it truncates the file. With OFD locks it conflicts with the disk's \
own locks and fails, and the data remains. POSIX locks of one process never conflict: the job truncates the \
image under the guest, and closing the file drops the locks.",
    safe: "\
Use OFD locks. Without them, never pass the name of an existing file to blockdev-create.",
    players: ANY,
    unable: &[],
    expected: &[DrillExpected::posix("disk.img", LockEffect::Loses, LockEffect::Loses)],
    body: create,
};

/// The content of the image.
const MARK: u8 = b'#';

fn create(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("disk.img", 1 << 20)?;
    lab.fill("disk.img", MARK)?;
    let mode = machine_with_disk(lab, "vm1", "disk.img")?;
    let options = json!({ "driver": "file", "filename": "disk.img", "size": 1 << 20 });
    let create = json!({ "job-id": "job", "options": options });
    let create = Command::new("blockdev-create", create);
    lab.tell("vm1", "A file of this name is created", &create)?;
    lab.await_job("vm1", "The job has ended", "job", "concluded")?;
    let jobs = lab.tell("vm1", "The job's result is queried", &Command::bare("query-jobs"))?;
    let refused = jobs[0]["error"].is_string();
    let dismiss = Command::new("job-dismiss", json!({ "id": "job" }));
    lab.tell("vm1", "The job is dismissed", &dismiss)?;
    let intact = lab.starts_with("disk.img", MARK)?;
    let ofd = lab.variant().backend == Backend::Ofd;
    if (refused, intact) != (ofd, ofd) {
        let why = format!("the job was refused: {refused}; the data is still there: {intact}");
        return Err(StepFailure::harness(why));
    }
    let what = if intact { "still holds its data" } else { "is full of zeros" };
    lab.note("vm1", &format!("disk.img {what}"))?;
    lab.prove("disk.img", "vm1", "disk.img", mode)
}
