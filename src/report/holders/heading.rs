use std::io;

use imglock_locks::SurveyedImage;

use crate::phrase::printable;
use crate::report::page::Page;
use crate::report::palette::STRONG;

/// Writes the path of an image and its role in a chain, and `words` about it.
pub fn heading(
    image: &SurveyedImage,
    role: &str,
    words: &str,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let path = printable(&image.path.to_string_lossy());
    writeln!(page, "{STRONG}{path}{STRONG:#}{role}  {words}")
}
