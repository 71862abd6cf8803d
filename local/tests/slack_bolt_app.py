"""An app by Slack's own framework Bolt for Python, against the local workspace: by Socket Mode, or by requests when `PORT` is set.
Ends with "all well", or with the first surprise."""

import os
import queue
import threading
import urllib.request

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from at_the_page import BASE, PATIENCE, SECRET, people

web = WebClient(token=os.environ["BOT_TOKEN"], base_url=f"{BASE}/api/", timeout=PATIENCE)
app = App(client=web, signing_secret=os.environ["SIGNING_SECRET"])
seen = queue.Queue()


def look(person, path):
    """Opens a page of somebody's."""
    headers = {"Authorization": f"Bearer {SECRET}"}
    request = urllib.request.Request(f"{BASE}/as/{person}/{path}", headers=headers)
    urllib.request.urlopen(request, timeout=PATIENCE).read()


button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
card = [{"type": "actions", "block_id": "b", "elements": [button]}]
field = {"type": "plain_text_input", "action_id": "name"}
modal = {
    "type": "modal", "callback_id": "m", "title": {"type": "plain_text", "text": "Name it"},
    "submit": {"type": "plain_text", "text": "OK"},
    "blocks": [{"type": "input", "block_id": "i", "label": {"type": "plain_text", "text": "Name"}, "element": field}],
}


@app.event("app_mention")
def mentioned(event, say):
    posted = say(text="a card", blocks=card, thread_ts=event["ts"])
    seen.put(("mention", posted["ts"], event["channel"]))


@app.action("go")
def pressed(ack, body, client, respond):
    ack()
    respond(text="pressed", replace_original=True)
    view = client.views_open(trigger_id=body["trigger_id"], view=modal)["view"]
    seen.put(("pressed", view["id"]))


@app.view("m")
def submitted(ack, view):
    name = view["state"]["values"]["i"]["name"]["value"]
    if name == "bad":
        ack(response_action="errors", errors={"i": "not this one"})
    else:
        ack()
    seen.put(("submitted", name))


@app.command("/kraken")
def commanded(ack, command):
    ack(f"understood {command['text']}")
    seen.put(("commanded", command["text"]))


@app.event("app_home_opened")
def home(event, client):
    client.views_publish(user_id=event["user"], view={"type": "home", "blocks": card})
    seen.put(("home", event["user"]))


def next_is(kind):
    came = seen.get(timeout=PATIENCE)
    assert came[0] == kind, came
    return came[1:]


def start():
    """Socket Mode, or a server of Bolt's own."""
    if port := os.environ.get("PORT"):
        threading.Thread(target=app.start, kwargs={"port": int(port), "path": "/slack/events"}, daemon=True).start()
    else:
        SocketModeHandler(app, os.environ["APP_TOKEN"], web_client=web).connect()


start()
people("ana", "post", channel="price-watch", text="@kraken hello")
ts, channel = next_is("mention")
people("ana", "click", channel="price-watch", ts=ts, click="at/b/go")
(view,) = next_is("pressed")
assert web.conversations_replies(channel=channel, ts=ts)["messages"][-1]["text"] == "pressed"
people("ana", "submit", view=view, **{"at/i/name": "bad"})
assert next_is("submitted") == ("bad",)
people("ana", "submit", view=view, **{"at/i/name": "hello"})
assert next_is("submitted") == ("hello",)
people("ana", "post", channel="price-watch", text="/kraken status")
assert next_is("commanded") == ("status",)
look("ana", "home")
next_is("home")
print("all well")
os._exit(0)
