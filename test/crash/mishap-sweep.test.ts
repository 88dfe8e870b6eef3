/** What befalls a machine, swept: its guest shuts down, its engine dies or never starts, its host is lost and found. */
import { describe, expect, test } from "vitest";
import { declareDead } from "../../src/reconcile/hosts/watch-hosts.ts";
import { down, over, terminate } from "./acts.ts";
import { change, clock, sweep, up, type Act, type Script } from "./sweep.ts";

const loseHost: Act = async (id, hosts) => {
  await change(id, async (tx, { host_id: host }) => {
    if (host !== null) await declareDead(tx, host, clock.now());
    hosts.find((each) => each.id === host)?.cutOff();
  });
};
const findHosts: Act = (_id, hosts) => hosts.forEach((host) => host.connect());

const scripts: Readonly<Record<string, Script>> = {
  "a shutdown by the guest": { act: (id, hosts) => hosts.forEach((host) => host.befall(id, "guest")), end: down },
  "an engine that dies": { act: (id, hosts) => hosts.forEach((host) => host.befall(id, "engine")), end: down },
  "a host that is lost while its guest goes on, and found again": { act: loseHost, then: [findHosts], end: up },
  "a host that is lost and found, and a termination in between": { act: loseHost, then: [terminate, findHosts], end: over },
  "an engine that never starts": { act: () => {}, broken: true, end: over },
};

describe.each(Object.entries(scripts))("%s", (_name, script) => {
  test("converges whatever commit of it is the last before a kill", async () => {
    expect(await sweep(script)).toBeGreaterThan(50);
  });
});
