//! Updates with TLS and tokens, and without, in turn; and with row-level security beside these.

pub(crate) mod guarded;
mod issuer;

use crate::{
    Failure, aim,
    load::grpc::{Updates, View},
    postgres,
    process::Process,
    sides,
};
use guarded::Guarded;

/// What is to be left of the updates a second.
const AIM: f64 = 0.85;

/// What row-level security is to leave of that.
const ROW_LEVEL_SECURITY_AIM: f64 = 0.9;

pub(crate) async fn run(args: sides::Args) -> Result<(), Failure> {
    println!("{args:?}");
    let server = postgres::Server::start(0).await?;
    let database = server.create("access").await?;
    let open = Process::serve(database.url()).await?;
    database.fill(0..args.sessions, args.sessions).await?;
    let folder = tempfile::tempdir()?;
    let guarded = Guarded::start(database.url(), folder.path(), &[]).await?;
    // No superuser, whom no policy holds for; on a database of its own, since whoever does not expect policies finds nothing.
    let (of_rows, owner_url) = server.create_owned("rows").await?;
    let own = tempfile::tempdir()?;
    let rows = Guarded::start(&owner_url, own.path(), &["--row-level-security", "on"]).await?;
    of_rows.fill(0..args.sessions, args.sessions).await?;
    let view = View::Typed;
    let secured = |service: &Guarded| -> Result<_, Failure> {
        let (address, secure) = (service.serve.grpc()?.to_owned(), Some(service.secure("default")?));
        Ok(Updates { address, view, secure })
    };
    let open = Updates { address: open.grpc()?.to_owned(), view, secure: None };
    let sides = [
        ("without", open),
        ("with TLS and tokens", secured(&guarded)?),
        ("with row-level security, too", secured(&rows)?),
    ];
    let rounds = args.rates(sides).await?;
    let access = rounds.iter().map(|[without, with, _]| with / without);
    let security = rounds.iter().map(|[_, with, rows]| rows / with);
    let verdicts = [
        args.verdict("gRPC updates/s with TLS and tokens ÷ without", AIM, access)?,
        args.verdict("the same with row-level security ÷ without", ROW_LEVEL_SECURITY_AIM, security)?,
    ];
    println!("\n{}", aim::table(&verdicts));
    Ok(())
}
