/** Whether a sidecar is well, for whoever is outside of the sandbox and cannot reach it. */

/** How long a sidecar may take to answer. */
const ANSWERS_MS = 5_000;

/** Whether something takes connections at a port of the loopback, or answers there at a path that all is well. */
export async function isWell(port: number, path: string | null): Promise<boolean> {
  try {
    if (path === null) return await takesConnections(port);
    const signal = AbortSignal.timeout(ANSWERS_MS);
    const options: RequestInit = { redirect: "manual", signal };
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, options);
    await answer.body?.cancel();
    return answer.status >= 200 && answer.status < 400;
  } catch {
    return false;
  }
}

/** One that hangs with as many connections waiting as may does not refuse another: it says nothing. */
async function takesConnections(port: number): Promise<boolean> {
  const connecting = Deno.connect({ hostname: "127.0.0.1", port });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((tell) => timer = setTimeout(() => tell(null), ANSWERS_MS));
  try {
    const connection = await Promise.race([connecting, late]);
    if (connection === null) connecting.then((it) => it.close(), () => {});
    connection?.close();
    return connection !== null;
  } finally {
    clearTimeout(timer);
  }
}
