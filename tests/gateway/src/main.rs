//! The gateway as a program: one JSON line when ready, then until told to stop.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use issue_bulk_gateway::world::{Customers, World};
use issue_bulk_gateway::{AccountPlace, Config, Gateway, StartError};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// A faithful local stand-in for the issueBulk service. All listeners are on 127.0.0.1.
#[derive(Parser)]
#[command(name = "issue-bulk-gateway")]
struct Arguments {
    /// Port of the service; 0 takes any free one
    #[arg(long, default_value_t = 0)]
    http_port: u16,
    /// Port of the service with TLS (HTTP/2 and 1.1); without it there is none
    #[arg(long)]
    https_port: Option<u16>,
    /// Port of the control interface; 0 takes any free one
    #[arg(long, default_value_t = 0)]
    control_port: u16,
    /// SQLite file of the account; without it the account is in memory
    #[arg(long, value_name = "FILE")]
    account: Option<PathBuf>,
    /// Only counters, no account: the fastest path
    #[arg(long, conflicts_with = "account")]
    bench: bool,
    /// JSON with promotions, customers, users and clients; default the sample world
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// Known customers, one id per line or a CSV's first column; default every positive Long
    #[arg(long, value_name = "FILE")]
    customers: Option<PathBuf>,
    /// Seed of the ids given out
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Stop when standard input ends
    #[arg(long)]
    exit_with_stdin: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("issue-bulk-gateway: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), StartError> {
    let waiting = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| StartError::caused("no runtime could be started", source))?;
    // Before the ready line: whoever reads it may send a signal at once.
    let signals = {
        let _context = waiting.enter();
        Signals::watch()
            .map_err(|source| StartError::caused("signals could not be watched", source))?
    };
    let gateway = Gateway::start(config(arguments)?)?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", gateway.ready())
        .and_then(|()| out.flush())
        .map_err(|source| StartError::caused("standard output is closed", source))?;
    waiting.block_on(signals.stopped(arguments.exit_with_stdin));
    Ok(())
}

fn config(arguments: &Arguments) -> Result<Config, StartError> {
    let mut world = match &arguments.world {
        None => World::default(),
        Some(path) => World::from_json(&text_of(path)?).map_err(|source| {
            StartError::caused(format!("{} is not a world", path.display()), source)
        })?,
    };
    if let Some(path) = &arguments.customers {
        world.customers = Customers::from_lines(&text_of(path)?).map_err(|line| {
            StartError::new(format!("{}:{line} is not a positive Long", path.display()))
        })?;
    }
    let account = match &arguments.account {
        _ if arguments.bench => AccountPlace::Counters,
        Some(path) => AccountPlace::File(path.clone()),
        None => AccountPlace::Memory,
    };
    Ok(Config {
        http_port: arguments.http_port,
        https_port: arguments.https_port,
        control_port: arguments.control_port,
        account,
        world,
        seed: arguments.seed,
    })
}

fn text_of(path: &Path) -> Result<String, StartError> {
    std::fs::read_to_string(path).map_err(|source| {
        StartError::caused(format!("{} could not be read", path.display()), source)
    })
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn watch() -> std::io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Returns on SIGTERM or SIGINT and, if asked, when standard input ends.
    async fn stopped(mut self, with_stdin: bool) {
        let (ended, mut stdin_end) = oneshot::channel::<()>();
        // A thread of its own: a blocked read of standard input cannot be cancelled, and the
        // process must be able to end around it.
        let reader = with_stdin.then(|| std::thread::spawn(move || read_to_end(ended)));
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = &mut stdin_end, if reader.is_some() => {}
        }
    }
}

/// Drops `ended` when standard input ends, which its receiver sees.
fn read_to_end(ended: oneshot::Sender<()>) {
    let mut sink = [0_u8; 1_024];
    while matches!(std::io::stdin().read(&mut sink), Ok(1..)) {}
    drop(ended);
}
