use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::mpsc::channel;

use super::accelerator::Experience;
use super::boot::{Booting, Unheard};
use super::news::{Told, VmObserver};
use super::plan::{VmOptions, VmPlan};
use imglock_core::PlaceName;
use imglock_engine::{ProcessError, in_lanes};

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
    let units: Vec<_> = plan.kernels.iter().zip(&names).enumerate().collect();
    let experience = Experience::default();
    let (sender, told) = channel();
    std::thread::scope(|scope| {
        let lanes = scope.spawn(|| {
            // The end of this sender ends the events.
            let sender = sender;
            let work = |(): &mut (), unit: &(usize, (&_, &String))| {
                let (number, (kernel, name)) = *unit;
                let booting = Booting { plan, options, experience: &experience, kernel, name };
                booting.run(&mut |what| sender.send((number, what)).map_err(|_| Unheard))
            };
            let mut ended = Ok(());
            in_lanes(options.jobs, &units, work, |_, result| match result {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    ended = Err(error);
                    ControlFlow::Break(())
                }
            });
            ended
        });
        let mut arrived = BTreeSet::new();
        let mut stop = None;
        for (kernel, what) in told {
            if let Err(why) = pass_on(kernel, what, observer, &mut arrived) {
                stop = Some(why);
                break;
            }
        }
        let ended = lanes
            .join()
            .unwrap_or_else(|_| Err(ProcessError::Lost("a thread panicked".to_owned())));
        match stop {
            Some(why) => Err(VmEnd::Observer(why)),
            None => ended.map_err(VmEnd::Process),
        }
    })
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
