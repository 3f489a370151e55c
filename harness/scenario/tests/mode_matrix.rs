//! Compares the hand-written mode matrix with the contract and with the kernel.

use imglock_core::{Locking, Mode, Outcome, Permission, Refusal, Side};
use imglock_locks::{AcquireError, Hold};
use imglock_scenario::ModeMatrix;

const FILE: &str = include_str!("../../../scenarios/matrix.kdl");

/// The outcome by the contract. The first conflicting permission is the one that is reported.
fn by_contract(first: Mode, second: Mode) -> Outcome {
    let (holder, opener) = (first.claim(), second.claim());
    let wanted = Permission::ALL
        .into_iter()
        .find(|one| opener.held.has(*one) && !holder.shared.has(*one))
        .map(|permission| Refusal { side: Side::Wanted, permission });
    let unshared = Permission::ALL
        .into_iter()
        .find(|one| holder.held.has(*one) && !opener.shared.has(*one))
        .map(|permission| Refusal { side: Side::Unshared, permission });
    wanted.or(unshared).map_or(Outcome::Granted, Outcome::Refused)
}

fn matrix() -> ModeMatrix {
    ModeMatrix::parse("matrix.kdl", FILE).unwrap_or_else(|error| {
        panic!("{:?}", miette::Report::new(error));
    })
}

#[test]
fn the_table_says_what_the_contract_says() {
    let matrix = matrix();
    let mut wrong = Vec::new();
    for &first in Mode::ALL {
        for &second in Mode::ALL {
            let cell = matrix.cell(first, second);
            let contract = by_contract(first, second);
            if cell != contract {
                wrong.push(format!("{first} then {second}: table {cell}, contract {contract}"));
            }
            let conflict = first.claim().conflicts_with(second.claim());
            if conflict == (cell == Outcome::Granted) {
                wrong.push(format!("{first} and {second}: conflict {conflict}, table {cell}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_hold_meets_another_as_the_table_says() {
    let matrix = matrix();
    let image = tempfile::NamedTempFile::new().expect("a file");
    let open = |mode: Mode| {
        Hold::open(image.path(), mode.claim(), Locking::Auto).expect("an image that can be opened")
    };
    let outcome = |answer: Result<(), AcquireError>| match answer {
        Ok(()) => Outcome::Granted,
        Err(AcquireError::Refused(refusal)) => Outcome::Refused(refusal),
        Err(other) => panic!("{other}"),
    };
    let mut wrong = Vec::new();
    for &first in Mode::ALL {
        let mut holder = open(first);
        holder.acquire().expect("no conflict");
        for &second in Mode::ALL {
            let cell = matrix.cell(first, second);
            let mut opener = open(second);
            let (foreseen, met) = (outcome(opener.test()), outcome(opener.acquire()));
            if foreseen != cell || met != cell {
                wrong.push(format!("{first}, {second}: {cell}, test {foreseen}, acquire {met}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_upright_names_above_the_table_are_its_columns() {
    let names: Vec<&str> = Mode::ALL.iter().map(|mode| mode.name()).collect();
    let height = names.iter().map(|name| name.len()).max().unwrap_or(0);
    let upright = (0..height).map(|line| {
        let letters = names.iter().map(|name| {
            let letter =
                (line + name.len()).checked_sub(height).and_then(|at| name.chars().nth(at));
            format!(" {}", letter.unwrap_or(' '))
        });
        format!("// {}{}", " ".repeat(11), letters.collect::<String>()).trim_end().to_owned()
    });
    let upright = upright.collect::<Vec<_>>().join("\n");
    assert!(FILE.contains(&upright), "the header should be:\n{upright}");
}
