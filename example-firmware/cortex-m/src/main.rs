//! The example firmware on a Cortex-M: the network is the UART, everything else a device
//! would have (settings, a clock, entropy, a console) comes from the debugger's side by
//! semihosting.

#![no_std]
#![no_main]

mod memory;
mod semihosting;
mod uart;

use core::fmt::Write;
use core::panic::PanicInfo;
use core::time::Duration;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::{entry, exception};
use cortex_m_semihosting::{debug, hio};
use example_firmware::anchors;
use example_firmware::mqtt::Message;
use example_firmware::session::{self, Settings, TlsVersions};
use memory::Heap;
use rustls_pki_types::UnixTime;
use uart::Uart;

/// README.md has what a run takes; the rest is room for a server that fills its records,
/// 16 KiB each.
const HEAP_SIZE: usize = 64 * 1024;

#[global_allocator]
static HEAP: Heap = Heap::empty();

#[entry]
fn main() -> ! {
    let heap = &HEAP.heap;
    // SAFETY: once, before the first allocation.
    unsafe {
        embedded_alloc::init!(heap, HEAP_SIZE);
    }
    let outcome = hio::hstdout().map_or(Err(()), |mut console| run(&mut console));
    loop {
        debug::exit(match outcome {
            Ok(()) => debug::EXIT_SUCCESS,
            Err(()) => debug::EXIT_FAILURE,
        });
    }
}

/// Runs the firmware with the arguments `HOST [any|1.2|1.3] [CLIENT-ID]` and says how it went.
fn run(console: &mut dyn Write) -> Result<(), ()> {
    let mut line = [0; 256];
    let settings = semihosting::command_line(&mut line)
        .ok_or("the arguments are longer than 256 bytes, or no UTF-8")
        .and_then(settings)
        .map_err(|why| session::Error::Settings(why.into()));
    let outcome = settings.and_then(|settings| session::run(start_uart(), settings, console));
    // A console that cannot be written to changes nothing about the outcome.
    let _ = match &outcome {
        Ok(()) => writeln!(console, "memory: stack {} bytes, heap {} bytes", memory::stack_peak(), HEAP.peak()),
        Err(error) => writeln!(console, "{error}"),
    };
    outcome.map_err(drop)
}

fn settings(line: &str) -> Result<Settings<'_>, &'static str> {
    // The first word is the program's name.
    let mut words = line.split_whitespace().skip(1);
    Ok(Settings {
        roots: &anchors::ROOTS,
        host: words.next().ok_or("no host name among the arguments")?,
        now: UnixTime::since_unix_epoch(Duration::from_secs(semihosting::time().into())),
        versions: match words.next() {
            None | Some("any") => TlsVersions::Any,
            Some("1.2") => TlsVersions::Tls12,
            Some("1.3") => TlsVersions::Tls13,
            Some(_) => return Err("the TLS version is none of any, 1.2, 1.3"),
        },
        identity: None,
        message: Message {
            client_id: words.next().unwrap_or("example-firmware-cortex-m"),
            topic: "example-firmware/hello",
            payload: b"hello from a Cortex-M",
        },
    })
}

/// The UART, and the tick that limits how long it waits.
fn start_uart() -> Uart {
    let tick = cortex_m::Peripherals::take().map(|peripherals| {
        let mut tick = peripherals.SYST;
        tick.set_clock_source(SystClkSource::Core);
        tick.set_reload(uart::CORE_HERTZ / uart::TICK_HERTZ - 1);
        tick.clear_current();
        tick.enable_counter();
        tick.enable_interrupt();
    });
    debug_assert!(tick.is_some(), "the peripherals are taken once");
    Uart::start()
}

#[exception]
fn SysTick() {
    uart::tick();
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    if let Ok(mut console) = hio::hstderr() {
        let _ = writeln!(console, "{info}");
    }
    loop {
        debug::exit(debug::EXIT_FAILURE);
    }
}
