use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use super::boot::{Booting, Unheard};
use super::news::{Told, VmObserver};
use super::plan::{VmOptions, VmPlan};
use crate::guest::Experience;
use imglock_core::PlaceName;
use imglock_engine::{ProcessError, in_lanes, useful_lanes};

/// The ways in which guests end before all of them have finished.
#[derive(Debug)]
pub enum VmEnd<S> {
    /// The observer ended them.
    Observer(S),
    /// QEMU cannot be started, or the work is stopped.
    Process(ProcessError),
}

/// Boots the kernels of `plan`, several at a time, and reports places, results
/// and news to `observer`.
///
/// # Errors
/// If QEMU cannot be started, the work is stopped, or the observer ends it. The
/// loss of a single kernel is not an error but the fate of its places.
pub fn boot_all<O: VmObserver>(
    plan: &VmPlan,
    options: &VmOptions,
    observer: &mut O,
) -> Result<(), VmEnd<O::Stop>> {
    let names = plan.names();
    let experience = Experience::default();
    let over = AtomicBool::new(false);
    let kernels = plan.kernels.iter().zip(&names).enumerate();
    let kernels = kernels.take_while(|_| !over.load(Ordering::Relaxed));
    let boot = |(): &mut (), unit: (usize, (&_, &String)), tell: &dyn Fn(Message) -> _| {
        let (number, (kernel, name)) = unit;
        let booting = Booting { plan, options, experience: &experience, kernel, name };
        let told = booting.run(&mut |told| match tell(Message::Told(number, told)) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Unheard),
        });
        match told {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => tell(Message::Failed(error)),
        }
    };
    let mut arrived = BTreeSet::new();
    let (mut stop, mut failed) = (None, None);
    let lanes = useful_lanes(options.jobs, plan.kernels.len());
    in_lanes(vec![(); lanes], kernels, boot, |message| match message {
        Message::Told(kernel, told) => match pass_on(kernel, told, observer, &mut arrived) {
            Ok(()) => ControlFlow::Continue(()),
            Err(why) => {
                stop = Some(why);
                ControlFlow::Break(())
            }
        },
        // The kernels under way may still have something to report.
        Message::Failed(error) => {
            failed.get_or_insert(error);
            over.store(true, Ordering::Relaxed);
            ControlFlow::Continue(())
        }
    });
    match (stop, failed) {
        (Some(why), _) => Err(VmEnd::Observer(why)),
        (None, Some(error)) => Err(VmEnd::Process(error)),
        (None, None) => Ok(()),
    }
}

/// What the lanes report.
enum Message {
    /// Something about the kernel of this number.
    Told(usize, Told),
    /// QEMU cannot be started, or the command is being stopped.
    Failed(ProcessError),
}

/// A guest that is over may leave places at which it never arrived.
fn pass_on<O: VmObserver>(
    kernel: usize,
    what: Told,
    observer: &mut O,
    arrived: &mut BTreeSet<PlaceName>,
) -> Result<(), O::Stop> {
    match what {
        Told::News(news) => observer.news(kernel, news),
        Told::Place(place) => {
            arrived.insert(place.name.clone());
            observer.arrive(*place)
        }
        Told::Result(result) => observer.add(*result),
        Told::Over(places) => {
            for place in places {
                if arrived.insert(place.name.clone()) {
                    observer.arrive(place.clone())?;
                }
                observer.leave(place)?;
            }
            Ok(())
        }
    }
}
