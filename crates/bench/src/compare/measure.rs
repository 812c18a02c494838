//! One run: a load from its start to the check of what came of it.

use std::{ops::Range, process, time::Duration};

use tokio::time::sleep;

use super::{
    Options,
    bytes::Before,
    check,
    figures::Figures,
    plan::{Among, Group, Run, Series, Side},
    stage::{Stage, Store},
};
use crate::{
    Failure,
    calls::{Moment, Window},
    floor::{self, pgbench},
    load::{self, Load, grpc, rest},
    proc,
};

/// Makes a run, and checks that everything is in the database that was acknowledged.
pub(crate) async fn run(stage: &Stage, run: &Run, options: &Options) -> Result<Figures, Failure> {
    let series = &run.series;
    let because = |failure| format!("round {}, {series}: {failure}", run.round).into();
    measure(stage, series, options).await.map_err(because)
}

async fn measure(stage: &Stage, series: &Series, options: &Options) -> Result<Figures, Failure> {
    let store = stage.store(series)?;
    store.empty().await?;
    let serve = if series.side == Side::Floor { None } else { Some(stage.serve(series)?.id()) };
    serve.map(proc::reset_peak_memory).transpose()?;

    let written = match store {
        Store::Postgres(database) if series.group != Group::Reads => {
            Some((database, Before::of(database).await?))
        }
        Store::Postgres(_) | Store::Sqlite(_) => None,
    };
    let running = start(stage, series, options).await?;
    let processes = stage.processes(series, running.process())?;
    let (from, before) = (Moment::now(), processes.cpu()?);
    sleep(Duration::from_secs(options.seconds)).await;
    let (to, after) = (Moment::now(), processes.cpu()?);
    let load = running.finish().await?;
    if load.calls.iter().map(|call| call.at).max() < Some(to) {
        return Err(
            "the load ended before what is measured did: something else keeps the machine busy".into()
        );
    }

    let bytes = match written {
        Some((database, before)) => {
            Some(before.until_now(stage.postgres(), database, load.calls.len()).await?)
        }
        None => None,
    };
    let memory = serve.map(proc::memory).transpose()?.map(|memory| memory.peak);
    if series.group != Group::Reads {
        check::run(store, &load).await?;
    }
    Figures::of(&load, Window { from, to }, after - before, memory, bytes)
}

enum Running {
    Pgbench(pgbench::Running),
    Callers(load::Running),
}

impl Running {
    /// The process that makes the load.
    fn process(&self) -> u32 {
        match self {
            Self::Pgbench(pgbench) => pgbench.id(),
            Self::Callers(_) => process::id(),
        }
    }

    async fn finish(self) -> Result<Load, Failure> {
        match self {
            Self::Pgbench(pgbench) => pgbench.finish().await,
            Self::Callers(callers) => callers.finish().await,
        }
    }
}

/// Begins the load of a series.
async fn start(stage: &Stage, series: &Series, options: &Options) -> Result<Running, Failure> {
    let sessions = sessions(series, options);
    let callers = series.callers;
    let reads = series.group == Group::Reads;
    let script = if reads { pgbench::Script::Select } else { pgbench::Script::Update };
    let view = options.view;
    let running = match (series.side, stage.store(series)?) {
        (Side::Floor, Store::Postgres(database)) => {
            let server = stage.postgres();
            let pgbench = pgbench::start(server, database, script, callers, sessions, options.seconds);
            return Ok(Running::Pgbench(pgbench.await?));
        }
        (Side::Floor, Store::Sqlite(database)) => {
            load::start(&floor::sqlite::Updates::on(database)?, callers, sessions).await
        }
        (Side::Grpc | Side::Before, _) => {
            let address = stage.serve(series)?.grpc()?.to_owned();
            if reads {
                load::start(&grpc::Reads { address, view }, callers, sessions).await
            } else {
                load::start(&grpc::Updates { address, view, secure: None }, callers, sessions).await
            }
        }
        (Side::Rest | Side::Gateway, _) => {
            let process =
                if series.side == Side::Rest { stage.serve(series)? } else { stage.gateway(series)? };
            let address = process.http()?.to_owned();
            if reads {
                load::start(&rest::Reads { address }, callers, sessions).await
            } else {
                load::start(&rest::Updates { address }, callers, sessions).await
            }
        }
    };
    Ok(Running::Callers(running?))
}

/// The sessions that a series is about, by their numbers.
fn sessions(series: &Series, options: &Options) -> Range<u32> {
    match (series.group, series.among) {
        (Group::Hot, _) => 0..1,
        (_, Among::Few) => 0..options.sessions,
        (_, Among::Many) => 0..options.many_sessions,
    }
}
