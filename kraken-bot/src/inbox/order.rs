//! What may be worked on now: one conversation in order, different ones side by side, a channel's facts before the messages
//! that came after them, and neither one person's requests nor one channel's before everybody else's.

use crate::slack::envelope::{Incoming, What};
use std::collections::{HashMap, HashSet};

/// What is worked on beside what: each lane has turns of its own, so that what takes long in one holds up nothing in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// What people ask.
    Requests,
    /// Facts about channels and accounts.
    Facts,
    /// That somebody has left. It counts whenever it is heard of, so it waits for no fact before it.
    Leaving,
}

impl Lane {
    /// The one that it goes in.
    pub(super) fn of(incoming: &Incoming) -> Self {
        match &incoming.what {
            What::Left(_) => Self::Leaving,
            What::Changed(user) if user.deleted => Self::Leaving,
            _ if incoming.is_fact() => Self::Facts,
            _ => Self::Requests,
        }
    }

    /// As it is written down.
    pub(super) const fn number(self) -> i64 {
        match self {
            Self::Requests => 0,
            Self::Facts => 1,
            Self::Leaving => 2,
        }
    }

    /// As it was written down.
    pub(super) const fn numbered(number: i64) -> Self {
        match number {
            0 => Self::Requests,
            2 => Self::Leaving,
            _ => Self::Facts,
        }
    }
}

/// Something that is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Open {
    /// Its place in the order in which everything came.
    pub(crate) seq: i64,
    pub(crate) channel: String,
    pub(crate) conversation: String,
    pub(crate) lane: Lane,
    pub(crate) incoming: Incoming,
}

impl Open {
    /// Who asked, where somebody did.
    fn asker(&self) -> Option<&str> {
        match &self.incoming.what {
            What::Said(said) => Some(&said.user),
            _ => None,
        }
    }
}

/// How many requests of one person are worked on at once; more wait, so that there is always a turn for somebody else.
const AT_ONCE_OF_ONE: usize = 4;

/// How many requests out of one channel are worked on at once: of 32 in all, so that no two busy channels leave the others without a
/// turn.
pub(crate) const AT_ONCE_OF_CHANNEL: usize = 12;

/// Those of `open`, which is in order, that may be begun while `running` go on.
pub(crate) fn runnable<'o>(open: &'o [Open], running: &HashSet<i64>) -> Vec<&'o Open> {
    let mut busy_conversations = HashSet::new();
    let mut channels_with_facts = HashSet::new();
    let mut turns = Turns::default();
    for event in open.iter().filter(|event| running.contains(&event.seq)) {
        turns.count(event);
    }
    let mut runnable = Vec::new();
    for event in open {
        let asked = event.lane == Lane::Requests;
        let waits_for_fact = asked && channels_with_facts.contains(event.channel.as_str());
        let is_first = busy_conversations.insert(event.conversation.as_str());
        let its_turn = is_first || event.lane == Lane::Leaving;
        if !asked {
            channels_with_facts.insert(event.channel.as_str());
        }
        if !its_turn || waits_for_fact || running.contains(&event.seq) {
            continue;
        }
        if !turns.count(event) {
            continue;
        }
        runnable.push(event);
    }
    runnable
}

/// How many requests go on: of each person, and out of each channel.
#[derive(Default)]
struct Turns<'o> {
    of_person: HashMap<&'o str, usize>,
    of_channel: HashMap<&'o str, usize>,
}

impl<'o> Turns<'o> {
    /// Counts one in; `false`, and nothing is counted, where there is no turn for it. What nobody asked needs none.
    fn count(&mut self, event: &'o Open) -> bool {
        let Some(asker) = event.asker() else { return true };
        let person = self.of_person.entry(asker).or_default();
        let channel = self.of_channel.entry(&event.channel).or_default();
        if *person >= AT_ONCE_OF_ONE || *channel >= AT_ONCE_OF_CHANNEL {
            return false;
        }
        *person += 1;
        *channel += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slack::envelope::{How, Said};

    fn open(seq: i64, channel: &str, thread: Option<&str>) -> Open {
        let conversation = thread.map_or_else(|| channel.to_owned(), |thread| format!("{channel}/{thread}"));
        let incoming = Incoming {
            id: seq.to_string(),
            team: "T1".into(),
            channel: channel.into(),
            what: What::Joined("UBEN".into()),
            at: None,
        };
        let lane = if thread.is_none() { Lane::Facts } else { Lane::Requests };
        Open { seq, channel: channel.into(), conversation, lane, incoming }
    }

    fn now(open: &[Open], running: &[i64]) -> Vec<i64> {
        runnable(open, &running.iter().copied().collect()).into_iter().map(|event| event.seq).collect()
    }

    #[test]
    fn a_thread_is_answered_in_order_and_another_beside_it() {
        let waiting = [open(1, "C1", Some("a")), open(2, "C1", Some("a")), open(3, "C1", Some("b"))];
        assert_eq!(now(&waiting, &[]), [1, 3]);
        assert_eq!(now(&waiting, &[1]), [3]);
        assert_eq!(now(&waiting[1..], &[]), [2, 3]);
    }

    fn asks(seq: i64, channel: &str, user: &str) -> Open {
        let thread = format!("t{seq}");
        let said = Said {
            user: user.into(),
            text: "help".into(),
            ts: thread.clone(),
            thread: thread.clone(),
            direct: false,
            click: None,
            how: How::Spoken,
        };
        let mut open = open(seq, channel, Some(&thread));
        open.incoming.what = What::Said(said);
        open
    }

    #[test]
    fn busy_people_in_one_channel_leave_turns_for_the_others() {
        let people = (1..=40).map(|seq| asks(seq, "C1", &format!("U{}", seq % 10)));
        let waiting: Vec<Open> = people.chain([asks(41, "C2", "U1"), asks(42, "C2", "UANA")]).collect();
        assert_eq!(now(&waiting, &[]), (1..=12).chain([41, 42]).collect::<Vec<i64>>());
        let running: Vec<i64> = (2..=13).collect();
        assert_eq!(now(&waiting, &running), [41, 42]);
        assert_eq!(now(&waiting, &running[1..]), [1, 41, 42]);
        // News of the channel are nobody's requests.
        let mut with_news = waiting;
        with_news.insert(0, open(0, "C1", None));
        assert_eq!(now(&with_news, &running), [0, 41, 42]);
    }

    #[test]
    fn whoever_asks_a_lot_leaves_turns_for_the_others() {
        let asks = |seq, user| asks(seq, "C1", user);
        let waiting: Vec<Open> = (1..=50).map(|seq| asks(seq, "UANA")).chain([asks(51, "UBEN")]).collect();
        assert_eq!(now(&waiting, &[]), [1, 2, 3, 4, 51]);
        assert_eq!(now(&waiting, &[1, 2, 3, 51]), [4]);
        assert_eq!(now(&waiting, &[1, 2, 3, 4]), [51]);
    }

    #[test]
    fn leaving_waits_for_no_fact_and_what_comes_after_waits_for_it() {
        let leaves = |seq| Open { lane: Lane::Leaving, ..open(seq, "C1", None) };
        let waiting =
            [open(1, "C1", None), leaves(2), open(3, "C1", None), leaves(4), open(5, "C1", Some("a"))];
        assert_eq!(now(&waiting, &[]), [1, 2, 4]);
        assert_eq!(now(&waiting[1..], &[]), [2, 4]);
        assert_eq!(now(&waiting[2..3], &[]), [3]);
    }

    #[test]
    fn a_message_waits_for_the_facts_before_it_and_not_for_those_after() {
        let waiting = [
            open(1, "C1", Some("a")),
            open(2, "C1", None),
            open(3, "C1", Some("b")),
            open(4, "C2", Some("c")),
        ];
        assert_eq!(now(&waiting, &[]), [1, 2, 4]);
        assert_eq!(now(&waiting, &[2]), [1, 4]);
        assert_eq!(now(&[waiting[2].clone()], &[]), [3]);
    }
}
