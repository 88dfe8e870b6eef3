/** A machine's life, swept. */
import { describe, expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import { startInstance, stopInstance, terminateInstance } from "../../src/compute/instance.ts";
import { declareDead } from "../../src/reconcile/hosts/watch-hosts.ts";
import { change, clock, ignoreWrongState, sweep, up, type Act, type Script } from "./sweep.ts";

const down = { state: "stopped", running: 0, reserved: 0, interfaces: 1, volumes: 1, attached: 1, plugged: 0 };
const over = { state: "terminated", running: 0, reserved: 0, interfaces: 0, volumes: 0, attached: 0, plugged: 0 };
const stop: Act = (id) => ignoreWrongState(change(id, (tx, row) => stopInstance(tx, row, { force: false, skipOsShutdown: false }, clock.now())));
const start: Act = (id) => ignoreWrongState(change(id, (tx, row) => startInstance(tx, row, systemRandom, clock.now())));
const terminate: Act = (id) => change(id, (tx, row) => terminateInstance(tx, row, { skipOsShutdown: false }, clock.now()));
const loseHost: Act = async (id, hosts) => {
  await change(id, async (tx, { host_id: host }) => {
    if (host !== null) await declareDead(tx, host, clock.now());
    hosts.find((each) => each.id === host)?.cutOff();
  });
};
const findHosts: Act = (_id, hosts) => hosts.forEach((host) => host.connect());

const scripts: Readonly<Record<string, Script>> = {
  "a launch": { act: () => {}, end: up },
  "a stop": { act: stop, end: down },
  "a stop and a start": { act: stop, then: [start], end: up },
  "a termination": { act: terminate, end: over },
  "a stop and a termination": { act: stop, then: [terminate], end: over },
  "a stop, a start and a termination": { act: stop, then: [start, terminate], end: over },
  "a termination while it starts again": { before: [stop, start], act: terminate, end: over },
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
