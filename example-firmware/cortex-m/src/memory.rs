//! How much RAM a run needs: the most that was ever on the heap and on the stack.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};
use cortex_m_rt::STACK_PAINT_VALUE;
use embedded_alloc::LlffHeap;

/// A heap that remembers its fullest moment.
pub(crate) struct Heap {
    pub(crate) heap: LlffHeap,
    peak: AtomicUsize,
}

impl Heap {
    /// A heap without memory yet.
    pub(crate) const fn empty() -> Self {
        Self { heap: LlffHeap::empty(), peak: AtomicUsize::new(0) }
    }

    /// The most bytes that were in use at once.
    pub(crate) fn peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed)
    }
}

// SAFETY: the heap inside keeps the promises; this only looks at how full it is.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those that the heap asks for.
        let memory = unsafe { self.heap.alloc(layout) };
        self.peak.fetch_max(self.heap.used(), Ordering::Relaxed);
        memory
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are those that the heap asks for.
        unsafe { self.heap.dealloc(memory, layout) };
    }
}

/// The most bytes that were on the stack: cortex-m-rt has painted it before `main`, and what
/// was used has lost its paint.
pub(crate) fn stack_peak() -> usize {
    unsafe extern "C" {
        static _stack_end: u32;
        static _stack_start: u32;
    }
    let (mut word, top) = (&raw const _stack_end, &raw const _stack_start);
    // SAFETY: the stack is memory from its end, which is its lowest address, to its start.
    while word < top && unsafe { ptr::read_volatile(word) } == STACK_PAINT_VALUE {
        word = word.wrapping_add(1);
    }
    top.addr() - word.addr()
}
