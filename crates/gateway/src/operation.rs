//! One operation of the REST interface, as the types describe it that its handler takes and returns. A document about the
//! interface, such as one of OpenAPI, follows from these.

use domain::Reason;
use http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::problem::Problem;

/// One method of one path.
#[derive(Debug)]
pub struct Operation {
    /// The method.
    pub method: Method,
    /// The path, with the names of its parameters in braces.
    pub path: &'static str,
    /// A name that no other operation has.
    pub id: &'static str,
    /// What it is for, in a few words.
    pub summary: &'static str,
    /// The headers that have an effect.
    pub headers: Vec<&'static str>,
    /// The type whose fields are the query's parameters; none where a query is not looked at.
    pub query: Option<Type>,
    /// The type of its body, where it has one.
    pub body: Option<Type>,
    /// How large its body may be, in bytes; 0 where it has none.
    pub max_body_bytes: usize,
    /// What it answers where it succeeds. All else is a problem.
    pub answers: Vec<Answer>,
    /// Why what reads the request may refuse it, before a call is made of it.
    pub reasons: Vec<Reason>,
    /// Whether nobody needs credentials for it.
    pub is_open: bool,
}

/// A type that a request is read into.
#[derive(Debug, Clone, Copy)]
pub struct Type {
    /// Its name, with its module.
    pub name: &'static str,
    pub(crate) schema: SchemaOf,
}

/// What makes the schema of a type.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

impl Type {
    pub(crate) fn of<T: JsonSchema>() -> Self {
        Self { name: std::any::type_name::<T>(), schema: schema::<T> }
    }
}

/// The schema of a type, or a reference to it.
pub(crate) fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// An answer of an operation that succeeds.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// The media type of its body, where it has one.
    pub media_type: Option<&'static str>,
    /// What its body is, where that is JSON, or a stream of it.
    pub(crate) schema: Option<SchemaOf>,
    /// The headers that it has beside those of every answer.
    pub(crate) headers: &'static [AnswerHeader],
}

/// A header of an answer, and whether it is always there.
pub(crate) type AnswerHeader = (&'static str, bool);

impl Answer {
    pub(crate) const fn json<T: JsonSchema>() -> Self {
        Self { status: 200, media_type: Some("application/json"), schema: Some(schema::<T>), headers: &[] }
    }

    /// One without a body.
    pub(crate) const fn empty(status: u16) -> Self {
        Self { status, media_type: None, schema: None, headers: &[] }
    }

    pub(crate) const fn text(media_type: &'static str) -> Self {
        Self { status: 200, media_type: Some(media_type), schema: None, headers: &[] }
    }

    pub(crate) const fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(crate) const fn with(self, headers: &'static [AnswerHeader]) -> Self {
        Self { headers, ..self }
    }
}

/// What a handler takes or returns, and what the operation has by it.
pub(crate) trait Describe {
    /// Adds it to the operation; nothing, where its path or what is around it says it already.
    fn describe(_: &mut Operation) {}
}

impl<T: Describe> Describe for Result<T, Problem> {
    fn describe(operation: &mut Operation) {
        T::describe(operation);
    }
}

/// A handler whose types describe it. `T` is what axum's `Handler` has there: the types of its arguments.
pub(crate) trait Described<T> {
    /// Adds all that it takes and returns.
    fn describe(operation: &mut Operation);
}

macro_rules! described {
    ($($input:ident)*) => {
        impl<F, Fut, A, M, $($input),*> Described<(M, $($input,)*)> for F
        where
            F: FnOnce($($input),*) -> Fut,
            Fut: Future<Output = A>,
            A: Describe,
            $($input: Describe,)*
        {
            fn describe(operation: &mut Operation) {
                $($input::describe(operation);)*
                A::describe(operation);
            }
        }
    };
}

described!();
described!(T1);
described!(T1 T2);
described!(T1 T2 T3);
described!(T1 T2 T3 T4);
described!(T1 T2 T3 T4 T5);
described!(T1 T2 T3 T4 T5 T6);
