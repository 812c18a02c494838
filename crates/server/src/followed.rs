//! Files that are read again when they have changed, and whatever is made of them.

use std::sync::Arc;

use access::watched::{Changed, Watched};
use telemetry::{Signal, audit::TARGET, signal};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::shutdown::HANGUP;

/// Files that are one thing together, such as a certificate and its key.
pub(crate) struct Followed {
    name: &'static str,
    files: Vec<Watched>,
    take: Box<Take>,
    /// Whether one of them has another content than when they were last tried.
    is_new: bool,
    /// What is wrong with the newest contents. It is reported when it is still so the next time: files are replaced one
    /// after the other.
    wrong: Option<String>,
    /// Whether their newest contents are wrong, reported or not.
    is_refused: bool,
    /// Whether that is so, or one of them cannot be read.
    is_wrong: bool,
}

/// Takes the contents of all the files, in their order, and says what they hold now; or what is wrong with them.
type Take = dyn Fn(&[&[u8]]) -> Result<String, String> + Send;

/// What became of files.
enum News {
    Taken(String),
    Wrong(String),
}

impl Followed {
    /// Files, as they were when they were first read, under the name by which the log knows them.
    pub(crate) fn new(
        name: &'static str,
        files: Vec<Watched>,
        take: impl Fn(&[&[u8]]) -> Result<String, String> + Send + 'static,
    ) -> Self {
        Self {
            name,
            files,
            take: Box::new(take),
            is_new: false,
            wrong: None,
            is_refused: false,
            is_wrong: false,
        }
    }

    /// The same for somebody who says that all of them are there: what is wrong is reported at once.
    fn look_now(&mut self) -> Option<News> {
        self.look().or_else(|| self.look())
    }

    fn look(&mut self) -> Option<News> {
        let (mut has_changed, mut unreadable) = (false, None);
        for file in &mut self.files {
            match file.look() {
                Changed::Not => {}
                Changed::To(_) => has_changed = true,
                Changed::Unreadable(why) => unreadable = Some(why),
            }
        }
        self.is_new |= has_changed;
        if unreadable.is_some() || self.files.iter().any(Watched::is_broken) {
            self.is_wrong = true;
            return unreadable.map(News::Wrong);
        }
        if !std::mem::take(&mut self.is_new) {
            self.is_wrong = self.is_refused;
            return self.wrong.take().map(News::Wrong);
        }
        let contents: Vec<_> = self.files.iter().map(Watched::content).collect();
        let taken = (self.take)(&contents);
        self.wrong = taken.as_ref().err().cloned();
        self.is_refused = self.wrong.is_some();
        self.is_wrong = self.is_refused;
        taken.ok().map(News::Taken)
    }
}

/// Follows files until the process stops, and looks at them at once at each hangup. Where they are wrong, that is
/// logged, and what they held before goes on to hold.
pub(crate) async fn follow(mut all: Vec<Followed>, hangups: Arc<Notify>, stopping: CancellationToken) {
    let mut ticks = tokio::time::interval(Watched::INTERVAL);
    loop {
        let is_hangup = tokio::select! {
            biased;
            () = stopping.cancelled() => return,
            () = hangups.notified() => true,
            _ = ticks.tick(), if !all.is_empty() => false,
        };
        // A file system may be slow, and must not hold up calls.
        let looked = tokio::task::spawn_blocking(move || {
            let look = if is_hangup { Followed::look_now } else { Followed::look };
            let news: Vec<_> = all.iter_mut().map(|one| (one.name, look(one), one.is_wrong)).collect();
            (news, all)
        });
        let Ok((news, again)) = looked.await else { return };
        all = again;
        for (name, news, is_wrong) in &news {
            signal(Signal::Followed { of: name, is_wrong: *is_wrong });
            match news {
                Some(News::Taken(holds)) => {
                    signal(Signal::Reload { of: name, is_ok: true });
                    tracing::info!(target: TARGET, holds, "{name} was read again");
                }
                Some(News::Wrong(error)) => {
                    signal(Signal::Reload { of: name, is_ok: false });
                    tracing::error!(target: TARGET, error, "{name} is wrong; what it said before goes on to hold");
                }
                None => {}
            }
        }
        if is_hangup {
            log(&news);
        }
    }
}

/// Says in one line what was looked at for a hangup.
fn log(news: &[(&str, Option<News>, bool)]) {
    let names = |is_meant: &dyn Fn(Option<&News>, bool) -> bool| {
        let meant = news.iter().filter(|(_, news, is_wrong)| is_meant(news.as_ref(), *is_wrong));
        let names: Vec<_> = meant.map(|(name, ..)| *name).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let is_new = |news: Option<&News>| matches!(news, Some(News::Taken(_)));
    let changed = names(&|news, is_wrong| is_new(news) && !is_wrong);
    let wrong = names(&|_, is_wrong| is_wrong);
    let unchanged = names(&|news, is_wrong| !is_new(news) && !is_wrong);
    let signal = HANGUP;
    if news.is_empty() {
        tracing::info!(signal, "there is no file to be read again; settings need a restart");
        return;
    }
    tracing::info!(signal, changed, unchanged, wrong, "files were read again; other settings need a restart");
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Mutex};

    use super::*;

    #[test]
    fn files_that_belong_together_are_taken_when_they_fit() {
        let folder = tempfile::tempdir().expect("a folder");
        let paths = ["a", "b"].map(|name| folder.path().join(name));
        let write = |at: usize, text: &str| fs::write(&paths[at], text).expect("written");
        write(0, "1");
        write(1, "1");
        let files = paths.iter().map(|path| Watched::open(path).expect("a file")).collect();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let (log, is_same) = (taken.clone(), |contents: &[&[u8]]| contents[0] == contents[1]);
        let mut followed = Followed::new("a pair", files, move |contents| {
            let text = String::from_utf8_lossy(contents[0]).into_owned();
            log.lock().expect("it").push(text.clone());
            if is_same(contents) { Ok(text) } else { Err(format!("{text} is alone")) }
        });
        assert!(followed.look().is_none() && taken.lock().expect("it").is_empty());
        // One is replaced before the other: nothing is reported.
        write(0, "2");
        assert!(followed.look().is_none());
        write(1, "2");
        assert!(matches!(followed.look(), Some(News::Taken(text)) if text == "2"));
        // One is replaced alone: it is reported, once.
        write(0, "3");
        assert!(followed.look().is_none());
        assert!(matches!(followed.look(), Some(News::Wrong(text)) if text == "3 is alone"));
        assert!(followed.look().is_none());
        // One is replaced while the other is missing, which comes back as it was.
        write(0, "2");
        fs::remove_file(&paths[1]).expect("removed");
        assert!(matches!(followed.look(), Some(News::Wrong(text)) if text.contains("No such file")));
        assert!(followed.look().is_none());
        write(1, "2");
        assert!(matches!(followed.look(), Some(News::Taken(text)) if text == "2"));
        assert!(followed.look().is_none());
    }
}
