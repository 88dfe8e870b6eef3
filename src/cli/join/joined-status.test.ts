import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AgentStatus } from "../../host/agent/agent.ts";
import { logs } from "../commands/logs.ts";
import { status } from "../commands/status.ts";
import { findJoinedHost } from "./joined-host.ts";
import { renderJoined } from "./joined-status.ts";

const membership = { host: "aj1", zone: "us-east-1a", installation: "0a1b2c", url: "https://198.19.0.1:8774", runDirectory: "/nowhere", device: "eth1", authority: "", certificate: "", underlay: { address: "198.19.3.254", block: "198.19.0.0/22", publicPool: "198.18.0.0/24" } };
const silent: AgentStatus = { host: "aj1", incarnation: 1, pid: 1, known: false, unsentReports: 0, streams: 0, machines: [], volumes: [] };
let data: string;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "hostelry-joined-"));
  writeFileSync(join(data, "joined.json"), JSON.stringify(membership));
});
afterEach(() => rmSync(data, { recursive: true }));

test("A machine that has joined says that its host does not run, and how to start it", async () => {
  await expect(status({ data })).rejects.toMatchObject({ message: `The host aj1 does not run here (data directory ${data}).`, remedy: "Start it: ./hostelry host join", exitCode: 3 });
});

test("A machine that has joined has logs of its own", async () => {
  mkdirSync(join(data, "logs"));
  writeFileSync(join(data, "logs", "agent-aj1.log"), "");
  await expect(logs("control-plane", { data, lines: 1 })).rejects.toMatchObject({ remedy: "There are: agent-aj1." });
});

test("A machine that has joined says what the control plane says of it, and which guests are here", () => {
  const joined = findJoinedHost(data);
  if (joined === undefined) throw new Error("it has not joined");
  const lines = (agent: AgentStatus | undefined) => renderJoined(joined, agent).split("\n").slice(1).filter((line) => line !== "");
  expect(lines(undefined)).toEqual(["https://198.19.0.1:8774: the agent does not answer; it is started again by itself. See ./hostelry logs", "No guests."]);
  const refusal = JSON.stringify({ message: "This machine has version 1+a of Hostelry, and the control plane has version 2+b.", remedy: "Bring both to the same version." });
  expect(lines({ ...silent, refusal })[0]).toBe("https://198.19.0.1:8774: This machine has version 1+a of Hostelry, and the control plane has version 2+b. Bring both to the same version.");
  const machine = { id: "i-0123456789abcdef0", want: "running", state: "running", phase: "running", run: 1, virtualization: "hardware", parked: false, pid: 42 } as const;
  expect(lines({ ...silent, known: true, machines: [machine] })).toEqual(["https://198.19.0.1:8774: the control plane has taken this host in", expect.stringMatching(/^INSTANCE /), expect.stringMatching(/^i-0123456789abcdef0 +running +running +hardware +42$/)]);
});
