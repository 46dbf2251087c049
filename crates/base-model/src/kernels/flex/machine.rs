//! The instruction set that the kernels run on.
//!
//! A kernel is compiled once for each instruction set, and the best one that the machine has is taken at run time
//! (`pulp`), so that a binary built for any x86-64 is as fast as one built for this machine. The environment variable
//! [`VARIABLE`] lowers the choice, so that what a machine without AVX-512 computes can be tested and timed on one
//! that has it.

use std::sync::OnceLock;

use pulp::Arch;

/// Names the best instruction set that may be taken.
pub(crate) const VARIABLE: &str = "RIGHTSIZE_CPU";

/// What [`VARIABLE`] may name, simplest first. A set that the machine lacks stands for the best before it.
pub(crate) const NAMES: [&str; 4] = ["portable", "avx2", "avx512", "amx"];

/// The value of [`VARIABLE`] if it names no instruction set.
pub(crate) fn unknown_name() -> Option<String> {
    let value = std::env::var_os(VARIABLE)?;
    let value = value.to_string_lossy();
    (!NAMES.contains(&value.as_ref())).then(|| value.into_owned())
}

/// What kernels run on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Machine {
    /// Its vector registers.
    pub(super) simd: Arch,
    /// Whether it has a matrix unit too.
    pub(super) has_tiles: bool,
}

/// What kernels run on: the machine's best, or the best up to the one that [`VARIABLE`] named when it was first asked
/// for. A name that is not known changes nothing; devices opened by name refuse it.
pub(super) fn machine() -> Machine {
    static MACHINE: OnceLock<Machine> = OnceLock::new();
    #[cfg(test)]
    if let Some(machine) = tests::IN_TEST.get() {
        return machine;
    }
    *MACHINE.get_or_init(|| up_to(std::env::var(VARIABLE).as_deref().unwrap_or_default()))
}

/// What kernels run on, as [`NAMES`] has it where it is one of these.
pub(crate) fn name() -> &'static str {
    let Machine { simd, has_tiles } = machine();
    match simd {
        _ if has_tiles => "amx",
        #[cfg(target_arch = "x86_64")]
        Arch::V4(_) => "avx512",
        #[cfg(target_arch = "x86_64")]
        Arch::V3(_) => "avx2",
        #[cfg(target_arch = "aarch64")]
        Arch::Neon(_) => "neon",
        Arch::Scalar => "portable",
        #[allow(unreachable_patterns, reason = "pulp may learn more sets")]
        _ => "other",
    }
}

fn up_to(name: &str) -> Machine {
    let without_tiles = |simd| Machine {
        simd,
        has_tiles: false,
    };
    match name {
        "portable" => without_tiles(Arch::Scalar),
        #[cfg(target_arch = "x86_64")]
        "avx2" => without_tiles(pulp::x86::V3::try_new().map_or(Arch::Scalar, Arch::V3)),
        "avx512" => without_tiles(Arch::new()),
        _ => Machine {
            simd: Arch::new(),
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            has_tiles: super::amx::is_there(),
            #[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
            has_tiles: false,
        },
    }
}

/// Makes functions whose loops the compiler vectorises, compiled once for each instruction set.
///
/// What they call must be `#[inline(always)]`: a function of its own would be compiled for the oldest machine. So
/// would a closure or a function that is handed over as a value, which is why this is a macro.
macro_rules! vectorised {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) $body:block)+) => {$(
        $(#[$meta])*
        $vis fn $name($($argument: $type),*) {
            #[expect(non_camel_case_types, reason = "a type parameter for each argument, by its name")]
            struct Body<$($argument),*> {
                $($argument: $argument),*
            }

            impl pulp::WithSimd for Body<$($type),*> {
                type Output = ();

                #[inline(always)]
                fn with_simd<S: pulp::Simd>(self, _: S) {
                    let Self { $($argument),* } = self;
                    $body
                }
            }

            $crate::kernels::flex::machine::machine().simd.dispatch(Body { $($argument),* });
        }
    )+};
}
pub(super) use vectorised;

#[cfg(test)]
pub(in crate::kernels) mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        pub(super) static IN_TEST: Cell<Option<Machine>> = const { Cell::new(None) };
    }

    /// Runs a test on every instruction set that the machine has, on this thread, and on a stand-in for the matrix unit
    /// where the machine has what is computed around it.
    pub(in crate::kernels) fn on_every_machine(test: impl Fn()) {
        for name in NAMES {
            let machine = up_to(name);
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            let machine = Machine {
                has_tiles: name == "amx" && crate::kernels::flex::amx::has_vectors(),
                ..machine
            };
            IN_TEST.set(Some(machine));
            test();
        }
        IN_TEST.set(None);
    }

    #[test]
    fn a_name_is_a_limit() {
        assert!(matches!(up_to("portable").simd, Arch::Scalar));
        let [without, with] = ["avx512", "amx"].map(up_to);
        assert!(!without.has_tiles);
        assert_eq!(
            std::mem::discriminant(&without.simd),
            std::mem::discriminant(&with.simd)
        );
    }
}
