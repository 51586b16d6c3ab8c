//! The `countersign` command.

use std::process::ExitCode;

use clap::Parser;
use countersign::{cli, config};
use store::StoreError;
use tracing_subscriber::EnvFilter;

/// A thread's stack: rules nest, and debug builds are generous with frames.
const STACK_BYTES: usize = 8 << 20;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let filter = config::variable(config::LOG).unwrap_or_else(|| "warn".to_owned());
    tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("countersign: cannot start: {error}");
            return ExitCode::from(2);
        }
    };
    match runtime.block_on(cli::run(cli)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("countersign: {error:#}");
            if let Some(chinese) = cli::chinese(&error) {
                eprintln!("             {chinese}");
            }
            if let Some(StoreError::ServerRunning { .. }) = error.downcast_ref() {
                eprintln!("             a server or another command has this database: use --server ADDR --token T");
                eprintln!("             已有服务或命令正在使用该数据库：请改用 --server ADDR --token T");
            }
            ExitCode::FAILURE
        }
    }
}
