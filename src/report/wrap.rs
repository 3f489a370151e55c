use textwrap::{Options, WordSeparator, WordSplitter};

/// The lines of `text`, each at most `width` columns wide. They break at
/// spaces only, and all but the first begin with `indent`.
pub fn wrapped(text: &str, width: usize, indent: &str) -> Vec<String> {
    let options = Options::new(width)
        .subsequent_indent(indent)
        .word_splitter(WordSplitter::NoHyphenation)
        .word_separator(WordSeparator::AsciiSpace);
    textwrap::wrap(text, options).into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// The paragraphs of a story, each as one line; empty lines separate them.
pub fn paragraphs(text: &str) -> impl Iterator<Item = String> {
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.split("\n\n").map(one_line).filter(|line| !line.is_empty())
}
