// Completes names behind an @ while a message is written.

const people = [...document.querySelectorAll("#mentionable option")]
  .map((one) => ({ name: one.value, full: one.label, note: one.dataset.note }));
let list = null;
let field = null;
let chosen = 0;

/** The name that is being typed, from its @ to the caret. */
function typed(area) {
  if (area.selectionStart !== area.selectionEnd) return null;
  const before = area.value.slice(0, area.selectionStart);
  return /(?:^|[\s(])@([\w-]*)$/.exec(before)?.[1].toLowerCase() ?? null;
}

function close() {
  list?.remove();
  field?.removeAttribute("aria-activedescendant");
  field?.setAttribute("aria-expanded", "false");
  list = null;
}

function mark() {
  for (const [index, item] of [...list.children].entries()) item.setAttribute("aria-selected", index === chosen);
  field.setAttribute("aria-activedescendant", list.children[chosen].id);
  list.children[chosen].scrollIntoView({ block: "nearest" });
}

function open(area, found) {
  close();
  field = area;
  chosen = 0;
  list = document.createElement("ul");
  list.className = "menu completions";
  list.id = "completions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "People and apps");
  for (const person of found) {
    const item = document.createElement("li");
    item.id = `completion-${person.name}`;
    item.setAttribute("role", "option");
    item.dataset.name = person.name;
    const name = document.createElement("strong");
    name.textContent = `@${person.name}`;
    const full = document.createElement("span");
    full.className = "fine";
    full.textContent = person.full;
    item.append(name, full);
    if (person.note) {
      const note = document.createElement("span");
      note.className = "badge";
      note.textContent = person.note;
      item.append(note);
    }
    item.addEventListener("mousedown", (event) => {
      event.preventDefault();
      take(person.name);
    });
    list.append(item);
  }
  area.form.append(list);
  area.setAttribute("aria-controls", "completions");
  area.setAttribute("aria-expanded", "true");
  mark();
}

function take(name) {
  const end = field.selectionStart;
  const start = end - typed(field).length;
  field.setRangeText(`${name} `, start, end, "end");
  close();
}

document.addEventListener("input", (event) => {
  if (!event.target.matches?.("textarea[data-mention]")) return;
  const wanted = typed(event.target);
  const found = wanted === null ? [] : people.filter((one) => one.name.startsWith(wanted) || one.full.toLowerCase().startsWith(wanted));
  if (found.length) open(event.target, found.slice(0, 8));
  else close();
});

document.addEventListener("keydown", (event) => {
  if (!list || event.target !== field) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    chosen = (chosen + step + list.children.length) % list.children.length;
    mark();
  } else if (event.key === "Enter" || event.key === "Tab") take(list.children[chosen].dataset.name);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
}, true);

document.addEventListener("focusout", (event) => { if (event.target === field) close(); });
