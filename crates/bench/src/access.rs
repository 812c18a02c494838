//! Updates with TLS and tokens, and without, in turn.

mod issuer;

use std::{fs, path::Path, time::Duration};

use tls::{Authorities, Client, ClientFiles, authority::Authority};

use crate::{
    Failure,
    aim::{self, Bound, Verdict},
    load::{
        self,
        grpc::{Secure, Updates, View},
    },
    median::median,
    postgres,
    process::Process,
};
use issuer::Issuer;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many sessions are updated
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
    sessions: u32,
    /// How many callers update them
    #[arg(long, default_value_t = 64)]
    callers: usize,
    /// How often each side is measured
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long each time, in seconds
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

/// What is to be left of the updates a second.
const AIM: f64 = 0.85;

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    println!("{args:?}");
    let server = postgres::Server::start(0).await?;
    let database = server.create("access").await?;
    let open = Process::serve(database.url()).await?;
    database.fill(0..args.sessions, args.sessions).await?;
    let folder = tempfile::tempdir()?;
    let guarded = Guarded::start(database.url(), folder.path()).await?;
    let view = View::Typed;
    let sides = [
        Updates { address: open.grpc()?.to_owned(), view, secure: None },
        Updates { address: guarded.serve.grpc()?.to_owned(), view, secure: Some(guarded.secure) },
    ];

    let mut ratios = Vec::new();
    for round in 1..=args.rounds {
        let mut rates = [0.0; 2];
        // Each of them begins a round.
        for at in [round % 2, (round + 1) % 2] {
            let running = load::start(&sides[at], args.callers, 0..args.sessions).await?;
            rates[at] = running.rate(Duration::from_secs(args.seconds)).await?;
        }
        let [without, with] = rates;
        println!("round {round}: {without:.0} updates/s without, {with:.0} with TLS and tokens");
        ratios.push(with / without);
    }
    let ratio = median(ratios).ok_or("there was no round")?;
    let name = "gRPC updates/s with TLS and tokens ÷ without";
    println!(
        "\n{}",
        aim::table(&[Verdict::new(name, args.callers, Bound::AtLeast(AIM), ratio, args.rounds)])
    );
    Ok(())
}

/// A service over TLS whose callers have to show tokens.
struct Guarded {
    serve: Process,
    secure: Secure,
}

impl Guarded {
    /// With its files in a folder.
    async fn start(database_url: &str, folder: &Path) -> Result<Self, Failure> {
        let (authority, issuer) = (Authority::generate(), Issuer::generate()?);
        let issued = authority.issue(&["127.0.0.1"]);
        let file = |name: &str, text: &str| -> Result<String, Failure> {
            let path = folder.join(name);
            fs::write(&path, text)?;
            Ok(path.to_str().ok_or("the folder's name is no text")?.to_owned())
        };
        let certificate = file("certificate.pem", &issued.certificate)?;
        let (key, keys) = (file("key.pem", &issued.key)?, file("keys.json", &issuer.keys()?)?);
        let settings =
            ["--tls-cert", &certificate, "--tls-key", &key, "--authn", "oidc", "--oidc-jwks", &keys];
        let issuing = ["--oidc-issuer", issuer::NAME, "--oidc-audience", issuer::AUDIENCE];
        let serve = Process::serve_with(database_url, &[&settings[..], &issuing].concat()).await?;
        let authorities = Authorities::Of(authority.certificate.as_bytes());
        let tls = Client::new(ClientFiles { authorities, own: None })?;
        let authorization = format!("Bearer {}", issuer.token()?).parse()?;
        Ok(Self { serve, secure: Secure { tls, authorization } })
    }
}
