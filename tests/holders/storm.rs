//! Surveys beside processes that come and go all the time.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use imglock_core::Mode;
use serde_json::json;

use crate::outside::imglock;
use crate::place::{Place, image, locked};
use crate::{document_of, pids, this_pid};

/// Many surveys, each of which meets hundreds of processes that exit meanwhile.
const SURVEYS: usize = 30;

/// A shell that starts one short process after the other, until it is dropped.
struct Storm(Child);

impl Storm {
    fn begin(script: &str, image: &Path) -> Storm {
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(image);
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Storm(quiet.spawn().expect("sh runs"))
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        self.0.kill().expect("our child");
        self.0.wait().expect("our child");
    }
}

#[test]
fn processes_that_vanish_hide_no_holder() {
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let file = locked(&path, Mode::Rw);
    let mut storms = vec![
        Storm::begin("while :; do (:); done", &path),
        // These have the image open for a moment.
        Storm::begin("while :; do (: <\"$0\") & (: <\"$0\"); wait; done", &path),
    ];
    // Threads that come and go.
    // Threads that come and go, in a process that has the image open, too.
    let threads = "use threads; while (1) { threads->create(sub {})->join }";
    storms.push(Storm::begin(&format!("exec perl -e '{threads}' <\"$0\""), &path));
    for survey in 0..SURVEYS {
        let run = imglock().args(["holders", "--json"]).arg(&path).output().expect("imglock runs");
        let errors = String::from_utf8_lossy(&run.stderr);
        assert_eq!((run.status.code(), &*errors), (Some(1), ""), "survey {survey}");
        let document = document_of(&run);
        let image = &document["images"][0];
        assert_eq!(pids(&image["holders"][0]), [this_pid()], "survey {survey}: {image}");
        assert_eq!(image["unexplained"], json!([]), "survey {survey}: {image}");
        assert_eq!(document["unreadable"]["descriptors"], json!({}), "survey {survey}");
        assert_eq!(document["unreadable"]["threads"], json!({}), "survey {survey}");
        assert_eq!(document["settled"], true, "survey {survey}");
    }
    drop(file);
}
