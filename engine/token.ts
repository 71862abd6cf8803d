/** Whether a caller holds the run token, of which the engine knows only the digest. */

import { createHmac, timingSafeEqual } from "node:crypto";

/** A check that takes as long for a wrong token as for the right one. */
export function tokenCheck(sha256: string): (authorization: string | null) => Promise<boolean> {
  const expected = Uint8Array.from(sha256.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  return async (authorization) => {
    const token = authorization?.match(/^Bearer ([\x21-\x7e]{1,512})$/)?.[1] ?? "";
    const given = new Uint8Array(
      await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)),
    );
    // digests are compared, so the comparison tells nothing about the token even if its time could be read
    return given.length === expected.length && timingSafeEqual(given, expected) && token !== "";
  };
}

/**
 * Shows whoever has the run token that this is the engine, which alone was given its digest: the HMAC of what was asked, by
 * the digest as text. Null where nothing was asked.
 */
export function prove(sha256: string, challenge: string | null): string | null {
  if (challenge === null || !/^[A-Za-z0-9-]{16,64}$/.test(challenge)) return null;
  return createHmac("sha256", sha256).update(challenge).digest("hex");
}
