import type { Context } from "tentacular";

/** Prices to begin with. In their place, ask a shop: README.md says how. */
const LIST: Record<string, number> = { tea: 3.2, coffee: 7.5 };

export default (ctx: Context): Record<string, number | null> => {
  const items = ctx.config.items as string[];
  ctx.log.info(`looking for ${items.length} prices`);
  // const answer = await ctx.fetch("shop", `/prices?items=${items.join(",")}`);
  // return await answer.json();
  return Object.fromEntries(items.map((item) => [item, LIST[item] ?? null]));
};
