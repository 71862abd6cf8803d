//! The thread that starts all sandboxes.
//!
//! A process that is tied to its parent dies with the *thread* that started it (`PR_SET_PDEATHSIG`), and an async
//! runtime's threads come and go. This one lives exactly as long as the backend does.

use std::fmt;
use std::io;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use tokio::process::{Child, Command as AsyncCommand};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// The thread. When this is dropped, the thread ends, and with it everything that it has started.
pub(super) struct Spawner {
    orders: mpsc::Sender<Order>,
}

struct Order {
    command: Command,
    answer: oneshot::Sender<io::Result<Child>>,
}

impl Spawner {
    /// Starts the thread; its processes are looked after by the runtime that this is called in.
    pub(super) fn new() -> io::Result<Self> {
        let (orders, taken) = mpsc::channel::<Order>();
        let runtime = Handle::current();
        thread::Builder::new().name("sandboxes".to_owned()).spawn(move || {
            let _within = runtime.enter();
            for Order { command, answer } in taken {
                let child = AsyncCommand::from(command).kill_on_drop(true).spawn();
                // Whoever asked may have gone: the process then ends with its handle.
                let _ = answer.send(child);
            }
        })?;
        Ok(Self { orders })
    }

    /// Starts a process.
    pub(super) async fn spawn(&self, command: Command) -> io::Result<Child> {
        let (answer, child) = oneshot::channel();
        let gone = || io::Error::other("the thread that starts sandboxes is gone");
        self.orders.send(Order { command, answer }).map_err(|_| gone())?;
        child.await.map_err(|_| gone())?
    }
}

impl fmt::Debug for Spawner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spawner").finish_non_exhaustive()
    }
}
