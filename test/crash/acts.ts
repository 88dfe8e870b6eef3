/** What a user asks of a machine at some moment, and how that leaves it. What its state does not allow has no effect. */
import { systemRandom } from "../../src/base/random.ts";
import { startInstance, stopInstance, terminateInstance } from "../../src/compute/instance.ts";
import { change, clock, ignoreWrongState, type Act, type End } from "./sweep.ts";

export const stop: Act = (id) => ignoreWrongState(change(id, (tx, row) => stopInstance(tx, row, { force: false, skipOsShutdown: false }, clock.now())));
export const start: Act = (id) => ignoreWrongState(change(id, (tx, row) => startInstance(tx, row, systemRandom, clock.now())));
export const terminate: Act = (id) => change(id, (tx, row) => terminateInstance(tx, row, { skipOsShutdown: false }, clock.now()));

export const down: End = { state: "stopped", running: 0, reserved: 0, interfaces: 1, volumes: 1, attached: 1, plugged: 0 };
export const over: End = { state: "terminated", running: 0, reserved: 0, interfaces: 0, volumes: 0, attached: 0, plugged: 0 };
