use std::path::PathBuf;

use clap::Args;

/// The report file of long work.
#[derive(Debug, Args)]
pub struct LongArgs {
    /// Also write a JSON report to a file: json=FILE.
    ///
    /// The file is created before the work begins. While the work goes on, the
    /// file is replaced as a whole at most once a second, so it can be read at
    /// any time. After Ctrl-C it contains the results so far.
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
    fn a_report_names_its_format_and_its_file() {
        assert_eq!(parse_report("json=a=b"), Ok(PathBuf::from("a=b")));
        for text in ["json=", "json", "a.json", "html=a"] {
            assert!(parse_report(text).is_err(), "{text}");
        }
    }
}
