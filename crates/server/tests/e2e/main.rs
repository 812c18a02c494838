//! The program as its callers meet it: real processes, real databases, gRPC and REST.

mod support;

mod documented;
mod errors;
