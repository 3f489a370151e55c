//! Swim lanes as an SVG picture.

use imglock_core::LockType;
use imglock_engine::ScenarioResult;
use maud::{Markup, html};

use super::cell::SceneCell;
use super::layout::{self, GUTTER, HEAD, INDENT, LABEL_LINE, LINE, Layout, MIDDLE, PAD, Placed};
use super::scene::{Scene, SceneRow};
use crate::report::changes::Changes;
use crate::report::course::{Mark, Sign};
use crate::report::legend;
use crate::report::lifetimes::Lock;

/// The picture of a run.
pub struct Picture {
    /// The SVG.
    pub svg: Markup,
    /// The meaning of the lock bytes in it.
    pub legend: Option<String>,
    /// The number of processes without a lane.
    pub lanes_left_out: usize,
}

/// Draws `result`; `name` is the picture's accessible name.
pub fn picture(result: &ScenarioResult, name: &str) -> Picture {
    let changes = Changes::of(&result.trace);
    let scene = Scene::of(result, &changes);
    let (lanes, rows) = scene.needs();
    let label = |lock: &Lock| label(lock, &result.trace.images);
    let layout = Layout::of(lanes, rows, &changes.lifetimes, &label);
    let drawn = changes.lifetimes.iter().filter(|one| scene.actors.contains(&one.actor));
    Picture {
        legend: legend::bytes(drawn.map(|one| &one.lock)),
        lanes_left_out: scene.actors_left_out,
        svg: svg(&scene, &layout, &label, name),
    }
}

fn svg(scene: &Scene, layout: &Layout, label: &dyn Fn(&Lock) -> Vec<String>, name: &str) -> Markup {
    let Layout { width, height, lanes, rows, bars } = layout;
    html! {
        svg role="group" aria-label=(name) width=(width) height=(height)
            viewBox={ "0 0 " (width) " " (height) } {
            @for lane in lanes {
                rect.l x=(lane.x) width=(lane.width) height=(height) rx="6" {}
                path.t d={ "M" (lane.x + INDENT / 2) " " (HEAD) "V" (height) } {}
                text.h x=(lane.x + 6) y="20" { (lane.actor) }
            }
            @for bar in bars { (bar_of(bar, &scene.rows, &label(&bar.lock))) }
            @for (row, place) in scene.rows.iter().zip(rows) { (row_at(row, place, layout)) }
        }
    }
}

/// A lifetime: its title, box and label, and a cross where the lock is lost.
fn bar_of(bar: &Placed, rows: &[SceneRow], words: &[String]) -> Markup {
    let Placed { lane, lock, x, width, y, height, until } = bar;
    let loses = |cell: &SceneCell| cell.lane == *lane && cell.sign == Some(Sign::Lost);
    let lost = until.and_then(|row| rows.get(row)).is_some_and(|row| row.cells.iter().any(loses));
    let fitting = height.saturating_sub(4) / LABEL_LINE;
    html! {
        g.b.(class_of(lock)) transform={ "translate(" (x) " " (y) ")" } {
            title { (title_of(lock)) @if lost { ", lost" } }
            rect width=(width) height=(height) rx="3" {}
            @if matches!(lock.permission(), Some((false, _))) {
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

/// The class of a lock: its permission's, if it has one.
fn class_of(lock: &Lock) -> &'static str {
    match (lock.waiting, lock.permission(), lock.kind) {
        (true, ..) => "q",
        (_, Some((_, permission)), _) => ["p0", "p1", "p2", "p3"][usize::from(permission.number())],
        (_, None, LockType::Read) => "r",
        (_, None, LockType::Write) => "w",
    }
}

fn title_of(lock: &Lock) -> String {
    let (range, waits) = (lock.range, if lock.waiting { "waits for " } else { "" });
    match lock.permission() {
        Some((true, permission)) => format!("{waits}byte {range}: holds {permission}"),
        Some((false, permission)) => format!("{waits}byte {range}: does not share {permission}"),
        None => format!("{waits}{} lock on {range}", lock.kind.name()),
    }
}

/// The label of a bar, a word a line: the byte, then its meaning.
fn label(lock: &Lock, images: &[String]) -> Vec<String> {
    let (no, kind) = match lock.permission() {
        Some((held, permission)) => (!held, legend::short(permission)),
        None => (false, lock.kind.name()),
    };
    let range = lock.range.to_string();
    let image = images.get(lock.image).filter(|_| images.len() > 1);
    let waits = lock.waiting.then_some("waits");
    let no = no.then_some("no");
    let words = [waits, Some(&*range), no, Some(kind), image.map(String::as_str)];
    words.into_iter().flatten().map(str::to_owned).collect()
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
    html! {
        g transform={ "translate(" (lane.x) " 0)" } {
            title { (lane.actor) }
            @if let Some(sign) = cell.sign {
                use href={ "#" (symbol(sign)) } x=(INDENT / 2 - 7) y=(MIDDLE - 7) {}
            }
            @for (number, (class, text)) in cell.lines.iter().enumerate() {
                text class=[class] x=(INDENT) y=(MIDDLE + 4 + LINE * number) { (text) }
            }
        }
    }
}

/// A strip across the lanes, in front of the bars, with the remarks on it.
fn remarks(row: &SceneRow, width: usize) -> Markup {
    let lines = row.remarks.iter().flat_map(|(mark, lines)| {
        lines.iter().enumerate().map(|(number, line)| (*mark, number == 0, line))
    });
    let lines: Vec<_> = lines.collect();
    let worst = lines.iter().filter_map(|(mark, ..)| *mark).max();
    html! {
        rect.(class_of_mark(worst)) x=(GUTTER) width=(width - GUTTER) height=(lines.len() * LINE + PAD) rx="5" {}
        @if row.cells.is_empty() {
            text.n x=(GUTTER - 10) y=(LINE) { (row.line) }
        }
        @for (number, (mark, first, line)) in lines.into_iter().enumerate() {
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

/// The name of a shape in [`super::page`].
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
