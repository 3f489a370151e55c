use std::io;

use anstyle::Style;

use super::page::Page;
use super::palette::STRONG;

/// The columns of a table of numbers: a label, then cells that are aligned to the right.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    /// The width of the label.
    pub label: usize,
    /// The width of each cell.
    pub cell: usize,
}

impl Columns {
    /// Writes the heading of the table.
    pub fn head(self, label: &str, heads: &[&str], page: &mut Page<'_>) -> io::Result<()> {
        let label = format!("{STRONG}{label:0$}{STRONG:#}", self.label);
        self.row(&label, heads.iter().map(|head| (STRONG, (*head).to_owned())), page)
    }

    /// Writes a line of the table. A `label` with colours comes padded.
    pub fn row(
        self,
        label: &str,
        cells: impl IntoIterator<Item = (Style, String)>,
        page: &mut Page<'_>,
    ) -> io::Result<()> {
        write!(page, "{label:0$}", self.label)?;
        for (style, cell) in cells {
            write!(page, "{style}{cell:>0$}{style:#}", self.cell)?;
        }
        writeln!(page)
    }
}
