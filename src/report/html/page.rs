use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac_sha256::Hash;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::scenario::Entry;
use super::{filters, matrix, places, scenario, summary};
use crate::report::{RunRecord, Summary, names};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// The shapes that the drawings share.
const SHAPES: &str = include_str!("shapes.svg");

/// A padlock.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' \
    viewBox='0 0 16 16'%3E%3Cpath fill='%231a7f5a' d='M4 7V5a4 4 0 0 1 8 0v2h1v8H3V7zm2 0h4V5a2 2 0 0 \
    0-4 0z'/%3E%3C/svg%3E";

/// The whole page.
pub fn page(record: &RunRecord) -> Markup {
    let entries = scenario::entries(record);
    let counts = Summary::of(&record.tour.results);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (summary::title(record, &counts)) }
                link rel="icon" href=(PreEscaped(ICON));
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#scenarios" { "Skip to the scenarios" }
                (PreEscaped(SHAPES))
                (summary::header(record, &counts))
                main {
                    (summary::sections(record, &counts))
                    @if record.tour.places.len() > 1 { (places::table(record)) }
                    (matrix::section(record))
                    (scenarios(record, &entries))
                }
                footer {
                    p {
                        "Made by imglock " (env!("CARGO_PKG_VERSION"))
                        ". This file loads nothing and can be sent on as it is. \
                         The report "
                        code { "json=FILE" } " has the complete data."
                    }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// Allows no loads, and no style or script other than the two here, whatever
/// text is in the page.
fn policy() -> String {
    let hash = |text: &str| BASE64_STANDARD.encode(Hash::hash(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; \
         base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

fn scenarios(record: &RunRecord, entries: &[Entry<'_>]) -> Markup {
    let themes = names::by_theme(entries, |entry| entry.name);
    let names: Vec<&str> = themes.keys().copied().collect();
    html! {
        section #scenarios aria-labelledby="scenarios-head" tabindex="-1" {
            h2 #scenarios-head { "Scenarios" }
            @if entries.is_empty() {
                p { "No run has ended yet." }
            } @else {
                (how_to_read())
                (filters::form(record, &names, entries.len()))
                @for (number, (theme, of_theme)) in themes.iter().enumerate() {
                    section.theme aria-labelledby={ "t" (number) } {
                        h3 #{ "t" (number) } {
                            (if theme.is_empty() { "." } else { theme })
                            " " span.count { (of_theme.len()) }
                        }
                        @for entry in of_theme { (scenario::article(record, entry)) }
                    }
                }
                p #nothing hidden { "No scenario matches. " button type="button" data-reset { "Show all" } }
            }
        }
    }
}

fn how_to_read() -> Markup {
    let signs = [
        ("g", "granted"),
        ("r", "refused"),
        ("b", "blocked or paused"),
        ("d", "done"),
        ("l", "a hazard, such as a lost lock"),
        ("f", "not as expected, or no answer"),
    ];
    html! {
        details.reading {
            summary { "How to read the drawings" }
            p {
                "Time runs downwards, and each process has a lane. The number on the left is a line \
                 of the scenario's file. A bar is the lifetime of a lock on one byte, from the step \
                 that acquires it to the step that ends it. Bytes 100 to 103 are permissions that \
                 the opener holds. Bytes 200 to 203 are permissions that it does not share; their \
                 bars are hatched and labelled \u{201c}no\u{201d}. Byte 100 or 200 is \
                 consistent-read, 101 or 201 write, 102 or 202 write-unchanged \
                 (\u{201c}rewrite\u{201d}), 103 or 203 resize. A dashed bar is a lock that the \
                 process waits for. A cross at the end of a bar marks a lost lock: its owner did \
                 not release it."
            }
            ul.signs {
                @for (symbol, meaning) in signs {
                    li {
                        svg width="14" height="14" aria-hidden="true" { use href={ "#" (symbol) } {} }
                        " " (meaning)
                    }
                }
            }
        }
    }
}
