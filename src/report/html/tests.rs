use std::collections::BTreeMap;

use imglock_core::{Backend, Mode, Outcome, Permission, PlaceName, Refusal, Side};
use imglock_engine::{ModeDifference, TourRecord};
use scraper::{Html, Selector};

use super::write;
use crate::report::{MeasuredModes, RunRecord, samples, samples_places};

fn page(record: &RunRecord) -> (String, Html) {
    let text = samples::coloured(|out| write(record, out));
    let document = Html::parse_document(&text);
    (text, document)
}

fn texts(document: &Html, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).expect("a selector");
    let text = |element: scraper::ElementRef<'_>| {
        element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    document.select(&selector).map(text).collect()
}

fn attributes(document: &Html, selector: &str, name: &str) -> Vec<String> {
    let selector = Selector::parse(selector).expect("a selector");
    let named = |element: scraper::ElementRef<'_>| element.attr(name).map(str::to_owned);
    document.select(&selector).filter_map(named).collect()
}

#[test]
fn the_page_is_well_formed() {
    let (_, document) = page(&samples::record());
    assert_eq!(document.errors, Vec::<std::borrow::Cow<'static, str>>::new());
}

#[test]
fn every_identifier_is_there_once_and_what_refers_to_one_finds_it() {
    let (_, document) = page(&samples::record());
    let ids = attributes(&document, "[id]", "id");
    let mut once = ids.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), ids.len(), "{ids:?}");
    let uses = attributes(&document, "use", "href");
    let labels = attributes(&document, "[aria-labelledby]", "aria-labelledby");
    let fields = attributes(&document, "label[for]", "for");
    assert!(!uses.is_empty() && !labels.is_empty() && !fields.is_empty());
    let referred = uses.iter().map(|id| id.trim_start_matches('#'));
    for id in
        referred.chain(labels.iter().map(String::as_str)).chain(fields.iter().map(String::as_str))
    {
        assert!(ids.iter().any(|other| other == id), "nothing is called {id}");
    }
}

#[test]
fn every_scenario_that_ran_is_drawn_and_one_that_was_skipped_says_why() {
    let record = samples::record();
    let (_, document) = page(&record);
    let drawn = |result: &&imglock_engine::ScenarioResult| !result.trace.events.is_empty();
    let pictures = record.tour.results.iter().filter(drawn).count();
    assert_eq!(texts(&document, "article figure svg").len(), pictures);
    let reasons = texts(&document, ".reason").join("\n");
    assert!(reasons.contains("skipped on posix: no ofd locks here"), "{reasons}");
}

#[test]
fn what_failed_is_open_and_says_what_was_found_and_how_to_run_it_again() {
    let (_, document) = page(&samples::record());
    let open = texts(&document, "article:has(details[open]) h4");
    assert!(open.contains(&"fallback".to_owned()) && !open.contains(&"second-writer".to_owned()));
    let heads = texts(&document, "#posix-fallback .finding h5");
    assert_eq!(heads[0], "scenario objects on posix to line 13: vm2 open disk mode=rw");
    let compared = texts(&document, "#posix-fallback .finding:first-of-type dd");
    assert_eq!(compared, ["refused write", "granted"]);
    let commands = texts(&document, "#posix-fallback .rerun code");
    assert_eq!(commands, ["imglock run posix/fallback --backend posix --dir '/mnt/my images'"]);
}

#[test]
fn nothing_is_loaded_from_anywhere() {
    let (text, document) = page(&samples::record());
    for scheme in ["http://", "https://", "//cdn", "@import"] {
        let rest = text.replace("xmlns='http://www.w3.org/2000/svg'", "");
        assert!(!rest.contains(scheme), "{scheme}");
    }
    let policy = attributes(&document, "meta[http-equiv=Content-Security-Policy]", "content");
    assert!(policy[0].starts_with("default-src 'none'; style-src 'sha256-"), "{policy:?}");
    assert!(!policy[0].contains("unsafe"), "{policy:?}");
    assert_eq!(attributes(&document, "[style]", "style"), Vec::<String>::new());
    assert_eq!(
        attributes(&document, "script[src], img[src], link[rel=stylesheet]", "src").len(),
        0
    );
}

const EVIL: &str = r#"<script>alert("1")</script>&amp;<img src=x onerror='y'>"#;

#[test]
fn what_a_scenario_says_is_text_and_nothing_else() {
    let mut record = samples::record();
    let mut scenario = record.tour.planned[2].scenario.as_ref().clone();
    scenario.name = format!("theme/{EVIL}").into();
    scenario.summary = EVIL.to_owned();
    scenario.about = EVIL.to_owned();
    let mut result = record.tour.results[2].clone();
    result.scenario = scenario.name.clone();
    result.reason = EVIL.to_owned();
    result.findings[0].message = EVIL.to_owned();
    result.trace.processes[0].actor = EVIL.to_owned();
    record.tour.planned[2].scenario = std::sync::Arc::new(scenario);
    let mut anew =
        RunRecord::new(TourRecord::new(record.tour.planned, vec![PlaceName::HERE]), record.rerun);
    anew.tour.places = record.tour.places;
    anew.tour.results = vec![result];
    let record = anew;
    let (text, document) = page(&record);
    assert_eq!(texts(&document, "script").len(), 1, "only our own");
    assert_eq!(texts(&document, "img").len(), 0);
    assert!(!text.contains("<script>alert"));
    assert_eq!(texts(&document, "article summary p"), [EVIL]);
    assert_eq!(texts(&document, ".about p"), [EVIL]);
    assert_eq!(texts(&document, "h4"), [EVIL.rsplit_once('/').expect("a slash").1]);
    assert!(texts(&document, "svg text.h").contains(&EVIL.to_owned()));
}

#[test]
fn a_run_that_goes_on_says_so() {
    let mut record = samples::record();
    record.tour.results.clear();
    let (_, document) = page(&record);
    assert_eq!(texts(&document, ".verdict"), ["running, 0 of 8 ran"]);
    assert!(texts(&document, ".open")[0].contains("load it anew"));
    assert_eq!(texts(&document, "#scenarios > p"), ["No run has ended yet."]);
    assert_eq!(texts(&document, "form").len(), 0);
}

#[test]
fn an_interrupted_run_says_how_far_it_came() {
    let mut record = samples::record();
    record.tour.results.truncate(2);
    record.interrupted = true;
    let (_, document) = page(&record);
    assert_eq!(texts(&document, ".verdict"), ["interrupted, 2 of 8 ran"]);
    assert_eq!(texts(&document, "p.open"), Vec::<String>::new());
}

fn modes(backend: Backend) -> MeasuredModes {
    let pairs =
        Mode::ALL.iter().flat_map(|first| Mode::ALL.iter().map(move |second| (*first, *second)));
    let cells: BTreeMap<_, _> = pairs.map(|pair| (pair, Outcome::Granted)).collect();
    MeasuredModes { backend, cells, differences: Vec::new(), objections: Vec::new() }
}

fn pairs() -> usize {
    Mode::ALL.len() * Mode::ALL.len()
}

#[test]
fn backends_whose_matrices_agree_share_a_table() {
    let mut record = samples::record();
    record.modes = Backend::ALL.map(modes).to_vec();
    let (_, document) = page(&record);
    assert_eq!(
        texts(&document, ".matrix caption"),
        [format!("On ofd and posix: {} pairs, all as stated", pairs())]
    );
}

#[test]
fn a_pair_that_is_not_as_stated_is_marked_and_told() {
    let refused = |side| Outcome::Refused(Refusal { side, permission: Permission::Write });
    let mut record = samples::record();
    record.modes = Backend::ALL.map(modes).to_vec();
    let odd = &mut record.modes[1];
    odd.cells.insert((Mode::Ro, Mode::Rw), refused(Side::Unshared));
    odd.differences.push(ModeDifference {
        first: Mode::Ro,
        second: Mode::Rw,
        measured: Some(refused(Side::Unshared)),
        stated: refused(Side::Wanted),
    });
    let (_, document) = page(&record);
    let captions = texts(&document, ".matrix caption");
    assert_eq!(captions[1], format!("On posix: {} pairs, 1 not as stated", pairs()));
    assert_eq!(texts(&document, "td.x"), ["* sh. write"]);
    assert_eq!(attributes(&document, "td.x abbr", "title"), ["refused shared write"]);
    let told = "ro first, then rw: measured refused shared write, stated refused write";
    assert_eq!(texts(&document, ".differences li"), [told]);
}

#[test]
fn a_matrix_that_is_not_as_stated_is_in_the_verdict() {
    let mut record = samples::record();
    record.tour.results.truncate(1);
    record.tour.planned.truncate(1);
    record.modes = vec![modes(Backend::Ofd)];
    let verdict = |record: &RunRecord| texts(&page(record).1, ".verdict").join("");
    assert_eq!(verdict(&record), "1 of 1 passed");
    record.modes[0].objections = samples::record().tour.results[2].findings.clone();
    assert_eq!(verdict(&record), "1 of 1 passed, but the mode matrix is not as stated");
}

#[test]
fn several_places_make_a_table_and_share_badges() {
    let (_, document) = page(&samples_places::several_places());
    assert_eq!(document.errors, Vec::<std::borrow::Cow<'static, str>>::new());
    let kernels = texts(&document, "section:has(#places) thead th[scope=colgroup]");
    assert_eq!(kernels, ["6.18.0", "6.12.0-cloud"]);
    let bad = texts(&document, "section:has(#places) td.bad");
    assert_eq!(bad, ["LOST b", "0/3", "FAILED c", "PASSED e", "0/4"]);
    let notes = texts(&document, "section:has(#places) .note");
    assert!(notes.contains(&"c failed: a lock stayed".to_owned()), "{notes:?}");
    let badges = texts(&document, "#contract-close .badge");
    assert_eq!(badges, ["ofd passed at 2 places", "ofd failed at fuse-locks"]);
    let listed = texts(&document, "section:has(#where) tbody th");
    assert_eq!(listed.len(), 5, "{listed:?}");
}
