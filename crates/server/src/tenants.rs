//! What each tenant may, as the configuration says it: for all, and the file that says it of single ones.

use std::path::Path;

use access::watched::Watched;
use tenants::{Limits, Tenants};

use crate::{
    config::{self, Rules},
    followed::Followed,
};

/// What each tenant may, and the file that is to be followed for it.
///
/// # Errors
/// A file that is not as it has to be: what is wrong with it.
pub(crate) fn read(settings: &config::Tenants, rules: &Rules) -> Result<(Tenants, Option<Followed>), String> {
    let tenants = Tenants::all(Limits {
        max_attributes: rules.max_attributes as usize,
        value_rules: rules.value_rules(),
        calls_per_second: settings.calls_per_second(),
        max_calls: settings.max_calls(),
    });
    let followed = settings.tenants_file.as_deref().map(|path| follow(tenants.clone(), path)).transpose()?;
    Ok((tenants, followed))
}

fn follow(tenants: Tenants, path: &Path) -> Result<Followed, String> {
    let at = path.display().to_string();
    let cannot = move |error: &dyn std::fmt::Display| format!("--tenants-file {at}: {error}");
    let watched = Watched::open(path).map_err(|error| cannot(&error))?;
    let take = move |contents: &[&[u8]]| {
        let text = std::str::from_utf8(contents[0]).map_err(|error| cannot(&error))?;
        let count = tenants.replace(text).map_err(|error| cannot(&error))?;
        Ok(format!("what {count} tenants may"))
    };
    take(&[watched.content()])?;
    Ok(Followed::new("the tenants file", vec![watched], take))
}
