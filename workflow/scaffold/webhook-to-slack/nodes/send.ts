import type { Context } from "tentacular";

/** The secret is the path of a Slack incoming webhook: `/services/T…/B…/…`. */
export default async (ctx: Context, text: string): Promise<{ sent: boolean; text: string }> => {
  if (ctx.config.quiet === true) {
    ctx.log.info("quiet: it is not sent");
    return { sent: false, text };
  }
  const answer = await ctx.fetch("slack", ctx.secret("slack.hook"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text }),
  });
  if (!answer.ok) throw new Error(`Slack answered ${answer.status}: ${await answer.text()}`);
  await answer.body?.cancel();
  return { sent: true, text };
};
