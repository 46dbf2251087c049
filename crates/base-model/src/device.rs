//! Devices by name.

#[cfg(feature = "cuda")]
use std::sync::Once;
#[cfg(feature = "cube")]
use std::sync::OnceLock;

use burn::tensor::Device;
#[cfg(feature = "cube")]
use burn::tensor::DeviceType;

#[cfg(feature = "flex")]
use crate::kernels::machine;

/// A device name that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The name is known, but this binary was built without it, or the name is unknown.
    #[error(
        "device {name:?} is not in this binary, which has {available}: rebuild with the feature of that name"
    )]
    NotBuilt {
        /// The name as given.
        name: String,
        /// The names that this binary has.
        available: String,
    },
    /// The binary knows such devices, and the machine has none, or no driver for it.
    #[error("this machine has no device {name:?}, or no driver for one: use another of {available}")]
    NotThere {
        /// The name as given.
        name: String,
        /// The names that this binary has.
        available: String,
    },
    /// The environment variable that limits the CPU's instruction set names none.
    #[error("{variable} is {value:?}, which is no instruction set: use one of {known}")]
    InstructionSet {
        /// The variable's name.
        variable: &'static str,
        /// Its value.
        value: String,
        /// The values that it may have.
        known: String,
    },
}

/// The names of the devices that this binary was built with, best CPU first.
#[must_use]
pub fn device_names() -> Vec<&'static str> {
    [
        cfg!(feature = "flex").then_some("flex"),
        cfg!(feature = "wgpu").then_some("wgpu"),
        cfg!(feature = "cuda").then_some("cuda"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The device of this name: `flex` (CPU), `wgpu` or `cuda`.
///
/// burn's own default prefers a GPU backend even on a machine where no driver for it works; a program that
/// must run everywhere asks for a device by name and says which one it took. This is the one place in the
/// workspace that looks at backend features.
///
/// On `flex` the fused kernels run on the best instruction set that the machine has. The environment variable
/// `RIGHTSIZE_CPU`, `portable`, `avx2`, `avx512` or `amx`, lowers that to one that the machine may have beside others, so
/// that it can be tested and timed; one that the machine lacks stands for the best before it. It is read once. Products
/// with matrices that are trained, and gradients of attention, go through the `gemm` crate, which chooses for itself.
///
/// On `cuda` kernels are compiled, and the fastest of several chosen, when a size is first met. Both are kept for the next
/// process of the same binary: in `target/environment` of the workspace that the working directory is in, else in the user's
/// cache folder. The first call for `cuda` switches that on, unless burn was used on a GPU before.
///
/// # Errors
///
/// [`DeviceError::NotBuilt`] if the binary was built without that backend; [`DeviceError::NotThere`] if the machine has no
/// such device; [`DeviceError::InstructionSet`] if `RIGHTSIZE_CPU` names none.
pub fn device_by_name(name: &str) -> Result<Device, DeviceError> {
    match name {
        #[cfg(feature = "flex")]
        "flex" => match machine::unknown_name() {
            Some(value) => Err(DeviceError::InstructionSet {
                variable: machine::VARIABLE,
                value,
                known: machine::NAMES.join(", "),
            }),
            None => Ok(Device::flex()),
        },
        #[cfg(feature = "wgpu")]
        "wgpu" => {
            static IS_THERE: OnceLock<bool> = OnceLock::new();
            if_there(name, &IS_THERE, DeviceType::Wgpu)?;
            Ok(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice))
        }
        #[cfg(feature = "cuda")]
        "cuda" => {
            static IS_THERE: OnceLock<bool> = OnceLock::new();
            static ARE_KEPT: Once = Once::new();
            ARE_KEPT.call_once(keep_kernels);
            if_there(name, &IS_THERE, DeviceType::Cuda)?;
            Ok(Device::cuda(burn::tensor::DeviceIndex::Default))
        }
        _ => Err(DeviceError::NotBuilt {
            name: name.to_owned(),
            available: device_names().join(", "),
        }),
    }
}

/// Keeps compiled kernels between processes, which burn does only if told to, before anything is computed.
///
/// What a program or a file `cubecl.toml` has settled besides stays.
#[cfg(feature = "cuda")]
fn keep_kernels() {
    use burn_cubecl::cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};

    let mut config = CubeClRuntimeConfig::from_current_dir().override_from_env();
    config.compilation.cache = true;
    // One that is in use already cannot be changed any more.
    let _was_first = CubeClRuntimeConfig::try_set(config);
}

/// Asks once whether the machine has a device: burn opens it when it is first computed on, and panics then if there is none.
#[cfg(feature = "cube")]
fn if_there(name: &str, is_there: &OnceLock<bool>, kind: DeviceType) -> Result<(), DeviceError> {
    match is_there.get_or_init(|| !Device::enumerate(kind).into_vec().is_empty()) {
        true => Ok(()),
        false => Err(DeviceError::NotThere {
            name: name.to_owned(),
            available: device_names().join(", "),
        }),
    }
}

/// What the fused kernels of `flex` run on: `amx`, `avx512`, `avx2`, `neon` or `portable`, the name of another set where there
/// is one, or `none` without that feature.
#[must_use]
pub fn instruction_set() -> &'static str {
    #[cfg(feature = "flex")]
    return machine::name();
    #[cfg(not(feature = "flex"))]
    "none"
}
