//! Pages of lists among few and among many sessions, how the database finds them, and what share of updates is HOT.

use std::time::{Duration, Instant};

use channel_session_api::v1::{ChannelSessionView, ListChannelSessionsRequest};

use crate::{
    Failure,
    load::{
        Caller, Target,
        grpc::{self, Client, View},
        update::Token,
    },
    median::median,
    postgres::{Database, Server},
    process::Process,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many sessions there are at first
    #[arg(long, default_value_t = 1000)]
    few: u32,
    /// How many there are then
    #[arg(long, default_value_t = 1_000_000)]
    many: u32,
    /// How many pages of each kind are fetched
    #[arg(long, default_value_t = 40)]
    pages: usize,
    /// How many updates are made for the share of those that are HOT
    #[arg(long, default_value_t = 20_000)]
    updates: u32,
}

const PAGE_SIZE: i32 = 100;

/// So many of the first sessions are active; of the others, one in ten.
const ACTIVE: u32 = 20_000;

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let server = Server::start(0).await?;
    let database = server.create("listing").await?;
    let serve = Process::serve(database.url()).await?;
    let mut client = grpc::connect(serve.grpc()?).await?;
    database.fill(0..args.few, ACTIVE).await?;
    let few = measure(&mut client, &args).await?;
    let start = Instant::now();
    database.fill(args.few..args.many, ACTIVE).await?;
    println!("{} sessions made in {:.0} s", args.many, start.elapsed().as_secs_f64());
    let many = measure(&mut client, &args).await?;
    println!("median time of a page of {PAGE_SIZE}, in ms: among {} sessions, among {}", args.few, args.many);
    for ((name, few), (_, many)) in few.into_iter().zip(many) {
        println!("  {name:<40} {few:>8.2} {many:>8.2}");
    }
    hot(&database, &serve, &args).await
}

/// The median time of a page of each kind, in milliseconds.
async fn measure(client: &mut Client, args: &Args) -> Result<Vec<(&'static str, f64)>, Failure> {
    let request = |change: fn(&mut ListChannelSessionsRequest)| {
        let mut request = ListChannelSessionsRequest {
            page_size: PAGE_SIZE,
            view: ChannelSessionView::Json.into(),
            ..ListChannelSessionsRequest::default()
        };
        change(&mut request);
        request
    };
    let kinds: [(_, ListChannelSessionsRequest); 6] = [
        ("all", request(|_| {})),
        ("of a conversation", request(|it| it.conversation_id = "conversation-7".to_owned())),
        ("of a customer", request(|it| it.customer_id = "customer-7".to_owned())),
        ("of a type of channel", request(|it| it.channel_type = "WEB".to_owned())),
        ("that are active", request(|it| it.active = Some(true))),
        (
            "of a conversation, not active, of a type",
            request(|it| {
                it.conversation_id = "conversation-7".to_owned();
                it.channel_type = "WEB".to_owned();
                it.active = Some(false);
            }),
        ),
    ];
    let mut medians = Vec::new();
    for (name, request) in kinds {
        let mut times = Vec::new();
        let mut page_token = String::new();
        for _ in 0..args.pages {
            let request = ListChannelSessionsRequest { page_token: page_token.clone(), ..request.clone() };
            let start = Instant::now();
            let response = client.list_channel_sessions(request).await?.into_inner();
            times.push(start.elapsed().as_secs_f64() * 1000.0);
            // Page after page, and from the start again where there is no next one.
            page_token = response.next_page_token;
        }
        medians.push((name, median(times).unwrap_or(f64::NAN)));
    }
    Ok(medians)
}

async fn hot(database: &Database, serve: &Process, args: &Args) -> Result<(), Failure> {
    let updates = grpc::Updates { address: serve.grpc()?.to_owned(), view: View::Json, secure: None };
    for updater in &mut updates.connect(1).await? {
        for number in 0..args.updates {
            let session = u64::from(number) * 7919 % u64::from(args.many.min(ACTIVE));
            updater.call(session.try_into()?, Token::next()).await?;
        }
    }
    let share = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'channel_session'";
    let mut database = database.connect().await?;
    // Statistics arrive a little later than what they count.
    let limit = Instant::now() + Duration::from_secs(20);
    loop {
        sqlx::raw_sql("SELECT pg_stat_clear_snapshot()").execute(&mut database).await?;
        let (updates, hot): (i64, i64) = sqlx::query_as(share).fetch_one(&mut database).await?;
        if updates >= i64::from(args.updates) || Instant::now() > limit {
            println!("HOT: {hot} of {updates} updates, {:.2} %", 100.0 * hot as f64 / updates as f64);
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
