//! Several places: their list, and the results of each theme there.

use imglock_engine::Place;
use maud::{Markup, html};

use crate::report::places::Table;
use crate::report::{RunRecord, standing};

/// The list, a row for each place.
pub fn list(record: &RunRecord) -> Markup {
    html! {
        div.scroll role="region" aria-label="Places" tabindex="0" {
            table.places {
                thead { tr {
                    @for head in ["place", "kernel", "file system", "mount options", ""] {
                        th scope="col" { (head) }
                    }
                } }
                tbody { @for place in &record.tour.places { (row(place)) } }
            }
        }
    }
}

fn row(place: &Place) -> Markup {
    let environment = &place.environment;
    let complaints = place.boot.iter().flat_map(|boot| &boot.complaints);
    html! {
        tr {
            th scope="row" { (place.name) }
            td { (environment.kernel) }
            td { (environment.file_system) }
            td { (environment.mount_options.join(", ")) }
            td {
                @if let Some((word, _, why)) = standing::fate(place) { (word) ": " (why) }
                @if let Some(sentence) = environment.blind_spot() { (sentence) }
                @for complaint in complaints { p { "Kernel warning: " (complaint) } }
            }
        }
    }
}

/// The table of scenarios by kernel and file system.
pub fn table(record: &RunRecord) -> Markup {
    let Table { columns, rows, notes } = Table::of(record);
    let kernels = columns.chunk_by(|one, other| one.0 == other.0);
    html! {
        section aria-labelledby="places" {
            h2 #places { "Scenario by kernel and file system" }
            div.scroll role="region" aria-label="Scenario by kernel and file system" tabindex="0" {
                table.places {
                    thead {
                        tr {
                            td {}
                            @for of_kernel in kernels {
                                th scope="colgroup" colspan=(of_kernel.len()) {
                                    (of_kernel.first().map_or("", |column| &column.0))
                                }
                            }
                        }
                        tr {
                            td {}
                            @for (_, file_system) in &columns { th scope="col" { (file_system) } }
                        }
                    }
                    tbody {
                        @for row in &rows {
                            tr.(if row.head.starts_with(' ') { "run" } else { "sum" }) {
                                th scope="row" { (row.head.trim()) }
                                @for cell in &row.cells { td.(cell.worth.class()) { (cell.text) } }
                            }
                        }
                    }
                }
            }
            @for (letter, note) in notes.each() { p.note { strong { (letter) } " " (note) } }
        }
    }
}
