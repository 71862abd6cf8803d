// A bot by Slack's own clients for Node, `@slack/web-api` and `@slack/socket-mode`, against the local workspace.
"use strict";

const assert = require("node:assert");
const { SocketModeClient } = require("@slack/socket-mode");
const { WebClient } = require("@slack/web-api");
const { Seen, people, script } = require("./at_the_page.cjs");

const { APP_TOKEN, BASE, BOT_TOKEN } = process.env;
const clientOptions = { slackApiUrl: `${BASE}/api/` };
const web = new WebClient(BOT_TOKEN, clientOptions);

/** The methods that bots use, by the client's names. */
async function webApi() {
  const me = await web.auth.test();
  assert.equal(me.user, "kraken");
  const { channels } = await web.conversations.list({ types: "public_channel,private_channel" });
  const channel = channels.find((one) => one.name === "price-watch").id;
  const members = [];
  for await (const page of web.paginate("conversations.members", { channel, limit: 1 })) members.push(...page.members);
  assert.equal(new Set(members).size, 4);
  const { user: ana } = await web.users.lookupByEmail({ email: "ana@example.com" });
  const block = { type: "section", block_id: "b", text: { type: "mrkdwn", text: "*hi*" } };
  const posted = await web.chat.postMessage({ channel, text: "hi", blocks: [block] });
  assert.equal(posted.message.blocks[0].block_id, "b");
  const below = await web.chat.postMessage({ channel, text: "below", thread_ts: posted.ts });
  const thread = await web.conversations.replies({ channel, ts: posted.ts });
  assert.deepEqual(thread.messages.map((one) => one.text), ["hi", "below"]);
  assert.equal((await web.chat.update({ channel, ts: below.ts, text: "changed" })).text, "changed");
  await web.reactions.add({ channel, timestamp: posted.ts, name: "eyes" });
  await assert.rejects(web.reactions.add({ channel, timestamp: posted.ts, name: "eyes" }), /already_reacted/);
  await web.chat.delete({ channel, ts: below.ts });
  const recipient = { recipient_team_id: me.team_id, recipient_user_id: ana.id };
  const stream = web.chatStream({ channel, thread_ts: posted.ts, ...recipient }, { buffer_size: 4 });
  await stream.append({ markdown_text: "**bit** by " });
  await stream.append({ chunks: [{ type: "task_update", id: "t", title: "Looking", status: "complete" }] });
  const ended = await stream.stop({ markdown_text: "bit", blocks: [{ ...block, block_id: "end" }] });
  assert.deepEqual(ended.message.blocks.map((one) => one.type), ["markdown", "task_card", "markdown", "section"]);
  await assert.rejects(web.chat.appendStream({ channel, ts: ended.ts, markdown_text: "x" }), /message_not_in_streaming_state/);
  await web.chat.postEphemeral({ channel, user: ana.id, text: "psst" });
  const { channel: direct } = await web.conversations.open({ users: ana.id });
  await web.chat.postMessage({ channel: direct.id, text: "hello Ana" });
  await assert.rejects(web.chat.postMessage({ channel: "C0", text: "x" }), /channel_not_found/);
  await assert.rejects(new WebClient("xoxb-no", clientOptions).auth.test(), /invalid_auth/);
  return channel;
}

/** Events, clicks and commands, by the client's own names for them. */
async function socketMode(channel) {
  const seen = new Seen();
  const client = new SocketModeClient({ appToken: APP_TOKEN, clientOptions });
  client.on("app_mention", async ({ event, ack }) => {
    seen.put("mention", event);
    await ack();
  });
  client.on("interactive", async ({ body, ack }) => {
    seen.put(body.type, body);
    await ack();
  });
  client.on("slash_commands", async ({ body, ack }) => {
    seen.put("command", body);
    await ack({ text: "understood" });
  });
  await client.start();
  await people("ana", "post", { channel: "price-watch", text: "@kraken hello" });
  const [mention] = await seen.next("mention");
  assert.equal(mention.channel, channel);
  const button = { type: "button", action_id: "go", text: { type: "plain_text", text: "Go" } };
  const blocks = [{ type: "actions", block_id: "b", elements: [button] }];
  const card = await web.chat.postMessage({ channel, text: "card", thread_ts: mention.ts, blocks });
  await people("ana", "click", { channel: "price-watch", ts: card.ts, click: "at/b/go" });
  const [click] = await seen.next("block_actions");
  assert.equal(click.container.thread_ts, mention.ts);
  await people("ana", "post", { channel: "price-watch", text: "/kraken status" });
  assert.equal((await seen.next("command"))[0].text, "status");
  await client.disconnect();
}

script(async () => socketMode(await webApi()));
