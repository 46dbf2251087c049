//! From how many calls a day owning is no dearer.

use serde::{Deserialize, Serialize};

/// A way to serve that is paid by the call, beside one whose cost climbs in steps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BreakEven {
    /// Cost per day of the owned way that does not depend on the volume.
    pub fixed_per_day: f64,
    /// Cost of one machine per day.
    pub machine_per_day: f64,
    /// Calls that one machine serves in a day; at least 1.
    pub calls_per_machine: f64,
    /// What the other way charges per call, less what the owned way still pays per call.
    pub saved_per_call: f64,
}

impl BreakEven {
    /// The smallest number of calls a day from which on owning is never dearer, however many more come;
    /// `None` if there is none.
    ///
    /// Owning is not simply cheaper above one crossing: each further machine is a step up, and where machines
    /// cost nearly what they save there may be several crossings. This is the last of them.
    #[must_use]
    pub fn calls_per_day(&self) -> Option<f64> {
        let Self {
            fixed_per_day: fixed,
            machine_per_day: machine,
            calls_per_machine,
            saved_per_call: saved,
        } = *self;
        if fixed + machine <= 0.0 && saved >= 0.0 {
            return Some(0.0);
        }
        let gained_per_machine = saved * calls_per_machine - machine;
        // NaN takes this branch too.
        if !(saved > 0.0 && gained_per_machine > 0.0) {
            return None;
        }
        // Just above `full` machines, one more is paid and does nothing yet; from here on that is covered.
        let full = ((fixed + machine) / gained_per_machine).ceil();
        let calls = (fixed + full * machine) / saved;
        calls.is_finite().then_some(calls)
    }
}
