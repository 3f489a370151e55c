//! The HTML report of the whole suite, in a real browser.
//!
//! Without Chromium a test is skipped and says so, unless `IMGLOCK_REQUIRE`
//! names `chromium`. The pictures that are taken are for people: they are in
//! `html_report` in the target directory's `tmp`.

mod outside;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::LazyLock;

use imglock_core::Mode;
use outside::browser::{self, Page};
use outside::{imglock, is_met};
use serde_json::Value;

/// How big the file may be, in bytes.
const MOST_BYTES: u64 = 3 << 20;

/// The suite is run once for all tests: the page, and the results it shows.
static REPORT: LazyLock<(PathBuf, Vec<Value>)> = LazyLock::new(|| {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let [page, results] = ["suite.html", "suite.json"].map(|name| folder.join(name));
    let mut run = imglock();
    run.arg("run").arg("--report").arg(format!("html={}", page.display()));
    run.arg("--report").arg(format!("json={}", results.display())).assert().success();
    let text = std::fs::read_to_string(results).expect("a report");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    (page, document["results"].as_array().expect("results").clone())
});

/// The names of the scenarios with a result that `fits`.
fn scenarios(fits: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    let results = REPORT.1.iter().filter(|result| fits(result));
    results.map(|result| result["scenario"].as_str().expect("a name").to_owned()).collect()
}

fn open(width: u32, height: u32) -> Option<Page> {
    let why = browser::program().is_none().then(|| "chromium is not installed".to_owned());
    if !is_met("chromium", why) {
        return None;
    }
    Some(Page::open(&REPORT.0, width, height))
}

/// Sets a filter as a user does. Returns the number of scenarios left, as the
/// page counts them and as they are displayed.
fn filtered(page: &Page, id: &str, value: &str) -> (String, f64) {
    page.ask(&format!(
        "const field = document.getElementById('{id}'); field.value = '{value}'; \
         field.dispatchEvent(new Event('change', {{ bubbles: true }}));"
    ));
    shown(page)
}

fn shown(page: &Page) -> (String, f64) {
    let said = page.ask("return document.getElementById('shown').value;");
    let seen = page.number(
        "return [...document.querySelectorAll('article')].filter(a => a.offsetHeight > 0).length;",
    );
    (said.as_str().expect("words").to_owned(), seen)
}

#[test]
fn the_page_of_the_whole_suite_is_small() {
    let size = std::fs::metadata(&REPORT.0).expect("a page").len();
    println!("{size} bytes for {} results", REPORT.1.len());
    assert!(size < MOST_BYTES, "{size} bytes");
}

#[test]
fn it_loads_nothing_and_the_browser_does_not_complain() {
    let Some(page) = open(1360, 900) else { return };
    page.ask("document.querySelectorAll('article details').forEach(d => d.open = true);");
    page.ask("scrollTo(0, document.body.scrollHeight);");
    let heard = page.heard();
    assert_eq!(heard.complaints, Vec::<String>::new());
    let own = |url: &str| url.starts_with("data:") || url.ends_with("/suite.html");
    let elsewhere = heard.requests.iter().filter(|url| !own(url));
    assert_eq!(elsewhere.collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(!heard.requests.is_empty(), "requests are not watched");
}

#[test]
fn the_policy_keeps_strange_scripts_and_addresses_out() {
    let Some(page) = open(1360, 900) else { return };
    page.ask(
        "const s = document.createElement('script'); s.textContent = 'window.strange = 1'; \
         document.body.append(s); \
         const i = document.createElement('img'); i.src = 'http://127.0.0.1:9/x.png'; \
         document.body.append(i); \
         await new Promise(r => i.onerror = r);",
    );
    assert_eq!(page.ask("return window.strange ?? null;"), Value::Null);
    let complaints = page.heard().complaints.join("\n");
    for directive in ["script-src", "img-src"] {
        assert!(complaints.contains(directive), "{directive} is not in: {complaints}");
    }
}

#[test]
fn every_scenario_is_drawn() {
    let Some(page) = open(1360, 900) else { return };
    let drawn = page.ask(
        "document.querySelectorAll('article').forEach(a => { \
             a.style.contentVisibility = 'visible'; a.querySelector('details').open = true; }); \
         const names = []; \
         for (const article of document.querySelectorAll('article')) { \
             const boxes = [...article.querySelectorAll('figure svg')].map(s => s.getBoundingClientRect()); \
             if (boxes.length > 0 && boxes.every(b => b.width > 100 && b.height > 40)) names.push(article.id); \
         } \
         return names;",
    );
    let drawn: BTreeSet<&str> =
        drawn.as_array().expect("names").iter().filter_map(Value::as_str).collect();
    let slug = |name: &String| name.replace(|c: char| !c.is_alphanumeric(), "-");
    let all: BTreeSet<String> = scenarios(|_| true).iter().map(slug).collect();
    assert_eq!(drawn, all.iter().map(String::as_str).collect());
}

#[test]
fn no_text_of_a_drawing_overlaps_another_or_leaves_its_lane() {
    let Some(page) = open(1360, 900) else { return };
    let wrong = page.ask(
        "document.querySelectorAll('article').forEach(a => { \
             a.style.contentVisibility = 'visible'; a.querySelector('details').open = true; }); \
         const wrong = []; \
         for (const article of document.querySelectorAll('article')) { \
             for (const svg of article.querySelectorAll('figure svg')) { \
                 const lanes = [...svg.querySelectorAll('rect.l')].map(l => l.getBBox()); \
                 const at = svg.getBoundingClientRect(); \
                 const texts = [...svg.querySelectorAll('text')].map(t => [t, t.getBoundingClientRect()]); \
                 for (const [t, b] of texts) { \
                     if (b.right > at.right + 1 || b.bottom > at.bottom + 1 || b.left < at.left - 1) \
                         wrong.push(article.id + ' outside: ' + t.textContent); \
                     const own = lanes.filter(l => b.left - at.left >= l.x && b.left - at.left < l.x + l.width); \
                     const across = t.matches('.rn, .rf, .rh, .m, .n'); \
                     if (!across && own.every(l => b.right - at.left > l.x + l.width + 1)) \
                         wrong.push(article.id + ' leaves its lane: ' + t.textContent); \
                     for (const [o, c] of texts) \
                         if (t !== o && b.left < c.right - 1 && c.left < b.right - 1 && b.top < c.bottom - 4 && c.top < b.bottom - 4) \
                             wrong.push(article.id + ' overlap: ' + t.textContent + ' / ' + o.textContent); \
                 } \
             } \
         } \
         return wrong;",
    );
    let wrong: Vec<&str> =
        wrong.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(
        wrong.is_empty(),
        "{} texts:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(30)].join("\n")
    );
}

#[test]
fn each_filter_shows_what_it_says() {
    let Some(page) = open(1360, 900) else { return };
    let all = scenarios(|_| true).len();
    let expect = |id: &str, value: &str, names: BTreeSet<String>| {
        assert!(!names.is_empty() && names.len() < all, "{id}={value} proves nothing");
        let words = format!("{} of {all} scenarios", names.len());
        assert_eq!(filtered(&page, id, value), (words, names.len() as f64), "{id}={value}");
        filtered(&page, id, "");
    };
    let has = |result: &Value, hazard: &str| {
        result["hazards"].as_array().expect("hazards").iter().any(|one| one == hazard)
    };
    let theme = |result: &Value| result["scenario"].as_str().expect("a name").starts_with("posix/");
    expect("theme", "posix", scenarios(theme));
    expect("backend", "posix", scenarios(|result| result["backend"] == "posix"));
    expect("hazard", "lock-loss", scenarios(|result| has(result, "lock-loss")));
    expect("hazard", "some", scenarios(|result| result["hazards"] != serde_json::json!([])));
    let both = |result: &Value| result["backend"] == "ofd" && has(result, "lock-loss");
    filtered(&page, "backend", "ofd");
    expect("hazard", "lock-loss", scenarios(both));
    filtered(&page, "backend", "");
    page.ask("document.querySelector('[value=passed]').click();");
    let not_passed = scenarios(|result| result["verdict"] != "passed").len();
    assert_eq!(shown(&page).1, not_passed as f64);
    let nothing = page.ask("return !document.getElementById('nothing').hidden;");
    assert_eq!(nothing, not_passed == 0);
    page.ask("document.querySelector('#filters [data-reset]').click();");
    assert_eq!(shown(&page), (format!("{all} of {all} scenarios"), all as f64));
}

#[test]
fn search_looks_into_names_stories_and_drawings() {
    let Some(page) = open(1360, 900) else { return };
    let search = |words: &str| filtered(&page, "search", words).1;
    assert_eq!(search("unplug-drops-the-lock"), 1.0);
    assert_eq!(search("UNPLUG-drops posix"), 1.0);
    assert_eq!(search("nothing reads like this"), 0.0);
    let refused = search("refused shared resize");
    let drawn = scenarios(|result| result["trace"].to_string().contains("refused shared resize"));
    assert!(refused >= drawn.len() as f64 && !drawn.is_empty(), "{refused} of {drawn:?}");
}

#[test]
fn the_keyboard_reaches_and_works_everything() {
    let Some(page) = open(1360, 900) else { return };
    let focus =
        || page.ask("const e = document.activeElement; return e.id || e.className || e.tagName;");
    page.press("Tab");
    assert_eq!(focus(), "skip");
    page.press("Enter");
    page.press("Tab");
    page.press("Tab");
    assert_eq!(focus(), "search");
    for key in ["l", "e", "a", "k"] {
        page.press(key);
    }
    page.press("Tab");
    assert_eq!(focus(), "theme");
    let outlined = page.ask("return getComputedStyle(document.activeElement).outlineStyle;");
    assert_eq!(outlined, "solid");
    for _ in 0..3 {
        page.press("Tab");
    }
    assert_eq!(page.ask("return document.activeElement.name;"), "verdict");
    page.press(" ");
    let left = page.ask("return document.querySelector('[value=passed]').checked;");
    assert_eq!(left, false);
    page.press(" ");
    page.ask("document.querySelector('#process-grandchild-keeps-the-lock summary').focus();");
    page.press("Enter");
    let open = "return document.querySelector('#process-grandchild-keeps-the-lock details').open;";
    assert_eq!(page.ask(open), true);
}

#[test]
fn it_can_be_read_on_a_phone_on_paper_and_in_the_dark() {
    let Some(page) = open(1360, 1000) else { return };
    let ink = "return getComputedStyle(document.body).color + getComputedStyle(document.body).backgroundColor;";
    let fits = || page.ask("return document.documentElement.scrollWidth <= innerWidth;");
    let show = |id: &str| {
        page.ask(&format!("location.hash = ''; location.hash = '{id}';"));
    };
    page.picture("light");
    show("matrix");
    page.picture("matrix");
    show("hotplug-unplug-drops-the-lock");
    page.picture("lock-loss");
    show("waiting-stopped-waiter-loses-its-turn");
    page.picture("waiting");
    show("sharing-fifty-cluster-nodes");
    page.picture("many");
    show("descriptor-passed-descriptor-unlocks-for-both");
    page.picture("passed-descriptor");
    page.ask("document.querySelectorAll('article details').forEach(d => d.open = true);");
    assert_eq!(fits(), true, "on a screen");
    let light = page.ask(ink);
    page.show_as("screen", "dark");
    assert_ne!(page.ask(ink), light);
    show("hotplug-unplug-drops-the-lock");
    page.picture("dark-lock-loss");
    show("matrix");
    page.picture("dark-matrix");
    page.show_as("screen", "light");
    page.resize(400, 860);
    assert_eq!(fits(), true, "on a phone");
    page.ask("scrollTo(0, 0);");
    page.picture("phone");
    show("hotplug-unplug-drops-the-lock");
    page.picture("phone-lock-loss");
    show("scenarios");
    page.picture("phone-filters");
    page.resize(794, 1123);
    page.show_as("print", "dark");
    assert_eq!(fits(), true, "on A4 paper");
    assert_eq!(page.ask("return document.getElementById('filters').offsetHeight;"), 0);
    assert_eq!(page.ask("return getComputedStyle(document.body).color;"), "rgb(0, 0, 0)");
    page.ask("document.querySelectorAll('article details').forEach(d => d.open = false);");
    page.ask("document.querySelector('#hotplug-unplug-drops-the-lock details').open = true;");
    let paper = page.paper();
    assert!(paper.starts_with(b"%PDF"), "no document");
    page.ask("document.querySelector('#hotplug-unplug-drops-the-lock').scrollIntoView();");
    page.picture("print");
    page.ask("document.querySelector('#matrix').scrollIntoView();");
    page.picture("print-matrix");
}

#[test]
fn the_matrix_has_words_for_every_pair() {
    let Some(page) = open(1360, 900) else { return };
    let words = page
        .ask("return [...document.querySelectorAll('.matrix td')].map(td => td.innerText.trim());");
    let words = words.as_array().expect("cells");
    assert_eq!(words.len() % (Mode::ALL.len() * Mode::ALL.len()), 0);
    assert!(!words.is_empty() && words.iter().all(|word| word != ""));
}

#[test]
fn it_opens_and_scrolls_without_a_stutter() {
    let Some(page) = open(1360, 900) else { return };
    let loaded = page.number(
        "const [n] = performance.getEntriesByType('navigation'); \
         return n.domContentLoadedEventEnd - n.startTime;",
    );
    let longest = |what: &str| {
        page.number(&format!(
            "let longest = 0; \
             const take = (l) => l.forEach(e => longest = Math.max(longest, e.duration)); \
             const watch = new PerformanceObserver(l => take(l.getEntries())); \
             watch.observe({{ type: 'longtask', buffered: true }}); \
             const frame = () => new Promise(requestAnimationFrame); \
             {what} await frame(); await frame(); take(watch.takeRecords()); return longest;"
        ))
    };
    let scroll = "for (let y = 0; y < document.body.scrollHeight; y += 400) { scrollTo(0, y); await frame(); }";
    let figures = [
        ("load", longest("")),
        ("scroll", longest(scroll)),
        (
            "search",
            longest(
                "search.value = 'leak'; search.dispatchEvent(new Event('change', { bubbles: true }));",
            ),
        ),
        (
            "open all",
            longest(
                "document.querySelector('[data-reset]').click(); document.querySelector('[data-open=true]').click();",
            ),
        ),
        ("scroll all open", longest(&scroll.replace("400", "2000"))),
    ];
    // Figures for people. The times depend on the machine.
    println!("DOMContentLoaded after {loaded:.0} ms; longest task so far in ms: {figures:?}");
    page.ask("scrollTo(0, 0);");
    // The browser drops the layout of elements some frames after they leave the window.
    let far = "const last = [...document.querySelectorAll('article h4')].at(-1); \
               const laidOut = () => last.checkVisibility({ contentVisibilityAuto: true }); \
               for (let i = 0; i < 60 && laidOut(); i++) await new Promise(requestAnimationFrame); \
               return laidOut();";
    assert_eq!(page.ask(far), false, "what is far away is laid out all the same");
}
