//! The messages of this module, for the file in which all messages are reviewed.

use super::*;
use crate::reply::refusal;
use crate::tests::{Shown, message, words};
use budget::Whose;
use offered::RUN;

/// All of them.
pub(crate) fn all() -> Vec<Shown> {
    let mut all = vec![
        message("a model's answer", &shown::message("hello is ready, and its last run went well.")),
        message("a model's answer, too long", &shown::message(&"It went well. ".repeat(700))),
        words("a model at work", going().going),
        words("a model at work, ended", going().ended()),
        words("a model at work, lost", going().lost()),
        words("a model at work: a task", live::shown::AT_WORK),
        words("a model at work: a task, over", live::shown::IS_OVER),
        words("a model: none", no_model()),
        words("a model: too much to do", busy()),
        words("a model: too long", too_long()),
        words("a model: no enclave", NO_ENCLAVE),
        words("a model: for members alone", refusal(&members_alone())),
    ];
    let of_all = Whose::Enclave("prices".to_owned());
    for whose in [Whose::Person("UANA".to_owned()), of_all] {
        for (is_first, when) in [(true, "the first time"), (false, "later")] {
            let title = format!("a model: the budget of {whose} is used up, {when}");
            all.push(words(title, budget::used_up(&whose, is_first, 9 * 3600)));
        }
    }
    let doing = [RUN, "wf_restart", "wf_logs", "wf_status"];
    all.extend(doing.map(|tool| words(format!("a model at work: {tool}"), shown::doing(tool, "hello"))));
    let outs = [Out::Silent, Out::Slow, Out::Busy, Out::Refused, Out::Nonsense];
    all.extend(outs.map(|out| words(format!("a model: out, {out:?}"), is_out(&out))));
    all.extend(proposal::tests::all());
    all
}
