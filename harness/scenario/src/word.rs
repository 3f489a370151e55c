//! Help texts for unknown words.

/// The maximum number of words that a help text lists.
const LISTED: usize = 14;

/// The candidate that `word` most likely means, if one is similar.
pub(crate) fn nearest<'c>(word: &str, candidates: &[&'c str]) -> Option<&'c str> {
    // A long text is not a typing mistake, and comparing it is slow.
    if word.len() > 64 {
        return None;
    }
    let word = word.to_lowercase();
    candidates
        .iter()
        .map(|candidate| (likeness(&word, &candidate.to_lowercase()), *candidate))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

/// The similarity, from 0 to 1. In a short word one typing mistake is a large part, so a single letter
/// or two exchanged letters count as similar.
fn likeness(word: &str, candidate: &str) -> f64 {
    let likeness = strsim::jaro_winkler(word, candidate);
    if word.len() > 1 && strsim::damerau_levenshtein(word, candidate) == 1 {
        likeness.max(0.9)
    } else {
        likeness
    }
}

/// "did you mean `x`?", the list of valid words, or both.
pub(crate) fn advice(word: &str, candidates: &[&str]) -> String {
    let listed = (candidates.len() <= LISTED).then(|| format!("valid here: {}", list(candidates)));
    match (nearest(word, candidates), listed) {
        (Some(near), Some(listed)) => format!("did you mean `{near}`? {listed}"),
        (Some(near), None) => format!("did you mean `{near}`?"),
        (None, Some(listed)) => listed,
        (None, None) => format!("valid here: {}, ...", list(&candidates[..LISTED])),
    }
}

/// The words in backticks, separated by commas.
pub(crate) fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}
