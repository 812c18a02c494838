//! Whether the keys of issuers can be had, asked once before the start.

use tokio::time::timeout;

use super::{Invalid, Settings, keyring::Pace, keys::Keys};

impl Settings {
    /// Fetches the keys of each source once, and says how many there are, or why there are none. Each comes with the name by
    /// which the log knows it.
    ///
    /// # Errors
    /// What is wrong with the settings, and what to do.
    pub async fn probe(self) -> Result<Vec<(String, Result<usize, String>)>, Invalid> {
        let (_, sources) = self.check()?;
        let mut probed = Vec::new();
        for mut source in sources {
            let (name, limit) = (source.fetch.name(), Pace::default().timeout);
            let keys = match source.keys {
                Some(keys) => Ok(keys.len()),
                None => match timeout(limit, source.fetch.fetch()).await {
                    Ok(Ok(text)) => Keys::parse(&text.unwrap_or_default()).map(|keys| keys.len()),
                    Ok(Err(error)) => Err(error),
                    Err(_) => Err(format!("they did not come within {limit:?}")),
                },
            };
            let usable = keys.and_then(|keys| match keys {
                0 => Err("there is no key that signatures can be verified with".to_owned()),
                keys => Ok(keys),
            });
            probed.push((name, usable));
        }
        Ok(probed)
    }
}
