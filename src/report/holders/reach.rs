//! How far an answer reaches, and what it does not cover.

use std::io;

use imglock_locks::{Extent, InquiryGap, SurveyedImage};

use crate::report::page::Page;
use crate::report::palette::{CAREFUL, FAINT, GOOD};

/// Writes why the kernel gave no answer, if it gave none, and how far locks on the image reach.
pub fn write(image: &SurveyedImage, page: &mut Page<'_>) -> io::Result<()> {
    let blocks = !image.unlocked.is_empty()
        || !image.former.is_empty()
        || !image.users.users.is_empty()
        || !image.users.stands_on.is_empty()
        || !image.waiters.is_empty();
    if image.is_held() || blocks {
        writeln!(page)?;
    }
    if let Some(doubt) = doubt(image) {
        page.paragraph("  ", &format!("{CAREFUL}Not known{CAREFUL:#}: {doubt}"))?;
    }
    let style = if image.reach.is_whole() { FAINT } else { CAREFUL };
    page.paragraph("  ", &format!("{style}Reach{style:#}: {}.", image.reach.meaning()))
}

/// The words for an image without a lock: `free` only if locks exclude all openers that are known to
/// exist.
pub fn not_locked(image: &SurveyedImage) -> String {
    let how_far = match image.reach.extent {
        Extent::EveryHost | Extent::Host => return format!("{GOOD}free{GOOD:#}: not locked"),
        Extent::OnlyThisHost => "on this host",
        Extent::OnlyThisMount => "through this mount",
        Extent::OnlyThisNode => "through this node",
        Extent::Unknown => "as far as this host can tell",
    };
    format!("{CAREFUL}not locked{CAREFUL:#} {how_far}")
}

/// Why there can be a lock that neither the tables nor the kernel's answers show.
fn doubt(image: &SurveyedImage) -> Option<String> {
    match &image.asked {
        Err(why) => Some(format!("the kernel was not asked for locks: {}.", why.meaning())),
        Ok(inquiry) => inquiry.gap.map(InquiryGap::meaning),
    }
}

/// Writes what QEMU does with a file on which lock calls fail.
pub fn without_locks(page: &mut Page<'_>) -> io::Result<()> {
    page.paragraph(
        "  ",
        "With locking=auto and locking=on, QEMU does not open the image: it decides by /dev/null whether \
         locks are available. With locking=off, it opens the image and locks nothing, so nothing \
         protects the image.",
    )
}
