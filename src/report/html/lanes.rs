//! Swim lanes as an SVG picture.

use imglock_harness::lock::LockType;
use imglock_harness::run::ScenarioResult;
use maud::{Markup, html};

use super::cell::{SceneCell, Sign};
use super::layout::{self, GUTTER, HEAD, INDENT, LABEL_LINE, LINE, Layout, MIDDLE, PAD, Placed};
use super::scene::{Scene, SceneRow};
use crate::report::changes::Changes;
use crate::report::course::Mark;
use crate::report::legend;
use crate::report::lifetimes::{Lock, lifetimes};

/// A run, drawn.
pub struct Picture {
    /// The SVG.
    pub svg: Markup,
    /// What the lock bytes in it stand for.
    pub legend: Option<String>,
    /// How many processes have no lane in it.
    pub lanes_left_out: usize,
}

/// Draws `result`; `name` is what it is called to who cannot see it.
pub fn picture(result: &ScenarioResult, name: &str) -> Picture {
    let changes = Changes::of(&result.trace);
    let scene = Scene::of(result, &changes);
    let lifetimes = lifetimes(&result.trace);
    let (lanes, rows) = scene.needs();
    let many_images = result.trace.images.len() > 1;
    let label = |lock: &Lock| label(lock, &result.trace.images, many_images);
    let layout = Layout::of(&lanes, &rows, &lifetimes, &label);
    let drawn = lifetimes.iter().filter(|lifetime| scene.actors.contains(&lifetime.actor));
    Picture {
        legend: legend::bytes(drawn.map(|lifetime| &lifetime.lock)),
        lanes_left_out: scene.actors_left_out,
        svg: svg(&scene, &layout, &label, name),
    }
}

fn svg(scene: &Scene, layout: &Layout, label: &dyn Fn(&Lock) -> Vec<String>, name: &str) -> Markup {
    let Layout { width, height, lanes, rows, lifetimes } = layout;
    html! {
        svg role="group" aria-label=(name) width=(width) height=(height)
            viewBox={ "0 0 " (width) " " (height) } {
            @for lane in lanes {
                rect.l x=(lane.x) width=(lane.width) height=(height) rx="6" {}
                path.t d={ "M" (lane.x + INDENT / 2) " " (HEAD) "V" (height) } {}
                text.h x=(lane.x + 6) y="20" { (lane.actor) }
            }
            @for lifetime in lifetimes {
                (picture_of(lifetime, &scene.rows, label))
            }
            @for (row, place) in scene.rows.iter().zip(rows) {
                (row_at(row, place, layout))
            }
        }
    }
}

/// A lifetime: what it is called, its box, its label, and its end.
fn picture_of(
    lifetime: &Placed,
    rows: &[SceneRow],
    label: &dyn Fn(&Lock) -> Vec<String>,
) -> Markup {
    let Placed { lane, lock, x, width, y, height, until } = lifetime;
    let lost = until.and_then(|row| rows.get(row)).is_some_and(|row| {
        row.cells.iter().any(|cell| cell.lane == *lane && !cell.lost.is_empty())
    });
    let words = label(lock);
    let fitting = height.saturating_sub(4) / LABEL_LINE;
    html! {
        g.b.(class_of(lock)) transform={ "translate(" (x) " " (y) ")" } {
            title { (title_of(lock)) @if lost { ", lost" } }
            rect width=(width) height=(height) rx="3" {}
            @if matches!(legend::byte(lock), Some((false, _))) {
                rect.k width=(width) height=(height) rx="3" {}
            }
            @for (number, word) in words.iter().take(fitting.max(1)).enumerate() {
                text x=(width / 2) y=(12 + LABEL_LINE * number) { (word) }
            }
            @if lost {
                use href="#x" x=(width.saturating_sub(14) / 2) y=(height.saturating_sub(7)) {}
            }
        }
    }
}

/// How a lock is shown: in its permission's colour, if it has one.
fn class_of(lock: &Lock) -> &'static str {
    if lock.waiting {
        return "q";
    }
    match (legend::byte(lock), lock.kind) {
        (Some((_, permission)), _) => ["p0", "p1", "p2", "p3"][usize::from(permission.number())],
        (None, LockType::Read) => "r",
        (None, LockType::Write) => "w",
    }
}

fn title_of(lock: &Lock) -> String {
    let waits = if lock.waiting { "waits for " } else { "" };
    match legend::byte(lock) {
        Some((true, permission)) => format!("{waits}byte {}: holds {permission}", lock.range),
        Some((false, permission)) => {
            format!("{waits}byte {}: does not share {permission}", lock.range)
        }
        None => format!("{waits}{} lock on {}", lock.kind.name(), lock.range),
    }
}

/// What is written on a lifetime, a word a line: the byte, then what it means.
fn label(lock: &Lock, images: &[String], many_images: bool) -> Vec<String> {
    let mut words = match legend::byte(lock) {
        Some((held, permission)) => {
            let short = ["read", "write", "rewrite", "resize"][usize::from(permission.number())];
            let no = (!held).then(|| "no".to_owned());
            let words = std::iter::once(lock.range.to_string()).chain(no);
            words.chain([short.to_owned()]).collect::<Vec<_>>()
        }
        None => vec![lock.range.to_string(), lock.kind.name().to_owned()],
    };
    if lock.waiting {
        words.insert(0, "waits".to_owned());
    }
    if many_images && let Some(image) = images.get(lock.image) {
        words.push(image.clone());
    }
    words
}

fn row_at(row: &SceneRow, place: &layout::Row, layout: &Layout) -> Markup {
    html! {
        g transform={ "translate(0 " (place.text_y) ")" } {
            @if !row.cells.is_empty() {
                text.n x=(GUTTER - 10) y=(MIDDLE + 4) { (row.line) }
            }
            @if row.together {
                text.m x=(GUTTER + 4) y="4" { "at the same moment:" }
            }
            @for cell in &row.cells {
                (cell_at(cell, &layout.lanes[cell.lane]))
            }
        }
        @if !row.remarks.is_empty() {
            g transform={ "translate(0 " (place.below_y) ")" } { (remarks(row, layout.width)) }
        }
    }
}

fn cell_at(cell: &SceneCell, lane: &layout::Lane) -> Markup {
    let sign = if cell.lost.is_empty() { cell.sign } else { Some(Sign::Lost) };
    let line = |number: usize| MIDDLE + 4 + LINE * number;
    let (words, outcome) = (cell.words.len(), cell.outcome.len());
    html! {
        g transform={ "translate(" (lane.x) " 0)" } {
            title { (lane.actor) }
            @if let Some(sign) = sign {
                use href={ "#" (symbol(sign)) } x=(INDENT / 2 - 7) y=(MIDDLE - 7) {}
            }
            @for (number, text) in cell.words.iter().enumerate() {
                text x=(INDENT) y=(line(number)) { (text) }
            }
            @for (number, text) in cell.outcome.iter().enumerate() {
                text.(outcome_class(cell.sign)) x=(INDENT) y=(line(words + number)) { (text) }
            }
            @for (number, text) in cell.lost.iter().enumerate() {
                text.ol x=(INDENT) y=(line(words + outcome + number)) { (text) }
            }
        }
    }
}

fn outcome_class(sign: Option<Sign>) -> &'static str {
    match sign {
        Some(Sign::Granted) => "og",
        Some(Sign::Refused) => "or",
        Some(Sign::Waiting) => "ow",
        Some(Sign::Silent | Sign::Lost) => "ol",
        Some(Sign::Done) | None => "od",
    }
}

/// A strip across the lanes, in front of the lifetimes, with the remarks on it.
fn remarks(row: &SceneRow, width: usize) -> Markup {
    let lines = row.remarks.iter().flat_map(|remark| {
        remark.lines.iter().enumerate().map(|(number, line)| (remark.mark, number == 0, line))
    });
    let worst = row.remarks.iter().filter_map(|remark| remark.mark).max();
    let count = row.remarks.iter().map(|remark| remark.lines.len()).sum::<usize>();
    html! {
        rect.(class_of_mark(worst)) x=(GUTTER) width=(width - GUTTER) height=(count * LINE + PAD) rx="5" {}
        @if row.cells.is_empty() {
            text.n x=(GUTTER - 10) y=(LINE) { (row.line) }
        }
        @for (number, (mark, first, line)) in lines.enumerate() {
            @let y = LINE * (number + 1);
            @if first && let Some(mark) = mark {
                use href={ "#" (if mark == Mark::Fault { "f" } else { "l" }) }
                    x=(GUTTER + INDENT / 2 - 7) y=(y - 11) {}
            }
            text.(class_of_mark(mark)) x=(GUTTER + INDENT) y=(y) { (line) }
        }
    }
}

fn class_of_mark(mark: Option<Mark>) -> &'static str {
    match mark {
        Some(Mark::Fault) => "rf",
        Some(Mark::Hazard) => "rh",
        None => "rn",
    }
}

/// The name of a sign's shape in [`super::page`]'s definitions.
fn symbol(sign: Sign) -> &'static str {
    match sign {
        Sign::Granted => "g",
        Sign::Refused => "r",
        Sign::Waiting => "b",
        Sign::Done => "d",
        Sign::Silent => "f",
        Sign::Lost => "l",
    }
}
