use std::path::PathBuf;

use clap::Args;

/// What long work reads besides.
#[derive(Debug, Args)]
pub struct LongArgs {
    /// Also write a report into a file: json=FILE.
    ///
    /// The file is made before the work begins and replaced whole while it
    /// goes on, once a second at most, so it can be read at any time; after
    /// Ctrl-C it has what was found so far.
    #[arg(long, value_name = "json=FILE", value_parser = parse_report)]
    pub report: Option<PathBuf>,
}

fn parse_report(text: &str) -> Result<PathBuf, String> {
    match text.strip_prefix("json=") {
        Some(path) if !path.is_empty() => Ok(PathBuf::from(path)),
        _ => Err("write json=FILE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_its_format_and_its_file() {
        assert_eq!(parse_report("json=a=b"), Ok(PathBuf::from("a=b")));
        for text in ["json=", "json", "a.json", "html=a"] {
            assert!(parse_report(text).is_err(), "{text}");
        }
    }
}
