//! One operation of the REST interface, as the types describe it that its handler takes and returns. A document about the
//! interface, such as one of OpenAPI, follows from these.

use http::Method;

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
    pub query: Option<&'static str>,
    /// The type of its body, where it has one.
    pub body: Option<&'static str>,
    /// What it answers where it succeeds. All else is a problem.
    pub answers: Vec<Answer>,
}

/// An answer: its status, and the media type of its body, where it has one.
pub type Answer = (u16, Option<&'static str>);

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
