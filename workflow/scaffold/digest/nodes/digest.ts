import type { Context } from "tentacular";

interface Input {
  days: Record<string, number>;
  birthdays: string[];
}

export default (ctx: Context, { days, birthdays }: Input): string => {
  const lines = Object.entries(days).map(([what, left]) =>
    left === 0 ? `today: ${what}` : `${left} days until ${what}`
  );
  lines.push(...birthdays.map((who) => `happy birthday, ${who}!`));
  ctx.log.info(`${lines.length} lines`);
  return lines.length === 0 ? "nothing is coming up" : lines.join("\n");
};
