//! The mode matrix as a table.

use imglock_core::{Backend, Mode, Outcome, Side};
use maud::{Markup, html};

use crate::phrase::list;
use crate::report::record::MeasuredModes;
use crate::report::{RunRecord, legend, mode_table};

/// The measured matrices; backends with equal results share one.
pub fn section(record: &RunRecord) -> Markup {
    if record.modes.is_empty() {
        return html! {};
    }
    let mut tables: Vec<(Vec<Backend>, &MeasuredModes)> = Vec::new();
    for modes in &record.modes {
        match tables
            .iter_mut()
            .find(|(_, other)| **other == MeasuredModes { backend: other.backend, ..modes.clone() })
        {
            Some((backends, _)) => backends.push(modes.backend),
            None => tables.push((vec![modes.backend], modes)),
        }
    }
    html! {
        section #matrix aria-labelledby="matrix-head" {
            h2 #matrix-head { "Which modes can share an image" }
            p {
                "Two processes open an image on this kernel, with every ordered pair of modes. The \
                 mode of the row opens first and stays open. The cell is the outcome for the mode \
                 of the column."
            }
            (key())
            @for (backends, modes) in &tables { (table(backends, modes)) }
        }
    }
}

fn key() -> Markup {
    let [wanted, unshared] = mode_table::SIDES;
    html! {
        ul.key {
            li { span.cell.g { "granted" } " both have the image open" }
            li { span.cell.w { "no write" } " " em { "refused write" } ": " (wanted) }
            li { span.cell.s { "sh. write" } " " em { "refused shared write" } ": " (unshared) }
            li { span.cell.x { "*" } " not as stated in " code { "scenarios/matrix.kdl" } }
        }
        p.note { "In the cells " em { "read" } " stands for consistent-read and " em { "rewrite" } " for write-unchanged." }
    }
}

fn table(backends: &[Backend], modes: &MeasuredModes) -> Markup {
    let names = list(backends.iter().map(|one| one.name()));
    let pairs = Mode::ALL.len() * Mode::ALL.len();
    html! {
        div.scroll.matrix role="region" aria-label={ "The mode matrix on " (names) } tabindex="0" {
            table {
                caption {
                    "On " (names) ": " (pairs) " pairs, "
                    @match modes.differences.len() {
                        0 => "all as stated",
                        number => { (number) " not as stated" }
                    }
                }
                thead { tr {
                    th scope="col" { "first \u{2193} second \u{2192}" }
                    @for second in Mode::ALL { th scope="col" { span { (second) } } }
                } }
                tbody {
                    @for first in Mode::ALL {
                        tr {
                            th scope="row" { (first) }
                            @for second in Mode::ALL { (cell(modes, *first, *second)) }
                        }
                    }
                }
            }
        }
        @if !modes.differences.is_empty() {
            ul.differences {
                @for pair in &modes.differences { li { (mode_table::difference(pair)) } }
            }
        }
        @for (judge, words) in mode_table::objection_words(&modes.objections) {
            p.reason { strong { (judge) } " objects: " (words) }
        }
    }
}

fn cell(modes: &MeasuredModes, first: Mode, second: Mode) -> Markup {
    let differs = mode_table::differs(&modes.differences, first, second);
    let (class, words, long) = match modes.cells.get(&(first, second)) {
        Some(Outcome::Granted) => ("g", "granted".to_owned(), None),
        Some(Outcome::Refused(refusal)) => {
            let (class, before) = match refusal.side {
                Side::Wanted => ("w", "no"),
                Side::Unshared => ("s", "sh."),
            };
            let words = format!("{before} {}", legend::short(refusal.permission));
            (class, words, Some(format!("refused {refusal}")))
        }
        Some(other) => ("o", other.to_string(), None),
        None => ("o", "not tried".to_owned(), None),
    };
    html! {
        td.(class).x[differs] {
            @if differs { "* " }
            @if let Some(long) = long { abbr title=(long) { (words) } } @else { (words) }
        }
    }
}
