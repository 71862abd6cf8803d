//! The two buttons under a deploy that would newly reach something: the owner says yes or no.

use super::deploy;
use crate::asked::{Answer, Asked, Stop};
use crate::cards;
use crate::slack::blocks::{Button, Message, code, escape};
use crate::slack::envelope::Click;
use uuid::Uuid;
use wire::tools::approval::{ReachApprove, ReachApproveAnswer, ReachApproveArgs};

/// What the buttons are for.
const YES: &str = "approve_reach";
const NO: &str = "refuse_reach";

/// What a click on one of them says: which approval, and yes or no.
pub(crate) fn read(click: &Click) -> Option<(Uuid, bool)> {
    let yes = match click.action.as_str() {
        YES => true,
        NO => false,
        _ => return None,
    };
    Some((click.value.parse().ok()?, yes))
}

/// The two buttons.
pub(crate) fn buttons(approval: Uuid) -> [Button; 2] {
    let value = approval.to_string();
    [
        Button { action: YES, label: "Approve", value: value.clone(), style: Some("primary") },
        Button { action: NO, label: "Refuse", value, style: None },
    ]
}

pub(super) async fn run(asked: &Asked<'_>, approval: Uuid, yes: bool) -> Result<Answer, Stop> {
    asked.channel()?;
    let decided = asked.call::<ReachApprove>(ReachApproveArgs { approval, approve: yes }).await?;
    let settled = settled(&decided, &asked.account.name);
    // The cards show what was decided; where that fails, what is said below does too.
    cards::settle(asked.kraken, approval, &settled).await;
    if yes && decided.asked_by_you {
        return deploy::run(asked, decided.tentacle).await;
    }
    Ok(Answer::Aloud(told(&decided)))
}

/// What comes next.
pub(super) fn told(decided: &ReachApproveAnswer) -> Message {
    let (by, name) = (escape(&decided.asked_by), &decided.tentacle);
    Message::new(if decided.approved {
        format!("Approved. {by} can say `deploy {name}` now; the approval is good for that once, for a day.")
    } else {
        format!("Refused. {} stays as it is; nothing was changed.", code(name))
    })
}

/// The card, once it is decided.
pub(super) fn settled(decided: &ReachApproveAnswer, who: &str) -> Message {
    let how = if decided.approved { "approved" } else { "refused" };
    // It has a number only once it runs.
    let said = format!("The new version of *{}*: {how} by {}.", decided.tentacle, escape(who));
    Message::new(said).line(changes(&decided.changes))
}

/// The most characters of what is new; a longer text would be cut, and nobody would see that there was more.
const MOST: usize = 2_600;

/// What is new, one line each, and how many lines more there are than fit into a card.
pub(super) fn changes(changes: &[String]) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut length = 0;
    for change in changes {
        let line = format!("• {}", escape(change));
        length += line.chars().count() + 1;
        if length > MOST {
            let left = changes.len() - lines.len();
            lines.push(format!(
                "• *and {left} more*, which are approved with these: `tntc deploy` shows all of them"
            ));
            break;
        }
        lines.push(line);
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_into_a_card_is_counted() {
        let many: Vec<String> =
            (0..300).map(|number| format!("code of package {number:060} is part of it")).collect();
        let told = changes(&many);
        let shown = told.lines().count() - 1;
        assert!((20..40).contains(&shown) && told.chars().count() < 2_900, "{told}");
        assert!(told.lines().last().unwrap().contains(&format!("and {} more", 300 - shown)), "{told}");
        assert_eq!(changes(&many[..2]).lines().count(), 2);
    }
}
