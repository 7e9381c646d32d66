//! USART1 of the STM32F405 (RM0090, section 30.6), polled. QEMU needs neither baud rate nor pins nor their clocks; a board
//! does, before [`Uart::start`].

use core::fmt;
use core::ptr::{read_volatile, write_volatile};
use core::sync::atomic::{AtomicU32, Ordering};
use embedded_io::{ErrorKind, ErrorType, Read, Write};

/// What the core's clock runs at in QEMU's machine.
pub(crate) const CORE_HERTZ: u32 = 168_000_000;
/// Ticks in a second. The tick is more than a clock: QEMU 7.2 now and then misses that bytes
/// wait for a guest that only polls, and an interrupt makes it look.
pub(crate) const TICK_HERTZ: u32 = 1_000;
/// How long the peer may keep silent: a UART does not say that the other end has gone.
const SILENCE_SECONDS: u32 = 20;

const STATUS: *const u32 = 0x4001_1000 as *const u32;
const DATA: *mut u32 = 0x4001_1004 as *mut u32;
const CONTROL: *mut u32 = 0x4001_100c as *mut u32;

const STATUS_RECEIVED: u32 = 1 << 5;
const STATUS_SENDABLE: u32 = 1 << 7;
/// UE, TE, RE: the UART, its transmitter and its receiver.
const CONTROL_ENABLE: u32 = 1 << 13 | 1 << 3 | 1 << 2;

static TICKS: AtomicU32 = AtomicU32::new(0);

/// Counts one tick; called by the SysTick exception.
pub(crate) fn tick() {
    TICKS.fetch_add(1, Ordering::Relaxed);
}

/// Nothing came for [`SILENCE_SECONDS`].
#[derive(Debug)]
pub(crate) struct Silence;

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing received for {SILENCE_SECONDS} seconds")
    }
}

impl core::error::Error for Silence {}

impl embedded_io::Error for Silence {
    fn kind(&self) -> ErrorKind {
        ErrorKind::TimedOut
    }
}

/// The UART as a byte stream.
pub(crate) struct Uart(());

impl Uart {
    /// Switches it on.
    pub(crate) fn start() -> Self {
        // SAFETY: the address is USART1's control register.
        unsafe { write_volatile(CONTROL, CONTROL_ENABLE) };
        Self(())
    }

    fn status(&self) -> u32 {
        // SAFETY: the address is USART1's status register.
        unsafe { read_volatile(STATUS) }
    }
}

impl ErrorType for Uart {
    type Error = Silence;
}

impl Read for Uart {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Silence> {
        let start = TICKS.load(Ordering::Relaxed);
        while self.status() & STATUS_RECEIVED == 0 && !buffer.is_empty() {
            let silent = TICKS.load(Ordering::Relaxed).wrapping_sub(start);
            if silent > SILENCE_SECONDS * TICK_HERTZ {
                return Err(Silence);
            }
        }
        let mut count = 0;
        while count < buffer.len() && self.status() & STATUS_RECEIVED != 0 {
            // SAFETY: the address is USART1's data register; its low byte is what came.
            buffer[count] = unsafe { read_volatile(DATA) } as u8;
            count += 1;
        }
        Ok(count)
    }
}

impl Write for Uart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Silence> {
        for &byte in bytes {
            while self.status() & STATUS_SENDABLE == 0 {}
            // SAFETY: the address is USART1's data register.
            unsafe { write_volatile(DATA, byte.into()) };
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Silence> {
        Ok(())
    }
}
