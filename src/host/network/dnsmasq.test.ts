import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { reviveDnsmasq } from "./dnsmasq.ts";

test("a resolver that was not started yet has not ended", async () => {
  const directory = mkdtempSync(join(tmpdir(), "hostelry-dnsmasq-"));
  expect(await reviveDnsmasq(directory, "hy-of-no-vpc")).toBe(false);
  rmSync(directory, { recursive: true });
});
