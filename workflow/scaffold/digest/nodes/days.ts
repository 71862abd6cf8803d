import type { Context } from "tentacular";

const DAY = 24 * 60 * 60 * 1000;

/** By the input's day, or today. */
export default (ctx: Context, input: { today?: string }): Record<string, number> => {
  const today = Date.parse(input.today ?? new Date().toISOString().slice(0, 10));
  const planned = ctx.config.planned as Record<string, string>;
  const days = Object.entries(planned).map(([what, day]) => [what, (Date.parse(day) - today) / DAY] as const);
  return Object.fromEntries(days.filter(([, left]) => left >= 0));
};
