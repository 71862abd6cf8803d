import type { Context } from "tentacular";

/** The part of GitHub's `push` that is used; a run by hand gives none of it. */
interface Push {
  repository?: { full_name: string };
  ref?: string;
  pusher?: { name: string };
  commits?: { message: string }[];
}

export default (_ctx: Context, push: Push): string => {
  if (push.repository === undefined) return "somebody is trying this out";
  const commits = push.commits ?? [];
  const first = commits[0]?.message.split("\n")[0];
  const what = commits.length === 1 ? `“${first}”` : `${commits.length} commits`;
  return `${push.pusher?.name ?? "somebody"} pushed ${what} to ${push.repository.full_name} (${push.ref})`;
};
