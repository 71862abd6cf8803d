import type { Context } from "tentacular";

interface Input {
  name?: string;
}

/**
 * A node is a function. It gets a context and the run's input, and what it returns must be JSON.
 *
 * - `ctx.log.info(…)` writes to the log: `@kraken logs my-tentacle`.
 * - `ctx.config` holds your settings from workflow.yaml.
 * - An error that you throw is shown to whoever asked for the run.
 */
export default function hello(ctx: Context, input: Input) {
  const name = input?.name ?? "world";
  ctx.log.info(`greeting ${name}`);
  return {
    greeting: `${ctx.config.greeting}, ${name}!`,
    time: new Date().toISOString(),
    input,
  };
}
