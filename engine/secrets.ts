/** The tentacle's secrets: read once, handed to the nodes that may have them, and taken out of whatever is written. */

/** Shorter values would be found in ordinary words. */
const SHORTEST = 6;
/** In longer ones it is not looked for spaces: nobody writes them in parts. */
const LONGEST_IN_PARTS = 512;

export class Secrets {
  readonly values: { readonly [name: string]: string };
  /** What must not be written, the longest first, with what is written instead. */
  readonly #hidden: readonly (readonly [string | RegExp, string])[];

  constructor(values: { readonly [name: string]: string }) {
    this.values = values;
    const hidden = Object.entries(values).flatMap(([name, value]) =>
      forms(value).map((form) => [form, `[secret ${name}]`] as const)
    );
    this.#hidden = hidden.sort(([one], [other]) => other.length - one.length)
      .map(([form, instead]) => [inParts(form), instead] as const);
  }

  /** The text without any secret. */
  hide(text: string): string {
    // the replacement is a function, because `$` has a meaning in a text
    return this.#hidden.reduce(
      (text, [value, instead]) => text.replaceAll(value, () => instead),
      text,
    );
  }
}

/** Finds a value also where `console` has put spaces between its parts. */
function inParts(form: string): string | RegExp {
  if (form.length > LONGEST_IN_PARTS) return form;
  return new RegExp([...form].map((it) => RegExp.escape(it)).join(" ?"), "gu");
}

/** A value as it may be written: as it is, each of its lines, escaped as in JSON and in addresses, in base 64. */
function forms(value: string): string[] {
  const bytes = new TextEncoder().encode(value);
  const forms = [
    value,
    value.trim(),
    ...value.split("\n"),
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    btoa(String.fromCharCode(...bytes)),
  ];
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST);
}

/** Reads a folder that has a file for each secret, of its name. */
export async function readSecrets(
  folder: string | null,
  names: Iterable<string>,
): Promise<Secrets> {
  if (folder === null) return new Secrets({});
  const values: Record<string, string> = {};
  for (const name of names) {
    values[name] = await Deno.readTextFile(`${folder}/${name}`).catch(() => {
      throw new Error(`the secret ${name} is not in the folder of secrets`);
    });
  }
  return new Secrets(values);
}
