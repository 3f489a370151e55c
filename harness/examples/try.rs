//! try
use std::sync::Arc; use std::time::Duration;
use imglock_harness::{lock::Backend, process::StopToken, run::*, scenario::Scenario};
fn main() {
    imglock_harness::init();
    let (_t, stop) = StopToken::pair().unwrap();
    let mut jobs = vec![];
    let mut bad = 0;
    for f in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&f).unwrap();
        match Scenario::parse(&f, &f, &text) {
            Ok(s) => { let s = Arc::new(s); for b in s.backends.clone() { jobs.push(Job{scenario: s.clone(), backend: b}); } }
            Err(e) => { bad += 1; println!("BAD {f}: "); for p in e.problems() { println!("    {} | {:?} | at {:?}", p.message(), p.advice(), &text[p.span().offset()..(p.span().offset()+p.span().len()).min(text.len())]); } }
        }
    }
    let n = jobs.len(); let t = std::time::Instant::now();
    let o = SessionOptions { directory: std::env::temp_dir(), jobs: 2, step_timeout: Duration::from_secs(3), keep: false, stop, program: SessionOptions::this_program() };
    let mut ok = 0;
    for r in Session::start(jobs, o).unwrap() {
        let r = r.unwrap();
        if r.verdict == Verdict::Passed { ok += 1; continue; }
        println!("{} {} {} {}", r.scenario, r.backend, r.verdict, r.reason);
        for f in r.findings.iter().filter(|f| f.is_failure()) { println!("    [{}] at {:?}: {}\n       expected: {}\n       actual:   {}", f.judge, f.event.map(|e| &r.trace.events[e].text), f.message, f.expected, f.actual); }
    }
    println!("{ok} of {n} passed, {bad} bad files, {:?}", t.elapsed());
}
