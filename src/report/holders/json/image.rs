//! One image, as a part of the document.

use std::borrow::Cow;

use imglock_core::{Backend, Errno, Mode};
use imglock_locks::{
    Danger, DataUser, Extent, FileServer, Forecast, ImageState, Inquiry, InquiryGap, NotAsked,
    SurveyedImage, UserGap, would_grant,
};
use serde::Serialize;

use super::owners::{
    FormerView, HiddenView, HolderView, UnexplainedView, UnlockedView, WaiterView, each,
};
use super::served::ServedView;
use crate::report::holders::chain::{ChainView, RoleView};

#[derive(Serialize)]
pub(super) struct ImageView<'a> {
    path: Cow<'a, str>,
    #[serde(flatten)]
    place: Option<RoleView<'a>>,
    /// The kernel's name of the file, as in /proc/locks.
    key: String,
    /// In bytes.
    size: u64,
    state: ImageState,
    held: bool,
    reach: ReachView<'a>,
    asked: AskedView,
    holders: Vec<HolderView<'a>>,
    waiters: Vec<WaiterView<'a>>,
    unexplained: Vec<UnexplainedView<'a>>,
    hidden: Option<HiddenView<'a>>,
    unlocked: Vec<UnlockedView<'a>>,
    /// The processes that have an earlier file of this name open.
    former: Vec<FormerView<'a>>,
    /// Clients of the kernel's file servers.
    served: Vec<ServedView<'a>>,
    /// Users of the same bytes past the locks of this file.
    users: &'a [DataUser],
    stands_on: &'a [String],
    /// What could not be asked about users.
    not_asked: &'a [UserGap],
    dangers: Vec<Danger>,
    answers: Vec<AnswerView>,
    /// Null for the files below an image that the user named.
    chain: Option<ChainView<'a>>,
}

impl<'a> ImageView<'a> {
    pub(super) fn of(image: &'a SurveyedImage) -> ImageView<'a> {
        ImageView {
            path: image.path.to_string_lossy(),
            place: None,
            key: image.key.to_string(),
            size: image.size,
            state: image.state(),
            held: image.is_held(),
            reach: ReachView {
                extent: image.reach.extent,
                file_system: &image.reach.file_system,
                source: image.reach.source.as_deref(),
                because: image.reach.because.as_deref(),
            },
            asked: AskedView::of(&image.asked),
            holders: each(&image.holders, |one| HolderView::of(one, image.size)),
            waiters: each(&image.waiters, WaiterView::of),
            unexplained: each(&image.unexplained, UnexplainedView::of),
            hidden: image.hidden.as_ref().map(HiddenView::of),
            unlocked: each(&image.unlocked, UnlockedView::of),
            former: each(&image.former, FormerView::of),
            served: each(&image.served, |one| ServedView::of(one, image.size)),
            users: &image.users.users,
            stands_on: &image.users.stands_on,
            not_asked: &image.users.gaps,
            dangers: image.dangers(),
            answers: each(Mode::ALL, |mode| AnswerView::of(image, *mode)),
            chain: None,
        }
    }

    /// The same image at its place in a chain.
    pub(super) fn in_chain(
        self,
        place: Option<RoleView<'a>>,
        chain: Option<ChainView<'a>>,
    ) -> ImageView<'a> {
        ImageView { place, chain, ..self }
    }
}

#[derive(Serialize)]
struct ReachView<'a> {
    extent: Extent,
    file_system: &'a str,
    source: Option<&'a str>,
    because: Option<&'a str>,
}

#[derive(Serialize)]
struct AskedView {
    /// Whether every question had an answer.
    complete: bool,
    /// The kind of lock that was asked for; null if no question was asked.
    backend: Option<Backend>,
    /// The errno of the first question that failed, or of open(2).
    errno: Option<String>,
    /// Why there can be locks that no answer reports, or why no question was asked.
    gap: Option<&'static str>,
}

impl AskedView {
    fn of(asked: &Result<Inquiry, NotAsked>) -> AskedView {
        let name = |errno: Errno| errno.to_string();
        match asked {
            Ok(inquiry) => AskedView {
                complete: inquiry.gap.is_none(),
                backend: Some(inquiry.backend),
                errno: match inquiry.gap {
                    Some(InquiryGap::Failed(errno)) => Some(name(errno)),
                    _ => None,
                },
                gap: inquiry.gap.map(InquiryGap::name),
            },
            Err(why) => AskedView {
                complete: false,
                backend: None,
                errno: why.errno().map(name),
                gap: Some(why.name()),
            },
        }
    }
}

#[derive(Serialize)]
struct AnswerView {
    mode: Mode,
    /// `granted`, `refused`, `fails` or `unknown`.
    answer: &'static str,
    granted: bool,
    /// QEMU's words; null when QEMU would report nothing.
    message: Option<String>,
    /// The pids of conflicting holders.
    by: Vec<i32>,
    /// Whether an owner conflicts that this host cannot name.
    by_unknown: bool,
    /// The servers of conflicting clients, as in `served`.
    by_servers: Vec<FileServer>,
}

impl AnswerView {
    fn of(image: &SurveyedImage, mode: Mode) -> AnswerView {
        let answer = would_grant(image, mode.claim());
        AnswerView {
            mode,
            answer: match answer.forecast {
                Forecast::Granted => "granted",
                Forecast::Refused(_) => "refused",
                Forecast::Fails(_) => "fails",
                Forecast::Unknown(_) => "unknown",
            },
            granted: answer.is_granted(),
            message: answer.forecast.message(),
            by: answer.pids(image),
            by_unknown: answer.by_unknown(),
            by_servers: answer.servers(image),
        }
    }
}
