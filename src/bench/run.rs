//! A run, from the empty database to the report.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use store::Kind;
use store::yardstick::{Shares, Yardstick};
use tokio::task::JoinSet;

use super::args::{BenchArgs, Boundary};
use super::history;
use super::http::Server;
use super::load::{self, Shared};
use super::measure::{self, Moment, Used};
use super::plant::{Course, Plant};
use super::progress::Progress;
use super::report::{Foreign, Report};
use super::trial;

/// Before anything is measured: caches fill, statements are prepared.
const WARM_UP: Duration = Duration::from_secs(1);

/// Measures and prints.
pub async fn run(args: BenchArgs) -> anyhow::Result<()> {
    ensure!(
        !(args.http && args.boundary == Boundary::Commit),
        "over HTTP an approval is answered at its commit, so the end is only seen with `--boundary wait`"
    );
    let plant = Plant::open(&args).await?;
    let outcome = measured(&plant, &args).await;
    let text = match outcome {
        Ok(text) => text,
        Err(error) => {
            plant.node.stop().await?;
            return Err(error);
        }
    };
    plant.node.stop().await?;
    println!("{text}");
    Ok(())
}

async fn measured(plant: &Plant, args: &BenchArgs) -> anyhow::Result<String> {
    let course = Course::find(plant).await?;
    if let Some(length) = args.history {
        let history = history::run(plant, course, length).await?;
        return Ok(if args.json { serde_json::to_string(&history)? } else { history.to_string() });
    }
    if let Some(kind) = args.trial {
        let trial = trial::run(plant, course, kind, args.size).await?;
        return Ok(if args.json { serde_json::to_string(&trial)? } else { trial.to_string() });
    }
    let report = work(plant, course, args).await?;
    Ok(if args.json { serde_json::to_string(&report)? } else { report.to_string() })
}

/// What the node did in a stretch.
struct Done {
    times: Vec<u64>,
    commits: u64,
    transitions: u64,
    rows: u64,
    used: Used,
}

async fn work(plant: &Plant, course: Course, args: &BenchArgs) -> anyhow::Result<Report> {
    let mut done = submit(plant, course, args).await?;
    done.times.sort_unstable();
    let commits = done.commits.max(1);
    let raw = bare(plant, &done, args).await?;
    let (instances, seconds) = (done.times.len() as u64, done.used.seconds);
    ensure!(instances > 0, "no instance came to its end");
    let per_instance = |amount: f64| amount / instances as f64;
    let rows_per_s = done.rows as f64 / seconds;
    Ok(Report {
        database: match plant.database.kind() {
            Kind::Sqlite => "sqlite",
            Kind::Postgres => "postgres",
        },
        door: if args.http { "http" } else { "in process" },
        boundary: args.boundary.word(),
        concurrency: args.concurrency,
        shards: plant.database.shards(),
        seconds,
        instances,
        instances_per_s: instances as f64 / seconds,
        steps_per_s: instances as f64 * 5.0 / seconds,
        p50_ms: measure::percentile(&done.times, 0.50),
        p99_ms: measure::percentile(&done.times, 0.99),
        cpu_ms_per_instance: per_instance(done.used.own * 1e3),
        database_cpu_ms_per_instance: match plant.database.kind() {
            Kind::Sqlite => 0.0,
            Kind::Postgres => per_instance(done.used.database * 1e3),
        },
        commits: done.commits,
        rows_per_commit: done.rows as f64 / commits as f64,
        rows_per_instance: per_instance(done.rows as f64),
        rows_per_s,
        raw_rows_per_s: raw.rows_per_s,
        share_of_raw: rows_per_s / raw.rows_per_s,
        cpu_us_per_raw_row: raw.cpu_us_per_row,
        foreign: Foreign { busy_processors: done.used.foreign / seconds, load_average: measure::load_average() },
    })
}

/// Lets the submitters run and counts what the node did meanwhile.
async fn submit(plant: &Plant, course: Course, args: &BenchArgs) -> anyhow::Result<Done> {
    let shared = Shared::new();
    let server = if args.http { Some(Server::start(plant).await?) } else { None };
    let progress = Progress::listen(&plant.handle);
    let mut submitters = JoinSet::new();
    for _ in 0..args.concurrency {
        match &server {
            Some(server) => submitters.spawn(server.caller(&plant.process).submitter(course, shared.clone())),
            None => submitters.spawn(load::submitter(
                plant.handle.clone(),
                plant.process.clone(),
                course,
                progress.clone(),
                shared.clone(),
            )),
        };
    }
    tokio::time::sleep(WARM_UP).await;
    let counts = plant.handle.counts();
    let read = || [&counts.commits, &counts.transitions, &counts.rows].map(|count| count.load(Ordering::Relaxed));
    let (before, begun) = (read(), Moment::now());
    shared.counting.store(true, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(u64::from(args.seconds))).await;
    shared.counting.store(false, Ordering::Relaxed);
    let (after, ended) = (read(), Moment::now());
    shared.stop.store(true, Ordering::Relaxed);
    let mut times = Vec::new();
    while let Some(submitter) = submitters.join_next().await {
        times.extend(submitter.context("a submitter panicked")??);
    }
    if let Some(server) = server {
        server.stop().await?;
    }
    let [commits, transitions, rows] = [0, 1, 2].map(|place| after[place] - before[place]);
    Ok(Done { times, commits, transitions, rows, used: begun.until(&ended) })
}

/// What the database takes without the engine.
struct Raw {
    rows_per_s: f64,
    cpu_us_per_row: f64,
}

async fn bare(plant: &Plant, done: &Done, args: &BenchArgs) -> anyhow::Result<Raw> {
    let commits = done.commits.max(1);
    let transitions = (done.transitions / commits).max(1);
    let others = (done.rows / commits).saturating_sub(transitions);
    // A transition changes its instance's row; what is left are tasks.
    let instances = transitions.min(others);
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let shares =
        Shares { transitions: count(transitions), instances: count(instances), tasks: count(others - instances) };
    let mut yardstick = Yardstick::open(&plant.database).await?;
    for _ in 0..20 {
        yardstick.commit(&plant.database, shares).await?;
    }
    let (begun, mut rows) = (Moment::now(), 0);
    let length = Duration::from_secs(u64::from(args.seconds.clamp(2, 5)));
    let end = load::clock() + length;
    while load::clock() < end {
        rows += yardstick.commit(&plant.database, shares).await?;
    }
    let used = begun.until(&Moment::now());
    let rows = rows as f64;
    Ok(Raw { rows_per_s: rows / used.seconds, cpu_us_per_row: (used.own + used.database) * 1e6 / rows.max(1.0) })
}
