//! Polls the futures of one run, only inside calls from JavaScript, which guards them: so a trap
//! always reaches a caller. A waker marks its task as due and asks once for a turn; it polls
//! nothing itself.

use super::host::Host;
use super::trap::trap_at;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use core::task::{Context, Waker};

#[cfg(target_feature = "atomics")]
compile_error!("a waker holds a value of JavaScript, which may not leave its thread");

pub(super) struct Executor {
    tasks: RefCell<Vec<Task>>,
    bell: Arc<Bell>,
    is_closed: Cell<bool>,
}

struct Task {
    future: Pin<Box<dyn Future<Output = ()>>>,
    alarm: Arc<Alarm>,
}

/// The waker of one task.
struct Alarm {
    is_due: AtomicBool,
    bell: Arc<Bell>,
}

/// Asks JavaScript for a turn of the run.
struct Bell {
    /// True if a turn is asked for or in progress, or none is wanted any more.
    is_rung: AtomicBool,
    host: Local<Host>,
}

/// A waker must be `Send` and `Sync`, which no JavaScript value is.
struct Local<T>(T);
// SAFETY: without the `atomics` feature wasm has one thread.
unsafe impl<T> Send for Local<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Local<T> {}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        trap_at("waker");
        self.is_due.store(true, Relaxed);
        self.bell.ring();
    }
}

impl Bell {
    fn ring(&self) {
        if !self.is_rung.swap(true, Relaxed) {
            self.host.0.schedule();
        }
    }
}

impl Executor {
    pub(super) fn new(host: Host) -> Self {
        let bell = Bell { is_rung: AtomicBool::new(false), host: Local(host) };
        Self { tasks: RefCell::default(), bell: Arc::new(bell), is_closed: Cell::new(false) }
    }

    /// Asks for a turn.
    pub(super) fn ring(&self) {
        self.bell.ring();
    }

    /// A turn begins: tasks that become due from here on are polled in it, without another request.
    pub(super) fn begin_turn(&self) {
        self.bell.is_rung.store(true, Relaxed);
    }

    /// A turn is over: asks for another if a task became due since the last poll.
    pub(super) fn end_turn(&self) {
        self.bell.is_rung.store(self.is_closed.get(), Relaxed);
        if self.has_due() {
            self.bell.ring();
        }
    }

    /// Adds a task, which the next [`Executor::run`] polls.
    pub(super) fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        let alarm = Alarm { is_due: AtomicBool::new(true), bell: Arc::clone(&self.bell) };
        self.tasks.borrow_mut().push(Task { future: Box::pin(future), alarm: Arc::new(alarm) });
    }

    /// Polls due tasks until none is due. The list is not borrowed while a task runs.
    pub(super) fn run(&self) {
        while let Some(mut task) = self.take_due() {
            let waker = Waker::from(Arc::clone(&task.alarm));
            let polled = task.future.as_mut().poll(&mut Context::from_waker(&waker));
            if polled.is_pending() && !self.is_closed.get() {
                self.tasks.borrow_mut().push(task);
            }
        }
    }

    /// True if a task waits to be polled.
    pub(super) fn has_due(&self) -> bool {
        self.tasks.borrow().iter().any(|task| task.alarm.is_due.load(Relaxed))
    }

    /// Drops every task, and asks for no more turns.
    pub(super) fn close(&self) {
        self.is_closed.set(true);
        self.bell.is_rung.store(true, Relaxed);
        drop(self.tasks.take());
    }

    fn take_due(&self) -> Option<Task> {
        let mut tasks = self.tasks.borrow_mut();
        let place = tasks.iter().position(|task| task.alarm.is_due.swap(false, Relaxed))?;
        Some(tasks.swap_remove(place))
    }
}
