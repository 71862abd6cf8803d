// An app by Slack's own framework Bolt for Node, against the local workspace: by Socket Mode, or by requests when `PORT` is set.
"use strict";

const assert = require("node:assert");
const { App, SocketModeReceiver } = require("@slack/bolt");
const { Seen, look, people, script } = require("./at_the_page.cjs");

const { APP_TOKEN, BASE, BOT_TOKEN, PORT, SIGNING_SECRET } = process.env;
const clientOptions = { slackApiUrl: `${BASE}/api/` };
const socket = () => new SocketModeReceiver({ appToken: APP_TOKEN, installerOptions: { clientOptions } });
const receiver = PORT ? { signingSecret: SIGNING_SECRET } : { receiver: socket() };
const app = new App({ token: BOT_TOKEN, clientOptions, ...receiver });
const seen = new Seen();

const button = { type: "button", action_id: "go", text: { type: "plain_text", text: "Go" } };
const card = [{ type: "actions", block_id: "b", elements: [button] }];
const field = { type: "plain_text_input", action_id: "name" };
const modal = {
  type: "modal", callback_id: "m", title: { type: "plain_text", text: "Name it" },
  submit: { type: "plain_text", text: "OK" },
  blocks: [{ type: "input", block_id: "i", label: { type: "plain_text", text: "Name" }, element: field }],
};

app.event("app_mention", async ({ event, say }) => {
  const posted = await say({ text: "a card", blocks: card, thread_ts: event.ts });
  seen.put("mention", posted.ts, event.channel);
});

app.action("go", async ({ ack, body, client, respond }) => {
  await ack();
  await respond({ text: "pressed", replace_original: true });
  const { view } = await client.views.open({ trigger_id: body.trigger_id, view: modal });
  seen.put("pressed", view.id);
});

app.view("m", async ({ ack, view }) => {
  const name = view.state.values.i.name.value;
  await (name === "bad" ? ack({ response_action: "errors", errors: { i: "not this one" } }) : ack());
  seen.put("submitted", name);
});

app.command("/kraken", async ({ ack, command }) => {
  await ack(`understood ${command.text}`);
  seen.put("commanded", command.text);
});

app.event("app_home_opened", async ({ event, client }) => {
  await client.views.publish({ user_id: event.user, view: { type: "home", blocks: card } });
  seen.put("home", event.user);
});

script(async () => {
  await (PORT ? app.start({ port: Number(PORT), host: "127.0.0.1" }) : app.start());
  await people("ana", "post", { channel: "price-watch", text: "@kraken hello" });
  const [ts, channel] = await seen.next("mention");
  await people("ana", "click", { channel: "price-watch", ts, click: "at/b/go" });
  const [view] = await seen.next("pressed");
  const { messages } = await app.client.conversations.replies({ channel, ts });
  assert.equal(messages.at(-1).text, "pressed");
  await people("ana", "submit", { view, "at/i/name": "bad" });
  assert.deepEqual(await seen.next("submitted"), ["bad"]);
  await people("ana", "submit", { view, "at/i/name": "hello" });
  assert.deepEqual(await seen.next("submitted"), ["hello"]);
  await people("ana", "post", { channel: "price-watch", text: "/kraken status" });
  assert.deepEqual(await seen.next("commanded"), ["status"]);
  await look("ana", "home");
  await seen.next("home");
});
