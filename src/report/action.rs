//! Actions in words.

use imglock_engine::Trace;

/// An action's words, without the image if it is the `first` one: a line that
/// names no image means that one.
pub fn words(action: &str, first: Option<&str>) -> String {
    match first {
        Some(image) => action.replacen(&format!(" image={image} "), " ", 1),
        None => action.to_owned(),
    }
}

/// As [`words`], for a trace's images.
pub fn in_trace(trace: &Trace, action: &str) -> String {
    words(action, trace.images.first().map(String::as_str))
}
