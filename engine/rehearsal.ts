/** A version's fixtures, run in its own sandbox before it serves. */

import type { Difference } from "./difference.ts";
import { type Report, Testing } from "./testing.ts";
import type { Workshop } from "./workshop.ts";

/** The most findings that are told. */
const MOST = 20;
/** The most characters of one. */
const SHOWN = 500;

/** What came of it. */
export interface Rehearsed {
  /** Whether no fixture failed. What has none is not a failure. */
  readonly success: boolean;
  readonly passed: number;
  readonly failed: number;
  /** Why fixtures failed, one sentence each. */
  readonly errors: Readonly<Record<string, string>>;
  /** Where code and contract have parted, which stops nothing. */
  readonly drift: readonly string[];
}

/** Runs all fixtures; they may take so long together. What nodes say meanwhile is left to `tntc test`: it is no run's. */
export async function rehearse(workshop: Workshop, limitMs: number): Promise<Rehearsed> {
  const errors: Record<string, string> = {};
  const drift: string[] = [];
  let counts = { passed: 0, failed: 0 };
  const failed = (what: string, why: string): void => {
    if (Object.keys(errors).length < MOST) errors[what] = short(why);
  };
  const take = (report: Report): void => {
    if (report.kind === "summary") counts = report;
    else if (report.kind === "drift" && drift.length < MOST) drift.push(short(report.message));
    else if (report.kind === "fixture" && report.status === "failed") {
      failed(report.file, report.error ?? differs(report.difference));
    } else if (report.kind === "pipeline" && report.status === "failed") {
      const nodes = Object.entries(report.errors).map(([node, error]) => `${node}: ${error}`);
      failed("the whole graph", nodes.join("; "));
    }
  };
  await new Testing(workshop.plan, workshop, take, limitMs).all();
  const { passed, failed: wrong } = counts;
  return { success: wrong === 0, passed, failed: wrong, errors, drift };
}

function differs(difference: Difference | null): string {
  if (difference === null) return "it failed";
  const { at, expected, actual } = difference;
  return `${at}: expected ${expected}, got ${actual}`;
}

function short(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
