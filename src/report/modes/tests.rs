use imglock_core::{Backend, Claim, Mode, Verdict};
use imglock_qemu::{
    DrillAccount, DrillVariant, FileNode, ModeCheck, QemuBinary, QemuProgram, QemuVersion, Recipe,
};
use serde_json::Value;

use super::{Trial, block, head, json, sum, table};
use crate::report::samples::environment;
use crate::report::shown::{shown, widest};

const PAGE: &str = include_str!("../../../docs/modes.md");

fn recipe(mode: Mode, how: &str) -> &'static Recipe {
    Recipe::of(mode).find(|one| one.how == how).expect("a recipe")
}

/// The result of a recipe with a QEMU of this version.
fn check(
    recipe: &Recipe,
    program: QemuProgram,
    major: u32,
    verdict: Verdict,
    reason: &str,
    measured: Option<Claim>,
) -> ModeCheck {
    let version = QemuVersion::new(major, 0);
    let program =
        QemuBinary { program, path: format!("/usr/bin/{}", program.file_name()).into(), version };
    let variant = DrillVariant { backend: Backend::Ofd, node: FileNode::ReadWrite };
    let account = DrillAccount {
        drill: recipe.mode.to_string(),
        variant,
        program: program.clone(),
        entries: Vec::new(),
        cells: Vec::new(),
    };
    let (mode, how, stated) = (recipe.mode, recipe.how.to_owned(), recipe.stated());
    let reason = reason.to_owned();
    ModeCheck { mode, how, program, verdict, reason, stated, measured, account }
}

/// A recipe with each kind of result.
fn samples() -> Vec<Trial> {
    use QemuProgram::{Img, Io, StorageDaemon};

    let exports = recipe(Mode::NbdRo, "raw, --export type=nbd");
    let inactive = recipe(Mode::Inactive, "raw, active=off on format and file node");
    let info = recipe(Mode::ForceShare, "qemu-img info -U, qcow2");
    let console = recipe(Mode::ForceShare, "qemu-io -r -U, raw");
    let map = recipe(Mode::ForceShare, "qemu-img map -U, qcow2");
    let passed = |recipe: &Recipe, program, major| {
        check(recipe, program, major, Verdict::Passed, "", Some(recipe.stated()))
    };
    let differs = |recipe: &Recipe, program, major, mode: Mode| {
        let (why, measured) = (format!("it {}", mode.claim()), Some(mode.claim()));
        check(recipe, program, major, Verdict::Failed, &why, measured)
    };
    let mute = "qemu-img prints no message in which it can be stopped";
    let late = "qemu: It opens the image, and waits at its prompt: no answer";
    let closed = "it does not have the image open";
    vec![
        Trial {
            recipe: exports,
            checks: vec![
                passed(exports, StorageDaemon, 7),
                passed(exports, StorageDaemon, 8),
                passed(exports, StorageDaemon, 9),
                passed(exports, StorageDaemon, 10),
                differs(exports, StorageDaemon, 11, Mode::NbdRw),
            ],
        },
        Trial { recipe: inactive, checks: Vec::new() },
        Trial { recipe: map, checks: vec![check(map, Img, 7, Verdict::Skipped, mute, None)] },
        Trial {
            recipe: console,
            checks: vec![check(console, Io, 7, Verdict::TimedOut, late, None)],
        },
        Trial {
            recipe: info,
            checks: vec![
                passed(info, Img, 7),
                differs(info, Img, 10, Mode::ForceShare),
                check(info, Img, 11, Verdict::Failed, closed, Some(Claim::NOTHING)),
            ],
        },
    ]
}

#[test]
fn a_person_reads_everything_that_can_come_of_a_mode() {
    let samples = samples();
    let said = shown(|out| {
        head(&environment(), out)?;
        block(Mode::NbdRo, &samples[..1], out)?;
        block(Mode::Inactive, &samples[1..2], out)?;
        block(Mode::ForceShare, &samples[2..], out)?;
        sum(&samples, out)
    });
    insta::assert_snapshot!(said);
}

#[test]
fn no_line_is_wider_than_a_hundred_columns() {
    for mode in Mode::ALL {
        let every = |recipe: &Recipe| {
            let program = recipe.players[0].program;
            let versions = [7, 8, 9, 10];
            versions.map(|major| check(recipe, program, major, Verdict::Passed, "", None)).into()
        };
        let trials: Vec<Trial> =
            Recipe::of(*mode).map(|recipe| Trial { recipe, checks: every(recipe) }).collect();
        let said = shown(|out| block(*mode, &trials, out));
        assert!(widest(&said) <= 100, "{said}");
    }
}

#[test]
fn json_holds_what_was_stated_and_what_was_measured() {
    let said = shown(|out| json(&environment(), &samples(), out));
    let document: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(document["schema"], 1);
    assert_eq!(document["environment"]["kernel"], "6.18.0");
    let checks = document["checks"].as_array().expect("checks");
    assert_eq!(checks.len(), 10);
    let some = [&checks[4], &checks[5], &document["missing"]];
    insta::assert_snapshot!(serde_json::to_string_pretty(&some).expect("JSON"));
    let again: Vec<ModeCheck> =
        serde_json::from_value(document["checks"].clone()).expect("they are read again");
    assert_eq!(again, samples().into_iter().flat_map(|trial| trial.checks).collect::<Vec<_>>());
}

#[test]
fn the_page_says_what_the_recipes_say() {
    let tables = [table::table(), table::others()];
    let missing: Vec<&String> = tables.iter().filter(|one| !PAGE.contains(one.as_str())).collect();
    assert!(missing.is_empty(), "docs/modes.md should have:\n\n{}", missing[0]);
}
