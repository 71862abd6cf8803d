// Keeps the page as the server has it: links and forms are carried out in the background, and when something changes
// the page is asked for again and only what differs is replaced. Without this script everything works by loading.

const root = document.getElementById("workspace");
const toast = document.getElementById("toast");
/** What the server sent for each live part and each row; what the reader did to it since does not count. */
const sent = new WeakMap();

function remember(part) {
  sent.set(part, part.innerHTML);
  for (const row of part.querySelectorAll("[data-key]")) sent.set(row, row.outerHTML);
}

function atEnd(list) {
  return list.scrollHeight - list.scrollTop - list.clientHeight < 80;
}

/** Puts rows where they belong, and leaves those alone that did not change. */
function mergeRows(list, wanted) {
  const have = new Map([...list.children].map((row) => [row.dataset.key, row]));
  let place = list.firstElementChild;
  for (const row of [...wanted.children]) {
    const old = have.get(row.dataset.key);
    have.delete(row.dataset.key);
    const html = row.outerHTML;
    if (old && sent.get(old) === html) {
      if (old === place) place = place.nextElementSibling;
      else list.insertBefore(old, place);
      continue;
    }
    sent.set(row, html);
    if (old) {
      if (old === place) place = place.nextElementSibling;
      old.replaceWith(row);
      if (row.nextElementSibling !== place) list.insertBefore(row, place);
    } else list.insertBefore(row, place);
  }
  for (const gone of have.values()) gone.remove();
}

/** How to find the element again that has the focus, after its part was replaced. */
function focusKey() {
  const here = document.activeElement;
  if (!here || here === document.body) return null;
  if (here.id) return `#${CSS.escape(here.id)}`;
  const row = here.closest("[data-key]");
  const own = here.name && here.value ? `[name="${CSS.escape(here.name)}"][value="${CSS.escape(here.value)}"]`
    : here.name ? `[name="${CSS.escape(here.name)}"]`
    : here.getAttribute("href") ? `[href="${CSS.escape(here.getAttribute("href"))}"]` : null;
  return own && (row ? `[data-key="${CSS.escape(row.dataset.key)}"] ${own}` : own);
}

function mergePart(part, wanted) {
  const html = wanted.innerHTML;
  if (sent.get(part) === html) return;
  const lists = [...part.querySelectorAll("[data-scroll]"), ...(part.matches("[data-scroll]") ? [part] : [])];
  const ends = lists.map((list) => [list.id, atEnd(list), list.scrollTop]);
  const key = part.contains(document.activeElement) ? focusKey() : null;
  const open = [...part.querySelectorAll("details[open][id]")].map((one) => one.id);
  const typed = [...part.querySelectorAll("form[data-composer] textarea, [data-modal] input, [data-modal] textarea")]
    .filter((field) => field.value !== field.defaultValue).map((field) => [field.form.action + field.name, field.value]);
  for (const name of ["class", "data-newest", "data-channel"]) {
    if (wanted.hasAttribute(name)) part.setAttribute(name, wanted.getAttribute(name));
  }
  if (part.dataset.live === "keyed") mergeRows(part, wanted);
  else part.replaceChildren(...wanted.childNodes);
  sent.set(part, html);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  for (const field of part.querySelectorAll("form input, form textarea")) {
    const kept = typed.find(([name]) => name === field.form.action + field.name);
    if (kept && !["hidden", "checkbox", "radio"].includes(field.type)) field.value = kept[1];
  }
  for (const [id, end, top] of ends) {
    const list = document.getElementById(id);
    if (list) list.scrollTop = end ? list.scrollHeight : top;
  }
  if (key) part.querySelector(key)?.focus({ preventScroll: true });
}

/** A file name of a page: its path without what is only said once. */
function pageOf(url) {
  const page = new URL(url, location.href);
  page.searchParams.delete("problem");
  page.hash = "";
  return page.href;
}

let asked = 0;

/** Asks for a page and shows it. */
async function show(url, { again = false, push = false } = {}) {
  const turn = ++asked;
  const answer = await fetch(url, { headers: again ? { "x-again": "1" } : {} }).catch(() => null);
  if (!answer || turn !== asked) return;
  if (!answer.ok) return location.reload();
  const wanted = new DOMParser().parseFromString(await answer.text(), "text/html");
  const shape = wanted.getElementById("workspace");
  if (turn !== asked) return;
  if (!shape || shape.dataset.person !== root.dataset.person || shape.dataset.formToken !== root.dataset.formToken) {
    return location.assign(answer.url);
  }
  const elsewhere = wanted.querySelector("main").children.length !== document.querySelector("main").children.length
    || wanted.getElementById("messages")?.dataset.channel !== document.getElementById("messages")?.dataset.channel;
  const threadBefore = document.getElementById("replies")?.firstElementChild?.dataset.key;
  if (push && pageOf(answer.url) !== pageOf(location.href)) history.pushState(null, "", answer.url);
  root.className = shape.className;
  document.title = wanted.title;
  if (elsewhere) {
    document.querySelector("main").replaceChildren(...wanted.querySelector("main").childNodes);
    document.querySelectorAll("main [data-live]").forEach(remember);
    toEnd(document.getElementById("messages"));
  }
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = wanted.getElementById(part.id);
    if (fresh) mergePart(part, fresh);
  }
  const thread = document.getElementById("replies")?.firstElementChild?.dataset.key;
  if (thread && thread !== threadBefore) {
    toEnd(document.getElementById("replies"));
    document.querySelector("#aside [data-first]")?.focus();
  }
  if (push && elsewhere && !thread) document.querySelector("main textarea")?.focus({ preventScroll: true });
  const editing = document.querySelector("main form.editing [data-first]");
  if (editing && document.activeElement !== editing) {
    editing.focus();
    editing.setSelectionRange(editing.value.length, editing.value.length);
  }
  settle();
}

function toEnd(list) {
  if (list?.hasAttribute("data-scroll")) list.scrollTop = list.scrollHeight;
}

/** What follows every change of the page. */
function settle() {
  for (const dialog of document.querySelectorAll("dialog[data-modal]:not([open])")) {
    dialog.showModal();
    const field = "input:not([type=hidden]), textarea, select";
    (dialog.querySelector(".wrong")?.querySelector(field) ?? dialog.querySelector(`.blocks :is(${field})`) ?? dialog.querySelector("[data-submit]"))?.focus();
  }
  markRead();
}

let told = "";
function markRead() {
  const list = document.getElementById("messages");
  const newest = list?.dataset.newest;
  const what = `${list?.dataset.channel} ${newest}`;
  if (!newest || document.hidden || what === told || getComputedStyle(list).display === "none") return;
  told = what;
  send(`/as/${root.dataset.person}/do/read`, new URLSearchParams({ channel: list.dataset.channel, ts: newest }));
}

let hide;
function say(words) {
  toast.textContent = words;
  clearTimeout(hide);
  hide = setTimeout(() => { toast.textContent = ""; }, 6000);
}

/** Sends a form's fields; gives what came of it. */
async function send(action, fields) {
  fields.set("form_token", root.dataset.formToken);
  const answer = await fetch(action, { method: "POST", headers: { accept: "application/json" }, body: fields }).catch(() => null);
  return answer?.json().catch(() => null) ?? { ok: false, message: "The workspace does not answer. Is it still running?" };
}

async function submit(form, button, action) {
  const fields = new URLSearchParams(new FormData(form, button));
  button?.setAttribute("aria-busy", "true");
  const outcome = await send(action, fields);
  button?.removeAttribute("aria-busy");
  if (outcome.message || !outcome.ok) say(outcome.message ?? "That did not work.");
  if (!outcome.ok) return;
  if (form.matches("[data-composer]:not(.editing)")) form.reset();
  const away = form.matches(".editing") ? form.querySelector("a").href : outcome.there;
  await show(away ?? location.href, { again: true, push: true });
}

/** Asks before something that cannot be taken back. */
function confirmed(button) {
  if (!button?.dataset.confirm) return Promise.resolve(true);
  const { confirm, confirmText, confirmYes, confirmNo, confirmDanger } = button.dataset;
  const dialog = document.createElement("dialog");
  dialog.className = "modal confirm";
  dialog.innerHTML = `<form method="dialog"><header><h2></h2></header><p></p><footer><button class="button" value="no"></button><button class="button primary" value="yes"></button></footer></form>`;
  dialog.querySelector("h2").textContent = confirm;
  dialog.querySelector("p").textContent = confirmText;
  const [no, yes] = dialog.querySelectorAll("button");
  no.textContent = confirmNo || "Cancel";
  yes.textContent = confirmYes || "Yes";
  if (confirmDanger !== undefined) yes.classList.replace("primary", "danger");
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => {
    dialog.remove();
    resolve(dialog.returnValue === "yes");
  }));
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  event.preventDefault();
  const button = event.submitter;
  const action = button?.getAttribute("formaction") ?? form.getAttribute("action");
  if (button?.getAttribute("aria-busy") || !(await confirmed(button))) return;
  await submit(form, button, action);
});

/** Choosing is doing, outside of modals. */
document.addEventListener("change", (event) => {
  const chooser = event.target.closest("[data-dispatch]");
  const form = chooser?.closest("form");
  if (!form || form.closest("[data-modal]") || (event.target.matches("select") && !event.target.value)) return;
  const fields = new URLSearchParams(new FormData(form));
  fields.set("click", chooser.dataset.dispatch);
  send(form.getAttribute("action"), fields).then((outcome) => outcome.ok || say(outcome.message));
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (link?.dataset.click) {
    // The link opens by itself; the app is told, too.
    const fields = new URLSearchParams(new FormData(link.closest("form")));
    fields.set("click", link.dataset.click);
    send(link.closest("form").getAttribute("action"), fields);
    return;
  }
  for (const details of document.querySelectorAll("details[open]:not(.kept)")) {
    if (!details.contains(event.target)) details.removeAttribute("open");
  }
  if (!link?.hasAttribute("data-swap") || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const backTo = link.dataset.backTo;
  show(link.href, { push: true }).then(() => {
    const row = backTo && document.getElementById(backTo);
    row?.querySelector("a.thread, .tools a")?.focus();
  });
});

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && field.closest?.("form[data-composer]") && field.matches("textarea") && !event.defaultPrevented) {
    event.preventDefault();
    if (field.value.trim()) field.form.requestSubmit(field.form.querySelector("button.primary"));
  }
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const details = document.querySelector("details[open]:not(.kept)");
  if (details) {
    details.removeAttribute("open");
    details.querySelector("summary").focus();
  } else (field.closest?.("form.editing")?.querySelector("a") ?? document.getElementById("close-thread"))?.click();
});

/** Escape in a modal is its close button, so that the app hears of it. */
document.addEventListener("cancel", (event) => {
  if (!event.target.matches("[data-modal]")) return;
  event.preventDefault();
  event.target.querySelector("[data-close]").click();
}, true);

/** Enter in a modal's line is its submit button, not the first button of the form. */
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("[data-modal] input:not([type=checkbox], [type=radio])")) return;
  event.preventDefault();
  const button = event.target.form.querySelector("[data-submit]");
  if (button) event.target.form.requestSubmit(button);
}, true);

addEventListener("popstate", () => show(location.href));
document.addEventListener("visibilitychange", () => document.hidden || markRead());

let soon;
function look() {
  clearTimeout(soon);
  soon = setTimeout(() => show(location.href, { again: true }), 25);
}
const live = new EventSource(`/as/${root.dataset.person}/live?since=${root.dataset.revision}`);
live.addEventListener("change", look);
let wasLost = false;
live.addEventListener("error", () => { wasLost = true; });
live.addEventListener("open", () => { if (wasLost) look(); wasLost = false; });

document.querySelectorAll("[data-live]").forEach(remember);
if (!location.hash) document.querySelectorAll("[data-scroll]").forEach(toEnd);
if (toast.textContent) say(toast.textContent);
(document.querySelector("#aside [data-first]") ?? document.querySelector("main form.editing [data-first]") ?? (matchMedia("(hover: hover)").matches ? document.querySelector("main textarea") : null))?.focus({ preventScroll: true });
settle();
