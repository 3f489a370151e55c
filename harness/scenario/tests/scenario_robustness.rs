//! Parsing any text ends with a scenario, or with problems that can be printed.

use imglock_scenario::{KnownFailures, ModeMatrix, Scenario};
use proptest::prelude::*;
use rstest::rstest;

const FORMAT: &str = include_str!("../../../docs/scenario-format.md");
const MATRIX: &str = include_str!("../../../scenarios/matrix.kdl");

/// Parses the text as each kind of file, and prints the problems.
fn read(text: &str) {
    match Scenario::parse("story", "story.kdl", text) {
        Ok(scenario) => {
            scenario.actors();
        }
        Err(error) => {
            assert!(!error.problems().is_empty());
            for problem in error.problems() {
                let span = problem.span();
                assert!(span.offset() + span.len() <= text.len(), "{problem}: {span:?}");
                assert!(text.is_char_boundary(span.offset()), "{problem}: {span:?}");
            }
            let _printed = format!("{:?}", miette::Report::new(error));
        }
    }
    if let Err(error) = ModeMatrix::parse("matrix.kdl", text) {
        let _printed = format!("{:?}", miette::Report::new(error));
    }
    KnownFailures::is_one(text);
    if let Err(error) = KnownFailures::parse("known.kdl", text) {
        let _printed = format!("{:?}", miette::Report::new(error));
    }
}

/// All examples of the format page in one text.
fn examples() -> String {
    let mut text = String::from("summary \"All\"\nabout \"Of it.\"\n");
    let mut inside = false;
    for line in FORMAT.lines() {
        match line {
            "```kdl" => inside = true,
            "```" => inside = false,
            _ if inside => {
                text.push_str(line);
                text.push('\n');
            }
            _ => {}
        }
    }
    text
}

/// Words and signs of the format, in any order.
fn salad() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "known",
        "\"why\"",
        "kernel \">=6.1\"",
        "file-system",
        "summary",
        "about",
        "backends",
        "hazard",
        "image",
        "held",
        "together",
        "repeat",
        "expect",
        "host",
        "vm1",
        "vm$n",
        "child",
        "open",
        "close",
        "set",
        "reopen",
        "fork",
        "thread",
        "send",
        "dup",
        "await",
        "lock",
        "test",
        "kill",
        "stop",
        "continue",
        "exec",
        "disk",
        "mode=rw",
        "mode=none",
        "held=write",
        "access=read-only",
        "as=n",
        "to=vm1",
        "as=disk",
        "size=5",
        "wait=#true",
        "type=write",
        "start=-1",
        "len=0",
        "granted",
        "blocked",
        "\"refused write\"",
        "ofd",
        "posix=granted",
        "2",
        "0",
        "-7",
        "1000000",
        "#null",
        "{",
        "}",
        "\n",
        ";",
        "\"",
        "$",
        "\"\"\"",
        "/*",
        "*/",
        "/-",
        "//",
        "\\",
        "#\"",
        "(",
        ")",
        "=",
        "é",
        "\u{0}",
        "\u{feff}",
        "0-9",
        "1.5",
        ".",
        "..",
        "-",
        "columns",
        "ro",
        "w",
    ]);
    prop::collection::vec((word, prop::sample::select(vec![" ", " ", "", "\n"])), 0..60)
        .prop_map(|words| words.into_iter().flat_map(|(word, gap)| [word, gap]).collect())
}

/// A valid text in which bytes or words are lost, duplicated or replaced.
fn mutated(text: String) -> impl Strategy<Value = String> {
    let places = prop::collection::vec((any::<prop::sample::Index>(), 0..6usize, salad()), 1..6);
    places.prop_map(move |places| {
        let mut letters: Vec<char> = text.chars().collect();
        for (index, change, words) in places {
            if letters.is_empty() {
                break;
            }
            let at = index.index(letters.len());
            let word_end = letters[at..]
                .iter()
                .position(|c| c.is_whitespace())
                .map_or(letters.len(), |n| at + n);
            match change {
                0 => drop(letters.remove(at)),
                1 => drop(letters.drain(at..word_end)),
                2 => letters.insert(at, letters[at]),
                3 => drop(letters.splice(at..word_end, words.chars().take(12))),
                4 => drop(letters.splice(at..at, words.chars().take(12))),
                _ => letters.truncate(at),
            }
        }
        letters.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        read(&text);
    }

    #[test]
    fn any_words_are_read(text in salad()) {
        read(&format!("summary a\nabout b\n{text}"));
    }

    #[test]
    fn a_damaged_scenario_is_read(text in mutated(examples())) {
        read(&text);
    }

    #[test]
    fn a_damaged_matrix_is_read(text in mutated(MATRIX.to_owned())) {
        read(&text);
    }
}

/// Each of these makes a parser recurse once for every repetition, or hides the recursion from a check.
#[rstest]
#[case("a {")]
#[case("a {\n")]
#[case("{")]
#[case("}")]
#[case("a /- {")]
#[case("/- a {")]
#[case("/*")]
#[case("/* \" */ /*")]
#[case("(")]
#[case("a (")]
#[case("a \"x\" {")]
#[case("a \"}\" {\n")]
#[case("a \"{\n")]
#[case("#\"{")]
#[case("a //\r{")]
#[case("a \"\"\"\n\\\"\"\"\n\"\"\" {")]
#[case("a b={")]
#[case("\n=aa=\"")]
fn nesting_without_measure_is_turned_away(#[case] opening: &str) {
    for times in [9, 100, 2_000] {
        read(&opening.repeat(times));
        read(&format!("summary \"}}\"\n{}", opening.repeat(times)));
    }
}

#[test]
fn a_text_without_end_is_turned_away() {
    read(&"vm1 open disk mode=rw\n".repeat(100_000));
}
