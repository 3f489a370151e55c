//! The mode matrix as a table.

use imglock_harness::image::{Mode, Permission, Side};
use imglock_harness::lock::Backend;
use imglock_harness::step::Outcome;
use maud::{Markup, html};

use crate::report::RunRecord;
use crate::report::record::MeasuredModes;

/// The tables that were measured; one for all backends that agree.
pub fn section(record: &RunRecord) -> Markup {
    if record.modes.is_empty() {
        return html! {};
    }
    let mut tables: Vec<(Vec<Backend>, &MeasuredModes)> = Vec::new();
    for modes in &record.modes {
        let same = |(_, other): &&mut (Vec<Backend>, &MeasuredModes)| other.says_the_same(modes);
        match tables.iter_mut().find(same) {
            Some((backends, _)) => backends.push(modes.backend),
            None => tables.push((vec![modes.backend], modes)),
        }
    }
    html! {
        section #matrix aria-labelledby="matrix-head" {
            h2 #matrix-head { "Who may open what beside whom" }
            p {
                "Every ordered pair of modes, opened by two processes on this kernel. The mode of \
                 the row opens first and stays; what the mode of the column then gets is in the \
                 cell."
            }
            (legend())
            @for (backends, modes) in &tables { (table(backends, modes)) }
        }
    }
}

fn legend() -> Markup {
    html! {
        ul.key {
            li { span.cell.g { "granted" } " both run side by side" }
            li {
                span.cell.w { "no write" } " "
                em { "refused write" } ": the second wants to write, and the first does not share it"
            }
            li {
                span.cell.s { "sh. write" } " "
                em { "refused shared write" } ": the first writes, and the second does not share it"
            }
            li { span.cell.x { "*" } " not as the rules in " code { "scenarios/matrix.kdl" } " say" }
        }
        p.note { "In the cells " em { "read" } " stands for consistent-read and " em { "rewrite" } " for write-unchanged." }
    }
}

fn table(backends: &[Backend], modes: &MeasuredModes) -> Markup {
    let names = backends.iter().map(|one| one.name()).collect::<Vec<_>>().join(" and ");
    let pairs = Mode::ALL.len() * Mode::ALL.len();
    html! {
        div.scroll.matrix role="region" aria-label={ "The mode matrix on " (names) } tabindex="0" {
            table {
                caption {
                    "On " (names) ": " (pairs) " pairs, "
                    @if modes.differences.is_empty() {
                        "all as the rules say"
                    } @else {
                        (modes.differences.len()) " not as the rules say"
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
                @for pair in &modes.differences {
                    li {
                        strong { (pair.first) } " first, then " strong { (pair.second) }
                        ": the kernel says "
                        (pair.measured.as_ref().map_or_else(|| "nothing".to_owned(), Outcome::to_string))
                        ", the rules say " (pair.stated)
                    }
                }
            }
        }
        @for objection in modes.objections.iter().map(|finding| &finding.message) {
            p.reason { (objection) }
        }
    }
}

fn cell(modes: &MeasuredModes, first: Mode, second: Mode) -> Markup {
    let outcome = modes.cells.get(&(first, second));
    let differs = modes.differences.iter().any(|pair| pair.first == first && pair.second == second);
    let star = if differs { "* " } else { "" };
    let (class, words, long) = match outcome {
        Some(Outcome::Granted) => ("g", "granted".to_owned(), None),
        Some(Outcome::Refused(refusal)) => {
            let short = short(refusal.permission);
            let long = Some(format!("refused {refusal}"));
            match refusal.side {
                Side::Wanted => ("w", format!("no {short}"), long),
                Side::Unshared => ("s", format!("sh. {short}"), long),
            }
        }
        Some(other) => ("o", other.to_string(), None),
        None => ("o", "not tried".to_owned(), None),
    };
    html! {
        td.(class).x[differs] {
            (star)
            @if let Some(long) = long { abbr title=(long) { (words) } } @else { (words) }
        }
    }
}

fn short(permission: Permission) -> &'static str {
    match permission {
        Permission::ConsistentRead => "read",
        Permission::Write => "write",
        Permission::WriteUnchanged => "rewrite",
        Permission::Resize => "resize",
    }
}
