use imglock_core::{Backend, Hazard, Verdict};
use maud::{Markup, html};

use super::scenario::slug;
use crate::report::RunRecord;

/// The form that filters scenarios. It is hidden without scripts.
pub fn form(record: &RunRecord, themes: &[&str], total: usize) -> Markup {
    let verdicts = [Verdict::Passed, Verdict::Failed, Verdict::TimedOut, Verdict::Skipped];
    let number = |verdict| record.tour.results.iter().filter(|one| one.verdict == verdict).count();
    let backends = Backend::ALL.into_iter().filter(|backend| record.tour.ran_on(*backend));
    let shown =
        |hazard: &Hazard| record.tour.results.iter().any(|one| one.hazards.contains(hazard));
    html! {
        form #filters aria-label="Choose scenarios" hidden {
            div.field.grow {
                label for="search" { "Search" }
                input #search type="search" autocomplete="off" spellcheck="false"
                    placeholder="name, story, step, lock \u{2026}";
            }
            div.field {
                label for="theme" { "Theme" }
                select #theme {
                    option value="" { "all" }
                    @for theme in themes { option { (theme) } }
                }
            }
            div.field {
                label for="backend" { "Backend" }
                select #backend {
                    option value="" { "any" }
                    @for backend in backends { option { (backend) } }
                }
            }
            div.field {
                label for="hazard" { "Hazard" }
                select #hazard {
                    option value="" { "with or without" }
                    option value="some" { "any hazard" }
                    option value="none" { "no hazard" }
                    @for hazard in Hazard::ALL.iter().filter(|hazard| shown(hazard)) {
                        option { (hazard) }
                    }
                }
            }
            fieldset {
                legend { "Verdict" }
                @for verdict in verdicts {
                    label.check {
                        input type="checkbox" name="verdict" value=(slug(verdict.name())) checked;
                        " " (verdict) " " span.count { (number(verdict)) }
                    }
                }
            }
            div.actions {
                output #shown aria-live="polite" { (total) " of " (total) " scenarios" }
                button type="button" data-open="true" { "Open these" }
                button type="button" data-open="false" { "Close all" }
                button type="button" data-reset { "Show all" }
            }
        }
        noscript {
            p.note { "Filters need scripts; everything else works without them." }
        }
    }
}
