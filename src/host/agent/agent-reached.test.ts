import { expect, it } from "vitest";
import { simulatedHost } from "./simulated-parts.ts";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import { machineId, machineOf } from "./testing/specifications.ts";
import { startTestAgent } from "./testing/start-agent.ts";
import { WorldEngine } from "./testing/world-engine.ts";

it("a guest that was heard is reported so, anew in each run, and still after the agent's own restart", async () => {
  const plane = new FakeControlPlane();
  const host = simulatedHost(new WorldEngine().engines());
  const calls: (() => void)[] = [];
  const parts = { ...host, metadata: { ...host.metadata, serve: (_port: number, _machine: unknown, _interface: unknown, heard: () => void) => void calls.push(heard) } };
  const start = (signal: AbortSignal) => startTestAgent(plane, parts, signal);
  const untilSeen = (facts: object) => plane.until((reports) => Object.entries(facts).every(([name, value]) => new Map(Object.entries(reports.get(machineId) ?? {})).get(name) === value));

  const first = new AbortController();
  const agent = await start(first.signal);
  plane.set(machineOf());
  await untilSeen({ run: 1, state: "running", reached: undefined });
  calls.at(-1)?.();
  await untilSeen({ run: 1, state: "running", reached: true });

  plane.set(machineOf({ generation: 2, want: "stopped" }));
  await untilSeen({ state: "stopped", reached: undefined });
  plane.set(machineOf({ generation: 3, run: 2 }));
  await untilSeen({ run: 2, state: "running", reached: undefined });
  calls.at(-1)?.();
  await untilSeen({ run: 2, reached: true });

  plane.reports.clear();
  first.abort();
  await agent.over;
  const second = new AbortController();
  await start(second.signal);
  await untilSeen({ run: 2, state: "running", reached: true });
  second.abort();
});

it("a guest that does not answer any more is reported so, and that it does again, also by the next agent; one that answers all the time is not spoken of", async () => {
  const plane = new FakeControlPlane();
  const host = simulatedHost(new WorldEngine().engines());
  const asked: number[] = [];
  let isGone = false;
  const parts = {
    ...host,
    metadata: { ...host.metadata, serve: (_port: number, _machine: unknown, _interface: unknown, heard: () => void) => heard() },
    network: { ...host.network, findSilent: async (ids: Parameters<typeof host.network.findSilent>[0]) => (asked.push(ids.length), new Set(isGone ? ids : [])) },
  };
  const answersOf = () => (plane.reports.get(machineId) as { answers?: boolean } | undefined)?.answers;
  const first = new AbortController();
  const agent = await startTestAgent(plane, parts, first.signal);
  plane.set(machineOf());
  await expect.poll(() => asked.filter((count) => count > 0).length).toBeGreaterThan(1);
  expect(answersOf()).toBeUndefined();
  isGone = true;
  await expect.poll(answersOf).toBe(false);

  plane.reports.clear();
  first.abort();
  await agent.over;
  isGone = false;
  const second = new AbortController();
  await startTestAgent(plane, parts, second.signal);
  await expect.poll(answersOf).toBe(true);
  second.abort();
});
