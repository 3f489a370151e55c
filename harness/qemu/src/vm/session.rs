use std::ops::ControlFlow;
use std::sync::mpsc::channel;

use super::accelerator::Experience;
use super::boot::{Booting, Unheard};
use super::plan::{VmEvent, VmOptions, VmPlan};
use imglock_engine::ProcessError;
use imglock_engine::in_lanes;

/// Boots the kernels of `plan`, several at a time, and passes events to
/// `observe`. After `observe` breaks, it receives no further events.
///
/// # Errors
/// If QEMU cannot be started, or the work is stopped. The failure of a kernel
/// is not an error but an event.
pub fn boot_all(
    plan: &VmPlan,
    options: &VmOptions,
    observe: &mut dyn FnMut(VmEvent) -> ControlFlow<()>,
) -> Result<(), ProcessError> {
    let names = plan.names();
    let units: Vec<_> = plan.kernels.iter().zip(&names).enumerate().collect();
    let experience = Experience::default();
    let (sender, events) = channel();
    std::thread::scope(|scope| {
        let lanes = scope.spawn(|| {
            // The end of this sender ends the events.
            let sender = sender;
            let work = |(): &mut (), unit: &(usize, (&_, &String))| {
                let (number, (kernel, name)) = *unit;
                let booting = Booting { plan, options, experience: &experience, kernel, name };
                booting.run(&mut |what| {
                    sender.send(VmEvent { kernel: number, what }).map_err(|_| Unheard)
                })
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
        for event in events {
            if observe(event).is_break() {
                break;
            }
        }
        lanes.join().unwrap_or_else(|_| Err(ProcessError::Lost("a thread panicked".to_owned())))
    })
}
