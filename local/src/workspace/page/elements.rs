//! Blocks as the page shows them. <https://docs.slack.dev/reference/block-kit>

use serde_json::{Map, Value};

use super::html::{Html, Writer, with_emoji};
use crate::workspace::markup::rich_text;
use crate::workspace::state::Kind;
use crate::workspace::values::place;

/// A block.
pub(super) enum Block {
    Header(String),
    Text(Html),
    Section {
        text: Html,
        fields: Vec<Html>,
        accessory: Option<Element>,
    },
    Divider,
    Context(Vec<Html>),
    Actions(Vec<Element>),
    Input {
        label: String,
        hint: String,
        optional: bool,
        error: Option<String>,
        element: Element,
        id: String,
    },
    Image {
        alt: String,
        url: String,
        title: String,
    },
    /// What the app does, or did.
    Task(Task),
    /// Several of these under one title.
    Plan {
        title: String,
        tasks: Vec<Task>,
    },
    /// Something that Slack would show and this page does not.
    Other(String),
}

/// Something that the app does.
pub(super) struct Task {
    pub(super) title: String,
    /// Slack's word for how far it has come, and ours.
    pub(super) status: String,
    pub(super) word: &'static str,
    pub(super) more: Vec<Html>,
}

/// Something to use.
pub(super) struct Element {
    /// The name of its field.
    pub(super) place: String,
    pub(super) action_id: String,
    pub(super) what: What,
    pub(super) confirm: Option<Confirm>,
}

/// What kind of thing to use.
pub(super) enum What {
    Button { text: String, style: String, url: Option<String> },
    Select { label: String, options: Vec<Choice>, many: bool },
    Menu { options: Vec<Choice> },
    Radios(Vec<Choice>),
    Checks(Vec<Choice>),
    Line { kind: &'static str, placeholder: String, value: String },
    Lines { placeholder: String, value: String },
    Other(String),
}

/// Something to choose.
pub(super) struct Choice {
    pub(super) text: Html,
    pub(super) plain: String,
    pub(super) description: String,
    pub(super) value: String,
    pub(super) chosen: bool,
}

/// What is asked before it is done.
pub(super) struct Confirm {
    pub(super) title: String,
    pub(super) text: String,
    pub(super) yes: String,
    pub(super) no: String,
    pub(super) danger: bool,
}

fn word<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Makes blocks ready to be shown.
pub(super) struct Maker<'a> {
    pub(super) writer: Writer<'a>,
    /// What was entered before: `state.values`.
    pub(super) values: &'a Value,
    /// What is wrong with each block's input.
    pub(super) errors: &'a Map<String, Value>,
}

impl Maker<'_> {
    pub(super) fn blocks(&self, blocks: &[Value]) -> Vec<Block> {
        blocks.iter().map(|block| self.block(block)).collect()
    }

    fn text(&self, value: &Value) -> Html {
        self.writer.text_object(word(value, "/type"), word(value, "/text"))
    }

    fn block(&self, block: &Value) -> Block {
        match word(block, "/type") {
            "header" => Block::Header(with_emoji(word(block, "/text/text"))),
            "divider" => Block::Divider,
            "rich_text" => Block::Text(self.writer.parts(&rich_text::read(block))),
            "markdown" => Block::Text(self.writer.mrkdwn(word(block, "/text"))),
            "section" => Block::Section {
                text: block.get("text").map(|text| self.text(text)).unwrap_or_default(),
                fields: list(block, "fields").iter().map(|field| self.text(field)).collect(),
                accessory: block
                    .get("accessory")
                    .filter(|item| word(item, "/type") != "image")
                    .map(|item| self.element(block, item)),
            },
            "context" => {
                let items = list(block, "elements").iter().map(|item| match word(item, "/type") {
                    "image" => self.writer.text_object("plain_text", word(item, "/alt_text")),
                    _ => self.text(item),
                });
                Block::Context(items.collect())
            }
            "actions" => {
                Block::Actions(list(block, "elements").iter().map(|item| self.element(block, item)).collect())
            }
            "input" => self.input(block),
            "image" => Block::Image {
                alt: word(block, "/alt_text").to_owned(),
                url: word(block, "/image_url").to_owned(),
                title: word(block, "/title/text").to_owned(),
            },
            "task_card" => Block::Task(self.task(block)),
            "plan" => Block::Plan {
                title: with_emoji(word(block, "/title")),
                tasks: list(block, "tasks").iter().map(|task| self.task(task)).collect(),
            },
            other => Block::Other(other.to_owned()),
        }
    }

    fn task(&self, task: &Value) -> Task {
        let status = word(task, "/status").to_owned();
        let more = ["details", "output"].into_iter().filter_map(|name| task.get(name));
        Task {
            title: with_emoji(word(task, "/title")),
            word: match status.as_str() {
                "in_progress" => "in progress",
                "complete" => "done",
                "error" => "failed",
                _ => "to be done",
            },
            more: more.map(|text| self.writer.parts(&rich_text::read(text))).collect(),
            status,
        }
    }

    fn input(&self, block: &Value) -> Block {
        let Some(element) = block.get("element") else { return Block::Other("input".to_owned()) };
        let id = word(block, "/block_id");
        Block::Input {
            label: with_emoji(word(block, "/label/text")),
            hint: with_emoji(word(block, "/hint/text")),
            optional: block.get("optional").and_then(Value::as_bool).unwrap_or_default(),
            error: self.errors.get(id).and_then(Value::as_str).map(str::to_owned),
            element: self.element(block, element),
            id: place(block, element).to_string(),
        }
    }

    fn element(&self, block: &Value, element: &Value) -> Element {
        let place = place(block, element);
        let entered = self.values.get(&place.block).and_then(|of_block| of_block.get(&place.action));
        Element {
            action_id: place.action.clone(),
            place: place.to_string(),
            what: self.what(element, entered),
            confirm: element.get("confirm").map(|confirm| Confirm {
                title: word(confirm, "/title/text").to_owned(),
                text: word(confirm, "/text/text").to_owned(),
                yes: word(confirm, "/confirm/text").to_owned(),
                no: word(confirm, "/deny/text").to_owned(),
                danger: word(confirm, "/style") == "danger",
            }),
        }
    }

    fn what(&self, element: &Value, entered: Option<&Value>) -> What {
        let line = |kind, initial: &str, key: &str| What::Line {
            kind,
            placeholder: word(element, "/placeholder/text").to_owned(),
            value: entered.map_or_else(|| word(element, initial), |value| word(value, key)).to_owned(),
        };
        match word(element, "/type") {
            "button" => What::Button {
                text: with_emoji(word(element, "/text/text")),
                style: word(element, "/style").to_owned(),
                url: element.get("url").and_then(Value::as_str).map(str::to_owned),
            },
            "static_select" => self.select(element, self.options(element, entered), false),
            "multi_static_select" => self.select(element, self.options(element, entered), true),
            "users_select" => self.select(element, self.people(element, entered), false),
            "multi_users_select" => self.select(element, self.people(element, entered), true),
            "channels_select" | "conversations_select" => {
                self.select(element, self.channels(element, entered), false)
            }
            "overflow" => What::Menu { options: self.options(element, entered) },
            "radio_buttons" => What::Radios(self.options(element, entered)),
            "checkboxes" => What::Checks(self.options(element, entered)),
            "plain_text_input" if element.get("multiline").and_then(Value::as_bool) == Some(true) => {
                let What::Line { placeholder, value, .. } = line("text", "/initial_value", "/value") else {
                    return What::Other("plain_text_input".to_owned());
                };
                What::Lines { placeholder, value }
            }
            "plain_text_input" => line("text", "/initial_value", "/value"),
            "email_text_input" => line("email", "/initial_value", "/value"),
            "url_text_input" => line("url", "/initial_value", "/value"),
            "number_input" => line("number", "/initial_value", "/value"),
            "datepicker" => line("date", "/initial_date", "/selected_date"),
            "timepicker" => line("time", "/initial_time", "/selected_time"),
            other => What::Other(other.to_owned()),
        }
    }

    fn select(&self, element: &Value, options: Vec<Choice>, many: bool) -> What {
        What::Select { label: word(element, "/placeholder/text").to_owned(), options, many }
    }

    fn options(&self, element: &Value, entered: Option<&Value>) -> Vec<Choice> {
        let source = entered.unwrap_or(element);
        let one =
            [source.get("selected_option"), element.get("initial_option").filter(|_| entered.is_none())];
        let many = [
            list(source, "selected_options"),
            if entered.is_none() { list(element, "initial_options") } else { &[] },
        ];
        let chosen: Vec<&str> = one
            .into_iter()
            .flatten()
            .chain(many.into_iter().flatten())
            .map(|option| word(option, "/value"))
            .collect();
        let grouped = list(element, "option_groups").iter().flat_map(|group| list(group, "options"));
        list(element, "options")
            .iter()
            .chain(grouped)
            .map(|option| Choice {
                text: option.get("text").map(|text| self.text(text)).unwrap_or_default(),
                plain: with_emoji(word(option, "/text/text")),
                description: with_emoji(word(option, "/description/text")),
                value: word(option, "/value").to_owned(),
                chosen: chosen.contains(&word(option, "/value")),
            })
            .collect()
    }

    fn people(&self, element: &Value, entered: Option<&Value>) -> Vec<Choice> {
        let (source, one, many) = match entered {
            Some(value) => (value, "/selected_user", "selected_users"),
            None => (element, "/initial_user", "initial_users"),
        };
        let several = list(source, many).iter().filter_map(Value::as_str);
        let chosen: Vec<&str> = several.chain([word(source, one)]).collect();
        let users = self.writer.state.users.values().filter(|user| !user.deleted);
        let person = |id: &str, name: &str| Choice { chosen: chosen.contains(&id), ..named(name, id, "") };
        users.map(|user| person(user.id.as_ref(), &user.full_name())).collect()
    }

    fn channels(&self, element: &Value, entered: Option<&Value>) -> Vec<Choice> {
        let kept = |value| [word(value, "/selected_channel"), word(value, "/selected_conversation")].concat();
        let initial = || [word(element, "/initial_channel"), word(element, "/initial_conversation")].concat();
        let chosen = entered.map_or_else(initial, kept);
        let visible = self.writer.state.channels.values().filter(|channel| {
            !channel.is_archived
                && (matches!(channel.kind, Kind::Public { .. }) || channel.has(self.writer.reader))
        });
        visible
            .filter_map(|channel| {
                Some(named(&format!("#{}", channel.kind.name()?), channel.id.as_ref(), &chosen))
            })
            .collect()
    }
}

fn named(text: &str, value: &str, chosen: &str) -> Choice {
    Choice {
        text: Html::default(),
        plain: text.to_owned(),
        description: String::new(),
        value: value.to_owned(),
        chosen: value == chosen,
    }
}
