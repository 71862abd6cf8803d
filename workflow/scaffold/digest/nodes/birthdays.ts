import type { Context } from "tentacular";

/** By the input's day, or today. */
export default (ctx: Context, input: { today?: string }): string[] => {
  const today = (input.today ?? new Date().toISOString()).slice(5, 10);
  const birthdays = ctx.config.birthdays as Record<string, string>;
  return Object.entries(birthdays).filter(([, day]) => day === today).map(([who]) => who);
};
