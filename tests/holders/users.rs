//! Users of an image's bytes that lock nothing on it.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::outside::{is_met, not_installed, not_root};
use crate::place::{Place, image, open};
use crate::{seen, told};

/// Detaches a loop device.
struct Detached(String);

impl Drop for Detached {
    fn drop(&mut self) {
        let _ = Command::new("losetup").args(["-d", &self.0]).status();
    }
}

fn attached(path: &Path) -> Detached {
    let run = Command::new("losetup").args(["-f", "--show"]).arg(path).output();
    let run = run.expect("losetup runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    Detached(String::from_utf8(run.stdout).expect("a path").trim_end().to_owned())
}

#[test]
fn a_loop_device_is_a_danger_although_nothing_is_locked() {
    let missing = not_root("attaching a loop device").or_else(|| not_installed("losetup"));
    if !is_met("file-systems", missing) {
        return;
    }
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let device = attached(&path);
    let node = &device.0;
    let image = seen(&path);
    assert_eq!(image["dangers"], json!(["user-without-lock"]));
    let user = &image["users"][0];
    assert_eq!([&user["kind"], &user["name"]], [&json!("loop-device"), &json!(node)]);
    assert_eq!([&user["access"], &user["certain"]], [&json!("write"), &json!(true)]);
    assert_eq!(user["release"], json!(["losetup", "-d", node]));
    let text = told(&path);
    assert!(
        text.contains(&format!("to write loop device {node} end it losetup -d {node}")),
        "{text}"
    );

    // The other direction: the device shows the bytes of the file.
    let below = path.canonicalize().expect("the image");
    assert_eq!(seen(node.as_ref())["stands_on"], json!([below]));
}

/// A process with a descriptor is listed as such, and not as a user past the locks.
#[test]
fn an_opener_of_the_file_itself_is_no_such_user() {
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let _file = open(&path);
    let image = seen(&path);
    assert_eq!(image["users"], json!([]));
    assert_eq!(image["unlocked"][0]["writable"], true);
}
