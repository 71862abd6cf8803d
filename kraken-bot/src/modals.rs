//! Modals: what they show, and what is opened by which button. What is filled in becomes the words that somebody could have
//! typed, so a form can do nothing that a message cannot.

use crate::slack::view::{Input, Modal, Origin};
use policy::Preset;

/// Buttons that open a modal; their names begin alike, so that opening one waits for nothing else in the thread.
pub(crate) const ASK_SHUT_DOWN: &str = "ask_shut_down";
pub(crate) const ASK_MODE: &str = "ask_mode";
pub(crate) const ASK_SIZE: &str = "ask_size";
pub(crate) const ASK_ADD: &str = "ask_add";
pub(crate) const ASK_REMOVE: &str = "ask_remove";
pub(crate) const ASK_SECRET: &str = "ask_secret";
pub(crate) const ASK_ANYTHING: &str = "ask_anything";

/// What a modal is for: Slack's `callback_id`.
pub(crate) const SHUT_DOWN: &str = "shut_down";
pub(crate) const SET_MODE: &str = "set_mode";
pub(crate) const SET_SIZE: &str = "set_size";
pub(crate) const ADD: &str = "add";
pub(crate) const REMOVE: &str = "remove";
pub(crate) const SECRET: &str = "secret";

pub(crate) const ANYTHING: &str = "anything";

/// The input of each.
pub(crate) const BLOCK: &str = "answer";

/// Where it is to be asked, for what is asked from nowhere.
pub(crate) const WHERE: &str = "where";

/// Asks what to do, with words that are offered; and where, unless that is known.
pub(crate) fn anything(origin: Origin, offered: &str) -> Modal {
    Modal {
        callback: ANYTHING,
        title: "Ask the Kraken",
        submit: "Ask",
        text: Some("The same words as after a mention, e.g. `status` or `run hello`.".to_owned()),
        input: Input::Words { label: "What", offered: offered.to_owned() },
        origin,
    }
}

/// Asks for the enclave's name.
pub(crate) fn shut_down(origin: Origin) -> Modal {
    Modal {
        callback: SHUT_DOWN,
        title: "Shut down the enclave",
        submit: "Shut down for good",
        text: Some(
            "This removes the enclave with all its tentacles and data, for good. Type its name to go on."
                .to_owned(),
        ),
        input: Input::Line { label: "The enclave's name" },
        origin,
    }
}

/// Asks for one of the presets; `present` is chosen already.
pub(crate) fn set_mode(origin: Origin, present: &str) -> Modal {
    let text = match &origin.tentacle {
        Some(name) => format!("Who may do what with *{name}*. The enclave's mode holds besides."),
        None => "Who may do what in this enclave.".to_owned(),
    };
    let options = Preset::ALL.iter().map(|preset| (preset.name(), preset.meaning())).collect();
    Modal {
        callback: SET_MODE,
        title: "Set the mode",
        submit: "Set the mode",
        text: Some(text),
        input: Input::One {
            label: "Mode",
            options,
            chosen: Preset::ALL.iter().map(|it| it.name()).find(|name| *name == present),
        },
        origin,
    }
}

/// How large an enclave can be, and what each size is for.
pub(crate) const SIZES: [(&str, &str); 3] = [
    ("small", "a few tentacles that do little"),
    ("medium", "what most teams need"),
    ("large", "many tentacles, or such as need much"),
];

/// Asks for one of the sizes; `present` is chosen already.
pub(crate) fn set_size(origin: Origin, present: &str) -> Modal {
    Modal {
        callback: SET_SIZE,
        title: "Set the size",
        submit: "Set the size",
        text: Some(
            "How much memory and processor time all tentacles of this enclave may use together.".to_owned(),
        ),
        input: Input::One {
            label: "Size",
            options: SIZES.to_vec(),
            chosen: SIZES.iter().map(|(name, _)| *name).find(|name| *name == present),
        },
        origin,
    }
}

/// Asks for the value of a secret.
pub(crate) fn secret(origin: Origin, name: &str) -> Modal {
    Modal {
        callback: SECRET,
        title: "Set a secret",
        submit: "Set the secret",
        text: Some(format!(
            "The value of *{name}*. It is seen on your screen while you type, and then no more: it goes to the server, which keeps it \
             encrypted, and stands in no message."
        )),
        input: Input::Lines { label: "The value" },
        origin: Origin { secret: Some(name.to_owned()), ..origin },
    }
}

/// Asks whom to let in.
pub(crate) fn add(origin: Origin) -> Modal {
    Modal {
        callback: ADD,
        title: "Add people",
        submit: "Add",
        text: Some("They are members once they are in the channel and have signed in.".to_owned()),
        input: Input::People { label: "Whom" },
        origin,
    }
}

/// Asks whom to keep out.
pub(crate) fn remove(origin: Origin) -> Modal {
    Modal {
        callback: REMOVE,
        title: "Remove people",
        submit: "Remove",
        text: Some(
            "They stay out until they are added again, also while they are in the channel. What they own here passes to you."
                .to_owned(),
        ),
        input: Input::People { label: "Whom" },
        origin,
    }
}
