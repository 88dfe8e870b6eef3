/** The live counters of a report's hops, from the agents of the hosts that hold the rules. */
import type { RuleCounter } from "../../host/protocol/counted-rule.ts";
import type { CounterPlace } from "../../network/reach/hop.ts";
import { agentSocket, callSocket } from "../control-client.ts";
import type { CountedHop } from "./reach-report.ts";

type Counters = readonly RuleCounter[] | { readonly absent: string };

/** Each host is asked once. A host that does not answer leaves its hops without numbers, and says so. */
export async function countPackets(runDirectory: string, hops: readonly CountedHop[]): Promise<readonly CountedHop[]> {
  const places = hops.flatMap(({ counter }) => (counter !== undefined && "host" in counter ? [counter] : []));
  const asked = new Map<string, Promise<Counters>>();
  for (const place of places) if (!asked.has(keyOf(place))) asked.set(keyOf(place), askHost(runDirectory, place));
  return Promise.all(
    hops.map(async (hop) => {
      const { counter } = hop;
      if (counter === undefined) return hop;
      if ("absent" in counter) return { ...hop, uncounted: counter.absent };
      return { ...hop, ...countAt(counter, (await asked.get(keyOf(counter))) ?? []) };
    }),
  );
}

function keyOf({ host, vpc }: CounterPlace): string {
  return `${host} ${vpc}`;
}

function countAt({ host, direction, rule }: CounterPlace, counters: Counters): Pick<CountedHop, "packets" | "uncounted"> {
  if ("absent" in counters) return { uncounted: counters.absent };
  const found = counters.find((counter) => counter.direction === direction && counter.rule === rule);
  return found === undefined ? { uncounted: `${host} has no such rule now` } : { packets: found.packets };
}

async function askHost(runDirectory: string, { host, vpc }: CounterPlace): Promise<Counters> {
  try {
    const answer = await callSocket(agentSocket(runDirectory, host), { method: "GET", path: `/v1/vpcs/${vpc}/counters`, timeoutMs: 10_000 });
    if (answer.status === 200) return JSON.parse(answer.body) as RuleCounter[]; // our own process wrote it
    return { absent: answer.status === 404 ? `${host} has no interface of the VPC now` : `${host} could not read its counters; see ./hostelry logs agent-${host}` };
  } catch {
    return { absent: `the agent of ${host} does not answer` };
  }
}
