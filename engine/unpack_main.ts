/** Unpacks the modules of one version, before its engine is started, which can then only read them. */

import { readUnpackFlags } from "./flags.ts";
import { LogWriter } from "./log.ts";
import { unpack } from "./packed.ts";

const log = new LogWriter();
try {
  await unpack(readUnpackFlags(Deno.args));
} catch (error) {
  log.line("error", `cannot start: ${error instanceof Error ? error.message : error}`);
  await log.flush();
  Deno.exit(1);
}
