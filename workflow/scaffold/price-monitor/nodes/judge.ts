import type { Context } from "tentacular";

type Prices = Record<string, number | null>;

export default (ctx: Context, prices: Prices): { buy: string[]; text: string } => {
  const limit = ctx.config.limit as number;
  const buy = Object.entries(prices)
    .filter(([, price]) => price !== null && price <= limit)
    .map(([item]) => item);
  const text = buy.length === 0 ? "nothing is cheap today" : `time to buy ${buy.join(" and ")}`;
  return { buy, text };
};
