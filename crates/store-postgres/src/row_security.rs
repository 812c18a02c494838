//! Row-level security: a second line behind the conditions of the statements. Where it is on, the database itself shows a
//! statement the rows of one tenant and takes no others, whatever the statement asks for.
//!
//! Each statement says whose rows it is about, and the policies of the tables hold it to that. It is said for one transaction
//! (`SET LOCAL`), so no pooler hands it on to somebody else. It guards against a mistake in a statement of this store's, and
//! not against somebody who speaks SQL as the service's role: that one can say whatever the service can.

pub(crate) mod batches;
pub(crate) mod policies;

use domain::session::TenantId;

/// Whose rows a statement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows<'a> {
    /// One tenant's.
    Of(&'a TenantId),
    /// Those of all tenants, since it serves all of them: retention, positions and epochs.
    OfAll,
    /// None that a tenant has.
    None,
}

impl Rows<'_> {
    /// What begins the transaction of such a statement. None where no tenant's rows are touched: it needs no transaction.
    ///
    /// # Errors
    /// If the database has no text such as the tenant's name.
    pub(crate) fn begin(self) -> Result<Option<String>, sqlx::Error> {
        Ok(match self {
            Self::Of(_) | Self::OfAll => Some(format!("BEGIN; {}", self.set()?)),
            Self::None => None,
        })
    }

    /// What says so within a transaction, and takes back what was said before.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub(crate) fn set(self) -> Result<String, sqlx::Error> {
        Ok(match self {
            Self::Of(tenant) => format!(
                "SET LOCAL channel_sessions.all_tenants = ''; SET LOCAL channel_sessions.tenant = {}",
                literal(tenant.as_str())?
            ),
            Self::OfAll => {
                "SET LOCAL channel_sessions.tenant = ''; SET LOCAL channel_sessions.all_tenants = 'on'"
                    .to_owned()
            }
            Self::None => {
                "SET LOCAL channel_sessions.tenant = ''; SET LOCAL channel_sessions.all_tenants = ''"
                    .to_owned()
            }
        })
    }
}

/// A text as a literal, which means the same whatever the server's `standard_conforming_strings` and `backslash_quote` say.
///
/// # Errors
/// If it has U+0000, where the driver would end the statement.
fn literal(text: &str) -> Result<String, sqlx::Error> {
    if text.contains('\0') {
        return Err(sqlx::Error::Encode(
            "a tenant's name has U+0000, which no text in the database has".into(),
        ));
    }
    Ok(format!("E'{}'", text.replace('\\', r"\\").replace('\'', "''")))
}

#[cfg(test)]
mod tests;
