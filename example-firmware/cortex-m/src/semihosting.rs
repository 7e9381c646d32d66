//! What the debugger's side gives the firmware: arguments, time, entropy ("Semihosting for
//! AArch32 and AArch64", ARM 100863).

use core::num::NonZeroU32;
use cortex_m_semihosting::{nr, syscall};

/// The arguments, the program's name first, when they fit into `buffer`.
pub(crate) fn command_line(buffer: &mut [u8]) -> Option<&str> {
    // In and out: where the line goes, and how long it may be and is.
    let mut block = [buffer.as_mut_ptr() as usize, buffer.len()];
    // SAFETY: SYS_GET_CMDLINE writes at most block[1] bytes to block[0].
    let failed = unsafe { cortex_m_semihosting::syscall1(nr::GET_CMDLINE, block.as_mut_ptr() as usize) };
    // SAFETY: the debugger's side has changed the block.
    let length = unsafe { core::ptr::read_volatile(&raw const block[1]) };
    if failed != 0 {
        return None;
    }
    core::str::from_utf8(buffer.get(..length)?).ok()
}

/// Seconds since 1970.
pub(crate) fn time() -> u32 {
    // SAFETY: SYS_TIME takes no argument.
    unsafe { cortex_m_semihosting::syscall1(nr::TIME, 0) as u32 }
}

/// A device would ask its random number generator; here the host's.
fn host_entropy(bytes: &mut [u8]) -> Result<(), getrandom::Error> {
    const FILE: &[u8] = b"/dev/urandom\0";
    // SAFETY: each call gets the arguments that the specification gives it, and SYS_READ
    // writes at most `bytes.len()` bytes to `bytes`.
    unsafe {
        let file = syscall!(OPEN, FILE.as_ptr(), nr::open::R_BINARY, FILE.len() - 1);
        let missing = match file as isize {
            -1 => bytes.len(),
            _ => syscall!(READ, file, bytes.as_mut_ptr(), bytes.len()),
        };
        syscall!(CLOSE, file);
        match missing {
            0 => Ok(()),
            _ => Err(NO_ENTROPY.into()),
        }
    }
}

const NO_ENTROPY: NonZeroU32 = NonZeroU32::new(getrandom::Error::CUSTOM_START).unwrap();

getrandom::register_custom_getrandom!(host_entropy);
