//! A runtime of our own, for work that several callers share.
//!
//! What runs on a caller's runtime stands still when that runtime does: when its `block_on` has returned,
//! when it has ended, or when it has no timer. Whatever others wait for runs here instead, on threads that
//! this library holds, and the caller waits for its answer alone.
//!
//! Without tokio a caller can wait for it, too: the answer wakes any executor.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Id, Runtime, RuntimeFlavor};
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};

/// How long the clock of a caller's runtime is held at most, after the last who began to wait. Every answer
/// is there before; a future that is neither polled nor dropped must not keep its runtime from ending.
const HELD_AT_MOST: Duration = Duration::from_mins(2);

/// A runtime with threads of its own, which end when nobody has it any more.
#[derive(Clone)]
pub struct OwnRuntime(Arc<Inner>);

struct Inner {
    handle: Handle,
    runtime: Option<Runtime>,
}

/// What was asked for was not carried out to its end: it panicked, or its runtime has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the work was cut off before its end")]
pub struct CutOff;

impl OwnRuntime {
    /// Starts `workers` threads, at least one, that bear `name`.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub fn start(name: &str, workers: usize) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(workers.max(1))
            .thread_name(name)
            .enable_all()
            .build()?;
        Ok(Self(Arc::new(Inner {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })))
    }

    /// Carries `work` out here, and waits for its answer.
    ///
    /// # Errors
    /// [`CutOff`] if there will be none.
    ///
    /// # Cancel safety
    /// Once it was polled, the work is carried out to its end, whether or not somebody still waits; the
    /// runtime lasts as long.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, CutOff> {
        self.run_while(HeldClock::of_caller(), work).await
    }

    /// Waits for what somebody else answers in time, wherever it is carried out.
    ///
    /// # Errors
    /// [`CutOff`] if there will be no answer.
    pub async fn wait<T: Send + 'static>(
        &self,
        answer: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, CutOff> {
        match HeldClock::of_caller() {
            HeldClock(None) => Ok(answer.await),
            held => self.run_while(held, answer).await,
        }
    }

    async fn run_while<T: Send + 'static>(
        &self,
        held: HeldClock,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, CutOff> {
        let until_answered = held.clone();
        let (reply, answer) = oneshot::channel();
        let lasting = self.clone();
        self.0.handle.spawn(async move {
            // Whoever asked may have gone.
            let _ = reply.send(work.await);
            drop((until_answered, lasting));
        });
        answer.await.map_err(|_| CutOff)
    }

    /// Carries `work` out here, in the background. It is cut off when the runtime ends, and does not keep
    /// it.
    pub fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.0.handle.spawn(work)
    }

    /// Carries `work` out where the caller is, with the timer and the spawned tasks of this runtime: for
    /// what borrows from the caller.
    pub async fn within<F: Future + Send>(&self, work: F) -> F::Output {
        Within {
            runtime: self,
            work: Some(Box::pin(work)),
        }
        .await
    }

    /// The same, while the clock of the caller's runtime is held: for what somebody else answers.
    pub async fn within_held<F: Future + Send>(&self, work: F) -> F::Output {
        let _held = HeldClock::of_caller();
        self.within(work).await
    }
}

impl fmt::Debug for OwnRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnRuntime").finish_non_exhaustive()
    }
}

impl Drop for Inner {
    /// A runtime that is dropped waits for its threads, which it must not do on a thread of a runtime.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A future that finds another runtime wherever it is polled or dropped.
struct Within<'r, F: Future> {
    runtime: &'r OwnRuntime,
    work: Option<Pin<Box<F>>>,
}

impl<F: Future> Future for Within<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let _here = self.runtime.0.handle.enter();
        match &mut self.work {
            Some(work) => work.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}

impl<F: Future> Drop for Within<'_, F> {
    fn drop(&mut self) {
        let _here = self.runtime.0.handle.enter();
        self.work = None;
    }
}

/// Does what blocks away from the async workers of the runtime that the caller is in; in place, if it is in
/// none.
///
/// # Errors
/// If `work` panics, or the runtime ends before it began.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    match Handle::try_current() {
        Ok(handle) => handle.spawn_blocking(work).await,
        Err(_) => Ok(work()),
    }
}

/// Keeps a paused clock from running ahead while its runtime's caller waits for another thread.
///
/// Tokio's clock can be paused in a runtime of one thread. It then jumps to the next timer whenever that
/// thread has nothing to do, unless a blocking task is under way: so there is one, as there is in every call of
/// `object_store::local::LocalFileSystem`. Callers of one thread share it.
#[derive(Clone)]
struct HeldClock(Option<Arc<Share>>);

/// One caller's share of it.
struct Share {
    hold: Arc<Hold>,
    given_back: AtomicBool,
}

thread_local! {
    /// The last one that was begun on this thread.
    static LAST: RefCell<Option<(Id, Arc<Hold>)>> = const { RefCell::new(None) };
}

impl HeldClock {
    fn of_caller() -> Self {
        let Ok(handle) = Handle::try_current() else {
            return Self(None);
        };
        if handle.runtime_flavor() != RuntimeFlavor::CurrentThread {
            return Self(None);
        }
        let shared = LAST.try_with(|last| {
            let mut last = last.borrow_mut();
            if let Some((id, hold)) = &*last
                && *id == handle.id()
                && hold.join()
            {
                return Arc::clone(hold);
            }
            let hold = Hold::begin(&handle);
            *last = Some((handle.id(), Arc::clone(&hold)));
            hold
        });
        let hold = shared.unwrap_or_else(|_| Hold::begin(&handle));
        Self(Some(Arc::new(Share {
            hold,
            given_back: AtomicBool::new(false),
        })))
    }
}

impl Drop for HeldClock {
    /// Whichever comes first gives the share back: the answer, or the end of the waiting.
    fn drop(&mut self) {
        if let Some(share) = &self.0
            && !share.given_back.swap(true, Ordering::AcqRel)
        {
            share.hold.leave();
        }
    }
}

/// A blocking task that does nothing but last.
#[derive(Default)]
struct Hold {
    /// For how many, and none once it is over.
    waiting: Mutex<Option<usize>>,
    changed: Condvar,
}

impl Hold {
    fn begin(handle: &Handle) -> Arc<Self> {
        let hold = Arc::new(Self {
            waiting: Mutex::new(Some(1)),
            changed: Condvar::new(),
        });
        let lasting = Arc::clone(&hold);
        // It needs no answer: it is there to be under way.
        drop(handle.spawn_blocking(move || lasting.last()));
        hold
    }

    fn waiting(&self) -> MutexGuard<'_, Option<usize>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it lasts for one more.
    fn join(&self) -> bool {
        let mut waiting = self.waiting();
        let joined = waiting
            .filter(|waiting| *waiting > 0)
            .map(|waiting| waiting + 1);
        if joined.is_some() {
            *waiting = joined;
            self.changed.notify_one();
        }
        joined.is_some()
    }

    fn leave(&self) {
        let mut waiting = self.waiting();
        *waiting = waiting.map(|waiting| waiting.saturating_sub(1));
        self.changed.notify_one();
    }

    /// Lasts until nobody waits.
    fn last(&self) {
        let mut waiting = self.waiting();
        while waiting.is_some_and(|waiting| waiting > 0) {
            let (found, elapsed) = self
                .changed
                .wait_timeout(waiting, HELD_AT_MOST)
                .unwrap_or_else(PoisonError::into_inner);
            waiting = found;
            if elapsed.timed_out() {
                break;
            }
        }
        *waiting = None;
    }
}
