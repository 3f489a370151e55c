//! How far an answer reaches, and what it does not cover.

use std::io;

use imglock_locks::{Extent, SurveyedImage};

use crate::report::page::Page;
use crate::report::palette::{CAREFUL, FAINT, GOOD};

/// Writes why the kernel gave no answer, if it gave none, and how far locks on the image reach.
pub fn write(image: &SurveyedImage, page: &mut Page<'_>) -> io::Result<()> {
    let blocks = !image.unlocked.is_empty()
        || !image.former.is_empty()
        || !image.users.users.is_empty()
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
    let inquiry = match &image.asked {
        Err(why) => return Some(format!("the kernel was not asked for locks: {}.", why.meaning())),
        Ok(inquiry) => inquiry,
    };
    if let Some(errno) = inquiry.failure() {
        return Some(format!(
            "the file system did not answer whether locks conflict: {} ({errno}).",
            errno.text()
        ));
    }
    if inquiry.unrecalled {
        return Some(
            "a host with a read delegation of the NFSv4 server may have read locks that it keeps to itself. \
             The server calls the delegation back when the image is opened for writing, which you may not."
                .to_owned(),
        );
    }
    (!inquiry.whole).then(|| {
        "the image has so many locks that they were not asked for to the end of the file. QEMU's lock \
         bytes were."
            .to_owned()
    })
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
