"""A bot by Slack's own Python SDK, against the local workspace. Ends with "all well", or with the first surprise."""

import json
import os
import queue
import urllib.request

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.webhook import WebhookClient

from at_the_page import BASE, PATIENCE, SECRET, people

web = WebClient(token=os.environ["BOT_TOKEN"], base_url=f"{BASE}/api/", timeout=PATIENCE)


def control(path, **fields):
    """Turns a knob."""
    request = urllib.request.Request(
        f"{BASE}/control/{path}",
        data=json.dumps(fields).encode(),
        headers={"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=PATIENCE)


def refused(call, error):
    """The call must fail with this error."""
    try:
        call()
    except SlackApiError as problem:
        assert problem.response["error"] == error, problem.response
        return
    raise AssertionError(f"not refused with {error}")


def web_api():
    """The methods that bots use, by the SDK's names."""
    me = web.auth_test()
    assert me["user"] == "kraken" and me["user_id"].startswith("U")
    assert web.api_test()["ok"]
    assert web.bots_info(bot=me["bot_id"])["bot"]["user_id"] == me["user_id"]
    assert web.team_info()["team"]["id"] == me["team_id"]
    channels = {one["name"]: one for one in web.conversations_list(types="public_channel,private_channel")["channels"]}
    channel = channels["price-watch"]["id"]
    assert channels["price-watch"]["is_member"] and not channels["general"]["is_member"]
    assert len(web.conversations_members(channel=channel, limit=2)["members"]) == 2
    members = [one for page in web.conversations_members(channel=channel, limit=1) for one in page["members"]]
    assert len(members) == len(set(members)) == 4, members
    ana = web.users_lookupByEmail(email="ana@example.com")["user"]
    assert web.users_info(user=ana["id"])["user"]["profile"]["email"] == "ana@example.com"
    assert len(web.users_list()["members"]) == 5
    assert web.users_conversations(user=ana["id"])["channels"]

    block = {"type": "section", "block_id": "b", "text": {"type": "mrkdwn", "text": "*hi*"}}
    posted = web.chat_postMessage(channel=channel, text="hi", blocks=[block])
    assert posted["message"]["blocks"][0]["block_id"] == "b"
    reply = web.chat_postMessage(channel=channel, text="below", thread_ts=posted["ts"])
    assert reply["message"]["thread_ts"] == posted["ts"]
    assert [one["text"] for one in web.conversations_replies(channel=channel, ts=posted["ts"])["messages"]] == ["hi", "below"]
    assert web.conversations_history(channel=channel)["messages"][0]["reply_count"] == 1
    assert web.chat_update(channel=channel, ts=posted["ts"], text="ho")["text"] == "ho"
    assert web.chat_getPermalink(channel=channel, message_ts=posted["ts"])["permalink"].startswith(BASE)
    web.reactions_add(channel=channel, timestamp=posted["ts"], name="eyes")
    assert web.reactions_get(channel=channel, timestamp=posted["ts"])["message"]["reactions"][0]["count"] == 1
    refused(lambda: web.reactions_add(channel=channel, timestamp=posted["ts"], name="eyes"), "already_reacted")
    web.reactions_remove(channel=channel, timestamp=posted["ts"], name="eyes")
    web.chat_delete(channel=channel, ts=reply["ts"])
    web.assistant_threads_setStatus(channel_id=channel, thread_ts=posted["ts"], status="is on it…")
    refused(lambda: web.assistant_threads_setStatus(channel_id=channel, thread_ts="1.0", status="x"), "invalid_thread_ts")
    assert web.chat_postEphemeral(channel=channel, user=ana["id"], text="psst")["message_ts"]

    stream = web.chat_stream(
        channel=channel, thread_ts=posted["ts"], recipient_team_id=me["team_id"], recipient_user_id=ana["id"], buffer_size=4,
    )
    stream.append(markdown_text="**bit** by ")
    stream.append(chunks=[{"type": "task_update", "id": "t", "title": "Looking", "status": "complete"}])
    ended = stream.stop(markdown_text="bit", blocks=[{**block, "block_id": "end"}])["message"]
    assert [one["type"] for one in ended["blocks"]] == ["markdown", "task_card", "markdown", "section"], ended
    refused(lambda: web.chat_appendStream(channel=channel, ts=ended["ts"], markdown_text="x"), "message_not_in_streaming_state")

    made = web.conversations_create(name="made-by-bot")["channel"]["id"]
    web.conversations_invite(channel=made, users=[ana["id"]])
    web.conversations_setTopic(channel=made, topic="a topic")
    assert web.conversations_rename(channel=made, name="renamed")["channel"]["name"] == "renamed"
    assert web.conversations_info(channel=made)["channel"]["topic"]["value"] == "a topic"
    web.conversations_kick(channel=made, user=ana["id"])
    web.conversations_archive(channel=made)
    refused(lambda: web.chat_postMessage(channel=made, text="x"), "is_archived")
    refused(lambda: web.conversations_unarchive(channel=made), "not_in_channel")
    refused(lambda: web.conversations_join(channel=made), "is_archived")
    web.conversations_join(channel=channels["random"]["id"])
    web.conversations_leave(channel=channels["random"]["id"])
    direct = web.conversations_open(users=[ana["id"]])["channel"]["id"]
    web.chat_postMessage(channel=direct, text="hello Ana")
    assert web.conversations_history(channel=direct)["messages"][0]["text"] == "hello Ana"

    home = {"type": "home", "blocks": [block]}
    view = web.views_publish(user_id=ana["id"], view=home)["view"]
    refused(lambda: web.views_publish(user_id=ana["id"], view=home, hash="stale"), "hash_conflict")
    assert web.views_publish(user_id=ana["id"], view=home, hash=view["hash"])["ok"]
    refused(lambda: web.chat_postMessage(channel="C0", text="x"), "channel_not_found")
    refused(lambda: web.files_list(), "unknown_method")
    refused(lambda: WebClient(token="xoxb-no", base_url=web.base_url).auth_test(), "invalid_auth")

    # The SDK's own handler waits as it is told and tries again.
    control("ratelimit", method="team.info", times=1, retry_after=1)
    web.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
    assert web.team_info()["ok"]
    return channel


def socket_mode(channel):
    """Events, clicks, modals and commands, by the SDK's own client."""
    client = SocketModeClient(app_token=os.environ["APP_TOKEN"], web_client=web, ping_interval=1)
    requests, answers = queue.Queue(), {}

    def listen(source, request):
        # First kept, then acknowledged: a connection may end in between.
        requests.put(request)
        answer = answers.get(request.payload.get("type") or request.type)
        source.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id, payload=answer))

    def event(kind):
        while True:
            request = requests.get(timeout=PATIENCE)
            if request.type == "events_api" and request.payload["event"]["type"] == kind:
                return request.payload["event"]

    def interaction(kind):
        while True:
            request = requests.get(timeout=PATIENCE)
            if request.type != "events_api" and (request.payload.get("type") or request.type) == kind:
                return request.payload

    client.socket_mode_request_listeners.append(listen)
    client.connect()
    people("ana", "post", channel="price-watch", text="@kraken hello")
    mention = event("app_mention")
    assert mention["channel"] == channel and mention["blocks"][0]["type"] == "rich_text"

    button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
    # Slack shows one in a thread only where there is a reply already.
    web.chat_postMessage(channel=channel, text="on it", thread_ts=mention["ts"])
    whisper = web.chat_postEphemeral(
        channel=channel, user=mention["user"], text="card", thread_ts=mention["ts"],
        blocks=[{"type": "actions", "block_id": "b", "elements": [button]}],
    )
    people("ana", "click", channel="price-watch", ts=whisper["message_ts"], click="at/b/go")
    click = interaction("block_actions")
    assert click["container"]["thread_ts"] == mention["ts"]
    field = {"type": "plain_text_input", "action_id": "name"}
    modal = {
        "type": "modal", "callback_id": "m", "title": {"type": "plain_text", "text": "Name it"},
        "submit": {"type": "plain_text", "text": "OK"},
        "blocks": [{"type": "input", "block_id": "i", "label": {"type": "plain_text", "text": "Name"}, "element": field}],
    }
    view = web.views_open(trigger_id=click["trigger_id"], view=modal)["view"]
    assert WebhookClient(click["response_url"]).send(text="done", replace_original=True).body == "ok"
    answers["view_submission"] = {"response_action": "update", "view": {**modal, "title": {"type": "plain_text", "text": "Again"}}}
    people("ana", "submit", view=view["id"], **{"at/i/name": "hello"})
    submitted = interaction("view_submission")
    assert submitted["view"]["state"]["values"]["i"]["name"]["value"] == "hello"
    assert web.views_update(view_id=view["id"], view=modal)["view"]["id"] == view["id"]
    people("ana", "close", view=view["id"])

    answers["slash_commands"] = {"text": "understood"}
    people("ana", "post", channel="price-watch", text="/kraken status")
    assert interaction("slash_commands")["text"] == "status"

    # Slack asks for a new connection; the client opens one, and nothing is lost.
    control("disconnect", how="refresh_requested")
    people("ana", "post", channel="price-watch", text="@kraken still there?")
    assert "still there" in event("app_mention")["text"]
    control("disconnect", how="drop")
    people("ana", "post", channel="price-watch", text="@kraken and now?")
    while "and now" not in event("app_mention")["text"]:
        pass
    client.close()


socket_mode(web_api())
print("all well")
