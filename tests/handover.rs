//! A guest that moves between real QEMUs, from outside.

mod outside;

use std::path::Path;

use imglock_qemu::QemuProgram;
use outside::imglock;
use outside::qemu::folders;
use predicates::str::contains;
use serde_json::Value;

const ROUNDS: usize = 3;

/// `imglock repro` of a drill, as the document that it prints. Every
/// result must be as documented.
fn repro(name: &str, folder: &Path) -> Value {
    let mut command = imglock();
    command.args(["repro", name, "--json", "--qemu-dir"]).arg(folder);
    let ran = command.output().expect("imglock runs");
    let said = String::from_utf8_lossy(&ran.stderr);
    let document: Value = serde_json::from_slice(&ran.stdout).unwrap_or_else(|_| panic!("{said}"));
    let results = document["results"].as_array().expect("results");
    assert!(!results.is_empty(), "{name}");
    for result in results {
        assert_eq!(result["verdict"], "passed", "{name}: {}", result["reason"]);
    }
    assert!(ran.status.success(), "{name}: {}", ran.status);
    document
}

/// The holders of locks on the image at each step of an account.
fn holders(account: &Value) -> Vec<Vec<String>> {
    let entries = account["entries"].as_array().expect("entries");
    let names = |entry: &Value| {
        let images = entry["locks"].as_array().expect("images");
        let holdings = images.iter().flat_map(|image| image["holdings"].as_array().expect("them"));
        holdings.map(|one| one["actors"][0].as_str().expect("a name").to_owned()).collect()
    };
    entries.iter().map(names).collect()
}

#[test]
fn the_image_goes_from_the_source_to_the_destination_and_is_never_held_by_both() {
    for folder in folders(QemuProgram::System) {
        let document = repro("handover", &folder);
        let account = &document["results"][0]["account"];
        assert_eq!(account["variant"]["backend"], "ofd");
        let mut course: Vec<String> = Vec::new();
        for names in holders(account) {
            assert!(names.len() <= 1, "{names:?}");
            let holder = names.first().map_or("nobody", String::as_str);
            // The moment between the two holders may or may not be seen.
            if holder != "nobody" && course.last().is_none_or(|last| last != holder) {
                course.push(holder.to_owned());
            }
        }
        assert_eq!(course, ["source", "destination", "source"]);
    }
}

#[test]
fn a_gap_that_is_held_still_lets_a_third_in_who_shuts_both_out() {
    for folder in folders(QemuProgram::System) {
        let document = repro("handover-intruder", &folder);
        let account = &document["results"][0]["account"];
        let said = account["entries"].to_string();
        let refused = said.matches(r#"Failed to get \\\"write\\\" lock"#).count();
        assert!(refused >= 4, "only {refused} refusals in {said}");
        let course = holders(account);
        assert!(course.contains(&vec!["third".to_owned()]), "{course:?}");
        assert_eq!(course.last(), Some(&vec!["destination".to_owned()]));
    }
}

#[test]
fn a_source_that_runs_without_its_lock_is_told_by_the_lock_table() {
    for folder in folders(QemuProgram::System) {
        imglock()
            .args(["repro", "handover-unlocked-source", "--qemu-dir"])
            .arg(&folder)
            .assert()
            .success()
            .stdout(contains("LOST   disk.img at the source, which runs"))
            .stdout(contains("source holds nothing"))
            .stdout(contains(r#""status": "running""#));
    }
}

#[test]
fn handovers_are_measured() {
    for folder in folders(QemuProgram::System) {
        let ran = imglock()
            .args(["handover", "--json", "--rounds", &ROUNDS.to_string(), "--qemu-dir"])
            .arg(&folder)
            .assert()
            .success();
        let document: Value = serde_json::from_slice(&ran.get_output().stdout).expect("JSON");
        assert_eq!(document["holds"], true);
        assert_eq!(document["rounds"], ROUNDS);
        let qemu = &document["environment"]["qemu"][0];
        assert!(qemu["path"].as_str().is_some_and(|path| Path::new(path).starts_with(&folder)));
        let series = document["series"].as_array().expect("series");
        let handlings: Vec<&str> =
            series.iter().map(|one| one["handling"].as_str().expect("a word")).collect();
        assert_eq!(handlings, ["plain", "paused", "late"]);
        for (one, summary) in series.iter().zip(document["gaps"].as_array().expect("gaps")) {
            series_is_sound(one, summary);
        }
    }
}

/// Checks the properties that every series has, on a machine of any speed.
fn series_is_sound(series: &Value, summary: &Value) {
    let watched = series["watched"].as_array().expect("watched");
    let contested = series["contested"].as_array().expect("contested");
    assert_eq!((watched.len(), contested.len()), (ROUNDS, ROUNDS));
    let seen: Vec<u64> = watched.iter().filter_map(|one| one["gaps"]["held_us"].as_u64()).collect();
    for one in watched {
        let gaps = &one["gaps"];
        let number = |value: &Value| value.as_u64().expect("a number");
        let (took, hole, looks) =
            (number(&one["took_us"]), number(&gaps["hole_us"]), &gaps["looks"]);
        assert!(looks.as_u64().is_some_and(|looks| looks > 1), "{one}");
        assert!(hole > 0 && hole <= took, "{one}");
        for gap in ["held_us", "unshared_us"] {
            // The gap is within the handover, to within one look at the lock table.
            assert!(gaps[gap].as_u64().is_none_or(|gap| gap <= took), "{one}");
        }
        assert_eq!(one["end"], "runs", "{one}");
        assert_eq!(one["two_held"], false, "{one}");
    }
    for one in contested {
        assert!(one["tries"].as_u64().is_some_and(|tries| tries > 0), "{one}");
        assert_eq!(one["two_held"], false, "{one}");
        if one["granted"] == true {
            assert_eq!(one["end"], "paused", "{one}");
            assert_eq!(one["recovered"], true, "{one}");
        }
    }
    assert_eq!(summary["missed"], ROUNDS - seen.len());
    let held = &summary["held"];
    assert_eq!(held["worst_us"].as_u64(), seen.iter().copied().max(), "{summary}");
    assert_eq!(held["shortest_us"].as_u64(), seen.iter().copied().min(), "{summary}");
    let granted = contested.iter().filter(|one| one["granted"] == true).count();
    assert_eq!(summary["granted"], granted);
}

#[test]
fn where_there_is_no_emulator_that_is_the_reason() {
    imglock()
        .env("PATH", "")
        .args(["handover", "--rounds", "1"])
        .assert()
        .code(4)
        .stderr(contains("a handover needs qemu-system-"))
        .stderr(contains("which was not found\nhelp: install it"));
    let empty = tempfile::tempdir().expect("a directory");
    imglock()
        .args(["handover", "--qemu-dir"])
        .arg(empty.path())
        .assert()
        .code(2)
        .stderr(contains("holds none of QEMU's programs"));
}
