//! `help`

use crate::asked::Answer;
use crate::slack::blocks::Message;

const OWN_WORDS: &str = "*In your own words*\nAnything else, with a mention: a model looks into it with your rights. What changes \
                         who may do what, or removes something, becomes a card that you click.";
const OWN_WORDS_DIRECT: &str = "*In your own words*\nAnything else: a model looks into all enclaves that you see, with your rights. \
                                From here it only looks.";
const NO_MODEL: &str = "*In your own words*\nNothing: no model is set up for me.";

pub(crate) fn run(direct: bool, has_model: bool) -> Answer {
    if direct {
        return Answer::Whisper(
            Message::new(
                "Here I can tell you about yourself: `enclaves`, `what failed` (or `… today`, `… yesterday`, `… last night`), `whoami`, `login`, `logout`, `unlink`.",
            )
            .line("To work in an enclave, mention me in its channel.")
            .line(if has_model { OWN_WORDS_DIRECT } else { NO_MODEL }),
        );
    }
    Answer::Whisper(
        Message::new("*What you can say to me in a channel*")
            .line("*The enclave*\n`set up this channel` (or `… as NAME`), `status`, `what failed` (or `… today`, `… yesterday`, `… last night`), `set mode`, `set size`, `set secret shop.key`, `changes need review` (or `… need no review`), `freeze`, `unfreeze`, `shut down this enclave`")
            .line("*Its people*\n`members`, `add @ben`, `remove @ben`, `new members need approval` (or `… are welcome`), `ask to join`, `transfer to @ben`, `sync`, `set mode private` (or `member-run`, `member-read`, `member-edit`, `open-read`, `open-run`)")
            .line("*Tentacles*\n`new hello`, `new tea from price-monitor`, `deploy hello`, `run hello`, `run hello {\"name\": \"Ana\"}`, `status hello`, `logs hello`, `history hello`, `versions hello`, `compare hello 3 and 5`, `roll back hello to 3`, `put hello back`, `set mode of hello to private`, `give hello to @ben`, `remove hello`")
            .line("*You*\n`whoami`, `why run hello`, `why @ben deploy hello`, `login`, `logout`, `unlink`")
            .line(if has_model { OWN_WORDS } else { NO_MODEL })
            .note("In this thread no second mention is needed; `/kraken status` does the same as `@kraken status`.")
            .note("I act under your name and with your rights, never more. The enclave is always the channel's."),
    )
}
