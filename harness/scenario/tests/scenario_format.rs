//! Parses every example of docs/scenario-format.md as a scenario.

use imglock_scenario::{Item, Scenario};

const FORMAT: &str = include_str!("../../../docs/scenario-format.md");

/// The `kdl` blocks, each with its line number. A block without a head gets one.
fn examples() -> Vec<(usize, String)> {
    let mut examples: Vec<(usize, String)> = Vec::new();
    let mut inside = false;
    for (number, line) in FORMAT.lines().enumerate() {
        match line {
            "```kdl" => {
                inside = true;
                examples.push((number + 2, String::new()));
            }
            "```" => inside = false,
            _ if inside => {
                if let Some((_, text)) = examples.last_mut() {
                    text.push_str(line);
                    text.push('\n');
                }
            }
            _ => {}
        }
    }
    for (_, text) in &mut examples {
        if !text.contains("summary ") {
            text.insert_str(0, "summary \"An example\"\nabout \"Of the format.\"\n");
        }
    }
    examples
}

fn scenarios() -> Vec<Scenario> {
    let parse = |(number, text): (usize, String)| {
        Scenario::parse("example", &format!("scenario-format.md:{number}"), &text)
            .unwrap_or_else(|error| panic!("{:?}", miette::Report::new(error)))
    };
    examples().into_iter().map(parse).collect()
}

#[test]
fn every_example_is_a_scenario() {
    assert!(scenarios().len() >= 8);
}

/// The verbs are the second words of the first cells of the tables.
#[test]
fn every_verb_of_the_tables_has_an_example() {
    let mut shown = Vec::new();
    for scenario in scenarios() {
        for item in scenario.unrolled() {
            match item {
                Item::Step(step) => shown.push(step.action.to_string()),
                Item::Together(block) => {
                    shown.extend(block.steps.iter().map(|step| step.action.to_string()));
                }
                _ => {}
            }
        }
    }
    let cells =
        FORMAT.lines().filter(|line| line.starts_with("| `vm1 ") || line.starts_with("| `host "));
    let mut verbs: Vec<&str> = cells
        .flat_map(|line| line.split('|').nth(1).unwrap_or_default().split(", "))
        .filter_map(|words| words.trim().trim_matches('`').split_whitespace().nth(1))
        .collect();
    verbs.dedup();
    assert!(verbs.len() >= 28, "{verbs:?}");
    for verb in verbs {
        let with = |action: &String| action.split(' ').next() == Some(verb);
        assert!(shown.iter().any(with), "no example has the verb `{verb}`");
    }
}
