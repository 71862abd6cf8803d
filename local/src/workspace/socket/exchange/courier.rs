//! The one task that sends envelopes and counts what came back.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use uuid::Uuid;

use super::sent::{self, Became, Log, Sent};
use super::{Cargo, Ending, Line, Outgoing, Word, order};
use crate::config::Timing;
use crate::journal::Store;
use crate::workspace::change::Change;
use crate::workspace::state::State;

/// How long a connection stays open after it was told to go.
const GRACE: Duration = Duration::from_secs(10);

/// A connection as the courier sees it.
struct Wire {
    sender: mpsc::UnboundedSender<Outgoing>,
    /// Its name, for people.
    to: String,
    is_ready: bool,
    /// Told to go: gets nothing new, and is closed at this time.
    closes: Option<Instant>,
}

/// An envelope that was sent and not acknowledged.
struct Flight {
    line: Line,
    deadline: Instant,
    load: Load,
}

enum Load {
    /// The number of an event in the outbox.
    Event(u64),
    Interaction(oneshot::Sender<Value>),
}

/// What is known of the attempts to deliver an event.
#[derive(Default, Clone, Copy)]
struct Attempts {
    /// How often it was sent.
    sent: u32,
    /// How often nobody acknowledged it in time. A connection that broke is not held against it.
    timeouts: usize,
    /// Not before this.
    due: Option<Instant>,
}

pub(super) struct Courier {
    store: Arc<Store<State>>,
    timing: Timing,
    wires: BTreeMap<Line, Wire>,
    last_used: Line,
    flights: HashMap<String, Flight>,
    attempts: HashMap<u64, Attempts>,
    /// Events that need nothing more, not yet written down.
    settled: Vec<u64>,
    /// How often an event is sent again although it was acknowledged.
    again: u32,
    /// Whether events wait, and what draws the order in which those go out that waited.
    held: bool,
    seed: Option<u64>,
    log: Arc<Log>,
}

impl Courier {
    pub(super) fn new(store: Arc<Store<State>>, timing: Timing, log: Arc<Log>) -> Self {
        Self {
            store,
            timing,
            wires: BTreeMap::new(),
            last_used: Line(0),
            flights: HashMap::new(),
            attempts: HashMap::new(),
            settled: Vec::new(),
            again: 0,
            held: false,
            seed: None,
            log,
        }
    }

    pub(super) async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Word>) {
        let mut changes = self.store.watch_all();
        let mut words = Vec::new();
        loop {
            let wake = self.next_deadline();
            tokio::select! {
                received = inbox.recv_many(&mut words, 256) => if received == 0 { return },
                changed = changes.changed() => if changed.is_err() { return },
                () = sleep_until(wake) => {}
            }
            // What was said before something changed is heard before that goes out.
            while let Ok(word) = inbox.try_recv() {
                words.push(word);
            }
            for word in words.drain(..) {
                self.hear(word);
            }
            self.expire(Instant::now());
            self.write_down().await;
            self.send_events(Instant::now());
        }
    }

    fn hear(&mut self, word: Word) {
        match word {
            Word::Joined { line, to, sender } => {
                self.wires.insert(line, Wire { sender, to, is_ready: false, closes: None });
            }
            Word::Ready { line } => {
                if let Some(wire) = self.wires.get_mut(&line) {
                    wire.is_ready = true;
                }
            }
            Word::Left { line } => {
                self.wires.remove(&line);
                self.lose(Became::Broken, |flight| flight.line == line, |attempts, _| attempts.due = None);
            }
            Word::Acknowledged { line, envelope, payload } => self.land(line, &envelope, payload),
            Word::Send { cargo, payload, answer } => self.send_interaction(cargo, payload, answer),
            Word::End(how) => self.end(how),
            Word::Again(times) => self.again = times,
            Word::Hold { held, seed } => (self.held, self.seed) = (held, seed),
        }
    }

    fn land(&mut self, line: Line, envelope: &str, payload: Value) {
        let now = Timestamp::now();
        match self.flights.remove(envelope).map(|flight| flight.load) {
            Some(Load::Event(number)) if self.was_lost(number) => {
                self.log.became(envelope, Became::Lost(now));
            }
            Some(Load::Event(number)) => {
                self.log.became(envelope, Became::Acknowledged(now));
                self.settle(number);
            }
            Some(Load::Interaction(answer)) => {
                self.log.became(envelope, Became::Acknowledged(now));
                // Whoever asked may have gone.
                let _nobody = answer.send(payload);
            }
            None => tracing::debug!(line = line.0, "an acknowledgement of nothing that is on its way"),
        }
    }

    /// Whether this acknowledgement counts as lost, so that the event is sent once more.
    fn was_lost(&self, number: u64) -> bool {
        self.attempts.get(&number).is_some_and(|tried| tried.sent <= self.again)
    }

    fn settle(&mut self, number: u64) {
        self.attempts.remove(&number);
        self.settled.push(number);
    }

    /// Takes back what is on its way and `which` says is lost. Interactions are not sent again.
    fn lose(
        &mut self,
        became: Became,
        which: impl Fn(&Flight) -> bool,
        note: impl Fn(&mut Attempts, &Timing),
    ) {
        let lost: Vec<String> =
            self.flights.iter().filter(|(_, flight)| which(flight)).map(|(id, _)| id.clone()).collect();
        for id in lost {
            self.log.became(&id, became);
            if let Some(Flight { load: Load::Event(number), .. }) = self.flights.remove(&id) {
                note(self.attempts.entry(number).or_default(), &self.timing);
            }
        }
    }

    fn expire(&mut self, now: Instant) {
        self.lose(
            Became::Silence,
            |flight| flight.deadline <= now,
            |attempts, timing| {
                attempts.due = timing.retries.get(attempts.timeouts).map(|pause| now + *pause);
                attempts.timeouts += 1;
            },
        );
        let most = self.timing.retries.len();
        let given_up: Vec<u64> = self
            .attempts
            .iter()
            .filter(|(_, tried)| tried.timeouts > most)
            .map(|(number, _)| *number)
            .collect();
        for number in given_up {
            tracing::warn!(number, "an event was given up: nobody acknowledged it");
            self.settle(number);
        }
        for wire in self.wires.values().filter(|wire| wire.closes.is_some_and(|closes| closes <= now)) {
            let _gone = wire.sender.send(Outgoing::Close);
        }
    }

    /// Writes down which events need nothing more, before any is looked for again.
    async fn write_down(&mut self) {
        if self.settled.is_empty() {
            return;
        }
        let numbers = std::mem::take(&mut self.settled);
        let written = self.store.write(|draft| {
            draft.make(Change::Settled { numbers: numbers.clone() });
            Ok::<(), Infallible>(())
        });
        if let Err(error) = written.await {
            tracing::error!(%error, "an acknowledgement was not kept; the event will be sent again");
        }
    }

    /// A connection for the next envelope, each in turn.
    fn next_line(&mut self) -> Option<Line> {
        let usable = |(_, wire): &(&Line, &Wire)| wire.is_ready && wire.closes.is_none();
        let after = self.wires.range(Line(self.last_used.0 + 1)..).find(usable);
        let line = after.or_else(|| self.wires.iter().find(usable)).map(|(line, _)| *line)?;
        self.last_used = line;
        Some(line)
    }

    fn dispatch(&mut self, line: Line, (kind, envelope): (&'static str, Value), id: String, load: Load) {
        if let Some(wire) = self.wires.get(&line) {
            let payload = envelope.get("payload").unwrap_or(&Value::Null);
            let again = envelope.get("retry_attempt").and_then(Value::as_u64).unwrap_or_default();
            self.log.add(Sent {
                id: id.clone(),
                at: Timestamp::now(),
                kind,
                about: sent::about(kind, payload),
                to: wire.to.clone(),
                again: u32::try_from(again).unwrap_or(u32::MAX),
                became: Became::Waits,
                payload: sent::text(payload),
            });
            // A connection that just went is noticed by its own word.
            let _gone = wire.sender.send(Outgoing::Text(envelope.to_string()));
        }
        let deadline = Instant::now() + self.timing.acknowledge;
        self.flights.insert(id, Flight { line, deadline, load });
    }

    fn send_interaction(&mut self, cargo: Cargo, payload: Value, answer: oneshot::Sender<Value>) {
        let Some(line) = self.next_line() else { return };
        let id = Uuid::new_v4().to_string();
        let kind = match cargo {
            Cargo::Interactive => "interactive",
            Cargo::SlashCommands => "slash_commands",
        };
        let envelope = json!({
            "envelope_id": id,
            "type": kind,
            "accepts_response_payload": true,
            "payload": payload,
        });
        self.dispatch(line, (kind, envelope), id, Load::Interaction(answer));
    }

    fn send_events(&mut self, now: Instant) {
        if self.held {
            return;
        }
        let state = self.store.now();
        let flying: HashSet<u64> = self.flights.values().filter_map(|flight| flight.load.event()).collect();
        let oldest = Timestamp::now().checked_sub(self.timing.keep).unwrap_or(Timestamp::MIN);
        for number in &self.order(&state) {
            let Some(queued) = state.outbox.get(number) else { continue };
            let tried = self.attempts.get(number).copied().unwrap_or_default();
            if flying.contains(number) || tried.due.is_some_and(|due| due > now) {
                continue;
            }
            let Some(line) = self.next_line() else {
                if queued.at < oldest {
                    self.settle(*number);
                }
                continue;
            };
            let id = Uuid::new_v4().to_string();
            let envelope = json!({
                "envelope_id": id,
                "type": "events_api",
                "accepts_response_payload": false,
                "retry_attempt": tried.sent,
                "retry_reason": if tried.sent == 0 { "" } else { "timeout" },
                "payload": queued.payload,
            });
            self.attempts.insert(*number, Attempts { sent: tried.sent + 1, ..tried });
            self.dispatch(line, ("events_api", envelope), id, Load::Event(*number));
        }
    }

    /// The events of the outbox in the order in which they go out.
    fn order(&self, state: &State) -> Vec<u64> {
        let Some(seed) = self.seed else { return state.outbox.keys().copied().collect() };
        let waiting: Vec<(u64, String)> = state
            .outbox
            .iter()
            .map(|(number, queued)| (*number, order::conversation(&queued.payload)))
            .collect();
        order::drawn(&waiting, seed)
    }

    fn end(&mut self, how: Ending) {
        let reason = match how {
            Ending::Warning => "warning",
            Ending::RefreshRequested => "refresh_requested",
            Ending::Drop => {
                for wire in self.wires.values() {
                    let _gone = wire.sender.send(Outgoing::Drop);
                }
                return;
            }
        };
        for (line, wire) in &mut self.wires {
            let host = format!("applink-{}", line.0);
            let word = json!({ "type": "disconnect", "reason": reason, "debug_info": { "host": host } });
            let _gone = wire.sender.send(Outgoing::Text(word.to_string()));
            wire.closes = Some(Instant::now() + GRACE);
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        let flights = self.flights.values().map(|flight| flight.deadline);
        let retries = self.attempts.values().filter_map(|tried| tried.due);
        let closes = self.wires.values().filter_map(|wire| wire.closes);
        let now = Instant::now();
        let soonest = flights.chain(retries).chain(closes).filter(|at| *at > now).min();
        // An event that waits for a connection grows old without anything else happening.
        let aging =
            (!self.store.now().outbox.is_empty() && self.wires.is_empty()).then(|| now + self.timing.keep);
        soonest.into_iter().chain(aging).chain((!self.settled.is_empty()).then_some(now)).min()
    }
}

impl Load {
    fn event(&self) -> Option<u64> {
        match self {
            Self::Event(number) => Some(*number),
            Self::Interaction(_) => None,
        }
    }
}

async fn sleep_until(when: Option<Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when).await,
        None => std::future::pending().await,
    }
}
