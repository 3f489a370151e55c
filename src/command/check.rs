use std::io::Write;

use super::known;
use crate::cli::CheckArgs;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::output::Output;
use crate::phrase::count;
use crate::report::palette::{BAD, CAREFUL, FAINT, GOOD};
use crate::selection::{Document, kdl_files, read_document};

/// `imglock check`.
pub fn check(args: CheckArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    let mut files = 0;
    let mut invalid = Vec::new();
    for path in &args.paths {
        let found = kdl_files(path)?;
        if found.is_empty() {
            return Err(Failure::EmptyFolder { path: path.clone() });
        }
        for file in found {
            files += 1;
            let name = file.display();
            match read_document(&file)? {
                Ok(Document::Scenario(scenario)) => {
                    let summary = &scenario.summary;
                    writeln!(output, "{GOOD}ok{GOOD:#}       {name}  {FAINT}{summary}{FAINT:#}")?;
                }
                Ok(Document::Matrix) => {
                    writeln!(output, "{GOOD}ok{GOOD:#}       {name}  {FAINT}mode matrix{FAINT:#}")?;
                }
                Ok(Document::Known(known)) => {
                    let number = count(known.entries().len(), "known failure", "known failures");
                    writeln!(output, "{GOOD}ok{GOOD:#}       {name}  {FAINT}{number}{FAINT:#}")?;
                    // Not an error: a file in another folder may contain the scenario.
                    for remark in known::unmatched(&known, &[]) {
                        writeln!(output, "         {CAREFUL}note{CAREFUL:#}: {remark}")?;
                    }
                }
                Err(error) => {
                    writeln!(output, "{BAD}invalid{BAD:#}  {name}")?;
                    invalid.push(error);
                }
            }
        }
    }
    writeln!(output, "{}, {} invalid", count(files, "file", "files"), invalid.len())?;
    output.flush()?;
    if invalid.is_empty() { Ok(ExitCode::AsExpected) } else { Err(Failure::Invalid(invalid)) }
}
