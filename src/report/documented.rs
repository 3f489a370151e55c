use imglock_core::Verdict;

/// `5 as documented, 3 not, 1 skipped, 0 timed out`.
pub fn documented(verdicts: impl Iterator<Item = Verdict>) -> String {
    let verdicts: Vec<Verdict> = verdicts.collect();
    let words = [
        (Verdict::Passed, "as documented"),
        (Verdict::Failed, "not"),
        (Verdict::Skipped, "skipped"),
        (Verdict::TimedOut, "timed out"),
    ];
    let number = |verdict| verdicts.iter().filter(|other| **other == verdict).count();
    words.map(|(verdict, word)| format!("{} {word}", number(verdict))).join(", ")
}
