// What people do at the local workspace's page, for scripts of Node that are its bots.
"use strict";

const { BASE, SECRET } = process.env;
const PATIENCE = 20_000;

/** Asks the page for something as a person; an answer that is no success is an error. */
async function ask(person, path, options = {}) {
  const headers = { Authorization: `Bearer ${SECRET}`, Accept: "application/json" };
  const signal = AbortSignal.timeout(PATIENCE);
  const answer = await fetch(`${BASE}/as/${person}/${path}`, { headers, signal, ...options });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}

/** Does something as a person, by the page. */
exports.people = (person, path, fields) => ask(person, path, { method: "POST", body: new URLSearchParams(fields) });

/** Opens a page of somebody's. */
exports.look = (person, path) => ask(person, path);

/** What came in, in order; waiting for what does not come ends with an error. */
exports.Seen = class {
  #came = [];
  #waits = [];

  put(...what) {
    const wait = this.#waits.shift();
    if (wait) wait(what);
    else this.#came.push(what);
  }

  /** The next that came, which must be of this kind. */
  async next(kind) {
    const patience = new Promise((_, fail) => setTimeout(() => fail(new Error(`no ${kind} came`)), PATIENCE).unref());
    const coming = this.#came.length > 0 ? this.#came.shift() : new Promise((came) => this.#waits.push(came));
    const [came, ...rest] = await Promise.race([coming, patience]);
    if (came !== kind) throw new Error(`${came} came instead of ${kind}`);
    return rest;
  }
};

/** A script: ends with "all well", or with the first surprise. */
exports.script = (run) => run().then(
  () => { console.log("all well"); process.exit(0); },
  (surprise) => { console.error(surprise); process.exit(1); },
);
