//! When the server or the issuer is away: whoever asked is told at once which, and what still works. What was asked waits until
//! it is back; after ten minutes it is let go, and that is told, too.

mod waiting;

use crate::asked::Stop;
use crate::inbox::{Open, now};
use crate::kraken::Kraken;
use crate::sign_in::whisper;
use crate::slack::blocks::{Message, code, escape};
use crate::slack::envelope::{How, Incoming, Said, What};
use crate::talk::Became;
use std::sync::Arc;
use std::time::Duration;

/// How long something waits, in seconds: what is done much later is not what was asked any more.
const WAITS: i64 = 600;

/// How often it is looked whether what is away is back.
const EVERY: Duration = Duration::from_secs(2);

/// What can be away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Away {
    /// The server.
    Server,
    /// The issuer.
    Issuer,
}

impl Away {
    /// Both.
    const ALL: [Self; 2] = [Self::Server, Self::Issuer];

    /// Its name, in the inbox and in the log. No account of Slack's is called so.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Server => "the server",
            Self::Issuer => "the issuer",
        }
    }
}

impl std::fmt::Display for Away {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What somebody asked waits until `away` is back. They are told so once.
pub(crate) async fn wait(kraken: &Kraken, open: &Open, said: &Said, away: Away) -> Became {
    let waits = async {
        // Written down first: a message that is told to wait must not be lost.
        kraken.inbox.wait_for_return(open.seq, away).await?;
        let key = format!("away:{}:{}", away.name(), open.incoming.id);
        if !matches!(kraken.inbox.about_to_say(&key).await?, crate::inbox::Said::Already(_)) {
            whisper(kraken, &open.incoming, said, &told(away, said)).await?;
            kraken.inbox.said(&key, "").await?;
        }
        Ok::<(), Stop>(())
    };
    match waits.await {
        Ok(()) => Became::Waits,
        Err(Stop::Slack(error)) if error.is_final() => Became::Waits,
        Err(error) => {
            tracing::warn!(%error, "that something waits could not be told; trying again");
            Became::Again
        }
    }
}

/// A channel's news wait until the server can be told.
pub(crate) async fn wait_with_news(kraken: &Kraken, open: &Open, away: Away) -> Became {
    match kraken.inbox.wait_for_return(open.seq, away).await {
        Ok(()) => Became::Waits,
        Err(error) => {
            tracing::error!(%error, "that news wait could not be written down; trying again");
            Became::Again
        }
    }
}

/// Looks for ever at what waits. Nothing else is done here, so that nothing that takes long keeps from going on what waits:
/// somebody's leaving may be among it.
pub(crate) async fn watch(kraken: &Arc<Kraken>) {
    loop {
        match kraken.inbox.anything_waits().await {
            Ok(true) => look(kraken).await,
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "what waits could not be looked at"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// What has waited for too long is let go, and with the server back the rest goes on.
async fn look(kraken: &Arc<Kraken>) {
    match kraken.inbox.waited_since_before(now() - WAITS).await {
        Ok(given_up) if given_up.is_empty() => {}
        Ok(given_up) => {
            // Slack may take its time, too.
            let kraken = Arc::clone(kraken);
            tokio::spawn(async move {
                for incoming in given_up {
                    let_go(&kraken, &incoming).await;
                }
            });
        }
        Err(error) => tracing::error!(%error, "what has waited for too long could not be found"),
    }
    if !kraken.server.answers().await {
        return;
    }
    for away in Away::ALL {
        if let Err(error) = kraken.inbox.is_back(away).await {
            tracing::error!(%error, "what waits could not be gone on with");
        }
    }
}

async fn let_go(kraken: &Kraken, incoming: &Incoming) {
    let What::Said(said) = &incoming.what else { return };
    if let Err(error) = whisper(kraken, incoming, said, &given_up(said)).await {
        tracing::warn!(%error, "somebody could not be told that what they asked was let go");
    }
}

/// Which is away, and what still works.
pub(crate) fn told(away: Away, said: &Said) -> Message {
    let message = match away {
        Away::Server => Message::new(
            "*The server does not answer at the moment.* I have kept what you asked, and go on with it when the server is back.",
        )
        .line("Until then `help` and `logout` still work."),
        Away::Issuer => Message::new(
            "*The place where you sign in does not answer at the moment*, so I cannot be sure who you are. I have kept what you asked, and go on with it when that is back.",
        )
        .line("Whoever is signed in works on as before, and `help` and `logout` still work."),
    };
    let typed = said.click.is_none() && matches!(said.how, How::Spoken | How::Overheard);
    let stop = if typed { " To take it back, delete your message." } else { "" };
    message.note(format!("If that takes longer than ten minutes, I let go of it and tell you.{stop}"))
}

/// What was asked is not done.
pub(crate) fn given_up(said: &Said) -> Message {
    let what = match said.text.trim() {
        "" => "what you asked".to_owned(),
        words => code(escape(&words.replace('`', "'"))),
    };
    Message::new(format!("What I needed did not come back within ten minutes, so I let go of {what}."))
        .line("Ask me again when you like. If I had begun with it, `status` shows how far it came.")
}
