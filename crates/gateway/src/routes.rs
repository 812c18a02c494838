//! Every operation of the REST interface, in one table: the router, and so the answers 404 and 405, are made of
//! it.

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    handler::Handler,
    middleware,
    routing::{MethodFilter, MethodRouter, on, put},
};
use http::{Method, Uri};
use telemetry::call::Notes;
use tower::util::MapRequestLayer;

use crate::{
    Gateway, access, batch_update_data, create, delete, end, events, forms, get, history, home, list,
    misplaced, openapi,
    operation::{Described, Operation},
    paths, probes, update_data,
};

/// An operation, and what answers it.
struct Route {
    operation: Operation,
    handler: MethodRouter<Arc<Gateway>>,
}

fn table() -> [Route; 16] {
    const FORM: &str = "/forms/{channelSessionId}";
    const SESSIONS: &str = "/channel-sessions";
    const SESSION: &str = "/channel-sessions/{channelSessionId}";
    const END: &str = "/channel-sessions/{channelSessionId}/end";
    const HISTORY: &str = "/channel-sessions/{channelSessionId}/history";
    const BATCH: &str = "/batch-update-data";
    let (get, put, patch) = (Method::GET, Method::PUT, Method::PATCH);
    [
        route(&put, FORM, "updateForm", "Attach data to a session", forms::update_data),
        route(&get, SESSIONS, "listChannelSessions", "Find sessions", list::list),
        route(&Method::POST, SESSIONS, "createChannelSession", "Store a new session", create::post),
        route(&get, SESSION, "getChannelSession", "Read a session", get::get),
        route(&put, SESSION, "putChannelSession", "Store or replace a session", create::put),
        route(&patch, SESSION, "updateData", "Attach and remove data", update_data::update_data),
        route(&Method::DELETE, SESSION, "deleteChannelSession", "Delete a session", delete::delete),
        route(&Method::POST, END, "endChannelSession", "End a session", end::end),
        route(&get, HISTORY, "listChannelSessionHistory", "Read a session's history", history::history),
        route(&Method::POST, BATCH, "batchUpdateData", "Update many sessions", batch_update_data::update),
        route(&get, "/events", "watchChannelSessions", "Watch events", events::events),
        route(&get, "/", "getHome", "What this is, and where to look", home::home),
        route(&get, "/docs", "getDocs", "This interface, for people", openapi::docs),
        route(&get, "/openapi.json", "getOpenApi", "This interface, for programs", openapi::get),
        route(&get, "/healthz", "getHealth", "Whether the process is up", probes::healthz),
        route(&get, "/readyz", "getReadiness", "Whether the process can serve", probes::readyz),
    ]
}

fn route<H, T>(
    method: &Method,
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    handler: H,
) -> Route
where
    H: Handler<T, Arc<Gateway>> + Described<T>,
    T: 'static,
{
    let mut operation = Operation {
        method: method.clone(),
        path,
        id,
        summary,
        headers: Vec::new(),
        query: None,
        body: None,
        max_body_bytes: 0,
        answers: Vec::new(),
        reasons: Vec::new(),
        is_open: OPEN.contains(&path),
    };
    H::describe(&mut operation);
    let filter = MethodFilter::try_from(operation.method.clone()).expect("it is one of HTTP's own");
    Route { operation, handler: on(filter, handler) }
}

/// Every operation, for what describes the interface.
#[must_use]
pub fn operations() -> Vec<Operation> {
    table().into_iter().map(|route| route.operation).collect()
}

/// What nobody needs credentials for: probes come from the platform, and the interface is no secret.
const OPEN: [&str; 5] = ["/", "/docs", "/healthz", "/openapi.json", "/readyz"];

/// Notes which operation a request is for.
fn noted(operation: &Operation) -> MapRequestLayer<impl Fn(Request) -> Request + Clone + use<>> {
    let path = operation.path;
    MapRequestLayer::new(move |request: Request| {
        Notes::of(request.extensions()).asks_for(path);
        request
    })
}

/// The router of the table.
pub(crate) fn router(gateway: Arc<Gateway>) -> Router {
    let table = table();
    let paths: Arc<[_]> = table.iter().map(|route| route.operation.path).collect();
    let known = middleware::from_fn_with_state(gateway.options.access.clone(), access::layer);
    let router = table.into_iter().fold(Router::new(), |router, Route { operation, handler }| {
        let handler = handler.route_layer(middleware::from_fn(misplaced::layer));
        let handler = if operation.is_open { handler } else { handler.layer(known.clone()) };
        router.route(operation.path, handler.route_layer(noted(&operation)))
    });
    router
        .route("/forms", put(forms::without_id).layer(known.clone()))
        .route("/forms/", put(forms::without_id).layer(known))
        .fallback(move |uri: Uri| async move { paths::not_found(&paths, &uri) })
        .with_state(gateway)
}
