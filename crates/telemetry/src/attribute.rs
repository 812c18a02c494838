//! The names of attributes, on spans and as labels of metrics, and nothing else: OpenTelemetry's conventions for RPC and databases
//! are not final, and where one of them changes it changes here.

/// The value of an attribute that is none of those that there are.
pub const OTHER: &str = "_OTHER";

/// In which mode processors worked.
pub const CPU_MODE: &str = "cpu.mode";
/// Where a call came from.
pub const CLIENT_ADDRESS: &str = "client.address";
/// Which of a store's statements.
pub const DB_OPERATION: &str = "db.operation.name";
/// Which database.
pub const DB_SYSTEM: &str = "db.system.name";
/// Why something failed.
pub const ERROR_TYPE: &str = "error.type";
/// A request's method.
pub const HTTP_METHOD: &str = "http.request.method";
/// The path of an operation, with the names of its parameters in braces.
pub const HTTP_ROUTE: &str = "http.route";
/// An answer's status.
pub const HTTP_STATUS: &str = "http.response.status_code";
/// What connections to a database are for.
pub const POOL: &str = "db.client.connection.pool.name";
/// Whether connections to a database are in use.
pub const POOL_STATE: &str = "db.client.connection.state";
/// A method with its package and service.
pub const RPC_METHOD: &str = "rpc.method";
/// A call's code, by its name.
pub const RPC_STATUS: &str = "rpc.response.status_code";
/// By what calls are made.
pub const RPC_SYSTEM: &str = "rpc.system.name";

/// Ours: how many items a batch has.
pub(crate) const BATCH_SIZE: &str = "channel_sessions.batch.size";
/// Ours: the session that a call is about.
pub(crate) const SESSION: &str = "channel_sessions.id";
/// Ours: the request id that log lines have, too.
pub(crate) const REQUEST_ID: &str = "channel_sessions.request_id";
